//! Backups by the clock: when one is due, how the last one went, and whether the last
//! good one is older than the schedule allows.
//!
//! Beside the other jobs and not among them: a slow disk may take as long as it likes
//! without anything else being late.

use serde::{Deserialize, Serialize};

use crate::backup::{BackupName, Backups, make_scheduled};
use base::clock::{Clock, DAY_MS, HOUR_MS, Stopwatch};
use base::config::BackupPlan;
use base::entropy::Entropy;
use base::error::Result;
use base::schedules::{self, JobSchedule};
use base::settings;
use base::store::{Database, Store};

use super::schedule::{is_due, next_run};

const NAME: &str = "backup";
const SERIES: &str = "backup_series";
const LAST_GOOD: &str = "backup_last_good";

/// After one that failed.
const RETRY_MS: i64 = 15 * 60_000;

/// How late a good one may be before anybody is told: it may take its time.
const GRACE_MS: i64 = HOUR_MS;

/// The last backup that was made whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoodBackup {
    /// Unix milliseconds.
    pub made_at_ms: i64,
    pub duration_ms: u64,
    pub bytes: u64,
    pub place: String,
}

/// How scheduled backups fare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupReport {
    pub last_good: Option<GoodBackup>,
    /// Why the last one failed, if it did.
    pub error: Option<String>,
    /// The last good one is older than the schedule allows, or there is none.
    pub is_overdue: bool,
}

/// Makes backups when they are due. Cheap to clone.
#[derive(Clone)]
pub struct BackupJob {
    app: Store,
    backups: Backups,
    entropy: Entropy,
    clock: Clock,
    plan: Option<BackupPlan>,
}

impl BackupJob {
    pub fn new(
        app: Store,
        backups: Backups,
        entropy: Entropy,
        clock: Clock,
        plan: Option<BackupPlan>,
    ) -> Self {
        Self { app, backups, entropy, clock, plan }
    }

    /// Who makes them, also when somebody asks.
    pub fn backups(&self) -> &Backups {
        &self.backups
    }

    /// Makes a backup if it is time. A failure is logged, noted, and tried again soon.
    /// None is removed while the clock `may_be_ahead`.
    pub async fn run_due(&self, may_be_ahead: bool) -> Result<()> {
        let Some(plan) = &self.plan else { return Ok(()) };
        let now_ms = self.clock.now_ms();
        let stored = schedules::find(self.app.read(), NAME).await?;
        if !is_due(NAME, &plan.pattern, stored.as_ref(), now_ms)? {
            return Ok(());
        }
        let made = self.make(plan, now_ms, may_be_ahead).await;
        if let Err(error) = &made {
            tracing::error!(?error, "a scheduled backup failed");
        }
        let planned = next_run(&plan.pattern, now_ms)?;
        let next_run_at = if made.is_ok() { planned } else { planned.min(now_ms + RETRY_MS) };
        let last_error = made.as_ref().err().map(|error| error.detail().to_owned());
        let schedule =
            JobSchedule { pattern: plan.pattern.clone(), next_run_at, last_run_at: Some(now_ms), last_error };
        self.app
            .write(|tx| async move {
                schedules::save(&tx, NAME, &schedule).await?;
                match made {
                    Ok(good) => settings::set(&tx, LAST_GOOD, &serde_json::to_string(&good)?, now_ms).await,
                    Err(_) => Ok(()),
                }
            })
            .await
    }

    async fn make(&self, plan: &BackupPlan, now_ms: i64, may_be_ahead: bool) -> Result<GoodBackup> {
        let took = Stopwatch::start();
        let name = BackupName { series: Some(self.series(now_ms).await?), time_ms: now_ms };
        let stored = make_scheduled(&self.backups, plan, &name, may_be_ahead).await?;
        let duration_ms = u64::try_from(took.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (place, bytes) = (stored.place, stored.bytes);
        tracing::info!(place, bytes, duration_ms, removed = stored.removed, "a scheduled backup was made");
        Ok(GoodBackup { made_at_ms: now_ms, duration_ms, bytes, place })
    }

    /// By which this server knows its own backups among those of others.
    async fn series(&self, now_ms: i64) -> Result<String> {
        if let Some(series) = settings::get(self.app.read(), SERIES).await? {
            return Ok(series);
        }
        let series = BackupName::new_series(&self.entropy);
        let stored = series.clone();
        self.app.write(|tx| async move { settings::set(&tx, SERIES, &stored, now_ms).await }).await?;
        Ok(series)
    }

    /// How they fare; `None` where none are planned.
    pub async fn report(&self) -> Result<Option<BackupReport>> {
        let Some(plan) = &self.plan else { return Ok(None) };
        backup_report(self.app.database(), plan, self.clock.now_ms()).await.map(Some)
    }
}

/// How the backups of a plan fare, by what the database remembers.
pub async fn backup_report(app: &Database, plan: &BackupPlan, now_ms: i64) -> Result<BackupReport> {
    let stored = schedules::find(app.reader(), NAME).await?;
    let last_good = settings::get(app.reader(), LAST_GOOD).await?;
    // What cannot be read is of another version, and no reason to fail.
    let last_good: Option<GoodBackup> = last_good.and_then(|text| serde_json::from_str(&text).ok());
    let is_overdue = match (&last_good, &stored) {
        // One from the future is of a clock that was ahead.
        (Some(good), _) if good.made_at_ms > now_ms + DAY_MS => true,
        (Some(good), _) => next_run(&plan.pattern, good.made_at_ms)?.saturating_add(GRACE_MS) < now_ms,
        // It was tried, and there is none.
        (None, stored) => stored.is_some(),
    };
    Ok(BackupReport { last_good, error: stored.and_then(|job| job.last_error), is_overdue })
}
