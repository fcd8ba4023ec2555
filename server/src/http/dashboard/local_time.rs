//! Times as readers have them: in their zone, and as fields for a day and a time
//! hold them.

use chrono::{DateTime, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;
use web::time::{Zone, local};

/// A zone as it is at an instant.
pub fn zone_at(zone: Tz, time_ms: i64) -> Zone {
    let utc = DateTime::from_timestamp_millis(time_ms).unwrap_or_default();
    let local = zone.from_utc_datetime(&utc.naive_utc());
    Zone {
        offset_minutes: local.offset().fix().local_minus_utc() / 60,
        label: local.format("%Z").to_string(),
    }
}

/// Unix milliseconds, or a local time as date fields have it.
pub fn parse_local_time(text: &str, zone: Tz) -> Option<i64> {
    if let Ok(time_ms) = text.parse() {
        return Some(time_ms);
    }
    let forms = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"];
    let naive = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    zone.from_local_datetime(&naive).earliest().map(|time| time.timestamp_millis())
}

/// A time as the field for one shows it.
pub fn time_field(time_ms: i64, zone: Tz) -> String {
    local(time_ms, &zone_at(zone, time_ms), "%Y-%m-%dT%H:%M")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_fields_and_addresses_have_them() {
        assert_eq!(parse_local_time("1763640000000", Tz::UTC), Some(1_763_640_000_000));
        assert_eq!(parse_local_time("2025-11-20T13:00", Tz::Europe__Berlin), Some(1_763_640_000_000));
        assert_eq!(parse_local_time("yesterday", Tz::UTC), None);
    }
}
