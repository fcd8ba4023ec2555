//! `unkey index status | rebuild`.

use std::time::Duration;

use clap::ArgMatches;
use serde_json::Value;

use super::listing::{self, Column, plain, sizes};
use super::options::list_format;
use super::output::Output;
use crate::app::App;
use base::error::{Error, Result};
use insight::search::IndexStatus;

const COLUMNS: &[Column] = &[
    plain("index"),
    plain("state"),
    plain("documents"),
    plain("folders"),
    sizes("size_bytes"),
    plain("behind"),
];

pub(super) async fn status(app: &App, given: &ArgMatches) -> Result<Output> {
    let report = app.search.report(app.events(), &app.store).await?;
    let output = listing::list(list_format(given), COLUMNS, report.iter().map(row))?;
    let dropped = app.jobs.dropped_events();
    Ok(match dropped {
        0 => output,
        _ => output.remark(format!("{dropped} events were removed before their time: see events_max_mib")),
    })
}

/// What it is behind of are chunks of events, or entries of the audit log.
fn row(index: &IndexStatus) -> Vec<Value> {
    vec![
        index.name.into(),
        if index.rebuilding { "rebuilding" } else { "complete" }.into(),
        index.documents.into(),
        index.indexes.into(),
        index.bytes.into(),
        index.behind.into(),
    ]
}

/// How often a rebuild is asked how far it is.
const EVERY: Duration = Duration::from_millis(200);

/// Waits for the end of it only when asked to: a server searches what is there meanwhile.
pub(super) async fn rebuild(app: &App, given: &ArgMatches) -> Result<Output> {
    let search = app.search.clone();
    tokio::task::spawn_blocking(move || search.rebuild()).await.map_err(Error::internal)??;
    if !given.get_flag("wait") {
        let told = "The indexes are built again in the background, or at the next start.";
        return Ok(Output::default().remark(told));
    }
    loop {
        let lag = app.search.lag(app.events(), &app.store).await?;
        if !lag.rebuilding && !lag.is_noticeable() {
            return Ok(Output::default().remark("The indexes are complete."));
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Waits until the indexes have everything, in a folder in which nothing else happens: what
/// is asked of them right after a restore would be answered from nothing.
pub(super) async fn complete(app: &App, mut behind: impl FnMut(u64)) -> Result<()> {
    loop {
        let lag = app.search.lag(app.events(), &app.store).await?;
        if !lag.rebuilding && lag.chunks == 0 && lag.entries == 0 {
            return Ok(());
        }
        behind(lag.chunks);
        tokio::time::sleep(EVERY).await;
    }
}
