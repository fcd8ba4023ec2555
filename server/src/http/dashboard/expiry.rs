//! When something stops working, as forms ask for it: one of a list of lengths, or
//! a time.

use chrono_tz::Tz;

use super::fields::Fields;
use super::local_time::{parse_local_time, time_field};
use base::clock::{DAY_MS, HOUR_MS};
use base::duration::duration_ms;
use base::patch::Patch;
use web::texts::{common, forms as text};

/// What a list may offer.
const LENGTHS_MS: std::ops::RangeInclusive<i64> = HOUR_MS..=3650 * DAY_MS;

/// A field and what is wrong with it.
pub type Problem = (&'static str, String);

/// Unix milliseconds of the fields `expires` and `expires_at`; `None` is never.
/// The time the form was opened with may stay, and be left over.
///
/// A time that would not count, or is over, is refused: whoever typed it means it
/// to end something.
pub fn read_expiry(form: &Fields, now_ms: i64, zone: Tz) -> Result<Option<i64>, Problem> {
    let length_ms = match form.text("expires") {
        "" | "never" => None,
        "at" => return at(form, now_ms, zone).map(Some).map_err(at_time),
        preset => {
            let length_ms = duration_ms(preset).filter(|length_ms| LENGTHS_MS.contains(length_ms));
            Some(length_ms.ok_or_else(|| ("expires", common::CHOOSE_ONE_OF_THE_LIST.to_owned()))?)
        }
    };
    if form.touched("expires_at") {
        let text = text::CHOOSE_AT_THE_TIME_BELOW;
        return Err(("expires", text.to_owned()));
    }
    Ok(length_ms.map(|length_ms| now_ms + length_ms))
}

/// The fields of a stored expiry, as [`read_expiry`] reads them.
pub fn expiry_values(stored: Option<i64>, zone: Tz) -> [(&'static str, String); 3] {
    let chosen = if stored.is_some() { "at" } else { "never" };
    let time = stored.map(|time_ms| time_field(time_ms, zone)).unwrap_or_default();
    [("expires", chosen.to_owned()), ("expires_at_before", time.clone()), ("expires_at", time)]
}

/// What a form changes of an expiry. One that is still what the form showed is kept
/// with its seconds, which fields have not; so is that of which the form says nothing.
pub fn expiry_patch(form: &Fields, stored: Option<i64>, typed: Option<i64>, zone: Tz) -> Patch<i64> {
    let shown = |time_ms: Option<i64>| time_ms.map(|time_ms| time_field(time_ms, zone));
    match typed {
        _ if form.text("expires").is_empty() || shown(stored) == shown(typed) => Patch::Keep,
        None => Patch::Clear,
        Some(typed) => Patch::Set(typed),
    }
}

fn at_time(problem: &str) -> Problem {
    ("expires_at", problem.to_owned())
}

fn at(form: &Fields, now_ms: i64, zone: Tz) -> Result<i64, &'static str> {
    let at_ms = parse_local_time(form.text("expires_at"), zone).ok_or(text::CHOOSE_A_DAY_AND_A_TIME)?;
    if at_ms <= now_ms && form.touched("expires_at") {
        return Err(text::EXPIRY_MUST_LIE_IN_FUTURE);
    }
    Ok(at_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_000_000_000_000;

    #[test]
    fn a_time_that_was_not_touched_keeps_its_seconds() {
        let form = Fields::parse(b"expires=at");
        let patch = |stored, typed| expiry_patch(&form, stored, typed, Tz::UTC);
        let (stored, shown) = (NOW_MS + 30_123, NOW_MS / 60_000 * 60_000 + 60_000);
        assert_eq!(time_field(stored, Tz::UTC), time_field(shown, Tz::UTC), "the same minute");
        assert_eq!(patch(Some(stored), Some(shown)), Patch::Keep);
        assert_eq!(patch(Some(stored), Some(shown + 60_000)), Patch::Set(shown + 60_000));
        assert_eq!(patch(Some(stored), None), Patch::Clear);
        assert_eq!(patch(None, Some(shown)), Patch::Set(shown));
        assert_eq!(patch(None, None), Patch::Keep);
        let silent = Fields::parse(b"name=web");
        assert_eq!(expiry_patch(&silent, Some(stored), None, Tz::UTC), Patch::Keep, "nothing is said of it");
    }

    #[test]
    fn a_time_that_would_not_count_or_is_over_is_refused() {
        let stored = NOW_MS - DAY_MS;
        let (over, later) = (time_field(stored, Tz::UTC), time_field(NOW_MS + DAY_MS, Tz::UTC));
        let read = |expires: &str, at: &str, shown: Option<i64>| {
            let before = shown.map(|at_ms| time_field(at_ms, Tz::UTC)).unwrap_or_default();
            let text = format!("expires={expires}&expires_at={at}&expires_at_before={before}");
            read_expiry(&Fields::parse(text.as_bytes()), NOW_MS, Tz::UTC).map_err(|(field, _)| field)
        };
        assert_eq!(read("never", "", None), Ok(None));
        assert_eq!(read("7d", "", None), Ok(Some(NOW_MS + 7 * DAY_MS)));
        assert_eq!(read("1h", "", None), Ok(Some(NOW_MS + HOUR_MS)));
        assert_eq!(read("at", &later, None).map(|at| time_field(at.unwrap(), Tz::UTC)), Ok(later.clone()));
        for expires in ["never", "", "7d"] {
            assert_eq!(read(expires, &later, None), Err("expires"));
            assert_eq!(read(expires, &later, Some(stored)), Err("expires"));
            assert!(read(expires, &over, Some(stored)).is_ok(), "what was shown may be left over");
        }
        assert_eq!(read("at", &over, None), Err("expires_at"));
        assert_eq!(read("at", "5", None), Err("expires_at"));
        assert_eq!(read("at", "", None), Err("expires_at"));
        assert_eq!(read("at", "soon", None), Err("expires_at"));
        assert!(read("at", &over, Some(stored)).is_ok(), "what is stored may stay");
        for unknown in ["soon", "0d", "d", "-1d", "4000d", "59m"] {
            assert_eq!(read(unknown, "", None), Err("expires"), "{unknown}");
        }
    }
}
