//! Letting go of events whose time is over (design decision 13).
//!
//! The audit log is not touched: it is kept for ever unless an operator decides
//! otherwise.

use crate::error::{Error, Result};
use crate::events::{KEEP_DAYS, remove_chunks};
use crate::search::Search;
use crate::store::Database;

const KEEP_MS: i64 = KEEP_DAYS * 24 * 60 * 60_000;

/// Chunks per statement: writers get their turn in between.
const BATCH: u64 = 50;

pub(super) async fn run(events: &Database, search: &Search, now_ms: i64) -> Result<()> {
    let before_ms = now_ms - KEEP_MS;
    let forgetting = search.clone();
    let indexes = tokio::task::spawn_blocking(move || forgetting.forget_before(before_ms))
        .await
        .map_err(Error::internal)??;
    let mut chunks = 0;
    loop {
        let removed = remove_chunks(events.writer(), before_ms, BATCH).await?;
        chunks += removed;
        if removed < BATCH {
            break;
        }
    }
    if chunks > 0 || indexes > 0 {
        tracing::info!(chunks, indexes, "removed events older than 400 days");
    }
    Ok(())
}
