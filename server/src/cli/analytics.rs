//! `unkey analytics query`: SQL over recorded events.

use clap::ArgMatches;
use serde_json::Value;

use super::command::ListFormat;
use super::options::list_format;
use super::output::{Output, table};
use crate::app::App;
use base::access::OpCtx;
use base::error::Result;
use domain::transfer::csv_lines;
use insight::sql::{Ask, ResultRows};

/// Every table may be named: the operator sees them all.
pub(super) async fn query(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let text = matches.get_one::<String>("sql").cloned().unwrap_or_default();
    let answer = app.sql.ask(cx, Ask { text, family: None }).await?;
    Ok(match list_format(matches) {
        ListFormat::Json => Output::text(serde_json::to_string_pretty(&answer.objects())? + "\n"),
        ListFormat::Csv => Output::text(csv(answer)?),
        ListFormat::Table => {
            let rows = format!("{} rows", answer.rows.len());
            Output::text(table(&lines(&answer))).remark(rows)
        }
    })
}

/// Names of the columns, then the rows.
fn lines(answer: &ResultRows) -> Vec<Vec<String>> {
    let names = answer.outputs.iter().map(|output| output.name.clone()).collect();
    let rows = answer.rows.iter().map(|row| row.iter().map(plain).collect());
    std::iter::once(names).chain(rows).collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        value => value.to_string(),
    }
}

fn csv(answer: ResultRows) -> Result<String> {
    let names = answer.outputs.into_iter().map(|output| Value::String(output.name)).collect();
    csv_lines(std::iter::once(names).chain(answer.rows))
}
