//! Refilling the keys whose refill has come due.
//!
//! Takes no input but the time and may run at any moment: what it has to do
//! follows from when each key was last refilled, so a run that was missed, cut
//! short or repeated does no harm.

use super::refill::{Interval, due_since, previous_at_or_before, refilled};
use super::store;
use crate::error::Result;
use crate::store::{Change, Store};

/// Keys per transaction: others get their turn in between.
const BATCH: u64 = 100;

/// Sets every due balance to its refill amount unless it is above (D24).
/// Returns how many keys were refilled.
pub async fn refill_due(store: &Store, now_ms: i64) -> Result<u64> {
    let midnight = previous_at_or_before(Interval::Daily, now_ms);
    let mut cursor = String::new();
    let mut count = 0;
    loop {
        let (last, refilled) = store
            .write(|tx| {
                let cursor = cursor.clone();
                async move { batch(&tx, midnight, &cursor, now_ms).await }
            })
            .await?;
        count += refilled;
        match last {
            Some(last) => cursor = last,
            None => return Ok(count),
        }
    }
}

/// Refills one batch; returns where the next begins, if there may be one.
async fn batch(
    tx: &crate::store::Tx,
    midnight: i64,
    cursor: &str,
    now_ms: i64,
) -> Result<(Option<String>, u64)> {
    let keys = store::refillable(tx.db(), midnight, cursor, BATCH).await?;
    let last = (keys.len() as u64 == BATCH).then(|| keys.last().map(|key| key.id.to_string())).flatten();
    let mut count = 0;
    for key in keys.into_iter().filter(|key| due_since(key.interval, key.since_ms, now_ms)) {
        store::refill(tx.db(), &key.id, refilled(key.remaining, key.amount), now_ms).await?;
        tx.changed(Change::Key(key.hash));
        count += 1;
    }
    Ok((last, count))
}
