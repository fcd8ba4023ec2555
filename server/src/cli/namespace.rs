//! `unkey namespace list | rename | delete`: what no route of the API does.

use clap::ArgMatches;

use super::listing::{self, Column, moments, plain};
use super::options::list_format;
use super::output::Output;
use crate::app::App;
use base::access::OpCtx;
use base::error::Result;

const COLUMNS: &[Column] = &[plain("id"), plain("name"), moments("created_at")];

pub(super) async fn list(app: &App, cx: &OpCtx, given: &ArgMatches) -> Result<Output> {
    let rows = app.namespaces.list(cx).await?.into_iter().map(|namespace| {
        vec![namespace.id.as_str().into(), namespace.name.into(), namespace.created_at.into()]
    });
    listing::list(list_format(given), COLUMNS, rows)
}

pub(super) async fn rename(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    app.namespaces.rename(cx, text(matches, "namespace"), text(matches, "name")).await?;
    Ok(Output::default().remark("Renamed."))
}

pub(super) async fn delete(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    app.namespaces.delete(cx, text(matches, "namespace")).await?;
    Ok(Output::default().remark("Deleted. Its name stays reserved for 30 days."))
}

fn text<'a>(matches: &'a ArgMatches, name: &str) -> &'a str {
    matches.get_one::<String>(name).map(String::as_str).unwrap_or_default()
}
