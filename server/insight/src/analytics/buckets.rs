//! Spans of time that rows are told apart by: in UTC or by the days and months
//! of a time zone, empty ones included when asked for.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::{DateTime, Datelike, Duration, Months, NaiveDate, NaiveTime, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use super::{Counts, Row};
use base::clock::{DAY_MS, HOUR_MS, MINUTE_MS};
use base::error::{Error, Result};

/// Buckets of one answer: three months of minutes.
const MAX_BUCKETS: i64 = 150_000;

/// Spans of time, a row each.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Buckets {
    /// Of this length, counted from the epoch.
    Every(i64),
    /// From each of these moments to the next: days and months of a time zone.
    From(Vec<i64>),
}

/// A unit of the calendar. Weeks begin on Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
}

/// A time zone by its IANA name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(Tz);

impl Zone {
    pub const UTC: Zone = Zone(Tz::UTC);

    /// Fails with `invalid_input` when there is no zone of this name.
    pub fn parse(name: &str) -> Result<Self> {
        name.parse().map(Self).map_err(|_| Error::invalid(format!("There is no time zone '{name}'.")))
    }

    fn local(self, time_ms: i64) -> Result<DateTime<Tz>> {
        let utc = DateTime::from_timestamp_millis(time_ms);
        utc.map(|utc| utc.with_timezone(&self.0)).ok_or_else(|| Error::invalid("The time is out of range."))
    }

    /// When a day begins: where clocks skip midnight, at the first moment after.
    fn start_of(self, date: NaiveDate) -> Result<i64> {
        let midnight = date.and_time(NaiveTime::MIN);
        let quarter = |quarters: i64| {
            self.0.from_local_datetime(&(midnight + Duration::minutes(15 * quarters))).earliest()
        };
        let first = (0..=96).find_map(quarter);
        let first = first.ok_or_else(|| Error::internal(format!("{date} does not begin in {}", self.0)))?;
        Ok(first.with_timezone(&Utc).timestamp_millis())
    }
}

impl Buckets {
    /// The units of a zone that cover a span; the first begins at or before it.
    ///
    /// Fails with `invalid_input` when there are too many.
    pub fn of(unit: Unit, zone: Zone, start_ms: i64, end_ms: i64) -> Result<Self> {
        let shortest_ms = match unit {
            Unit::Minute => MINUTE_MS,
            Unit::Hour => HOUR_MS,
            Unit::Day => 23 * HOUR_MS,
            Unit::Week => 6 * DAY_MS,
            Unit::Month => 27 * DAY_MS,
        };
        if (end_ms.saturating_sub(start_ms)) / shortest_ms > MAX_BUCKETS {
            return Err(Error::invalid("The span has too many slots: narrow it, or ask for longer ones."));
        }
        match unit {
            // Offsets are whole minutes, in UTC whole hours and days as well.
            Unit::Minute => Ok(Buckets::Every(MINUTE_MS)),
            Unit::Hour if zone == Zone::UTC => Ok(Buckets::Every(HOUR_MS)),
            Unit::Day if zone == Zone::UTC => Ok(Buckets::Every(DAY_MS)),
            Unit::Hour => hours(zone, start_ms, end_ms),
            Unit::Day | Unit::Week | Unit::Month => dates(unit, zone, start_ms, end_ms),
        }
    }

    /// Where the bucket of a moment begins and ends; `None` before the first.
    pub(super) fn around(&self, time_ms: i64) -> Option<(i64, i64)> {
        match self {
            Buckets::Every(length_ms) => {
                let start = time_ms - time_ms.rem_euclid(*length_ms);
                Some((start, start + length_ms))
            }
            Buckets::From(starts) => {
                let after = starts.partition_point(|start| *start <= time_ms);
                let start = *starts.get(after.checked_sub(1)?)?;
                Some((start, starts.get(after).copied().unwrap_or(i64::MAX)))
            }
        }
    }

