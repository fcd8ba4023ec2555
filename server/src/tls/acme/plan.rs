//! When to ask an authority: by the calendar, by measured time where the calendar
//! may be wrong, and never so often that it shuts us out.

use base::clock::{DAY_MS, HOUR_MS, MINUTE_MS, Moment};

use crate::tls::certificate::Validity;

/// After the first failure; each further one doubles it.
const SHORTEST_WAIT_MS: i64 = 5 * MINUTE_MS;
const LONGEST_WAIT_MS: i64 = 6 * HOUR_MS;
/// After the authority said that it is asked too often.
const LONG_WAIT_MS: i64 = 3 * HOUR_MS;

/// What was tried so far.
#[derive(Debug)]
pub struct Plan {
    /// Of the certificate: when this process got or found it, measured.
    since_uptime_ms: i64,
    /// When it was given, by the clock of that time.
    obtained_ms: Option<i64>,
    /// Failures in a row.
    failures: u32,
    not_before_uptime_ms: i64,
}

impl Plan {
    pub fn new(at: Moment, obtained_ms: Option<i64>) -> Self {
        Self { since_uptime_ms: at.uptime_ms, obtained_ms, failures: 0, not_before_uptime_ms: i64::MIN }
    }

    /// Whether the certificate, or none, is to be replaced now. `is_asked`: somebody
    /// wants it tried again, whatever failed before.
    pub fn is_due(&self, at: Moment, validity: Option<Validity>, is_asked: bool) -> bool {
        if at.uptime_ms < self.not_before_uptime_ms && !is_asked {
            return false;
        }
        let Some(validity) = validity else { return true };
        let third_ms = i64::try_from(validity.length_ms() / 3).unwrap_or(i64::MAX);
        // However wrong the calendar is, this much of its time has passed.
        let is_measured = at.uptime_ms.saturating_sub(self.since_uptime_ms) >= third_ms.saturating_mul(2);
        let by_calendar = at.now_ms >= validity.not_after_ms.saturating_sub(third_ms);
        is_measured || (by_calendar && !self.is_fresh(at, third_ms))
    }

    /// Whether the certificate was given a short while ago by the same clock: one that
    /// seems to be at its end already is so by a clock that is wrong, and another one
    /// would be no better.
    fn is_fresh(&self, at: Moment, third_ms: i64) -> bool {
        self.obtained_ms.is_some_and(|obtained_ms| {
            let age_ms = at.now_ms.saturating_sub(obtained_ms);
            (-DAY_MS..third_ms).contains(&age_ms)
        })
    }

    pub fn note_obtained(&mut self, at: Moment) {
        *self = Self::new(at, Some(at.now_ms));
    }

    pub fn note_failed(&mut self, at: Moment, is_too_often: bool) {
        let doubled_ms = SHORTEST_WAIT_MS.saturating_mul(1 << self.failures.min(10));
        self.failures = self.failures.saturating_add(1);
        let wait_ms = if is_too_often { doubled_ms.max(LONG_WAIT_MS) } else { doubled_ms };
        self.not_before_uptime_ms = at.uptime_ms.saturating_add(wait_ms.min(LONGEST_WAIT_MS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_790_000_000_000;
    const YEAR_MS: i64 = 365 * DAY_MS;

    fn at(now_ms: i64, uptime_ms: i64) -> Moment {
        Moment { now_ms, uptime_ms, steps_back: 0 }
    }

    /// Of 90 days, given an hour ago.
    fn validity() -> Validity {
        Validity { not_before_ms: NOW_MS - HOUR_MS, not_after_ms: NOW_MS - HOUR_MS + 90 * DAY_MS }
    }

    #[test]
    fn a_certificate_is_replaced_when_a_third_of_its_time_is_left() {
        let plan = Plan::new(at(NOW_MS, 0), Some(NOW_MS));
        for (days, expected) in [(0, false), (59, false), (60, true), (91, true), (400, true)] {
            // Started anew each time: nothing was measured.
            let later = at(NOW_MS + days * DAY_MS, 0);
            assert_eq!(plan.is_due(later, Some(validity()), false), expected, "{days}");
        }
        assert!(plan.is_due(at(NOW_MS, 0), None, false), "without one it is always time");
    }

    #[test]
    fn a_clock_that_stands_years_back_lets_no_certificate_end() {
        let plan = Plan::new(at(NOW_MS - 30 * YEAR_MS, 0), Some(NOW_MS));
        assert!(!plan.is_due(at(NOW_MS - 30 * YEAR_MS, 59 * DAY_MS), Some(validity()), false));
        assert!(plan.is_due(at(NOW_MS - 30 * YEAR_MS, 60 * DAY_MS), Some(validity()), false));
    }

    #[test]
    fn a_clock_that_is_years_ahead_asks_once_and_not_at_every_start() {
        let ahead_ms = NOW_MS + 20 * YEAR_MS;
        let mut plan = Plan::new(at(ahead_ms, 0), Some(NOW_MS));
        assert!(plan.is_due(at(ahead_ms, 0), Some(validity()), false));
        plan.note_obtained(at(ahead_ms, 0));
        assert!(!plan.is_due(at(ahead_ms + HOUR_MS, HOUR_MS), Some(validity()), false));
        let restarted = Plan::new(at(ahead_ms + HOUR_MS, 0), Some(ahead_ms));
        assert!(!restarted.is_due(at(ahead_ms + HOUR_MS, 0), Some(validity()), false));
        // Set right: what seemed to be given in the future stands in nobody's way.
        let end_ms = validity().not_after_ms - DAY_MS;
        assert!(Plan::new(at(end_ms, 0), Some(ahead_ms)).is_due(at(end_ms, 0), Some(validity()), false));
    }

    #[test]
    fn failures_are_tried_again_ever_later_or_when_somebody_asks() {
        let mut plan = Plan::new(at(NOW_MS, 0), None);
        let mut uptime_ms = 0;
        for minutes in [5, 10, 20, 40, 80, 160, 320, 360, 360] {
            plan.note_failed(at(NOW_MS, uptime_ms), false);
            assert!(plan.is_due(at(NOW_MS, uptime_ms), None, true));
            assert!(!plan.is_due(at(NOW_MS, uptime_ms + minutes * MINUTE_MS - 1), None, false), "{minutes}");
            uptime_ms += minutes * MINUTE_MS;
            assert!(plan.is_due(at(NOW_MS, uptime_ms), None, false), "{minutes}");
        }
        let mut plan = Plan::new(at(NOW_MS, 0), None);
        plan.note_failed(at(NOW_MS, 0), true);
        assert!(
            !plan.is_due(at(NOW_MS, 2 * HOUR_MS), None, false)
                && plan.is_due(at(NOW_MS, 3 * HOUR_MS), None, false)
        );
    }
}
