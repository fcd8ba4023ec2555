//! The calendar of SQL: truncating, shifting, reading and writing times, UTC.
//!
//! Pure functions on Unix milliseconds. Reading the clock is not done here; time
//! zones other than UTC do not exist here, as everything stored is UTC.

use std::fmt::Write;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, Timelike, Utc};

use base::clock::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};

/// The last second that the engine's `DateTime` holds: 2106-02-07 06:28:15.
const LAST_SECOND: i64 = u32::MAX as i64;
/// The last day that its `Date` holds: 2149-06-06.
const LAST_DAY: i64 = u16::MAX as i64;

/// What a time is truncated to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    /// Weeks that begin on Sunday.
    SundayWeek,
    Week,
    Month,
    Quarter,
    Year,
}

impl Unit {
    /// By the name that `date_trunc` takes.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "second" => Unit::Second,
            "minute" => Unit::Minute,
            "hour" => Unit::Hour,
            "day" => Unit::Day,
            "week" => Unit::Week,
            "month" => Unit::Month,
            "quarter" => Unit::Quarter,
            "year" => Unit::Year,
            _ => return None,
        })
    }

    /// Length where every unit has the same.
    pub fn length_ms(self) -> Option<i64> {
        match self {
            Unit::Second => Some(SECOND_MS),
            Unit::Minute => Some(MINUTE_MS),
            Unit::Hour => Some(HOUR_MS),
            Unit::Day => Some(DAY_MS),
            _ => None,
        }
    }

    /// Number of the units that have no length, for the engine.
    pub fn number(self) -> i64 {
        match self {
            Unit::SundayWeek => 0,
            Unit::Week => 1,
            Unit::Month => 2,
            Unit::Quarter => 3,
            Unit::Year => 4,
            _ => 5,
        }
    }

    pub fn from_number(number: i64) -> Option<Self> {
        [Unit::SundayWeek, Unit::Week, Unit::Month, Unit::Quarter, Unit::Year]
            .into_iter()
            .find(|unit| unit.number() == number)
    }

    /// When the unit that holds a moment began.
    pub fn start_of(self, time_ms: i64) -> i64 {
        if let Some(length_ms) = self.length_ms() {
            return time_ms.saturating_sub(time_ms.rem_euclid(length_ms));
        }
        let Some(date) = date_of(time_ms) else { return time_ms };
        let back = |days: u32| date.checked_sub_days(Days::new(days.into()));
        let month = |month: u32| NaiveDate::from_ymd_opt(date.year(), month, 1);
        let start = match self {
            Unit::SundayWeek => back(date.weekday().num_days_from_sunday()),
            Unit::Week => back(date.weekday().num_days_from_monday()),
            Unit::Quarter => month(date.month0() / 3 * 3 + 1),
            Unit::Year => month(1),
            _ => month(date.month()),
        };
        start.map_or(time_ms, midnight)
    }
}

fn moment(time_ms: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(time_ms)
}

fn date_of(time_ms: i64) -> Option<NaiveDate> {
    moment(time_ms).map(|time| time.date_naive())
}

fn midnight(date: NaiveDate) -> i64 {
    date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis()
}

/// The same day and time of another month, or that month's last day.
pub fn add_months(time_ms: i64, months: i64) -> Option<i64> {
    let time = moment(time_ms)?;
    let by = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
    let shifted = if months < 0 { time.checked_sub_months(by) } else { time.checked_add_months(by) };
    shifted.map(|time| time.timestamp_millis())
}

/// The number of the month that holds a moment, counted from the year 0.
pub fn month_number(time_ms: i64) -> i64 {
    date_of(time_ms).map_or(0, |date| i64::from(date.year()) * 12 + i64::from(date.month0()))
}

/// When the month with this number begins.
pub fn month_start(number: i64) -> i64 {
    let year = i32::try_from(number.div_euclid(12)).unwrap_or(0);
    let month = u32::try_from(number.rem_euclid(12)).unwrap_or(0) + 1;
    NaiveDate::from_ymd_opt(year, month, 1).map_or(0, midnight)
}

