//! Choices of a list that are kept under a name.

use web::components::SavedView;
use web::paths::{self, Href};
use web::texts::forms as text;

use super::member_request::MemberRequest;
use super::presenters::direction_marks::marks_shown;
use super::reply::Reply;
use base::error::Result;
use domain::users::SaveView;

/// `POST /views`: keeps the choices of a list under a name.
pub async fn save_view(request: MemberRequest) -> Result<Reply> {
    let form = request.form();
    let back = Href::local(form.text("back")).unwrap_or_else(paths::home);
    let (page, query) = back.as_str().split_once('?').unwrap_or((back.as_str(), ""));
    let command = SaveView {
        name: form.text("name").to_owned(),
        page: page.to_owned(),
        query: query.to_owned(),
        shared: form.ticked("shared"),
    };
    let name = command.name.clone();
    request.app.users.save_view(&request.cx, command).await?;
    Ok(Reply::redirect(back).notice(text::saved_the_view(marks_shown(&name))))
}

/// `POST /views/:id/delete`.
pub async fn delete_view(request: MemberRequest) -> Result<Reply> {
    request.app.users.delete_view(&request.cx, &request.id().into()).await?;
    Ok(Reply::redirect(request.input.referer.clone().unwrap_or_else(paths::home))
        .notice(text::DELETED_THE_VIEW))
}

/// A view as pages link to it.
pub fn saved_view(request: &MemberRequest, view: domain::users::SavedView) -> Option<SavedView> {
    let deletable = view.is_deletable(&request.cx);
    let path = if view.query.is_empty() { view.page } else { format!("{}?{}", view.page, view.query) };
    Some(SavedView {
        id: view.id.to_string(),
        name: view.name,
        href: Href::local(&path)?,
        shared: view.shared,
        deletable,
    })
}

/// The views saved of this list.
pub async fn saved_views(request: &MemberRequest) -> Result<Vec<SavedView>> {
    let views = request.app.users.views(&request.cx, Some(&request.input.path)).await?;
    Ok(views.into_iter().filter_map(|view| saved_view(request, view)).collect())
}
