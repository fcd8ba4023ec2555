//! Removing what was deleted long ago
//! (docs/decisions.md#names-are-free-again-after-deletion), and links that have
//! expired, and what was sent to webhooks.
//!
//! Until then the row keeps its hash reserved: a revoked secret cannot come back
//! as somebody else's key.

use base::clock::DAY_MS;
use base::error::Result;
use base::store::Store;
use domain::{
    identities, keys, oauth, portals, ratelimit, root_keys, secret_links, session, users, webhooks,
};

/// How long a deleted row stays and can be restored, in days.
pub const KEEP_DELETED_DAYS: i64 = 30;

const KEEP_MS: i64 = KEEP_DELETED_DAYS * DAY_MS;

/// Keys per transaction: others get their turn in between.
const BATCH: u64 = 200;

pub(super) async fn run(app: &Store, now_ms: i64) -> Result<()> {
    let before_ms = now_ms - KEEP_MS;
    let mut removed = 0;
    loop {
        let batch = app.write(|tx| async move { keys::sweep(&tx, before_ms, BATCH).await }).await?;
        removed += batch;
        if batch < BATCH {
            break;
        }
    }
    while app.write(|tx| async move { webhooks::sweep(&tx, now_ms, BATCH).await }).await? == BATCH {}
    app.write(|tx| async move {
        identities::sweep(&tx, now_ms).await?;
        ratelimit::sweep(&tx, before_ms).await?;
        root_keys::sweep(&tx, before_ms).await?;
        portals::sweep(&tx, before_ms).await?;
        session::sweep(&tx, before_ms).await?;
        users::sweep(&tx, before_ms, now_ms).await?;
        oauth::sweep(&tx, now_ms).await?;
        secret_links::sweep(&tx, now_ms).await
    })
    .await?;
    if removed > 0 {
        tracing::info!(keys = removed, "removed keys deleted 30 days ago");
    }
    Ok(())
}