/// A `DateTime` from seconds, kept within what that type holds.
pub fn from_seconds(seconds: i64) -> i64 {
    seconds.clamp(0, LAST_SECOND) * SECOND_MS
}

/// A `Date` from a number: days when small, else seconds.
pub fn date_from_number(number: i64) -> i64 {
    let days = if number <= LAST_DAY { number } else { number / (DAY_MS / SECOND_MS) };
    days.clamp(0, LAST_DAY) * DAY_MS
}

/// Reads a date, or a date and a time, with or without `T`, fraction and `Z`.
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(midnight(date));
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_millis());
    }
    let formats = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M"];
    let read = |format: &&str| NaiveDateTime::parse_from_str(text.trim_end_matches('Z'), format).ok();
    formats.iter().find_map(read).map(|time| time.and_utc().timestamp_millis())
}

/// RFC 3339 with the fraction that is not zero, as the SDKs read it; `None` beyond
/// the calendar.
pub fn rfc3339(time_ms: i64) -> Option<String> {
    let time = moment(time_ms)?;
    let millis = time_ms.rem_euclid(SECOND_MS);
    if millis == 0 {
        return Some(time.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    }
    let fraction = format!("{millis:03}");
    Some(format!("{}.{}Z", time.format("%Y-%m-%dT%H:%M:%S"), fraction.trim_end_matches('0')))
}

/// `2026-10-07`, `2026-10-07 10:40:00` or the latter with milliseconds.
pub fn text(time_ms: i64, digits: Digits) -> String {
    let format = match digits {
        Digits::Date => "%Y-%m-%d",
        Digits::Seconds => "%Y-%m-%d %H:%M:%S",
        Digits::Millis => "%Y-%m-%d %H:%M:%S%.3f",
    };
    moment(time_ms).map(|time| time.format(format).to_string()).unwrap_or_default()
}

/// How much of a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    Date,
    Seconds,
    Millis,
}

/// The finest unit that a format shows; `None` when it shows less than minutes.
pub fn finest(format: &str) -> Option<Unit> {
    let mut finest = Unit::Day;
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter == '%' {
            match letters.next() {
                Some('s' | 'S' | 'f' | 'T') => return None,
                Some('i' | 'R' | 'r') => finest = Unit::Minute,
                Some('H' | 'h' | 'I' | 'k' | 'l' | 'p') if finest == Unit::Day => finest = Unit::Hour,
                _ => {}
            }
        }
    }
    Some(finest)
}

