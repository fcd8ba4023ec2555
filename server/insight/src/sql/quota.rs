//! How much a workspace may ask within an hour
//! (docs/contract/v2.md#analytics-queries).
//!
//! Counted in memory: a restart begins a new hour, which harms nobody.

use std::collections::HashMap;
use std::time::Duration;

use base::clock::{HOUR_MS, MINUTE_MS};
use base::ids::WorkspaceId;
use parking_lot::Mutex;

use base::error::{Code, Error, Result};

const WINDOW_MS: i64 = HOUR_MS;
/// Workspaces remembered before those of past hours are dropped.
const TIDY_AT: usize = 1024;

/// What a workspace may use in an hour.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    pub queries: u32,
    pub execution: Duration,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { queries: 1000, execution: Duration::from_secs(1800) }
    }
}

#[derive(Default)]
struct Used {
    hour: i64,
    queries: u32,
    execution: Duration,
}

/// What each workspace used in the current hour.
pub(super) struct Quota {
    allowance: Allowance,
    used: Mutex<HashMap<WorkspaceId, Used>>,
}

impl Quota {
    pub fn new(allowance: Allowance) -> Self {
        Self { allowance, used: Mutex::default() }
    }

    /// Counts a query, or refuses it.
    pub fn begin(&self, workspace: &WorkspaceId, now_ms: i64) -> Result<()> {
        let hour = now_ms.div_euclid(WINDOW_MS);
        let mut all = self.used.lock();
        if all.len() > TIDY_AT {
            all.retain(|_, used| used.hour >= hour);
        }
        let used = all.entry(workspace.clone()).or_default();
        if used.hour < hour {
            *used = Used { hour, ..Used::default() };
        }
        // Where the clock was set back, what was used counts in the hour that it says.
        // One hour is left alone: so late may come who asked before it began.
        if used.hour > hour + 1 {
            used.hour = hour;
        }
        if used.queries >= self.allowance.queries || used.execution >= self.allowance.execution {
            let left_ms = (used.hour + 1) * WINDOW_MS - now_ms;
            let minutes = left_ms.div_euclid(MINUTE_MS) + 1;
            let refusal = Error::new(
                Code::QueryQuota,
                format!(
                    "The workspace has used its quota of {} queries and {} seconds of execution per hour. \
                     The next hour begins within {minutes} minutes.",
                    self.allowance.queries,
                    self.allowance.execution.as_secs()
                ),
            );
            return Err(refusal.retry_after_s(left_ms.max(0).unsigned_abs().div_ceil(1000)));
        }
        used.queries += 1;
        Ok(())
    }

    pub fn end(&self, workspace: &WorkspaceId, took: Duration) {
        if let Some(used) = self.used.lock().get_mut(workspace) {
            used.execution += took;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_and_seconds_are_counted_by_the_hour() {
        let quota = Quota::new(Allowance { queries: 2, execution: Duration::from_secs(10) });
        let (one, two) = (WorkspaceId::from("ws_1"), WorkspaceId::from("ws_2"));
        quota.begin(&one, 0).unwrap();
        quota.begin(&one, 1).unwrap();
        let refused = quota.begin(&one, 2).unwrap_err();
        assert_eq!((refused.code(), refused.wait_s()), (Code::QueryQuota, Some(3600)));
        quota.begin(&two, 2).unwrap();
        quota.begin(&one, WINDOW_MS).unwrap();
        quota.end(&one, Duration::from_secs(10));
        assert_eq!(quota.begin(&one, WINDOW_MS + 1).unwrap_err().code(), Code::QueryQuota);
    }

    #[test]
    fn a_clock_set_back_gives_no_fresh_hour_and_takes_none() {
        let quota = Quota::new(Allowance { queries: 2, execution: Duration::from_secs(10) });
        let one = WorkspaceId::from("ws_1");
        quota.begin(&one, 500 * WINDOW_MS).unwrap();
        quota.begin(&one, WINDOW_MS).unwrap();
        let refused = quota.begin(&one, WINDOW_MS + 1).unwrap_err();
        assert!(refused.detail().ends_with("within 60 minutes."), "{}", refused.detail());
        quota.begin(&one, 2 * WINDOW_MS).unwrap();
        // Who asked before this hour began and was slow finds no fresh one after it.
        quota.begin(&one, 2 * WINDOW_MS - 1).unwrap();
        assert!(quota.begin(&one, 2 * WINDOW_MS).is_err());
    }
}
