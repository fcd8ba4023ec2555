//! Scheduled work: each job takes no input, may run at any time and any number
//! of times, and does what the stored state asks for.
//!
//! Patterns are cron expressions in UTC. The next run is stored, so a run that
//! was missed while the server was down happens once at the next start. A next
//! run that was planned by a clock which was ahead happens at once, and the one
//! after it is planned anew. What else such a clock stored is amended by a job;
//! that one, and those that delete what is old, wait where the clock may be wrong.

mod backup;
mod clock_guard;
mod clock_repair;
mod integrity;
mod retention;
mod schedule;
mod sweep;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;

use base::clock::Moment;
use base::error::Result;
use base::schedules::{self, JobSchedule};
use base::store::{Database, Store};
use clock_guard::Guard;
use domain::credits;
use domain::idempotency::Idempotency;
use domain::keys::Keys;
use domain::ratelimit::overrides::Overrides;
use insight::search::Search;
use retention::Retention;
use schedule::{JOBS, Job, JobName, Needs, is_due, next_run};

pub use backup::{BackupJob, BackupReport, GoodBackup, backup_report};
pub use clock_repair::{ClockReport, stored_ahead_ms};
pub use sweep::KEEP_DELETED_DAYS;

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
    overrides: Overrides,
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
        overrides: Overrides,
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
            overrides,
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
        let not_ahead = !self.may_be_ahead(at).await?;
        let not_behind = self.guard.lock().right_since(at).is_some();
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

    /// Whether the clock may be far ahead, so that nothing is to be removed for being old.
    pub async fn may_be_ahead(&self, at: Moment) -> Result<bool> {
        let deleted = schedules::find(self.app.read(), JobName::Retention.as_str()).await?;
        let deleted = deleted.and_then(|job| job.last_run_at);
        Ok(!self.guard.lock().trusts(at, deleted))
    }

    async fn is_due(&self, job: &Job, at: Moment) -> Result<bool> {
        // After a crash nobody knows what is on the disk.
        let unsure = job.name == JobName::Integrity && self.unsure.swap(false, Ordering::Relaxed);
        let stepped =
            job.name == JobName::Amend && self.amended_steps.load(Ordering::Relaxed) != at.steps_back;
        let stored = schedules::find(self.app.read(), job.name.as_str()).await?;
        Ok(is_due(job.name.as_str(), job.pattern, stored.as_ref(), at.now_ms)? || stepped || unsure)
    }

    async fn run_one(&self, job: &Job, at: Moment) -> Result<()> {
        let error = self.run(job.name, at).await.err();
        if let Some(error) = &error {
            tracing::error!(job = job.name.as_str(), ?error, "a scheduled job failed");
        }
        let schedule = JobSchedule {
            pattern: job.pattern.to_owned(),
            next_run_at: next_run(job.pattern, at.now_ms)?,
            last_run_at: Some(at.now_ms),
            last_error: error.map(|error| error.detail().to_owned()),
        };
        self.app.write(|tx| async move { schedules::save(&tx, job.name.as_str(), &schedule).await }).await
    }

    /// The last run of every job.
    pub async fn last_runs(&self) -> Result<Vec<LastRun>> {
        last_runs(self.app.database()).await
    }

    async fn run(&self, name: JobName, at: Moment) -> Result<()> {
        let now_ms = at.now_ms;
        match name {
            JobName::Refill => self.refill(now_ms).await,
            JobName::Amend => {
                let right_since = self.guard.lock().right_since(at);
                self.amend(right_since.unwrap_or(now_ms), now_ms).await?;
                self.amended_steps.store(at.steps_back, Ordering::Relaxed);
                Ok(())
            }
            JobName::Orphans => {
                let deleted = self.keys.delete_orphans(now_ms).await?;
                if deleted > 0 {
                    tracing::info!(keys = deleted, "deleted the keys of deleted APIs");
                }
                Ok(())
            }
            JobName::OverrideEnds => {
                let ended = self.overrides.end_due(now_ms).await?;
                if ended > 0 {
                    tracing::info!(overrides = ended, "overrides have ended");
                }
                Ok(())
            }
            JobName::Sweep => {
                self.idempotency.sweep(now_ms).await?;
                sweep::run(&self.app, now_ms).await
            }
            JobName::Retention => self.retention.expire(now_ms).await,
            JobName::Integrity => integrity::check([self.app.database(), &self.events], &self.search).await,
            JobName::SizeCap => self.retention.cap(now_ms).await,
            JobName::Checkpoint => {
                self.app.database().checkpoint().await?;
                self.events.checkpoint().await
            }
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

/// The last run of every job, as a database remembers it.
pub async fn last_runs(app: &Database) -> Result<Vec<LastRun>> {
    let mut runs = Vec::with_capacity(JOBS.len());
    for Job { name, .. } in JOBS {
        let name = name.as_str();
        let stored = schedules::find(app.reader(), name).await?;
        let last_run_at = stored.as_ref().and_then(|job| job.last_run_at);
        runs.push(LastRun { name, last_run_at, error: stored.and_then(|job| job.last_error) });
    }
    Ok(runs)
}

#[cfg(test)]
mod tests;
