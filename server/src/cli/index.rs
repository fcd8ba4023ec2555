//! `unkey index status | rebuild`.

use super::Output;
use crate::app::App;
use crate::error::Result;
use crate::events::last_chunk;

pub(super) async fn status(app: &App) -> Result<Output> {
    let status = app.search.status();
    let behind = last_chunk(app.events().reader()).await?.saturating_sub(status.cursor).max(0);
    let state = if status.rebuilding { "rebuilding" } else { "complete" };
    Ok(Output::text(format!(
        "state    {state}\nevents   {}\nindexes  {}\nbehind   {behind} chunks\n",
        status.events, status.indexes
    )))
}

pub(super) async fn rebuild(app: &App) -> Result<Output> {
    let search = app.search.clone();
    tokio::task::spawn_blocking(move || search.rebuild()).await.map_err(crate::error::Error::internal)??;
    Ok(Output::default().remark("The index is built again in the background, or at the next start."))
}
