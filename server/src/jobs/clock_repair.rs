//! What a clock that was ahead left behind.
//!
//! Most of what is stored may keep the time that the clock said: it is a record.
//! What keeps a thing alive until a time that was only meant to be some minutes or
//! days away is brought back, every day, and an hour after the clock was set back:
//! one that is behind for a moment must not cut everything short. Expiry of keys
//! and root keys is not touched: it is a date that somebody chose.

use super::{JobName, Jobs};
use base::audit::last_entry_time;
use base::clock::{Moment, STANDSTILL_MS};
use base::error::Result;
use base::events::newest_chunk_time;
use base::store::{Database, Tx};
use base::{claims, schedules};
use domain::{credits, oauth, portals, root_keys, secret_links, session, users, webhooks};

/// What is odd about the clock, for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockReport {
    /// How often the machine's clock was set back since the start.
    pub steps_back: u64,
    /// How far the newest of what is stored lies ahead of the clock, milliseconds.
    pub stored_ahead_ms: i64,
    /// Whether nothing is deleted for its age because the clock may be far ahead.
    pub deletion_waits: bool,
}

impl Jobs {
    pub async fn clock_report(&self, at: Moment) -> Result<ClockReport> {
        Ok(ClockReport {
            steps_back: at.steps_back,
            stored_ahead_ms: self.stored_ahead_ms(at.now_ms).await?,
            deletion_waits: self.guard.lock().waits(),
        })
    }

    async fn stored_ahead_ms(&self, now_ms: i64) -> Result<i64> {
        stored_ahead_ms(self.app.database(), &self.events, now_ms).await
    }

    /// Says at the start if what is stored lies ahead of the clock.
    pub(super) async fn say_if_ahead(&self, now_ms: i64) -> Result<()> {
        let stored_ahead_ms = self.stored_ahead_ms(now_ms).await?;
        if stored_ahead_ms > STANDSTILL_MS {
            tracing::warn!(
                stored_ahead_ms,
                now_ms,
                "what is stored lies ahead of the clock: it was ahead before, or is behind now"
            );
        }
        Ok(())
    }

    /// Amends what is stored, by a clock that is right since then.
    pub(super) async fn amend(&self, right_since_ms: i64, now_ms: i64) -> Result<()> {
        let times = self.app.write(|tx| async move { amend_times(&tx, now_ms).await }).await?;
        let refills = credits::amend_refills(&self.app, right_since_ms, now_ms).await?;
        self.retention.amend(now_ms).await?;
        if refills > 0 {
            // Some may have come due since.
            self.refill(now_ms).await?;
        }
        if times > 0 || refills > 0 {
            tracing::warn!(times, refills, "amended what was stored by a clock that was ahead");
        }
        Ok(())
    }
}

/// How far the newest of what is stored lies ahead of the clock, milliseconds: by what
/// was stored last. Rows that a clock stored which was ahead, and was right again after
/// that, do not count.
pub async fn stored_ahead_ms(app: &Database, events: &Database, now_ms: i64) -> Result<i64> {
    // Of jobs, one that never waits.
    let run = schedules::find(app.reader(), JobName::Orphans.as_str()).await?;
    let run = run.and_then(|job| job.last_run_at);
    let entry = last_entry_time(app.reader()).await?;
    let chunk = newest_chunk_time(events.reader()).await?;
    let newest = run.max(entry).max(chunk);
    Ok(newest.map_or(0, |newest_ms| newest_ms.saturating_sub(now_ms).max(0)))
}

/// Brings every end that lies further ahead than its kind may last, and every
/// past time that lies ahead, down to what it may be at most; how many there were.
async fn amend_times(tx: &Tx, now_ms: i64) -> Result<u64> {
    let amended = [
        session::amend_times(tx, now_ms).await?,
        users::amend_times(tx, now_ms).await?,
        secret_links::amend_times(tx, now_ms).await?,
        oauth::amend_times(tx, now_ms).await?,
        portals::amend_times(tx, now_ms).await?,
        claims::amend_times(tx, now_ms).await?,
        root_keys::amend_times(tx, now_ms).await?,
        webhooks::amend_times(tx, now_ms).await?,
    ];
    Ok(amended.iter().sum())
}
