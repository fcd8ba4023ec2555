//! Scheduled work: each job takes no input, may run at any time and any number
//! of times, and does what the stored state asks for.
//!
//! Patterns are cron expressions in UTC. The next run is stored, so a run that
//! was missed while the server was down happens once at the next start. A next
//! run that was planned by a clock which was ahead happens at once, and the one
//! after it is planned anew. What else such a clock stored is amended by a job;
//! that one, and those that delete what is old, wait where the clock may be wrong.

mod amend;
mod guard;
mod integrity;
mod retention;
mod sweep;

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use cron::Schedule;
use parking_lot::Mutex;

use base::clock::Moment;
use base::error::{Error, Result};
use base::schedules::{self, JobSchedule};
use base::store::{Database, Store};
use domain::credits;
use domain::idempotency::Idempotency;
use domain::keys::Keys;
use guard::Guard;
use insight::search::Search;
use retention::Retention;

pub use amend::ClockReport;
pub use sweep::KEEP_DELETED_DAYS;

struct Job {
    name: &'static str,
    /// Second, minute, hour, day, month, weekday.
    pattern: &'static str,
    needs: Needs,
}

/// What a job needs of the clock; it stays due until then.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    /// Deletes what is old: not while the clock may be far ahead.
    NotAhead,
    /// Shortens what would last too long: not while the clock may be behind.
    NotBehind,
}

/// What runs when.
const JOBS: &[Job] = &[
    Job { name: "refill", pattern: "0 0 0 * * *", needs: Needs::Nothing },
    Job { name: ORPHANS, pattern: "0 * * * * *", needs: Needs::Nothing },
    Job { name: AMEND, pattern: "0 15 3 * * *", needs: Needs::NotBehind },
    Job { name: "sweep", pattern: "0 30 3 * * *", needs: Needs::NotAhead },
    Job { name: RETENTION, pattern: "0 45 3 * * *", needs: Needs::NotAhead },
    Job { name: INTEGRITY, pattern: "0 15 4 * * *", needs: Needs::Nothing },
    Job { name: "checkpoint", pattern: "0 */5 * * * *", needs: Needs::Nothing },
    Job { name: "size-cap", pattern: "30 */5 * * * *", needs: Needs::Nothing },
];

const ORPHANS: &str = "orphans";
const AMEND: &str = "amend";
const RETENTION: &str = "retention";
const INTEGRITY: &str = "integrity";

/// How a job fared, for metrics.
pub struct LastRun {
    pub name: &'static str,
    /// Unix milliseconds.
    pub last_run_at: Option<i64>,
    /// What went wrong, if it failed.
    pub error: Option<String>,
}

