//! The limiter as the rest of the program sees it, and the persistence of its
//! counters in events.db (docs/decisions.md#what-a-crash-may-lose).
//!
//! Counters of a minute and longer are stored every few seconds, all of them at
//! shutdown, and those that no longer fit in memory when they are evicted. The
//! hot path meets none of that unless it asks for an evicted counter.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::limiter::{Attempt, Check, CounterRow, Full, Limiter, MAX_OWN, Taken};
use super::store::counters::{self as store, Which};
use base::error::{Code, Error, Result};
use base::store::Database;

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
        self.rebase_stored(now_ms).await?;
        store::delete_dead_counters(self.database.writer(), now_ms).await?;
        let mut cursor = None;
        while let Some(rows) = self.stored_after(Which::All, &mut cursor).await? {
            self.limiter.restore(rows, now_ms);
        }
        Ok(())
    }

    /// Brings back what was counted ahead, in memory and on disk; call when the
    /// clock was set back. See [`Window::rebased`](super::window::Window::rebased).
    pub async fn rebase(&self, now_ms: i64) -> Result<()> {
        self.limiter.rebase(now_ms);
        let _turn = self.moving.lock().await;
        self.rebase_stored(now_ms).await
    }

    async fn rebase_stored(&self, now_ms: i64) -> Result<()> {
        let mut cursor = None;
        while let Some(mut rows) = self.stored_after(Which::Ahead { now_ms }, &mut cursor).await? {
            for row in &mut rows {
                row.window = row.window.rebased(now_ms, row.duration_ms);
            }
            store::save_counters(&self.database, &rows).await?;
            self.limiter.respill(&rows);
        }
        Ok(())
    }

    /// The next counters that are stored; `None` after the last.
    async fn stored_after(
        &self,
        which: Which,
        cursor: &mut Option<CounterRow>,
    ) -> Result<Option<Vec<CounterRow>>> {
        let limit = store::COUNTERS_PER_STATEMENT;
        let rows = store::counters_after(self.database.reader(), which, cursor.as_ref(), limit).await?;
        *cursor = rows.last().cloned();
        Ok(cursor.is_some().then_some(rows))
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
                // In a box: each request with a limit would move its state.
                Attempt::NeedsLoad(positions) => {
                    Box::pin(self.load(positions.into_iter().map(|position| &checks[position]), now_ms))
                        .await?;
                }
            }
        }
    }

    /// Brings counters back that had to leave memory.
    async fn load<'a>(&self, checks: impl Iterator<Item = &'a Check<'a>>, now_ms: i64) -> Result<()> {
        let _turn = self.moving.lock().await;
        for check in checks {
            let row = store::counter(self.database.reader(), check).await?;
            self.limiter.restore(row, now_ms);
            self.limiter.loaded([check]);
        }
        Ok(())
    }

    /// Stores the longer windows that changed since the last call.
    pub async fn snapshot(&self, now_ms: i64) -> Result<()> {
        let _turn = self.moving.lock().await;
        let rows = self.limiter.dirty_rows(now_ms, MIN_SNAPSHOT_MS);
        let saved = store::save_counters(&self.database, &rows).await;
        if saved.is_err() {
            self.limiter.still_dirty(&rows);
        }
        saved
    }

    /// Stores whatever was counted so far, the shorter windows too: for a copy of the
    /// database that is as exact as a planned restart.
    pub async fn snapshot_all(&self, now_ms: i64) -> Result<()> {
        self.snapshot(now_ms).await?;
        let _turn = self.moving.lock().await;
        store::save_counters(&self.database, &self.limiter.short_rows(now_ms, MIN_SNAPSHOT_MS)).await
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
    use base::store::Durability;

    const MINUTE: u64 = 60_000;

    async fn database(dir: &tempfile::TempDir) -> Database {
        Database::open::<migration::Events>(&dir.path().join("events.db"), Durability::Normal).await.unwrap()
    }

    fn check(name: &str, duration_ms: u64, cost: u64) -> Check<'_> {
        Check { workspace: "ws", scope: Scope::Key, subject: "key", name, limit: 1000, duration_ms, cost }
    }

    /// A server that was two hours ahead for a moment, then right again.
    const AHEAD_MS: i64 = 7_200_000;

    #[tokio::test]
    async fn counters_of_a_clock_that_was_ahead_come_back_in_memory_and_on_disk() {
        let dir = tempfile::tempdir().unwrap();
        let limiter = RateLimiter::new(64, database(&dir).await);
        let names: Vec<String> = (0..1500).map(|number| format!("n{number}")).collect();
        for name in &names {
            limiter.take_many(&[check(name, MINUTE, 1000)], AHEAD_MS).await.unwrap();
        }
        // Most of them are on disk.
        limiter.evict(AHEAD_MS).await.unwrap();
        assert!(limiter.counters() <= 128);
        limiter.rebase(0).await.unwrap();
        for (number, name) in names.iter().enumerate() {
            let one = check(name, MINUTE, 1);
            // Nothing was given back, nothing lasts longer than the window after this one.
            let looked = limiter.look_many(&[one], 59_999).await.unwrap();
            assert_eq!((looked.passed, looked.decisions[0].reset_ms), (false, 60_000), "{name}");
            let taken = limiter.take_many(&[one], 120_000 + number as i64).await.unwrap();
            assert!(taken.passed, "{name}: {taken:?}");
        }
        // What is over leaves the disk, too.
        limiter.evict(400_000).await.unwrap();
        assert_eq!(limiter.counters(), 0);
        let mut cursor = None;
        assert!(limiter.stored_after(Which::All, &mut cursor).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_restart_with_the_right_clock_brings_counters_back() {
        let dir = tempfile::tempdir().unwrap();
        let limiter = RateLimiter::new(1000, database(&dir).await);
        let (used, half) = (check("used", MINUTE, 1000), check("half", 1000, 500));
        limiter.take_many(&[used, half], AHEAD_MS).await.unwrap();
        limiter.shutdown(AHEAD_MS).await.unwrap();
        let restarted = RateLimiter::new(1000, database(&dir).await);
        restarted.restore(0).await.unwrap();
        assert_eq!(left(&restarted, "used", MINUTE).await, 0);
        assert_eq!(left(&restarted, "half", 1000).await, 500);
        let again = RateLimiter::new(1000, database(&dir).await);
        again.restore(120_000).await.unwrap();
        assert_eq!(again.counters(), 0, "what is stored of them is of the right time, too");
    }

    #[tokio::test]
    async fn a_whole_snapshot_is_as_exact_as_a_planned_restart() {
        let dir = tempfile::tempdir().unwrap();
        let limiter = RateLimiter::new(1000, database(&dir).await);
        limiter.take_many(&[check("long", MINUTE, 7), check("short", 1000, 3)], 0).await.unwrap();
        // Which takes note of the short one, and does not store it.
        limiter.snapshot(0).await.unwrap();
        limiter.snapshot_all(0).await.unwrap();
        let restored = RateLimiter::new(1000, database(&dir).await);
        restored.restore(0).await.unwrap();
        let full = RateLimiter::new(1000, database(&dir).await);
        for (name, duration_ms) in [("long", MINUTE), ("short", 1000)] {
            let (left, unused) =
                (left(&restored, name, duration_ms).await, left(&full, name, duration_ms).await);
            assert!(left < unused, "{name}: {left} of {unused}");
        }
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
    async fn what_could_not_be_stored_is_stored_the_next_time() {
        let dir = tempfile::tempdir().unwrap();
        let limiter = RateLimiter::new(1000, database(&dir).await);
        limiter.take_many(&[check("long", MINUTE, 7)], 0).await.unwrap();
        let (file, elsewhere) = (dir.path().join("events.db"), dir.path().join("elsewhere.db"));
        std::fs::rename(&file, &elsewhere).unwrap();
        limiter.snapshot(0).await.unwrap_err();
        std::fs::rename(&elsewhere, &file).unwrap();
        limiter.snapshot(0).await.unwrap();
        let after_crash = RateLimiter::new(1000, database(&dir).await);
        after_crash.restore(0).await.unwrap();
        assert_eq!(left(&after_crash, "long", MINUTE).await, 993);
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