    /// Those that a part of their span is in, by what tells them apart there; `None`
    /// where it is one. From the first of them on they begin where these do.
    pub(super) fn within(&self, part: &Range<i64>) -> Option<Self> {
        match self {
            Buckets::Every(length_ms) => {
                let is_one = part.start.div_euclid(*length_ms) == (part.end - 1).div_euclid(*length_ms);
                (!is_one).then(|| self.clone())
            }
            Buckets::From(starts) => {
                let inside = starts.iter().copied().filter(|start| part.start < *start && *start < part.end);
                let starts: Vec<i64> = std::iter::once(part.start).chain(inside).collect();
                (starts.len() > 1).then_some(Buckets::From(starts))
            }
        }
    }

    /// Rows of finer buckets added up by these; their groups are not kept.
    pub fn folded(&self, rows: &[Row]) -> Vec<Row> {
        let mut by_start: BTreeMap<i64, Counts> = BTreeMap::new();
        for row in rows {
            if let Some((start_ms, _)) = self.around(row.time_ms) {
                by_start.entry(start_ms).or_default().add(&row.counts);
            }
        }
        let row = |(time_ms, counts)| Row { time_ms, groups: Vec::new(), counts };
        by_start.into_iter().map(row).collect()
    }

    /// Every bucket of a span, empty ones included.
    pub fn starts(&self, start_ms: i64, end_ms: i64) -> Vec<i64> {
        match self {
            Buckets::Every(length_ms) => {
                let (first, last) = (start_ms.div_euclid(*length_ms), (end_ms - 1).div_euclid(*length_ms));
                (first..=last).map(|slot| slot * length_ms).collect()
            }
            Buckets::From(starts) => starts.iter().copied().filter(|start| *start < end_ms).collect(),
        }
    }

    /// The rows with one for each bucket of the span and each of the groups that
    /// occur, by group and time. Without groups there is at least the empty one.
    pub fn filled(&self, rows: Vec<Row>, start_ms: i64, end_ms: i64) -> Vec<Row> {
        let mut of_groups: BTreeMap<Vec<String>, BTreeMap<i64, Counts>> = BTreeMap::new();
        if rows.is_empty() {
            of_groups.insert(Vec::new(), BTreeMap::new());
        }
        for row in rows {
            of_groups.entry(row.groups).or_default().entry(row.time_ms).or_default().add(&row.counts);
        }
        let starts = self.starts(start_ms, end_ms);
        let mut filled = Vec::with_capacity(starts.len() * of_groups.len());
        for (groups, counts) in of_groups {
            filled.extend(starts.iter().map(|time_ms| Row {
                time_ms: *time_ms,
                groups: groups.clone(),
                counts: counts.get(time_ms).copied().unwrap_or_default(),
            }));
        }
        filled
    }
}

/// Hours by the clock of a zone: half past, where that is its offset.
fn hours(zone: Zone, start_ms: i64, end_ms: i64) -> Result<Buckets> {
    let floor = |time_ms: i64| -> Result<i64> {
        let local = zone.local(time_ms)?;
        Ok(time_ms.div_euclid(1000) * 1000 - i64::from(local.minute() * 60 + local.second()) * 1000)
    };
    let mut starts = vec![floor(start_ms)?];
    let mut last = starts[0];
    while last < end_ms {
        // Where clocks were set by half an hour, this hour is shorter or longer.
        let next = floor(last + HOUR_MS)?;
        last = if next > last { next } else { last + HOUR_MS };
        starts.push(last);
    }
    Ok(Buckets::From(starts))
}

