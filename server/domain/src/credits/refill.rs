//! When credits are refilled, and to what.
//!
//! A refill happens at midnight UTC: every day, or on one day of every month. It sets the
//! balance to an amount when it is below, and never takes credits away. Both doors share this
//! rule (docs/contract/v2.md#refills).
//!
//! Pure: times are Unix milliseconds handed in. Deliberately absent: the clock, storage, the
//! job that looks for due keys, and a default for the day of the month, which differs by door.
//!
//! Times outside [`EARLIEST_MS`]..=[`LATEST_MS`] are treated as the nearer end, so every
//! function has an answer for every `i64`.

use base::clock::DAY_MS;
use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime};

/// 0001-01-01T00:00:00Z in Unix milliseconds: the earliest time told apart.
pub const EARLIEST_MS: i64 = -62_135_596_800_000;

/// 9999-12-31T23:59:59.999Z in Unix milliseconds: the latest time told apart.
pub const LATEST_MS: i64 = 253_402_300_799_999;

/// How often credits are refilled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Interval {
    /// At every midnight UTC.
    Daily,
    /// At midnight UTC that begins one day of every month.
    Monthly {
        /// Day of the month, 1 to 31. A month without that day uses its last one. The doors
        /// refuse other values; here 0 counts as 1 and anything above 31 as 31.
        day: u8,
    },
}

impl Interval {
    /// Of a refill on this day of the month, or on every day.
    pub fn of_day(day: Option<i64>) -> Self {
        match day {
            Some(day) => Interval::Monthly { day: u8::try_from(day).unwrap_or(1) },
            None => Interval::Daily,
        }
    }
}

/// Whether a refill instant lies in `(last_ms, now_ms]`. Any number of missed instants is one
/// due refill: a refill sets the balance, so applying it twice would change nothing.
pub fn due_since(interval: Interval, last_ms: i64, now_ms: i64) -> bool {
    previous_at_or_before(interval, now_ms) > last_ms.max(EARLIEST_MS)
}

/// Whether a refill at `last_ms` lies beyond the period that follows that of `ms`.
pub fn is_beyond_next(interval: Interval, last_ms: i64, ms: i64) -> bool {
    last_ms >= next_after(interval, next_after(interval, ms))
}

/// The first refill instant strictly after `ms`, in Unix milliseconds.
pub fn next_after(interval: Interval, ms: i64) -> i64 {
    let ms = ms.clamp(EARLIEST_MS, LATEST_MS);
    match interval {
        Interval::Daily => midnight(ms) + DAY_MS,
        Interval::Monthly { day } => {
            let month = first_of_month(ms);
            let this = instant_in(month, day);
            if this > ms { this } else { instant_in(month + Months::new(1), day) }
        }
    }
}

/// The last refill instant at or before `ms`, in Unix milliseconds.
pub fn previous_at_or_before(interval: Interval, ms: i64) -> i64 {
    let ms = ms.clamp(EARLIEST_MS, LATEST_MS);
    match interval {
        Interval::Daily => midnight(ms),
        Interval::Monthly { day } => {
            let month = first_of_month(ms);
            let this = instant_in(month, day);
            if this <= ms { this } else { instant_in(month - Months::new(1), day) }
        }
    }
}

/// The balance after a refill: `amount`, unless there is more already.
pub fn refilled(remaining: i64, amount: i64) -> i64 {
    remaining.max(amount)
}

fn midnight(ms: i64) -> i64 {
    ms.div_euclid(DAY_MS) * DAY_MS
}

fn first_of_month(ms: i64) -> NaiveDate {
    DateTime::from_timestamp_millis(ms)
        .and_then(|time| time.date_naive().with_day(1))
        .expect("callers clamp to years 1 to 9999, and every month has a first day")
}

