//! The span of time a page is about, from its address, and the buckets its
//! charts have.
//!
//! "Now" is taken once, so charts and tables of a page agree.

use chrono_tz::Tz;
use web::components::TimeRange;
use web::paths::{FROM, SINCE, TO};
use web::time::local;

use super::fields::Fields;
use super::local_time::{parse_local_time, zone_at};
use super::member_request::MemberRequest;
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

impl TimeSpan {
    /// What the address says, `default` (such as `24h`) where it says nothing
    /// that can be read.
    pub fn of(request: &MemberRequest, default: &str) -> Self {
        Self::read(request.query(), request.zone, request.now_ms(), default)
    }

    /// As [`TimeSpan::of`], for whoever has no zone of their own.
    pub fn read(query: &Fields, zone: Tz, now_ms: i64, default: &str) -> Self {
        let limit = now_ms + DAY_MS;
        let time = |name| {
            let read = query.given(name).and_then(|text| parse_local_time(text, zone));
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
        let range =
            TimeRange { since, from: at(start_ms), to: at(end_ms), zone: zone_at(zone, end_ms).label };
        Self { start_ms, end_ms, range }
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
    }
}
