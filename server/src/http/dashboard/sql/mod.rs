//! Questions in SQL. The room `sql` answers and refuses them; a question is no
//! secret, so it can be an address. What is kept of them, names and the history, is the
//! room `users`'.

mod examples;
mod history;
mod page;
mod result_chart;
mod saved;

use std::sync::Arc;

use poem::{Body, Route};
use serde_json::Value;
use web::form::FormState;
use web::pages::sql::SqlAnswer;

use super::endpoint::member;
use super::fields::Fields;
use super::member_request::MemberRequest;
use super::reply::Reply;
use crate::app::App;
use crate::http::methods::{get, post};
use base::access::{Operation, Target};
use base::clock::Stopwatch;
use base::error::{Code, Error, Result};
use domain::transfer::csv_lines;
use insight::sql::{Ask, ResultRows};

/// Rows that are shown; a download has all.
const SHOWN: usize = 500;

pub fn mount(route: Route, app: &Arc<App>) -> Route {
    route
        .at("/sql", get(member(app, show)).post(member(app, ask)))
        .at("/sql/save", post(member(app, saved::save)))
        .at("/sql/history/clear", post(member(app, history::clear)))
}

/// `GET /sql`: the editor, and the answer to the query of the address. A query that
/// comes from the history, or is to be edited, is not run.
async fn show(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::AnalyticsVerifications, Target::NONE)?;
    let fields = request.query();
    match fields.given(page::AGAIN) {
        Some(id) => history::again(&request, id).await,
        None if fields.has(page::EDIT) => page::unasked(&request, fields.raw(page::QUERY)).await,
        None => answer(&request, fields, false).await,
    }
}

/// `POST /sql`: the query of the editor, which goes into the history of who asks. One that
/// an address asks does not: any page of any site can lead there.
async fn ask(request: MemberRequest) -> Result<Reply> {
    answer(&request, request.form(), true).await
}

async fn answer(request: &MemberRequest, fields: &Fields, is_noted: bool) -> Result<Reply> {
    let text = fields.raw(page::QUERY).trim_end().to_owned();
    let form = page::editor(&text);
    if text.trim().is_empty() {
        return Ok(Reply::page(page::draw(request, form, None).await?));
    }
    let watch = Stopwatch::start();
    let found = request.app.sql.ask(&request.cx, Ask { text: text.clone(), family: None }).await;
    let took_ms = i64::try_from(watch.elapsed().as_millis()).unwrap_or(i64::MAX);
    if is_noted {
        history::note(request, &text, took_ms, &found).await;
    }
    let found = match found {
        Ok(found) => found,
        Err(error) if is_about_query(error.code()) => {
            let errors = vec![(page::QUERY.to_owned(), error.detail().to_owned())];
            let form = FormState { errors, ..form };
            return Ok(Reply::form_again(page::draw(request, form, None).await?));
        }
        Err(error) => return Err(error),
    };
    if fields.text("format") == "csv" {
        let file = Body::from(csv(&found)?);
        return Ok(Reply::download("text/csv; charset=utf-8", "answer.csv".to_owned(), file));
    }
    let view = answer_view(request, &found, took_ms)?;
    Ok(Reply::page(page::draw(request, form, Some(view)).await?))
}

fn answer_view(request: &MemberRequest, found: &ResultRows, took_ms: i64) -> Result<SqlAnswer> {
    Ok(SqlAnswer {
        columns: found.outputs.iter().map(|output| output.name.clone()).collect(),
        rows: found.rows.iter().take(SHOWN).map(|row| row.iter().map(plain).collect()).collect(),
        total: i64::try_from(found.rows.len()).map_err(Error::internal)?,
        took_ms,
        chart: result_chart::of(found, |time_ms| request.stamp(time_ms).local),
    })
}

/// Whether another query, or the same one later, could be answered.
fn is_about_query(code: Code) -> bool {
    matches!(
        code,
        Code::InvalidInput
            | Code::AnalyticsQuery
            | Code::AnalyticsQueryType
            | Code::AnalyticsTable
            | Code::AnalyticsFunction
            | Code::AnalyticsNotConfigured
            | Code::AnalyticsUnavailable
            | Code::QueryMemory
            | Code::QueryQuota
            | Code::QueryRetention
            | Code::QueryRows
            | Code::QueryTimeout
    )
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        value => value.to_string(),
    }
}

fn csv(answer: &ResultRows) -> Result<String> {
    let names = answer.outputs.iter().map(|output| Value::from(output.name.as_str())).collect();
    csv_lines(std::iter::once(names).chain(answer.rows.iter().cloned()))
}
