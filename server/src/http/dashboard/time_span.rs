//! The span of time a page is about, from its address, and the buckets its
//! charts have.
//!
//! "Now" is taken once, so charts and tables of a page agree. What an address says
//! that cannot be is told on the page, which then shows what it shows by itself.

use std::ops::Range;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use web::components::{TimeRange, TimeStep};
use web::paths::{FROM, SINCE, TO};
use web::texts::time as text;

use super::fields::Fields;
use super::local_time::{parse_local_time, time_field, zone_at};
use super::member_request::MemberRequest;
use base::clock::{DAY_MS, HOUR_MS, MINUTE_MS};
use base::error::{Error, Result};
use base::events::KEEP_DAYS;
use insight::analytics::{Buckets, Unit, Zone};

const LONGEST_MS: i64 = KEEP_DAYS * DAY_MS;

/// From when to when, exclusive, in Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeSpan {
    pub start_ms: i64,
    pub end_ms: i64,
    pub range: TimeRange,
}

impl TimeSpan {
    /// What the address says, `default` (such as `24h`) where it says nothing
    /// that can be read.
    pub fn of(request: &MemberRequest, default: &str) -> Self {
        Self::read(request.query(), request.zone, request.now_ms(), default)
    }

    /// As [`TimeSpan::of`], for whoever has no zone of their own.
    pub fn read(query: &Fields, zone: Tz, now_ms: i64, default: &str) -> Self {
        let asked = chosen(query, zone, now_ms).and_then(|chosen| match chosen {
            Some(span) => Ok(Some((span, None))),
            None => named(query, zone, now_ms),
        });
        let (asked, problem) = match asked {
            Ok(asked) => (asked, None),
            Err(problem) => (None, Some(problem)),
        };
        let (span, since) = asked.unwrap_or_else(|| {
            let length = length_ms(default).unwrap_or(DAY_MS);
            (now_ms - length..now_ms, Some(default.to_owned()))
        });
        // What was typed stays where it was typed.
        let typed = |name, time_ms| match (&problem, query.given(name)) {
            (Some(_), Some(text)) => text.to_owned(),
            _ => time_field(time_ms, zone),
        };
        let beside = |side| beside(&span, since.as_deref(), zone, now_ms, side);
        let range = TimeRange {
            from: typed(FROM, span.start),
            to: typed(TO, span.end),
            zone: zone_at(zone, span.end).label,
            earlier: beside(Side::Earlier).filter(|step| step.from_ms >= now_ms - LONGEST_MS),
            later: beside(Side::Later).filter(|step| step.from_ms < now_ms),
            problem,
            since,
        };
        Self { start_ms: span.start, end_ms: span.end, range }
    }

    /// As [`TimeSpan::of`], for what leaves the page that would tell what is wrong.
    pub fn exactly(request: &MemberRequest, default: &str) -> Result<Self> {
        Self::of(request, default).or_problem()
    }

    /// Fails with `invalid_input` where it is not what was asked for.
    pub fn or_problem(self) -> Result<Self> {
        match self.range.problem {
            Some(problem) => Err(Error::invalid(problem)),
            None => Ok(self),
        }
    }

    /// The span of the same length that ends where this one begins, as far as events of it
    /// are kept.
    pub fn before(&self, now_ms: i64) -> Option<Range<i64>> {
        before(&(self.start_ms..self.end_ms), now_ms)
    }

