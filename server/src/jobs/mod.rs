//! Scheduled work: each job takes no input, may run at any time and any number
//! of times, and does what the stored state asks for.
//!
//! Patterns are cron expressions in UTC. The next run is stored, so a run that
//! was missed while the server was down happens once at the next start.

mod retention;
mod store;
mod sweep;

use std::str::FromStr;

use chrono::{DateTime, Utc};
use cron::Schedule;

use crate::credits;
use crate::error::{Error, Result};
use crate::idempotency::Idempotency;
use crate::keys::Keys;
use crate::search::Search;
use crate::store::{Database, Store};
use retention::Retention;

pub use store::Due;
pub use sweep::KEEP_DELETED_DAYS;

/// What runs when.
const JOBS: &[(&str, &str)] = &[
    // Second, minute, hour, day, month, weekday.
    ("refill", "0 0 0 * * *"),
    ("orphans", "0 * * * * *"),
    ("sweep", "0 30 3 * * *"),
    ("retention", "0 45 3 * * *"),
    ("checkpoint", "0 */5 * * * *"),
    ("size-cap", "30 */5 * * * *"),
];

/// How a job fared, for metrics.
pub struct LastRun {
    pub name: &'static str,
    /// Unix milliseconds.
    pub last_run_at: Option<i64>,
    pub failed: bool,
}

/// Runs due jobs. Cheap to clone.
#[derive(Clone)]
pub struct Jobs {
    app: Store,
    events: Database,
    keys: Keys,
    idempotency: Idempotency,
    retention: Retention,
}

impl Jobs {
    /// Of events, at most `events_max_bytes` are kept; 0 is no cap.
    pub fn new(
        app: Store,
        events: Database,
        keys: Keys,
        idempotency: Idempotency,
        search: Search,
        events_max_bytes: u64,
    ) -> Self {
        let retention = Retention::new(events.clone(), search, events_max_bytes);
        Self { app, events, keys, idempotency, retention }
    }

    /// Events that were removed before their time, for their size, since the start.
    pub fn dropped_events(&self) -> u64 {
        self.retention.dropped()
    }

    /// Runs every job that is due at `now_ms` and stores its next run. A job
    /// that fails is logged, noted and tried again at its next run.
    pub async fn run_due(&self, now_ms: i64) -> Result<()> {
        for (name, pattern) in JOBS {
            let stored = store::find(self.app.read(), name).await?;
            let is_due = match &stored {
                Some(due) if due.pattern == *pattern => due.next_run_at <= now_ms,
                // New or rescheduled: refills may have been missed, so look at once.
                _ => true,
            };
            if !is_due {
                continue;
            }
            let error = self.run(name, now_ms).await.err();
            if let Some(error) = &error {
                tracing::error!(job = name, ?error, "a scheduled job failed");
            }
            let due = Due {
                pattern: (*pattern).to_owned(),
                next_run_at: next_run(pattern, now_ms)?,
                last_run_at: Some(now_ms),
                last_error: error.map(|error| error.detail().to_owned()),
            };
            self.app.write(|tx| async move { store::save(&tx, name, &due).await }).await?;
        }
        Ok(())
    }

    /// The last run of every job.
    pub async fn last_runs(&self) -> Result<Vec<LastRun>> {
        let mut runs = Vec::with_capacity(JOBS.len());
        for (name, _) in JOBS {
            let stored = store::find(self.app.read(), name).await?;
            let last_run_at = stored.as_ref().and_then(|due| due.last_run_at);
            runs.push(LastRun {
                name,
                last_run_at,
                failed: stored.is_some_and(|due| due.last_error.is_some()),
            });
        }
        Ok(runs)
    }

    async fn run(&self, name: &str, now_ms: i64) -> Result<()> {
        match name {
            "refill" => {
                let refilled = credits::refill_due(&self.app, now_ms).await?;
                if refilled > 0 {
                    tracing::info!(keys = refilled, "refilled credits");
                }
                Ok(())
            }
            "orphans" => {
                let deleted = self.keys.delete_orphans(now_ms).await?;
                if deleted > 0 {
                    tracing::info!(keys = deleted, "deleted the keys of deleted APIs");
                }
                Ok(())
            }
            "sweep" => {
                self.idempotency.sweep(now_ms).await?;
                sweep::run(&self.app, now_ms).await
            }
            "retention" => self.retention.expire(now_ms).await,
            "size-cap" => self.retention.cap().await,
            "checkpoint" => {
                self.app.database().checkpoint().await?;
                self.events.checkpoint().await
            }
            unknown => Err(Error::internal(format!("there is no job '{unknown}'"))),
        }
    }
}

/// The first run after `now_ms`, Unix milliseconds.
fn next_run(pattern: &str, now_ms: i64) -> Result<i64> {
    let schedule = Schedule::from_str(pattern).map_err(Error::internal)?;
    let now: DateTime<Utc> =
        DateTime::from_timestamp_millis(now_ms).ok_or_else(|| Error::internal("no such time"))?;
    let next = schedule.after(&now).next().ok_or_else(|| Error::internal("a schedule has no next run"))?;
    Ok(next.timestamp_millis())
}

#[cfg(test)]
mod tests;
