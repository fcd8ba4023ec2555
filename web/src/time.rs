//! Instants and durations as text, from numbers that were handed in.
//!
//! Pure: the zone and the present are arguments. Zones are offsets here; which
//! offset a named zone has at an instant is for the caller to know.

use chrono::{DateTime, FixedOffset, Utc};

use crate::texts::numbers as text;

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The zone times are shown in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// East of UTC.
    pub offset_minutes: i32,
    /// As people say it: `UTC`, `CET`.
    pub label: String,
}

impl Zone {
    pub fn utc() -> Self {
        Self { offset_minutes: 0, label: "UTC".to_owned() }
    }

    fn offset(&self) -> FixedOffset {
        let nearest = self.offset_minutes.clamp(-23 * 60, 23 * 60) * 60;
        FixedOffset::east_opt(nearest).expect("less than a day from UTC")
    }
}

/// An instant in the four ways people need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Unix milliseconds.
    pub ms: i64,
    /// RFC 3339, for machines: `2025-11-20T07:19:22Z`.
    pub utc: String,
    /// `2025-11-20 08:19:22 CET`.
    pub local: String,
    /// `3 days ago`, `in 2 hours`.
    pub relative: String,
}

impl Stamp {
    pub fn new(ms: i64, now_ms: i64, zone: &Zone) -> Self {
        let utc = instant(ms).format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let local = format!("{} {}", local(ms, zone, "%Y-%m-%d %H:%M:%S"), zone.label);
        Self { ms, utc, local, relative: relative(ms, now_ms) }
    }
}

/// An instant in a zone, in a strftime form: axis labels, values of date fields.
pub fn local(ms: i64, zone: &Zone, form: &str) -> String {
    instant(ms).with_timezone(&zone.offset()).format(form).to_string()
}

fn instant(ms: i64) -> DateTime<Utc> {
    // Stored times far outside the calendar show as its first day.
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}

fn relative(ms: i64, now_ms: i64) -> String {
    let distance = now_ms.saturating_sub(ms);
    let in_units = |unit_ms: i64, unit: &str| {
        let whole = distance.saturating_abs() / unit_ms;
        // What was set to end in 24 hours a moment ago does not end in 23.
        let nearest = whole + i64::from(distance < 0 && distance.saturating_abs() % unit_ms > unit_ms / 2);
        text::counted(nearest, &nearest.to_string(), unit)
    };
    let length = match distance.saturating_abs() {
        under if under < 5 * SECOND_MS => return text::JUST_NOW.to_owned(),
        under if under < MINUTE_MS => in_units(SECOND_MS, "second"),
        under if under < HOUR_MS => in_units(MINUTE_MS, "minute"),
        under if under < DAY_MS => in_units(HOUR_MS, "hour"),
        under if under < 60 * DAY_MS => in_units(DAY_MS, "day"),
        under if under < 730 * DAY_MS => in_units(30 * DAY_MS, "month"),
        _ => in_units(365 * DAY_MS, "year"),
    };
    if distance < 0 { text::in_the_future(&length) } else { text::ago(&length) }
}

/// A duration in its largest whole unit: `90000` as `90s`, `3600000` as `1h`.
pub fn duration(ms: i64) -> String {
    let units = [(DAY_MS, "d"), (HOUR_MS, "h"), (MINUTE_MS, "m"), (SECOND_MS, "s")];
    match units.into_iter().find(|(unit, _)| ms >= *unit && ms % unit == 0) {
        Some((unit, suffix)) => format!("{}{suffix}", ms / unit),
        None => format!("{ms}ms"),
    }
}

/// How long something took: `1234` microseconds as `1.2 ms`.
pub fn latency(us: i64) -> String {
    match us {
        under if under < 1_000 => format!("{under} µs"),
        under if under < 1_000_000 => format!("{}.{} ms", under / 1_000, under % 1_000 / 100),
        over => format!("{}.{} s", over / 1_000_000, over % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_763_640_000_000;

    #[test]
    fn a_stamp_says_the_same_instant_four_ways() {
        let zone = Zone { offset_minutes: 330, label: "IST".to_owned() };
        let stamp = Stamp::new(NOON, NOON + 3 * DAY_MS, &zone);
        assert_eq!(stamp.utc, "2025-11-20T12:00:00Z");
        assert_eq!(stamp.local, "2025-11-20 17:30:00 IST");
        assert_eq!(stamp.relative, "3 days ago");
    }

    #[test]
    fn relative_reads_both_ways_and_survives_extremes() {
        let at = |ms| relative(ms, NOON);
        assert_eq!(at(NOON + HOUR_MS), "in 1 hour");
        assert_eq!(at(NOON + DAY_MS - 1), "in 24 hours");
        assert_eq!(at(NOON - DAY_MS + 1), "23 hours ago");
        assert_eq!(at(NOON - 61 * MINUTE_MS), "1 hour ago");
        assert_eq!(at(NOON - 1), "just now");
        assert!(at(i64::MIN).ends_with("years ago"));
        assert_eq!(Stamp::new(i64::MAX, NOON, &Zone::utc()).utc, "1970-01-01T00:00:00Z");
    }

    #[test]
    fn durations_take_their_largest_whole_unit() {
        assert_eq!([60_000, 90_000, 1_500, 86_400_000].map(duration), ["1m", "90s", "1500ms", "1d"]);
        assert_eq!([999, 1_250, 2_500_000].map(latency), ["999 µs", "1.2 ms", "2.5 s"]);
    }
}
