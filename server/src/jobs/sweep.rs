//! Removing what was deleted long ago (D27), and links that have expired.
//!
//! Until then the row keeps its hash reserved: a revoked secret cannot come back
//! as somebody else's key.

use super::store;
use base::clock::DAY_MS;
use base::error::Result;
use base::store::Store;

/// How long a deleted row stays and can be restored, in days.
pub const KEEP_DELETED_DAYS: i64 = 30;

const KEEP_MS: i64 = KEEP_DELETED_DAYS * DAY_MS;

/// Keys per transaction: others get their turn in between.
const BATCH: u64 = 200;

pub(super) async fn run(app: &Store, now_ms: i64) -> Result<()> {
    let before_ms = now_ms - KEEP_MS;
    let mut removed = 0;
    loop {
        let batch = app.write(|tx| async move { store::remove_keys(&tx, before_ms, BATCH).await }).await?;
        removed += batch;
        if batch < BATCH {
            break;
        }
    }
    app.write(|tx| async move { store::remove_the_rest(&tx, before_ms, now_ms).await }).await?;
    if removed > 0 {
        tracing::info!(keys = removed, "removed keys deleted 30 days ago");
    }
    Ok(())
}
