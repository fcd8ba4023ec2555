//! Questions in SQL. The room `sql` answers and refuses them; a question is no
//! secret, so it can be an address.

use poem::Body;
use serde_json::Value;
use web::form::FormState;
use web::pages::sql::{SqlAnswer, SqlView, sql as sql_page};

use super::super::answer::Answer;
use super::super::fields::Fields;
use super::super::visit::Visit;
use super::chart;
use super::examples::EXAMPLES;
use base::clock::Stopwatch;
use base::error::{Code, Error, Result};
use base::grants::{Operation, Target};
use domain::transfer::csv_lines;
use insight::sql::{self, Ask, TABLES, functions_offered};

/// Rows that are shown; a download has all.
const SHOWN: usize = 500;

/// `GET /sql`: the editor, and the answer to the query of the address.
pub async fn page(visit: Visit) -> Result<Answer> {
    visit.cx.require(Operation::AnalyticsVerifications, Target::NONE)?;
    answer(&visit, visit.query()).await
}

/// `POST /sql`: the same for a query too long for an address.
pub async fn ask(visit: Visit) -> Result<Answer> {
    answer(&visit, visit.form()).await
}

async fn answer(visit: &Visit, fields: &Fields) -> Result<Answer> {
    let text = fields.raw("query").trim_end().to_owned();
    let form = FormState::new(vec![("query".to_owned(), text.clone())]);
    if text.trim().is_empty() {
        return Ok(Answer::page(show(visit, form, None)));
    }
    let watch = Stopwatch::start();
    let found = match visit.app.sql.ask(&visit.cx, Ask { text, family: None }).await {
        Ok(found) => found,
        Err(error) if is_about_query(error.code()) => {
            let errors = vec![("query".to_owned(), error.detail().to_owned())];
            return Ok(Answer::again(show(visit, FormState { errors, ..form }, None)));
        }
        Err(error) => return Err(error),
    };
    if fields.text("format") == "csv" {
        return Ok(Answer::file(
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
        chart: chart::of(&found, |time_ms| visit.stamp(time_ms).local),
    };
    Ok(Answer::page(show(visit, form, Some(view))))
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

fn show(visit: &Visit, form: FormState, answer: Option<SqlAnswer>) -> String {
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
    sql_page(&visit.shell, &view)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        value => value.to_string(),
    }
}

fn csv(answer: &sql::Answer) -> Result<String> {
    let names = answer.outputs.iter().map(|output| output.name.clone()).collect();
    let rows = answer.rows.iter().map(|row| row.iter().map(plain).collect());
    csv_lines(std::iter::once(names).chain(rows))
}