    /// The buckets of its charts in a time zone: some dozens, so that a bar can be hit.
    pub fn buckets(&self, zone: Tz) -> Result<Buckets> {
        let zone = Zone::parse(zone.name())?;
        let unit = |unit| Buckets::of(unit, zone, self.start_ms, self.end_ms);
        match self.end_ms - self.start_ms {
            under if under < 2 * HOUR_MS => Ok(Buckets::Every(MINUTE_MS)),
            under if under < 4 * HOUR_MS => Ok(Buckets::Every(5 * MINUTE_MS)),
            under if under < 12 * HOUR_MS => Ok(Buckets::Every(15 * MINUTE_MS)),
            under if under <= DAY_MS => Ok(Buckets::Every(30 * MINUTE_MS)),
            under if under <= 3 * DAY_MS + HOUR_MS => Ok(Buckets::Every(2 * HOUR_MS)),
            under if under <= 30 * DAY_MS => unit(Unit::Day),
            under if under <= 90 * DAY_MS => unit(Unit::Week),
            _ => unit(Unit::Month),
        }
    }
}

fn before(span: &Range<i64>, now_ms: i64) -> Option<Range<i64>> {
    let start_ms = span.start - (span.end - span.start);
    (start_ms >= now_ms - LONGEST_MS).then_some(start_ms..span.start)
}

/// From when to when somebody chose, or what is wrong with it.
fn chosen(query: &Fields, zone: Tz, now_ms: i64) -> std::result::Result<Option<Range<i64>>, String> {
    let read = |name, label| {
        let read = |text| parse_local_time(text, zone).ok_or_else(|| text::is_no_time(label));
        query.given(name).map(read).transpose()
    };
    let (from, to) = (read(FROM, text::FROM)?, read(TO, text::TO)?);
    if (from, to) == (None, None) {
        return Ok(None);
    }
    let end_ms = to.unwrap_or(now_ms);
    let start_ms = from.unwrap_or(end_ms.saturating_sub(DAY_MS));
    if start_ms >= end_ms {
        return Err(text::FROM_MUST_BE_BEFORE_TO.to_owned());
    }
    if end_ms > now_ms + LONGEST_MS {
        return Err(text::TO_IS_TOO_FAR_AHEAD.to_owned());
    }
    if start_ms < now_ms - LONGEST_MS {
        return Err(text::from_is_too_long_ago(KEEP_DAYS));
    }
    Ok(Some(start_ms..end_ms))
}

type Named = (Range<i64>, Option<String>);

/// The span that has a name, or what is wrong with it.
fn named(query: &Fields, zone: Tz, now_ms: i64) -> std::result::Result<Option<Named>, String> {
    let Some(text) = query.given(SINCE) else { return Ok(None) };
    let today = zone.from_utc_datetime(&utc(now_ms).naive_utc()).date_naive();
    let this_month = today.with_day(1).unwrap_or(today);
    let last_month = this_month.checked_sub_months(Months::new(1)).unwrap_or(this_month);
    let span = match text {
        "today" => midnight(today, zone)..now_ms + 1,
        "month" => midnight(this_month, zone)..now_ms + 1,
        "last-month" => midnight(last_month, zone)..midnight(this_month, zone),
        _ => match length_ms(text) {
            Some(length) => now_ms - length..now_ms,
            None => return Err(text::no_span_of_time(text)),
        },
    };
    Ok(Some((span, Some(text.to_owned()))))
}

fn utc(time_ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(time_ms).unwrap_or_default()
}

/// When a day begins in a zone. Where clocks skip midnight, an hour later.
fn midnight(day: NaiveDate, zone: Tz) -> i64 {
    let begins = day.and_time(NaiveTime::MIN);
    let local = zone.from_local_datetime(&begins).earliest();
    let local =
        local.or_else(|| zone.from_local_datetime(&(begins + chrono::TimeDelta::hours(1))).earliest());
    local.map_or(begins.and_utc().timestamp_millis(), |time| time.timestamp_millis())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Earlier,
    Later,
}

