//! Whether the clock may be trusted with deleting what is old.
//!
//! To a clock that is years ahead everything is old, and what is deleted does not
//! come back when the clock does. So where it is far ahead of what it should say,
//! deletion waits for an hour in which it says the same. What it should say
//! follows, while the server runs, from measured time; at the start from the last
//! time that deletion ran, which it does once a day. A server that was down for
//! days waits as well: that cannot be told from a clock that is wrong.
//!
//! The other way round, what is stored is not amended for a clock that is behind
//! for a moment, as after a start without a battery: see [`Guard::right_since`].

use base::clock::{DAY_MS, HOUR_MS, Moment};

/// How far ahead is far.
const FAR_MS: i64 = DAY_MS;
/// How long deletion waits.
const WAIT_MS: i64 = HOUR_MS;

/// A time that the clock said, and when.
#[derive(Clone, Copy)]
struct Reading {
    now_ms: i64,
    uptime_ms: i64,
}

impl Reading {
    fn of(at: Moment) -> Self {
        Self { now_ms: at.now_ms, uptime_ms: at.uptime_ms }
    }

    fn age_ms(self, at: Moment) -> i64 {
        at.uptime_ms - self.uptime_ms
    }

    /// How far ahead the clock is of what it should say after this.
    fn excess_ms(self, at: Moment) -> i64 {
        at.now_ms.saturating_sub(self.now_ms.saturating_add(self.age_ms(at)))
    }
}

/// Watches the clock for deletion.
#[derive(Default)]
pub(super) struct Guard {
    trusted: Option<Reading>,
    /// The first of what is far ahead of it.
    doubted: Option<Reading>,
    /// How often the clock was set back, and the uptime when that was seen last.
    steps_back: (u64, i64),
}

impl Guard {
    /// Whether deletion may follow the clock. `last_run_at` is when it did before
    /// this process; `None` where there was no such time.
    pub fn trusts(&mut self, at: Moment, last_run_at: Option<i64>) -> bool {
        let reading = Reading::of(at);
        if self.steps_back.0 != at.steps_back {
            self.steps_back = (at.steps_back, at.uptime_ms);
        }
        // Until the next daily run nothing is wrong, whether the server was down or not.
        let before = |last: i64| Reading { now_ms: last.saturating_add(DAY_MS), uptime_ms: 0 };
        let trusted = *self.trusted.get_or_insert_with(|| last_run_at.map_or(reading, before));
        let ahead_ms = trusted.excess_ms(at);
        if ahead_ms <= FAR_MS {
            self.trusted = Some(reading);
            if self.doubted.take().is_some() {
                tracing::info!("the clock is no longer far ahead: what is old is deleted again");
            }
            return true;
        }
        // Another leap begins another hour.
        let doubted = self.doubted.filter(|doubted| doubted.excess_ms(at).abs() <= FAR_MS);
        match doubted {
            Some(doubted) if doubted.age_ms(at) >= WAIT_MS => {
                tracing::warn!(
                    now_ms = at.now_ms,
                    "the clock says the same for an hour: what is old is deleted"
                );
                (self.trusted, self.doubted) = (Some(reading), None);
                true
            }
            Some(_) => false,
            None => {
                self.doubted = Some(reading);
                tracing::warn!(
                    ahead_ms,
                    now_ms = at.now_ms,
                    "the clock is far ahead of when this server was last sure of it: is it right? \
                     Nothing is deleted for being old within the next hour"
                );
                false
            }
        }
    }

    /// When the clock was set back last, or this process began, by the clock as it
    /// is now; `None` within an hour after that, or while the clock is doubted.
    pub fn right_since(&self, at: Moment) -> Option<i64> {
        let right_ms = at.uptime_ms - self.steps_back.1;
        (right_ms >= WAIT_MS && !self.waits()).then(|| at.now_ms - right_ms)
    }

