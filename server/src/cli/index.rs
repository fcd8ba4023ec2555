//! `unkey index status | rebuild`.

use super::output::{Output, table};
use crate::app::App;
use base::error::{Error, Result};
use insight::search::IndexStatus;

pub(super) async fn status(app: &App) -> Result<Output> {
    let mut text =
        table(&app.search.report(app.events(), &app.store).await?.iter().map(row).collect::<Vec<_>>());
    let dropped = app.jobs.dropped_events();
    if dropped > 0 {
        text.push_str(&format!("{dropped} events were removed before their time: see events_max_mib\n"));
    }
    Ok(Output::text(text))
}

fn row(index: &IndexStatus) -> Vec<String> {
    let behind = if matches!(index.name, "audit" | "entities") { "entries" } else { "chunks" };
    vec![
        index.name.to_owned(),
        if index.rebuilding { "rebuilding" } else { "complete" }.to_owned(),
        format!("{} documents", index.documents),
        format!("{} indexes", index.indexes),
        format!("{:.1} MiB", index.bytes as f64 / f64::from(1 << 20)),
        format!("{} {behind} behind", index.behind),
    ]
}

pub(super) async fn rebuild(app: &App) -> Result<Output> {
    let search = app.search.clone();
    tokio::task::spawn_blocking(move || search.rebuild()).await.map_err(Error::internal)??;
    Ok(Output::default().remark("The indexes are built again in the background, or at the next start."))
}