/// The span beside one: as many months of the calendar for whole months, as many days
/// for whole days, as long for any other. What has not ended yet counts as whole; on the
/// first of a month the present day and the present month are told apart by their name.
fn beside(span: &Range<i64>, since: Option<&str>, zone: Tz, now_ms: i64, side: Side) -> Option<TimeStep> {
    let day_of = |time_ms| zone.from_utc_datetime(&utc(time_ms).naive_utc()).date_naive();
    let (first, last) = (day_of(span.start), day_of(span.end - 1));
    let days = (last - first).num_days() + 1;
    let end = last.checked_add_days(Days::new(1))?;
    let whole =
        midnight(first, zone) == span.start && (midnight(end, zone) == span.end || span.end >= now_ms);
    if !whole {
        let length_ms = span.end - span.start;
        return Some(match side {
            Side::Earlier => TimeStep { from_ms: span.start - length_ms, to_ms: span.start },
            Side::Later => TimeStep { from_ms: span.end, to_ms: span.end + length_ms },
        });
    }
    let ends_a_month = end.day() == 1 || midnight(end, zone) > now_ms;
    let (from, to) = if first.day() == 1 && ends_a_month && since != Some("today") {
        let months = (last.year() - first.year()) * 12 + last.month() as i32 - first.month() as i32 + 1;
        let months = Months::new(u32::try_from(months).ok()?);
        match side {
            Side::Earlier => (first.checked_sub_months(months)?, first),
            Side::Later => (end, end.checked_add_months(months)?),
        }
    } else {
        let days = Days::new(u64::try_from(days).ok()?);
        match side {
            Side::Earlier => (first.checked_sub_days(days)?, first),
            Side::Later => (end, end.checked_add_days(days)?),
        }
    };
    Some(TimeStep { from_ms: midnight(from, zone), to_ms: midnight(to, zone) })
}

