//! The page around the editor: what can be asked for, and what was.

use web::form::FormState;
use web::pages::sql::{SqlAnswer, SqlView, sql as sql_page};

use super::examples::EXAMPLES;
use super::{history, saved};
use crate::http::dashboard::assets::QUERY_SCRIPT_HREF;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::error::Result;
use insight::sql::{TABLES, Table, functions_offered};

/// The field with the text of the query.
pub const QUERY: &str = "query";
/// Says that the query of an address is not to be run.
pub const EDIT: &str = "edit";
/// Names an entry of the history that comes back into the editor.
pub const AGAIN: &str = "again";

/// The form with a query in it.
pub fn editor(text: &str) -> FormState {
    FormState::new(vec![(QUERY.to_owned(), text.to_owned())])
}

/// The editor with a query that is not run.
pub async fn unasked(request: &MemberRequest, text: &str) -> Result<Reply> {
    Ok(Reply::page(draw(request, editor(text), None).await?))
}

pub async fn draw(request: &MemberRequest, form: FormState, answer: Option<SqlAnswer>) -> Result<String> {
    let view = SqlView {
        form,
        answer,
        tables: TABLES.iter().map(|table| (table.name.to_owned(), columns(table))).collect(),
        examples: EXAMPLES.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec(),
        saved: saved::saved_queries(request).await?,
        history: history::past_queries(request).await,
        functions: functions_offered().map(ToOwned::to_owned).collect(),
        script: QUERY_SCRIPT_HREF.clone(),
    };
    Ok(sql_page(&request.shell, &view))
}

fn columns(table: &Table) -> Vec<(String, String)> {
    let column = |column: &insight::sql::Column| (column.name().to_owned(), table.type_of(*column).name());
    table.columns().iter().map(column).collect()
}