fn dates(unit: Unit, zone: Zone, start_ms: i64, end_ms: i64) -> Result<Buckets> {
    let first = zone.local(start_ms)?.date_naive();
    let mut date = match unit {
        Unit::Week => first - Duration::days(i64::from(first.weekday().num_days_from_monday())),
        Unit::Month => first - Duration::days(i64::from(first.day0())),
        _ => first,
    };
    let mut starts = Vec::new();
    loop {
        let start = zone.start_of(date)?;
        starts.push(start);
        if start >= end_ms {
            return Ok(Buckets::From(starts));
        }
        let next = match unit {
            Unit::Month => date.checked_add_months(Months::new(1)),
            Unit::Week => date.checked_add_signed(Duration::days(7)),
            _ => date.succ_opt(),
        };
        date = next.ok_or_else(|| Error::invalid("The time is out of range."))?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
    }

    fn starts(unit: Unit, zone: &str, start: &str, end: &str) -> Vec<String> {
        let zone = Zone::parse(zone).unwrap();
        let buckets = Buckets::of(unit, zone, ms(start), ms(end)).unwrap();
        let text = |ms: i64| zone.local(ms).unwrap().to_rfc3339();
        buckets.starts(ms(start), ms(end)).into_iter().map(text).collect()
    }

    #[test]
    fn a_day_is_as_long_as_its_zone_makes_it() {
        let days = starts(Unit::Day, "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z");
        assert_eq!(
            days,
            ["2026-03-28T00:00:00+01:00", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"]
        );
        // Clocks in Cairo go from 23:59 to 01:00 on this day.
        let skipped = starts(Unit::Day, "Africa/Cairo", "2026-04-24T12:00:00Z", "2026-04-24T13:00:00Z");
        assert_eq!(skipped, ["2026-04-24T01:00:00+03:00"]);
    }

    #[test]
    fn hours_follow_half_hours_of_a_zone() {
        let hours = starts(Unit::Hour, "Asia/Kolkata", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z");
        assert_eq!(hours, ["2026-01-01T05:00:00+05:30", "2026-01-01T06:00:00+05:30"]);
    }

    #[test]
    fn rows_of_hours_add_up_to_days() {
        let row = |time_ms, valid| Row {
            time_ms,
            groups: Vec::new(),
            counts: Counts { valid, ..Counts::default() },
        };
        let rows = [row(0, 1), row(23 * HOUR_MS, 2), row(24 * HOUR_MS, 4)];
        let days = Buckets::Every(DAY_MS).folded(&rows);
        assert_eq!(
            days.iter().map(|row| (row.time_ms, row.counts.valid)).collect::<Vec<_>>(),
            [(0, 3), (DAY_MS, 4)]
        );
    }

    #[test]
    fn a_part_of_a_span_has_the_buckets_that_are_in_it() {
        assert_eq!(Buckets::Every(10).within(&(20..30)), None);
        assert_eq!(Buckets::Every(10).within(&(25..31)), Some(Buckets::Every(10)));
        let days = Buckets::From(vec![0, 10, 20, 30]);
        assert_eq!(days.within(&(10..20)), None);
        assert_eq!(days.within(&(12..19)), None);
        assert_eq!(days.within(&(12..21)), Some(Buckets::From(vec![12, 20])));
    }

    #[test]
    fn months_and_weeks_begin_where_they_should() {
        let months = starts(Unit::Month, "UTC", "2026-01-31T00:00:00Z", "2026-04-01T00:00:00Z");
        assert_eq!(
            months,
            ["2026-01-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00", "2026-03-01T00:00:00+00:00"]
        );
        let weeks = starts(Unit::Week, "UTC", "2026-10-01T00:00:00Z", "2026-10-06T00:00:00Z");
        assert_eq!(weeks, ["2026-09-28T00:00:00+00:00", "2026-10-05T00:00:00+00:00"]);
    }

    #[test]
    fn units_of_utc_are_counted_from_the_epoch() {
        assert_eq!(Buckets::of(Unit::Hour, Zone::UTC, 0, 1).unwrap(), Buckets::Every(HOUR_MS));
        assert_eq!(Buckets::of(Unit::Day, Zone::UTC, 0, 1).unwrap(), Buckets::Every(DAY_MS));
        assert!(Buckets::of(Unit::Minute, Zone::UTC, 0, 400 * DAY_MS).is_err());
        assert!(Zone::parse("Mars/Olympus").is_err());
    }

    #[test]
    fn empty_buckets_have_a_row_for_every_group() {
        let row = |time_ms, group: &str| Row {
            time_ms,
            groups: vec![group.to_owned()],
            counts: Counts { valid: 1, ..Counts::default() },
        };
        let filled = Buckets::Every(10).filled(vec![row(10, "b"), row(0, "a")], 5, 30);
        let places: Vec<_> =
            filled.iter().map(|row| (row.groups[0].as_str(), row.time_ms, row.counts.valid)).collect();
        assert_eq!(
            places,
            [("a", 0, 1), ("a", 10, 0), ("a", 20, 0), ("b", 0, 0), ("b", 10, 1), ("b", 20, 0)]
        );
        assert_eq!(Buckets::Every(10).filled(Vec::new(), 0, 20).len(), 2);
    }
}