/// The one refill instant of the month that begins on `first`.
fn instant_in(first: NaiveDate, day: u8) -> i64 {
    let day = day.clamp(1, first.num_days_in_month());
    first
        .with_day(day.into())
        .expect("the day was clamped to the length of the month")
        .and_time(NaiveTime::MIN)
        .and_utc()
        .timestamp_millis()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ms(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
    }

    fn monthly(day: u8) -> Interval {
        Interval::Monthly { day }
    }

    #[test]
    fn daily_refills_at_midnight_utc() {
        let noon = ms("2025-03-09T12:00:00Z");
        assert_eq!(previous_at_or_before(Interval::Daily, noon), ms("2025-03-09T00:00:00Z"));
        assert_eq!(next_after(Interval::Daily, noon), ms("2025-03-10T00:00:00Z"));
        let midnight = ms("2025-03-09T00:00:00Z");
        assert_eq!(previous_at_or_before(Interval::Daily, midnight), midnight);
        assert_eq!(next_after(Interval::Daily, midnight), ms("2025-03-10T00:00:00Z"));
        let eve = midnight - 1;
        assert_eq!(next_after(Interval::Daily, eve), midnight);
        assert_eq!(previous_at_or_before(Interval::Daily, -1), -DAY_MS);
    }

    #[test]
    fn monthly_uses_the_last_day_of_shorter_months() {
        let starts = [
            ("2025-01-15T00:00:00Z", "2025-01-31T00:00:00Z"),
            ("2025-02-01T00:00:00Z", "2025-02-28T00:00:00Z"),
            ("2024-02-01T00:00:00Z", "2024-02-29T00:00:00Z"),
            ("2000-02-01T00:00:00Z", "2000-02-29T00:00:00Z"),
            ("2100-02-01T00:00:00Z", "2100-02-28T00:00:00Z"),
            ("2025-04-30T00:00:00Z", "2025-05-31T00:00:00Z"),
            ("2025-12-31T00:00:00Z", "2026-01-31T00:00:00Z"),
        ];
        for (from, expected) in starts {
            assert_eq!(next_after(monthly(31), ms(from)), ms(expected), "{from}");
        }
        assert_eq!(next_after(monthly(30), ms("2025-02-10T08:00:00Z")), ms("2025-02-28T00:00:00Z"));
        assert_eq!(next_after(monthly(29), ms("2024-02-29T00:00:00Z")), ms("2024-03-29T00:00:00Z"));
        assert_eq!(
            previous_at_or_before(monthly(15), ms("2025-01-14T23:59:59.999Z")),
            ms("2024-12-15T00:00:00Z")
        );
    }

    #[test]
    fn due_counts_missed_instants_once_and_excludes_the_last() {
        let last = ms("2025-03-09T00:00:00Z");
        assert!(!due_since(Interval::Daily, last, last));
        assert!(!due_since(Interval::Daily, last, last + DAY_MS - 1));
        assert!(due_since(Interval::Daily, last, last + DAY_MS));
        let back = last + 40 * DAY_MS + 5;
        assert!(due_since(Interval::Daily, last, back));
        assert!(!due_since(Interval::Daily, back, back));
        assert!(due_since(monthly(31), ms("2025-02-27T10:00:00Z"), ms("2025-02-28T00:00:00Z")));
        assert!(!due_since(monthly(31), ms("2025-02-28T00:00:00Z"), ms("2025-03-30T23:00:00Z")));
    }

    #[test]
    fn a_clock_that_went_back_is_never_due() {
        let last = ms("2025-03-09T00:00:00Z");
        assert!(!due_since(Interval::Daily, last, last - 10 * DAY_MS));
        assert!(!due_since(Interval::Daily, i64::MAX, i64::MAX));
    }

    #[test]
    fn out_of_range_input_has_an_answer() {
        assert_eq!(midnight(EARLIEST_MS), EARLIEST_MS);
        assert_eq!(ms("0001-01-01T00:00:00Z"), EARLIEST_MS);
        assert_eq!(ms("9999-12-31T23:59:59.999Z"), LATEST_MS);
        for interval in [Interval::Daily, monthly(0), monthly(1), monthly(31), monthly(u8::MAX)] {
            for time in [i64::MIN, i64::MAX] {
                let inside = time.clamp(EARLIEST_MS, LATEST_MS);
                assert!(previous_at_or_before(interval, time) <= inside);
                assert!(next_after(interval, time) > inside);
            }
            assert!(due_since(interval, i64::MIN, i64::MAX));
            assert!(!due_since(interval, i64::MIN, i64::MIN));
        }
        let time = ms("2025-03-09T12:00:00Z");
        assert_eq!(next_after(monthly(0), time), next_after(monthly(1), time));
        assert_eq!(next_after(monthly(32), time), next_after(monthly(31), time));
    }

    #[test]
    fn refilled_never_takes_credits_away() {
        assert_eq!(refilled(3, 100), 100);
        assert_eq!(refilled(100, 100), 100);
        assert_eq!(refilled(250, 100), 250);
        assert_eq!(refilled(0, i64::MAX), i64::MAX);
    }

    fn interval() -> impl Strategy<Value = Interval> {
        prop_oneof![Just(Interval::Daily), (1u8..=31).prop_map(monthly)]
    }

    /// Any time told apart, most of them within a century of now, many on a midnight.
    fn time() -> impl Strategy<Value = i64> {
        prop_oneof![
            4 => 0..4_102_444_800_000i64,
            2 => (0..47_482i64).prop_map(|day| day * DAY_MS),
            2 => (0..47_482i64).prop_map(|day| day * DAY_MS - 1),
            1 => EARLIEST_MS + 32 * DAY_MS..LATEST_MS - 32 * DAY_MS,
        ]
    }

    proptest! {
        #[test]
        fn previous_and_next_enclose_every_time(interval in interval(), t in time()) {
            let (previous, next) = (previous_at_or_before(interval, t), next_after(interval, t));
            prop_assert!(previous <= t && t < next);
            prop_assert_eq!(previous.rem_euclid(DAY_MS), 0);
            prop_assert_eq!(next_after(interval, previous), next);
            prop_assert_eq!(previous_at_or_before(interval, next), next);
            prop_assert_eq!(previous_at_or_before(interval, next - 1), previous);
        }

        #[test]
        fn due_means_the_next_instant_has_come(interval in interval(), a in time(), b in time()) {
            prop_assert_eq!(due_since(interval, a, b), next_after(interval, a) <= b);
        }

        /// What is not beyond it is over once the period after it begins: no key waits longer.
        #[test]
        fn a_refill_of_the_next_period_is_the_only_one_that_is_skipped(
            interval in interval(), now in time(), ahead in 0..4_000_000_000_000i64,
        ) {
            let last = now + ahead;
            let next = next_after(interval, now);
            let after = next_after(interval, next);
            if !is_beyond_next(interval, last, now) {
                prop_assert!(due_since(interval, last, after));
                prop_assert_eq!(due_since(interval, last, next), last < next);
            }
        }

        #[test]
        fn every_day_has_one_daily_instant(day in -700_000i64..2_900_000) {
            let (start, end) = (day * DAY_MS, (day + 1) * DAY_MS);
            prop_assert_eq!(next_after(Interval::Daily, start - 1), start);
            prop_assert_eq!(next_after(Interval::Daily, start), end);
        }

        #[test]
        fn every_month_has_one_monthly_instant(
            year in 2i32..9998, month in 1u32..=12, day in 1u8..=31,
        ) {
            let first = NaiveDate::from_ymd_opt(year, month, 1).unwrap();
            let start = instant_in(first, 1);
            let end = instant_in(first + Months::new(1), 1);
            let instant = next_after(monthly(day), start - 1);
            prop_assert!(start <= instant && instant < end);
            prop_assert!(next_after(monthly(day), instant) >= end);
            let length = (end - start) / DAY_MS;
            prop_assert_eq!((instant - start) / DAY_MS + 1, length.min(day.into()));
        }
    }
}