/// Runs due jobs. Cheap to clone.
#[derive(Clone)]
pub struct Jobs {
    app: Store,
    events: Database,
    search: Search,
    keys: Keys,
    idempotency: Idempotency,
    retention: Retention,
    guard: Arc<Mutex<Guard>>,
    /// Whether jobs were looked for since the start.
    started: Arc<AtomicBool>,
    /// Whether files were left open by a process that died, and not looked at since.
    unsure: Arc<AtomicBool>,
    /// How often the clock had been set back when what is stored was amended.
    amended_steps: Arc<AtomicU64>,
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
        let retention = Retention::new(events.clone(), search.clone(), events_max_bytes);
        let unsure = !(app.database().was_closed() && events.was_closed());
        Self {
            app,
            events,
            search,
            keys,
            idempotency,
            retention,
            guard: Arc::default(),
            started: Arc::default(),
            unsure: Arc::new(AtomicBool::new(unsure)),
            amended_steps: Arc::default(),
        }
    }

    /// Events that were removed before their time, for their size, since the start.
    pub fn dropped_events(&self) -> u64 {
        self.retention.dropped()
    }

    /// Runs every job that is due and stores its next run. A job that fails is
    /// logged, noted and tried again at its next run; one that waits for the clock
    /// stays due.
    pub async fn run_due(&self, at: Moment) -> Result<()> {
        if !self.started.swap(true, Ordering::Relaxed) {
            self.say_if_ahead(at.now_ms).await?;
        }
        let deleted = schedules::find(self.app.read(), RETENTION).await?.and_then(|job| job.last_run_at);
        let (not_ahead, not_behind) = {
            let mut guard = self.guard.lock();
            (guard.trusts(at, deleted), guard.right_since(at).is_some())
        };
        for job in JOBS {
            let may_run = match job.needs {
                Needs::Nothing => true,
                Needs::NotAhead => not_ahead,
                Needs::NotBehind => not_behind,
            };
            if may_run && self.is_due(job, at).await? {
                self.run_one(job, at).await?;
            }
        }
        Ok(())
    }

    async fn is_due(&self, job: &Job, at: Moment) -> Result<bool> {
        // After a crash nobody knows what is on the disk.
        let unsure = job.name == INTEGRITY && self.unsure.swap(false, Ordering::Relaxed);
        let stepped = job.name == AMEND && self.amended_steps.load(Ordering::Relaxed) != at.steps_back;
        let stored = schedules::find(self.app.read(), job.name).await?;
        Ok(job.is_due(stored.as_ref(), at.now_ms)? || stepped || unsure)
    }

    async fn run_one(&self, job: &Job, at: Moment) -> Result<()> {
        let error = self.run(job.name, at).await.err();
        if let Some(error) = &error {
            tracing::error!(job = job.name, ?error, "a scheduled job failed");
        }
        let schedule = JobSchedule {
            pattern: job.pattern.to_owned(),
            next_run_at: next_run(job.pattern, at.now_ms)?,
            last_run_at: Some(at.now_ms),
            last_error: error.map(|error| error.detail().to_owned()),
        };
        self.app.write(|tx| async move { schedules::save(&tx, job.name, &schedule).await }).await
    }

    /// The last run of every job.
    pub async fn last_runs(&self) -> Result<Vec<LastRun>> {
        let mut runs = Vec::with_capacity(JOBS.len());
        for Job { name, .. } in JOBS {
            let stored = schedules::find(self.app.read(), name).await?;
            let last_run_at = stored.as_ref().and_then(|job| job.last_run_at);
            runs.push(LastRun { name, last_run_at, error: stored.and_then(|job| job.last_error) });
        }
        Ok(runs)
    }

    async fn run(&self, name: &str, at: Moment) -> Result<()> {
        let now_ms = at.now_ms;
        match name {
            "refill" => self.refill(now_ms).await,
            AMEND => {
                let right_since = self.guard.lock().right_since(at);
                self.amend(right_since.unwrap_or(now_ms), now_ms).await?;
                self.amended_steps.store(at.steps_back, Ordering::Relaxed);
                Ok(())
            }
            ORPHANS => {
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
            RETENTION => self.retention.expire(now_ms).await,
            INTEGRITY => integrity::check([self.app.database(), &self.events], &self.search).await,
            "size-cap" => self.retention.cap(now_ms).await,
            "checkpoint" => {
                self.app.database().checkpoint().await?;
                self.events.checkpoint().await
            }
            unknown => Err(Error::internal(format!("there is no job '{unknown}'"))),
        }
    }

    async fn refill(&self, now_ms: i64) -> Result<()> {
        let refilled = credits::refill_due(&self.app, now_ms).await?;
        if refilled > 0 {
            tracing::info!(keys = refilled, "refilled credits");
        }
        Ok(())
    }
}

impl Job {
    fn is_due(&self, stored: Option<&JobSchedule>, now_ms: i64) -> Result<bool> {
        let Some(due) = stored.filter(|due| due.pattern == self.pattern) else {
            // New or rescheduled: refills may have been missed, so look at once.
            return Ok(true);
        };
        if due.next_run_at <= now_ms {
            return Ok(true);
        }
        // Later than the next run is none: it was planned by a clock that was ahead,
        // and others may have been missed since.
        let is_ahead = due.next_run_at > next_run(self.pattern, now_ms)?;
        if is_ahead {
            let next_run_at = due.next_run_at;
            tracing::warn!(job = self.name, next_run_at, "a job was planned by a clock that was ahead");
        }
        Ok(is_ahead)
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