    /// Whether deletion waits.
    pub fn waits(&self) -> bool {
        self.doubted.is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use base::clock::Clock;

    const NOW_MS: i64 = 1_790_000_000_000;
    const YEARS_MS: i64 = 73 * 365 * DAY_MS;

    #[test]
    fn a_clock_that_leaps_ahead_is_doubted_until_it_is_back() {
        let (clock, mut guard) = (Clock::manual(NOW_MS), Guard::default());
        assert!(guard.trusts(clock.moment(), None));
        clock.step_ms(YEARS_MS);
        assert!(!guard.trusts(clock.moment(), None));
        clock.advance_ms(WAIT_MS - 1);
        assert!(!guard.trusts(clock.moment(), None) && guard.waits());
        clock.step_ms(-YEARS_MS);
        assert!(guard.trusts(clock.moment(), None) && !guard.waits());
    }

    #[test]
    fn what_the_clock_says_for_an_hour_is_so() {
        let (clock, mut guard) = (Clock::manual(NOW_MS), Guard::default());
        assert!(guard.trusts(clock.moment(), None));
        clock.step_ms(2 * DAY_MS);
        assert!(!guard.trusts(clock.moment(), None));
        clock.advance_ms(WAIT_MS / 2);
        // Another leap, another hour.
        clock.step_ms(2 * DAY_MS);
        assert!(!guard.trusts(clock.moment(), None));
        clock.advance_ms(WAIT_MS - 1);
        assert!(!guard.trusts(clock.moment(), None));
        clock.advance_ms(1);
        assert!(guard.trusts(clock.moment(), None) && !guard.waits());
        assert!(guard.trusts(clock.moment(), None));
    }

    #[test]
    fn at_the_start_the_last_run_is_what_the_clock_is_held_against() {
        for (last_run_at, trusted) in [
            (None, true),
            (Some(NOW_MS), true),
            (Some(NOW_MS - 2 * DAY_MS), true),
            (Some(NOW_MS - 2 * DAY_MS - 1), false),
            (Some(NOW_MS - YEARS_MS), false),
            // The clock was ahead then, or is behind now: nothing is old too early.
            (Some(NOW_MS + YEARS_MS), true),
            (Some(i64::MAX), true),
            (Some(i64::MIN), false),
        ] {
            let mut guard = Guard::default();
            assert_eq!(guard.trusts(Clock::manual(NOW_MS).moment(), last_run_at), trusted, "{last_run_at:?}");
            assert_eq!(guard.waits(), !trusted);
        }
    }

    #[test]
    fn a_last_run_ahead_of_the_clock_does_not_excuse_a_later_leap() {
        let (clock, mut guard) = (Clock::manual(NOW_MS), Guard::default());
        assert!(guard.trusts(clock.moment(), Some(NOW_MS + YEARS_MS)));
        clock.step_ms(YEARS_MS);
        assert!(!guard.trusts(clock.moment(), Some(NOW_MS + YEARS_MS)));
    }

    #[test]
    fn a_clock_is_right_once_it_was_not_set_back_for_an_hour() {
        let (clock, mut guard) = (Clock::manual(NOW_MS), Guard::default());
        let mut look = |clock: &Clock| {
            guard.trusts(clock.moment(), None);
            guard.right_since(clock.moment())
        };
        assert_eq!(look(&clock), None);
        clock.advance_ms(WAIT_MS);
        assert_eq!(look(&clock), Some(NOW_MS));
        clock.step_ms(-YEARS_MS);
        assert_eq!(look(&clock), None);
        clock.advance_ms(WAIT_MS - 1);
        assert_eq!(look(&clock), None);
        clock.advance_ms(1);
        assert_eq!(look(&clock), Some(NOW_MS + WAIT_MS - YEARS_MS));
        clock.step_ms(YEARS_MS);
        assert_eq!(look(&clock), None, "doubted");
    }

    proptest! {
        /// However time passes, a clock that is not set is never doubted.
        #[test]
        fn time_that_passes_is_trusted(passes in prop::collection::vec(0..4_000_000_000_i64, 1..30)) {
            let (clock, mut guard) = (Clock::manual(NOW_MS), Guard::default());
            for ms in passes {
                clock.advance_ms(ms);
                prop_assert!(guard.trusts(clock.moment(), Some(NOW_MS)));
            }
        }

        /// Whatever the clock does within an hour, nothing is deleted by a time
        /// that is more than a day ahead of the right one for each leap that was
        /// too small to see.
        #[test]
        fn no_leap_of_days_is_followed_within_an_hour(
            leaps in prop::collection::vec((-9 * DAY_MS..9 * DAY_MS, 0..60_000_i64), 1..20),
        ) {
            let (clock, mut guard) = (Clock::manual(NOW_MS), Guard::default());
            prop_assert!(guard.trusts(clock.moment(), None));
            let mut latest_ms = NOW_MS;
            for (leap_ms, pass_ms) in leaps {
                clock.step_ms(leap_ms);
                clock.advance_ms(pass_ms);
                let at = clock.moment();
                if guard.trusts(at, None) {
                    prop_assert!(at.now_ms <= latest_ms + pass_ms + FAR_MS + HOUR_MS);
                    latest_ms = at.now_ms.max(latest_ms);
                }
            }
        }
    }
}
