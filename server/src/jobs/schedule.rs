//! Which jobs there are, when each runs, and what it needs of the clock.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use cron::Schedule;

use base::error::{Error, Result};
use base::schedules::JobSchedule;

/// A job, by what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JobName {
    /// Gives keys the credits of a new day or month.
    Refill,
    /// Deletes the keys of deleted APIs.
    Orphans,
    /// Cleans up after overrides that have ended.
    OverrideEnds,
    /// Brings back what a clock stored that was ahead.
    Amend,
    /// Removes what was deleted long ago.
    Sweep,
    /// Removes events that are old.
    Retention,
    /// Looks for damage.
    Integrity,
    /// Empties the write-ahead logs.
    Checkpoint,
    /// Removes events that take too much space.
    SizeCap,
}

impl JobName {
    /// As its row, metrics and the log name it.
    pub fn as_str(self) -> &'static str {
        match self {
            JobName::Refill => "refill",
            JobName::Orphans => "orphans",
            JobName::OverrideEnds => "override-ends",
            JobName::Amend => "amend",
            JobName::Sweep => "sweep",
            JobName::Retention => "retention",
            JobName::Integrity => "integrity",
            JobName::Checkpoint => "checkpoint",
            JobName::SizeCap => "size-cap",
        }
    }
}

/// A job and its plan.
pub(super) struct Job {
    pub name: JobName,
    /// Second, minute, hour, day, month, weekday.
    pub pattern: &'static str,
    pub needs: Needs,
}

/// What a job needs of the clock; it stays due until then.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    Nothing,
    /// Deletes what is old: not while the clock may be far ahead.
    NotAhead,
    /// Shortens what would last too long: not while the clock may be behind.
    NotBehind,
}

/// What runs when.
pub(super) const JOBS: &[Job] = &[
    Job { name: JobName::Refill, pattern: "0 0 0 * * *", needs: Needs::Nothing },
    Job { name: JobName::Orphans, pattern: "0 * * * * *", needs: Needs::Nothing },
    Job { name: JobName::OverrideEnds, pattern: "0 * * * * *", needs: Needs::NotAhead },
    Job { name: JobName::Amend, pattern: "0 15 3 * * *", needs: Needs::NotBehind },
    Job { name: JobName::Sweep, pattern: "0 30 3 * * *", needs: Needs::NotAhead },
    Job { name: JobName::Retention, pattern: "0 45 3 * * *", needs: Needs::NotAhead },
    Job { name: JobName::Integrity, pattern: "0 15 4 * * *", needs: Needs::Nothing },
    Job { name: JobName::Checkpoint, pattern: "0 */5 * * * *", needs: Needs::Nothing },
    Job { name: JobName::SizeCap, pattern: "30 */5 * * * *", needs: Needs::Nothing },
];

/// Whether it is time for a job, by what is stored of its last run.
pub(super) fn is_due(job: &str, pattern: &str, stored: Option<&JobSchedule>, now_ms: i64) -> Result<bool> {
    let Some(due) = stored.filter(|due| due.pattern == pattern) else {
        // New or rescheduled: refills may have been missed, so look at once.
        return Ok(true);
    };
    if due.next_run_at <= now_ms {
        return Ok(true);
    }
    // Later than the next run is none: it was planned by a clock that was ahead,
    // and others may have been missed since.
    let next_run_at = due.next_run_at;
    let is_ahead = next_run_at > next_run(pattern, now_ms)?;
    if is_ahead {
        tracing::warn!(job, next_run_at, "a job was planned by a clock that was ahead");
    }
    Ok(is_ahead)
}

/// The first run after `now_ms`, Unix milliseconds.
pub(super) fn next_run(pattern: &str, now_ms: i64) -> Result<i64> {
    let schedule = Schedule::from_str(pattern).map_err(Error::internal)?;
    let now: DateTime<Utc> =
        DateTime::from_timestamp_millis(now_ms).ok_or_else(|| Error::internal("no such time"))?;
    let next = schedule.after(&now).next().ok_or_else(|| Error::internal("a schedule has no next run"))?;
    Ok(next.timestamp_millis())
}