/// The length of a span such as `15m`, `12h` or `28d`.
fn length_ms(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let number: i64 = text.strip_suffix(unit)?.parse().ok().filter(|number| *number > 0)?;
    let unit_ms = match unit {
        'm' => MINUTE_MS,
        'h' => HOUR_MS,
        'd' => DAY_MS,
        _ => return None,
    };
    number.checked_mul(unit_ms).filter(|length| *length <= LONGEST_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-20T13:00";

    fn read(query: &str) -> TimeSpan {
        let zone = Tz::Europe__Berlin;
        let now_ms = parse_local_time(NOW, zone).unwrap();
        TimeSpan::read(&Fields::parse(query.as_bytes()), zone, now_ms, "24h")
    }

    fn ends(query: &str) -> (String, String) {
        let span = read(query);
        assert_eq!(span.range.problem, None, "{query}");
        (time_field(span.start_ms, Tz::Europe__Berlin), time_field(span.end_ms, Tz::Europe__Berlin))
    }

    fn of(from: &str, to: &str) -> (String, String) {
        (from.to_owned(), to.to_owned())
    }

    #[test]
    fn spans_with_a_name_begin_at_midnight_where_the_reader_is() {
        assert_eq!(ends("since=today"), of("2026-11-20T00:00", NOW));
        assert_eq!(ends("since=month"), of("2026-11-01T00:00", NOW));
        // Summer time ended within it.
        assert_eq!(ends("since=last-month"), of("2026-10-01T00:00", "2026-11-01T00:00"));
        assert_eq!(ends("from=2026-11-19T10:00"), of("2026-11-19T10:00", NOW));
        assert_eq!(ends(""), of("2026-11-19T13:00", NOW));
    }

    #[test]
    fn a_step_from_whole_days_or_months_is_to_whole_ones() {
        let zone = Tz::Europe__Berlin;
        let text = |step: Option<TimeStep>| {
            step.map(|step| format!("{} {}", time_field(step.from_ms, zone), time_field(step.to_ms, zone)))
        };
        for (query, earlier, later) in [
            ("since=month", Some("2026-10-01T00:00 2026-11-01T00:00"), None),
            (
                "since=last-month",
                Some("2026-09-01T00:00 2026-10-01T00:00"),
                Some("2026-11-01T00:00 2026-12-01T00:00"),
            ),
            (
                "from=2026-02-01T00:00&to=2026-03-01T00:00",
                Some("2026-01-01T00:00 2026-02-01T00:00"),
                Some("2026-03-01T00:00 2026-04-01T00:00"),
            ),
            (
                "from=2026-04-01T00:00&to=2026-07-01T00:00",
                Some("2026-01-01T00:00 2026-04-01T00:00"),
                Some("2026-07-01T00:00 2026-10-01T00:00"),
            ),
            ("since=today", Some("2026-11-19T00:00 2026-11-20T00:00"), None),
            // The clocks were put back on the 25th.
            (
                "from=2026-10-26T00:00&to=2026-10-27T00:00",
                Some("2026-10-25T00:00 2026-10-26T00:00"),
                Some("2026-10-27T00:00 2026-10-28T00:00"),
            ),
            ("since=24h", Some("2026-11-18T13:00 2026-11-19T13:00"), None),
            (
                "from=2026-11-10T10:00&to=2026-11-10T12:00",
                Some("2026-11-10T08:00 2026-11-10T10:00"),
                Some("2026-11-10T12:00 2026-11-10T14:00"),
            ),
        ] {
            let range = read(query).range;
            assert_eq!(range.problem, None, "{query}");
            let steps = (text(range.earlier), text(range.later));
            assert_eq!(steps, (earlier.map(str::to_owned), later.map(str::to_owned)), "{query}");
        }
    }

    #[test]
    fn on_the_first_of_a_month_a_day_is_beside_today() {
        let zone = Tz::Europe__Berlin;
        let now_ms = parse_local_time("2026-11-01T09:00", zone).unwrap();
        for (query, from) in [("since=today", "2026-10-31T00:00"), ("since=month", "2026-10-01T00:00")] {
            let range = TimeSpan::read(&Fields::parse(query.as_bytes()), zone, now_ms, "24h").range;
            let earlier =
                range.earlier.map(|step| (time_field(step.from_ms, zone), time_field(step.to_ms, zone)));
            assert_eq!(earlier, Some(of(from, "2026-11-01T00:00")), "{query}");
        }
    }

    #[test]
    fn what_cannot_be_is_told_and_stays_in_its_fields() {
        for (query, problem) in [
            ("from=2026-11-19T10:00&to=2026-11-18T10:00", "From must be before To."),
            ("from=yesterday", "From is no time."),
            ("to=2029-01-01T00:00", "To is too far ahead."),
            ("from=2024-01-01T00:00", "From is more than 400 days ago: nothing is kept for longer."),
            ("from=-9223372036854775808&to=1", "From is more than 400 days ago: nothing is kept for longer."),
            ("since=1y", "'1y' is no span of time."),
        ] {
            let span = read(query);
            assert_eq!(span.range.problem.as_deref(), Some(problem), "{query}");
            assert_eq!((span.end_ms - span.start_ms, span.range.since.as_deref()), (DAY_MS, Some("24h")));
        }
        let range = read("from=2026-11-19T10:00&to=2026-11-18T10:00").range;
        assert_eq!((range.from, range.to), of("2026-11-19T10:00", "2026-11-18T10:00"));
    }

    #[test]
    fn the_span_before_is_as_long_and_is_kept() {
        let span = read("since=7d");
        let before = span.before(span.end_ms).unwrap();
        assert_eq!((before.end, before.end - before.start), (span.start_ms, 7 * DAY_MS));
        let long = read("since=300d");
        assert_eq!(long.before(long.end_ms), None);
    }

    #[test]
    fn spans_are_read_as_people_write_them() {
        assert_eq!(length_ms("90m"), Some(90 * MINUTE_MS));
        assert_eq!(length_ms("28d"), Some(28 * DAY_MS));
        for wrong in ["", "d", "0h", "-1h", "1y", "401d", "99999999999999999d", "é"] {
            assert_eq!(length_ms(wrong), None, "{wrong}");
        }
    }
}