/// `formatDateTime`: the documented placeholders; `None` for any other.
pub fn format(time_ms: i64, format: &str) -> Option<String> {
    let time = moment(time_ms)?;
    let mut text = String::new();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        let twelve = time.hour12().1;
        // Writing to a String cannot fail.
        let _ = match letters.next()? {
            'Y' => write!(text, "{:04}", time.year()),
            'y' => write!(text, "{:02}", time.year().rem_euclid(100)),
            'C' => write!(text, "{:02}", time.year().div_euclid(100)),
            'm' => write!(text, "{:02}", time.month()),
            'c' => write!(text, "{}", time.month()),
            'd' => write!(text, "{:02}", time.day()),
            'e' => write!(text, "{:>2}", time.day()),
            'H' => write!(text, "{:02}", time.hour()),
            'k' => write!(text, "{:>2}", time.hour()),
            'I' | 'h' => write!(text, "{twelve:02}"),
            'l' => write!(text, "{twelve:>2}"),
            'i' => write!(text, "{:02}", time.minute()),
            's' | 'S' => write!(text, "{:02}", time.second()),
            'f' => write!(text, "{:03}", time.timestamp_subsec_millis()),
            'p' => write!(text, "{}", if time.hour() < 12 { "AM" } else { "PM" }),
            'j' => write!(text, "{:03}", time.ordinal()),
            'u' => write!(text, "{}", time.weekday().number_from_monday()),
            'w' => write!(text, "{}", time.weekday().num_days_from_sunday()),
            'Q' => write!(text, "{}", time.month0() / 3 + 1),
            'V' => write!(text, "{:02}", time.iso_week().week()),
            'G' => write!(text, "{}", time.iso_week().year()),
            'z' => write!(text, "+0000"),
            'a' => write!(text, "{}", time.format("%a")),
            'W' => write!(text, "{}", time.format("%A")),
            'b' => write!(text, "{}", time.format("%b")),
            'M' => write!(text, "{}", time.format("%B")),
            'D' => write!(text, "{}", time.format("%m/%d/%y")),
            'F' => write!(text, "{}", time.format("%Y-%m-%d")),
            'T' => write!(text, "{}", time.format("%H:%M:%S")),
            'R' => write!(text, "{}", time.format("%H:%M")),
            'r' => write!(text, "{}", time.format("%I:%M %p")),
            'n' => text.write_char('\n'),
            't' => text.write_char('\t'),
            '%' => write!(text, "%"),
            _ => return None,
        };
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-10-07 10:40:00.250, a Wednesday.
    const TIME_MS: i64 = 1_791_369_600_250;

    #[track_caller]
    fn starts(unit: Unit, expected: &str) {
        assert_eq!(text(unit.start_of(TIME_MS), Digits::Seconds), expected);
    }

    #[test]
    fn units_begin_where_the_calendar_says() {
        starts(Unit::Minute, "2026-10-07 10:40:00");
        starts(Unit::Hour, "2026-10-07 10:00:00");
        starts(Unit::Day, "2026-10-07 00:00:00");
        starts(Unit::SundayWeek, "2026-10-04 00:00:00");
        starts(Unit::Week, "2026-10-05 00:00:00");
        starts(Unit::Month, "2026-10-01 00:00:00");
        starts(Unit::Quarter, "2026-10-01 00:00:00");
        starts(Unit::Year, "2026-01-01 00:00:00");
    }

    #[test]
    fn times_are_read_as_they_are_written() {
        for digits in [Digits::Seconds, Digits::Millis] {
            let written = text(TIME_MS, digits);
            assert_eq!(text(parse(&written).unwrap(), digits), written);
        }
        assert_eq!(parse("2026-10-07T10:40:00.250Z"), Some(TIME_MS));
        assert_eq!(parse("2026-10-07T12:40:00.250+02:00"), Some(TIME_MS));
        assert_eq!(parse("2026-10-07"), Some(1_791_331_200_000));
        assert_eq!((parse("yesterday"), parse("2026-13-01")), (None, None));
        assert_eq!(rfc3339(TIME_MS).unwrap(), "2026-10-07T10:40:00.25Z");
        assert_eq!(rfc3339(TIME_MS - 250).unwrap(), "2026-10-07T10:40:00Z");
        assert_eq!((rfc3339(i64::MAX), Unit::Hour.start_of(i64::MIN)), (None, i64::MIN));
    }

    #[test]
    fn months_end_where_they_end() {
        let january = parse("2026-01-31").unwrap();
        assert_eq!(text(add_months(january, 1).unwrap(), Digits::Date), "2026-02-28");
        assert_eq!(text(add_months(january, -2).unwrap(), Digits::Date), "2025-11-30");
        assert_eq!(add_months(january, i64::MIN), None);
    }

    #[test]
    fn numbers_become_times_within_their_types() {
        assert_eq!(from_seconds(-5), 0);
        assert_eq!(from_seconds(i64::MAX), LAST_SECOND * 1000);
        assert_eq!(date_from_number(1), DAY_MS);
        assert_eq!(date_from_number(86_400 * 20_000), 20_000 * DAY_MS);
        assert_eq!(date_from_number(i64::MAX), LAST_DAY * DAY_MS);
    }

    #[test]
    fn formats_show_what_their_letters_mean() {
        assert_eq!(
            format(TIME_MS, "%Y-%m-%d %H:%i:%S %M %a %j %%").unwrap(),
            "2026-10-07 10:40:00 October Wed 280 %"
        );
        assert_eq!((format(TIME_MS, "%q"), format(TIME_MS, "%")), (None, None));
        assert_eq!(finest("%Y-%m"), Some(Unit::Day));
        assert_eq!(finest("%F %H:00"), Some(Unit::Hour));
        assert_eq!(finest("%F %R"), Some(Unit::Minute));
        assert_eq!(finest("%T"), None);
    }
}
