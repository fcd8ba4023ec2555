//! Refilling the keys whose refill has come due.
//!
//! Takes no input but the time and may run at any moment: what it has to do
//! follows from when each key was last refilled, so a run that was missed, cut
//! short or repeated does no harm.
//!
//! A clock that is ahead refills before the time, once: that cannot be told from
//! one that is right. When it is set back, a refill that bears a time of the next
//! period was the one of that period, which gets no other. One that bears a later
//! time is taken to have been made when the clock was set back
//! ([`amend_refills`]), so that the next period begins with its own.

use super::refill::{Interval, due_since, is_beyond_next, previous_at_or_before, refilled};
use crate::keys::balances;
use base::error::Result;
use base::store::{Change, Store};

/// Keys per transaction: others get their turn in between.
const BATCH: u64 = 100;

/// Sets every due balance to its refill amount unless it is above
/// (docs/decisions.md#refills-never-take-credits-away). Returns how many keys
/// were refilled.
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
    tx: &base::store::Tx,
    midnight: i64,
    cursor: &str,
    now_ms: i64,
) -> Result<(Option<String>, u64)> {
    let keys = balances::refillable(tx.db(), midnight, cursor, BATCH).await?;
    let last = (keys.len() as u64 == BATCH).then(|| keys.last().map(|key| key.id.to_string())).flatten();
    let mut count = 0;
    for key in keys.into_iter().filter(|key| due_since(Interval::of_day(key.day), key.since_ms, now_ms)) {
        balances::refill(tx.db(), &key.id, refilled(key.remaining, key.amount), now_ms).await?;
        tx.changed(Change::Key(key.hash));
        count += 1;
    }
    Ok((last, count))
}

/// Dates refills that bear a time after now, and beyond the next period, to the
/// time since which the clock is right. Returns how many there were.
pub async fn amend_refills(store: &Store, right_since_ms: i64, now_ms: i64) -> Result<u64> {
    let mut cursor = String::new();
    let mut count = 0;
    loop {
        let (last, amended) = store
            .write(|tx| {
                let cursor = cursor.clone();
                async move { amend_batch(&tx, &cursor, right_since_ms, now_ms).await }
            })
            .await?;
        count += amended;
        match last {
            Some(last) => cursor = last,
            None => return Ok(count),
        }
    }
}

async fn amend_batch(
    tx: &base::store::Tx,
    cursor: &str,
    right_since_ms: i64,
    now_ms: i64,
) -> Result<(Option<String>, u64)> {
    let keys = balances::refilled_after(tx.db(), now_ms, cursor, BATCH).await?;
    let last = (keys.len() as u64 == BATCH).then(|| keys.last().map(|key| key.id.to_string())).flatten();
    let mut count = 0;
    for key in
        keys.into_iter().filter(|key| is_beyond_next(Interval::of_day(key.day), key.since_ms, right_since_ms))
    {
        balances::set_last_refill(tx.db(), &key.id, right_since_ms).await?;
        tx.changed(Change::Key(key.hash));
        count += 1;
    }
    Ok((last, count))
}
