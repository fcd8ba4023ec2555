//! Calendar months of UTC, by which use is counted and billed.
//!
//! Deliberately absent: months of other zones. A bill and a limit have to mean the same
//! time for everybody who reads them.

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime};

/// A month, by its first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(NaiveDate);

impl Month {
    /// The month that a moment is in; of moments that no calendar has, its first month.
    pub fn of(time_ms: i64) -> Self {
        let day = DateTime::from_timestamp_millis(time_ms).unwrap_or_default().date_naive();
        Self(day.with_day(1).unwrap_or(day))
    }

    /// `2026-11`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 7 || text.starts_with(['-', '+']) {
            return None;
        }
        NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok().map(Self)
    }

    /// As [`parse`](Self::parse) reads it.
    pub fn code(self) -> String {
        self.0.format("%Y-%m").to_string()
    }

    /// `November 2026`.
    pub fn name(self) -> String {
        self.0.format("%B %Y").to_string()
    }

    pub fn first_day(self) -> NaiveDate {
        self.0
    }

    /// Its first moment, Unix milliseconds.
    pub fn start_ms(self) -> i64 {
        self.0.and_time(NaiveTime::MIN).and_utc().timestamp_millis()
    }

    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.checked_add_months(Months::new(1)).unwrap_or(self.0))
    }

    #[must_use]
    pub fn before(self) -> Self {
        Self(self.0.checked_sub_months(Months::new(1)).unwrap_or(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_795_996_800_000; // 2026-11-30

    #[test]
    fn a_moment_is_in_the_month_that_utc_has() {
        let month = Month::of(NOW_MS);
        assert_eq!((month.code(), month.name()), ("2026-11".to_owned(), "November 2026".to_owned()));
        assert_eq!(Month::of(month.start_ms()), month);
        assert_eq!(Month::of(month.start_ms() - 1), month.before());
        assert_eq!(Month::of(month.next().start_ms() - 1), month);
        assert_eq!(Month::of(-1).code(), "1969-12");
    }

    #[test]
    fn months_are_read_and_followed() {
        assert_eq!(Month::parse("2025-12").unwrap().next().code(), "2026-01");
        assert_eq!(Month::parse("2026-01").unwrap().before().code(), "2025-12");
        for wrong in ["2026", "2026-13", "11-2026", "2026-11-01", "-1-1", "+202-01", "99999-01", ""] {
            assert_eq!(Month::parse(wrong), None, "{wrong}");
        }
    }
}
