//! `unkey namespace list | rename | delete`: what no route of the API does.

use clap::ArgMatches;

use super::output::{Output, date, table};
use crate::app::App;
use base::access::OpCtx;
use base::error::Result;

pub(super) async fn list(app: &App, cx: &OpCtx) -> Result<Output> {
    let rows = app.namespaces.list(cx).await?.into_iter();
    let rows =
        rows.map(|namespace| vec![namespace.id.to_string(), namespace.name, date(namespace.created_at)]);
    Ok(Output::text(table(&rows.collect::<Vec<_>>())))
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
