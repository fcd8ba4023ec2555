//! The span of time a page is about, from its address, and the buckets its
//! charts have.
//!
//! "Now" is taken once, so charts and tables of a page agree.

use chrono::{NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use web::components::TimeRange;
use web::paths::{FROM, SINCE, TO};
use web::time::local;

use super::fields::Fields;
use super::member_request::{MemberRequest, zone_at};
use base::error::Result;
use insight::analytics::{Buckets, Unit, Zone};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
const LONGEST_MS: i64 = 400 * DAY_MS;

/// From when to when, exclusive, in Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeSpan {
    pub start_ms: i64,
    pub end_ms: i64,
    pub range: TimeRange,
}

impl MemberRequest {
    /// What the address says, `default` (such as `24h`) where it says nothing
    /// that can be read.
    pub fn span(&self, default: &str) -> TimeSpan {
        time_span_of(self.query(), self.zone, self.cx.now_ms, default)
    }

    /// The buckets of a span's charts: some dozens, so that a bar can be hit.
    pub fn buckets(&self, span: &TimeSpan) -> Result<Buckets> {
        let zone = Zone::parse(self.zone.name())?;
        let unit = |unit| Buckets::of(unit, zone, span.start_ms, span.end_ms);
        match span.end_ms - span.start_ms {
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

/// As [`MemberRequest::span`], for whoever has no zone of their own.
pub fn time_span_of(query: &Fields, zone: Tz, now_ms: i64, default: &str) -> TimeSpan {
    let limit = now_ms + DAY_MS;
    let time = |name| {
        let read = query.given(name).and_then(|text| local_time(text, zone));
        read.map(|time_ms| time_ms.clamp(limit - LONGEST_MS, limit))
    };
    let (from, to) = (time(FROM), time(TO));
    let chosen = match (from, to) {
        (None, None) => None,
        (from, to) => {
            let end_ms = to.unwrap_or(now_ms);
            let start_ms = from.unwrap_or(end_ms - DAY_MS);
            (start_ms < end_ms).then_some((start_ms, end_ms, None))
        }
    };
    let (start_ms, end_ms, since) = chosen.unwrap_or_else(|| {
        let asked = query.given(SINCE).and_then(|text| Some((text, length_ms(text)?)));
        let (text, length) = asked.unwrap_or((default, length_ms(default).unwrap_or(DAY_MS)));
        (now_ms - length, now_ms, Some(text.to_owned()))
    });
    let at = |time_ms| local(time_ms, &zone_at(zone, time_ms), "%Y-%m-%dT%H:%M");
    let range = TimeRange { since, from: at(start_ms), to: at(end_ms), zone: zone_at(zone, end_ms).label };
    TimeSpan { start_ms, end_ms, range }
}

/// Unix milliseconds, or a local time as date fields have it.
pub fn local_time(text: &str, zone: Tz) -> Option<i64> {
    if let Ok(time_ms) = text.parse() {
        return Some(time_ms);
    }
    let forms = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"];
    let naive = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    zone.from_local_datetime(&naive).earliest().map(|time| time.timestamp_millis())
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

    #[test]
    fn spans_are_read_as_people_write_them() {
        assert_eq!(length_ms("90m"), Some(90 * MINUTE_MS));
        assert_eq!(length_ms("28d"), Some(28 * DAY_MS));
        for wrong in ["", "d", "0h", "-1h", "1y", "401d", "99999999999999999d", "é"] {
            assert_eq!(length_ms(wrong), None, "{wrong}");
        }
        assert_eq!(local_time("1763640000000", Tz::UTC), Some(1_763_640_000_000));
        assert_eq!(local_time("2025-11-20T13:00", Tz::Europe__Berlin), Some(1_763_640_000_000));
        assert_eq!(local_time("yesterday", Tz::UTC), None);
    }
}
