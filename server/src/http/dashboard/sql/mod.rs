//! Questions in SQL. The room `sql` answers and refuses them; a question is no
//! secret, so it can be an address.

mod examples;
mod result_chart;

use std::sync::Arc;

use poem::{Body, Route};
use serde_json::Value;
use web::form::FormState;
use web::pages::sql::{SqlAnswer, SqlView, sql as sql_page};

use self::examples::EXAMPLES;
use super::endpoint::member;
use super::fields::Fields;
use super::member_request::MemberRequest;
use super::reply::Reply;
use crate::app::App;
use crate::http::methods::get;
use base::access::{Operation, Target};
use base::clock::Stopwatch;
use base::error::{Code, Error, Result};
use domain::transfer::csv_lines;
use insight::sql::{self, Ask, TABLES, functions_offered};

/// Rows that are shown; a download has all.
const SHOWN: usize = 500;

pub fn mount(route: Route, app: &Arc<App>) -> Route {
    route.at("/sql", get(member(app, page)).post(member(app, ask)))
}

/// `GET /sql`: the editor, and the answer to the query of the address.
async fn page(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::AnalyticsVerifications, Target::NONE)?;
    answer(&request, request.query()).await
}

/// `POST /sql`: the same for a query too long for an address.
async fn ask(request: MemberRequest) -> Result<Reply> {
    answer(&request, request.form()).await
}

async fn answer(request: &MemberRequest, fields: &Fields) -> Result<Reply> {
    let text = fields.raw("query").trim_end().to_owned();
    let form = FormState::new(vec![("query".to_owned(), text.clone())]);
    if text.trim().is_empty() {
        return Ok(Reply::page(show(request, form, None)));
    }
    let watch = Stopwatch::start();
    let found = match request.app.sql.ask(&request.cx, Ask { text, family: None }).await {
        Ok(found) => found,
        Err(error) if is_about_query(error.code()) => {
            let errors = vec![("query".to_owned(), error.detail().to_owned())];
            return Ok(Reply::form_again(show(request, FormState { errors, ..form }, None)));
        }
        Err(error) => return Err(error),
    };
    if fields.text("format") == "csv" {
        return Ok(Reply::download(
            "text/csv; charset=utf-8",
            "answer.csv".to_owned(),
            Body::from(csv(&found)?),
        ));
    }
    let took_ms = i64::try_from(watch.elapsed().as_millis()).unwrap_or(i64::MAX);
    let view = SqlAnswer {
        columns: found.outputs.iter().map(|output| output.name.clone()).collect(),
        rows: found.rows.iter().take(SHOWN).map(|row| row.iter().map(plain).collect()).collect(),
        total: i64::try_from(found.rows.len()).map_err(Error::internal)?,
        took_ms,
        chart: result_chart::of(&found, |time_ms| request.stamp(time_ms).local),
    };
    Ok(Reply::page(show(request, form, Some(view))))
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

fn show(request: &MemberRequest, form: FormState, answer: Option<SqlAnswer>) -> String {
    let columns = |table: &sql::Table| {
        table
            .columns()
            .iter()
            .map(|column| (column.name().to_owned(), table.type_of(*column).name()))
            .collect()
    };
    let view = SqlView {
        form,
        answer,
        tables: TABLES.iter().map(|table| (table.name.to_owned(), columns(table))).collect(),
        examples: EXAMPLES.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec(),
        functions: functions_offered().map(ToOwned::to_owned).collect(),
    };
    sql_page(&request.shell, &view)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        value => value.to_string(),
    }
}

fn csv(answer: &sql::ResultRows) -> Result<String> {
    let names = answer.outputs.iter().map(|output| Value::from(output.name.as_str())).collect();
    csv_lines(std::iter::once(names).chain(answer.rows.iter().cloned()))
}
