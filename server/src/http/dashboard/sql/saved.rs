//! Saved queries: views of this page, in the store of all saved views. Deleting one is
//! the deleting of a view.

use web::paths::{self, Href};
use web::texts::query as text;

use super::page;
use crate::http::dashboard::form_errors::{FieldNames, field_of};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::presenters::direction_marks::marks_shown;
use crate::http::dashboard::reply::Reply;
use crate::http::dashboard::saved_views::saved_view;
use base::error::{Error, Field, Result};
use domain::users::{MAX_VIEW_QUERY, SaveView};
use web::components::SavedView;

const FIELDS: &FieldNames = &[(Field::Name, "name"), (Field::Query, page::QUERY)];

/// `POST /sql/save`: keeps the query of the editor under a name, without running it.
pub async fn save(request: MemberRequest) -> Result<Reply> {
    let form = request.form();
    let name = form.text("name").to_owned();
    let saved = match address_of(form.raw(page::QUERY).trim_end()) {
        Ok(query) => {
            let (page, shared) = (paths::sql().to_string(), form.ticked("shared"));
            let command = SaveView { name: name.clone(), page, query: query.clone(), shared };
            request.app.users.save_view(&request.cx, command).await.map(|_| query)
        }
        Err(error) => Err(error),
    };
    match saved {
        Ok(query) => {
            let shown = Href::local(&format!("{}?{query}", paths::sql())).unwrap_or_else(paths::sql);
            Ok(Reply::redirect(shown.with(page::EDIT, "on"))
                .notice(text::saved_the_query(marks_shown(&name))))
        }
        Err(error) => {
            let form = request.refused_at(field_of(&error, FIELDS), error)?;
            Ok(Reply::form_again(page::draw(&request, form, None).await?))
        }
    }
}

/// The query string with which the page asks a query; spaces are short in it.
fn address_of(text: &str) -> Result<String> {
    if text.trim().is_empty() {
        return Err(Error::invalid(text::THERE_IS_NO_QUERY_TO_SAVE_YET).at(Field::Query));
    }
    let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let address = format!("{}={encoded}", page::QUERY);
    if address.len() > MAX_VIEW_QUERY {
        let detail = text::query_too_long_to_save(address.len(), MAX_VIEW_QUERY);
        return Err(Error::invalid(detail).at(Field::Query));
    }
    Ok(address)
}

/// Those of the caller, and those that others share.
pub async fn saved_queries(request: &MemberRequest) -> Result<Vec<SavedView>> {
    let views = request.app.users.views(&request.cx, Some(paths::sql().as_str())).await?;
    Ok(views.into_iter().filter_map(|view| saved_view(request, view)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_an_address_of_bounded_length() {
        assert_eq!(address_of("SELECT 1\nFROM a").unwrap(), "query=SELECT+1%0AFROM+a");
        assert!(address_of(&"x".repeat(MAX_VIEW_QUERY - 6)).is_ok());
        for (wrong, why) in [(" \n".to_owned(), "no query"), ("x".repeat(MAX_VIEW_QUERY - 5), "2049")] {
            let refused = address_of(&wrong).unwrap_err();
            assert!(refused.detail().contains(why), "{refused:?}");
            assert_eq!(field_of(&refused, FIELDS), "query");
        }
    }
}
