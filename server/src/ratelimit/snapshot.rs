//! The limiter as the rest of the program sees it, and the persistence of its
//! counters in events.db (D28).
//!
//! Counters of a minute and longer are stored every few seconds, all of them at
//! shutdown, and those that no longer fit in memory when they are evicted. The
//! hot path meets none of that unless it asks for an evicted counter.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::counter_store as store;
use super::limiter::{Attempt, Check, Full, Limiter, MAX_OWN, Taken};
use crate::error::{Code, Error, Result};
use crate::store::Database;

/// Shorter windows are not worth a write while the process lives.
const MIN_SNAPSHOT_MS: u64 = 60_000;

/// Decides on limits. Cheap to clone.
#[derive(Clone)]
pub struct RateLimiter {
    limiter: Arc<Limiter>,
    database: Database,
    /// Loads and evictions take turns, so that a load never brings back a count
    /// older than one being stored.
    moving: Arc<Mutex<()>>,
}

impl RateLimiter {
    /// Keeps about `max_counters` in memory and the rest in `database`.
    pub fn new(max_counters: usize, database: Database) -> Self {
        Self::with(Limiter::new(max_counters), database)
    }

    /// Keeps in `database` what `limiter` has no memory for.
    pub fn with(limiter: Limiter, database: Database) -> Self {
        Self { limiter: Arc::new(limiter), database, moving: Arc::default() }
    }

    /// Restores what the last process stored.
    pub async fn restore(&self, now_ms: i64) -> Result<()> {
        store::delete_dead_counters(self.database.writer(), now_ms).await?;
        let mut cursor = None;
        loop {
            let rows =
                store::counters_after(self.database.reader(), cursor.as_ref(), store::COUNTERS_PER_STATEMENT)
                    .await?;
            let Some(last) = rows.last().cloned() else { return Ok(()) };
            self.limiter.restore(rows, now_ms);
            cursor = Some(last);
        }
    }

    /// See [`Limiter::take_many`]. Waits only for counters that were evicted.
    pub async fn take_many(&self, checks: &[Check<'_>], now_ms: i64) -> Result<Taken> {
        self.attempt(checks, now_ms, Limiter::take_many).await
    }

    /// See [`Limiter::take_own`].
    ///
    /// Fails with `precondition_failed` where there may be no counter more, as all
    /// of these do for a workspace.
    pub async fn take_own(&self, checks: &[Check<'_>], now_ms: i64) -> Result<Taken> {
        self.attempt(checks, now_ms, Limiter::take_own).await
    }

    /// See [`Limiter::look_many`].
    pub async fn look_many(&self, checks: &[Check<'_>], now_ms: i64) -> Result<Taken> {
        self.attempt(checks, now_ms, Limiter::look_many).await
    }

    async fn attempt(
        &self,
        checks: &[Check<'_>],
        now_ms: i64,
        decide: fn(&Limiter, &[Check<'_>], i64) -> Attempt,
    ) -> Result<Taken> {
        loop {
            match decide(&self.limiter, checks, now_ms) {
                Attempt::Taken(taken) => return Ok(taken),
                Attempt::Full(full) => return Err(no_room(full)),
                Attempt::NeedsLoad(positions) => {
                    let _turn = self.moving.lock().await;
                    for check in positions.into_iter().map(|position| &checks[position]) {
                        let row = store::counter(self.database.reader(), check).await?;
                        self.limiter.restore(row, now_ms);
                        self.limiter.loaded([check]);
                    }
                }
            }
        }
    }

    /// Stores the longer windows that changed since the last call.
    pub async fn snapshot(&self, now_ms: i64) -> Result<()> {
        let _turn = self.moving.lock().await;
        store::save_counters(&self.database, &self.limiter.dirty_rows(now_ms, MIN_SNAPSHOT_MS)).await
    }

    /// Drops dead counters, and moves what exceeds the bound to disk.
    pub async fn evict(&self, now_ms: i64) -> Result<()> {
        let _turn = self.moving.lock().await;
        let rows = self.limiter.overflow(now_ms);
        store::save_counters(&self.database, &rows).await?;
        self.limiter.forget(&rows);
        store::delete_dead_counters(self.database.writer(), now_ms).await
    }

    /// Stores every counter that still counts; call when no more are taken.
    pub async fn shutdown(&self, now_ms: i64) -> Result<()> {
        let _turn = self.moving.lock().await;
        store::save_counters(&self.database, &self.limiter.live_rows(now_ms)).await
    }

    /// How many counters are in memory, for metrics.
    pub fn counters(&self) -> usize {
        self.limiter.len()
    }
}

fn no_room(full: Full) -> Error {
    let detail = match full {
        Full::Owner => format!(
            "Requests brought along so many rate limits for this key that {MAX_OWN} of them still count, the most \
             there can be. Limits of many different names belong to a namespace."
        ),
        Full::Workspace(most) => {
            format!("This workspace has {most} rate limits that still count, the most it can have.")
        }
    };
    Error::new(Code::PreconditionFailed, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ratelimit::limiter::Scope;
    use crate::store::Durability;

    const MINUTE: u64 = 60_000;

    async fn database(dir: &tempfile::TempDir) -> Database {
        Database::open::<migration::Events>(&dir.path().join("events.db"), Durability::Normal).await.unwrap()
    }

    fn check(name: &str, duration_ms: u64, cost: u64) -> Check<'_> {
        Check { workspace: "ws", scope: Scope::Key, subject: "key", name, limit: 1000, duration_ms, cost }
    }

    async fn left(limiter: &RateLimiter, name: &str, duration_ms: u64) -> u64 {
        limiter.take_many(&[check(name, duration_ms, 0)], 0).await.unwrap().decisions[0].remaining
    }

    #[tokio::test]
    async fn a_graceful_restart_forgets_nothing_and_a_crash_only_short_windows() {
        let dir = tempfile::tempdir().unwrap();
        let limiter = RateLimiter::new(1000, database(&dir).await);
        limiter.take_many(&[check("long", MINUTE, 7), check("short", 1000, 3)], 0).await.unwrap();
        limiter.snapshot(0).await.unwrap();
        let after_crash = RateLimiter::new(1000, database(&dir).await);
        after_crash.restore(0).await.unwrap();
        assert_eq!(
            (left(&after_crash, "long", MINUTE).await, left(&after_crash, "short", 1000).await),
            (993, 1000)
        );
        limiter.shutdown(0).await.unwrap();
        let restarted = RateLimiter::new(1000, database(&dir).await);
        restarted.restore(0).await.unwrap();
        assert_eq!(
            (left(&restarted, "long", MINUTE).await, left(&restarted, "short", 1000).await),
            (993, 997)
        );
        restarted.restore(120_000).await.unwrap();
    }

    #[tokio::test]
    async fn evicted_counters_are_loaded_on_demand() {
        let dir = tempfile::tempdir().unwrap();
        let limiter = RateLimiter::new(64, database(&dir).await);
        for number in 0..3000 {
            limiter.take_many(&[check(&format!("n{number}"), MINUTE, 5)], 0).await.unwrap();
        }
        limiter.evict(0).await.unwrap();
        assert!(limiter.counters() <= 128, "{}", limiter.counters());
        for number in 0..3000 {
            assert_eq!(left(&limiter, &format!("n{number}"), MINUTE).await, 995, "n{number}");
        }
    }
}
