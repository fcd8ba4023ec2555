//! What the file of a backup is called: when it was made and, if a schedule made it,
//! whose schedule.

use std::fmt;

use chrono::{DateTime, NaiveDateTime, Utc};

use base::clock::DAY_MS;
use base::entropy::Entropy;

const FORM: &str = "%Y%m%dT%H%M%S%.3fZ";
const START: &str = "unkey-";
const END: &str = ".tar.zst";

const SERIES_LENGTH: usize = 8;
const SERIES_LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";

/// `unkey-20261129T164800.123Z.tar.zst`, or with a series `unkey-k3f9x2ab-2026...`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupName {
    /// Of the server whose schedule made it; it removes what has its series, and nothing else.
    pub series: Option<String>,
    /// Unix milliseconds.
    pub time_ms: i64,
}

impl BackupName {
    /// A name for a series, which no other server has.
    pub fn new_series(entropy: &Entropy) -> String {
        let bytes: [u8; SERIES_LENGTH] = entropy.bytes();
        bytes
            .iter()
            .map(|byte| char::from(SERIES_LETTERS[usize::from(*byte) % SERIES_LETTERS.len()]))
            .collect()
    }
}

impl fmt::Display for BackupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = DateTime::<Utc>::from_timestamp_millis(self.time_ms).unwrap_or_default();
        f.write_str(START)?;
        if let Some(series) = &self.series {
            write!(f, "{series}-")?;
        }
        write!(f, "{}{END}", time.format(FORM))
    }
}

/// The newest of them; what a clock made that was ahead comes after what is of the past.
pub(super) fn newest(names: Vec<BackupName>, now_ms: i64) -> Option<BackupName> {
    names.into_iter().max_by_key(|name| (name.time_ms <= now_ms + DAY_MS, name.time_ms, name.to_string()))
}

/// Reads a name as it is written, and nothing else.
pub(super) fn parse(text: &str) -> Option<BackupName> {
    let middle = text.strip_prefix(START)?.strip_suffix(END)?;
    let (series, time) = match middle.rsplit_once('-') {
        Some((series, time)) => (Some(series.to_owned()), time),
        None => (None, middle),
    };
    let is_series = |series: &String| {
        series.len() == SERIES_LENGTH && series.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    if !series.as_ref().is_none_or(is_series) {
        return None;
    }
    let time_ms = NaiveDateTime::parse_from_str(time, FORM).ok()?.and_utc().timestamp_millis();
    let name = BackupName { series, time_ms };
    (name.to_string() == text).then_some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_name_is_read_as_it_was_written(time_ms in 0..253_402_300_799_999_i64, series in prop::option::of("[a-zA-Z0-9]{8}")) {
            let name = BackupName { series, time_ms };
            prop_assert_eq!(parse(&name.to_string()), Some(name));
        }

        #[test]
        fn nothing_else_is_a_name(text in "unkey-[a-z0-9TZ.-]{0,40}(.tar.zst)?") {
            if let Some(name) = parse(&text) {
                prop_assert_eq!(name.to_string(), text);
            }
        }
    }

    #[test]
    fn what_a_clock_made_that_was_ahead_is_not_the_newest() {
        let name = |time_ms| BackupName { series: None, time_ms };
        let names = vec![name(10 * DAY_MS), name(2), name(3)];
        assert_eq!(newest(names.clone(), 4), Some(name(3)));
        assert_eq!(newest(names, 9 * DAY_MS), Some(name(10 * DAY_MS)));
        assert_eq!(newest(vec![name(10 * DAY_MS)], 0), Some(name(10 * DAY_MS)));
    }

    #[test]
    fn names_of_others_are_none() {
        for other in [
            "unkey-20261129T164800.123Z.tar.zst.part",
            "unkey-20261129T164800Z.tar.zst",
            "unkey-20261329T164800.123Z.tar.zst",
            "unkey-short-20261129T164800.123Z.tar.zst",
            "backup-20261129T164800.123Z.tar.zst",
            "unkey-20261129T164800.123Z.tar",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
        assert!(parse("unkey-20261129T164800.123Z.tar.zst").is_some());
    }
}
