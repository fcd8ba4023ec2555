//! Which backups of a series may go.
//!
//! By counts and not by age: a clock that is wrong for a day removes no more than a day
//! does. The newest one always stays.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Utc};

use super::name::BackupName;
use base::config::BackupKeep;

/// Of `series`, what need not stay once `newest` is there. Names of others never do.
pub(super) fn removable(found: Vec<BackupName>, newest: &BackupName, keep: BackupKeep) -> Vec<BackupName> {
    // What a clock made that was ahead stays, and takes nobody's place.
    let is_own = |name: &BackupName| {
        name.series.is_some() && name.series == newest.series && name.time_ms <= newest.time_ms
    };
    let mut own: Vec<BackupName> = found.into_iter().filter(is_own).collect();
    own.sort_by_key(|name| std::cmp::Reverse(name.time_ms));
    let (mut days, mut weeks, mut months) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut go = Vec::new();
    for name in own {
        let time = DateTime::<Utc>::from_timestamp_millis(name.time_ms).unwrap_or_default();
        let week = time.iso_week();
        // Each counts for all of its spans, also where another reason keeps it.
        let reasons = [
            days.len() < keep.daily && days.insert(time.num_days_from_ce()),
            weeks.len() < keep.weekly && weeks.insert((week.year(), week.week())),
            months.len() < keep.monthly && months.insert((time.year(), time.month())),
        ];
        if !reasons.contains(&true) && name != *newest {
            go.push(name);
        }
    }
    go
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY_MS: i64 = 86_400_000;
    const START_MS: i64 = 1_790_000_000_000;

    fn name(series: Option<&str>, time_ms: i64) -> BackupName {
        BackupName { series: series.map(ToOwned::to_owned), time_ms }
    }

    fn of_days(days: std::ops::Range<i64>) -> Vec<BackupName> {
        days.map(|day| name(Some("abcdefgh"), START_MS + day * DAY_MS)).collect()
    }

    #[test]
    fn after_a_year_days_weeks_and_months_are_left() {
        let keep = BackupKeep { daily: 7, weekly: 4, monthly: 12 };
        let mut there: Vec<BackupName> = Vec::new();
        for newest in of_days(0..400) {
            there.push(newest.clone());
            let go = removable(there.clone(), &newest, keep);
            there.retain(|name| !go.contains(name));
        }
        assert!((18..=23).contains(&there.len()), "{}", there.len());
        let last_week = there.iter().filter(|name| name.time_ms > START_MS + 392 * DAY_MS).count();
        assert_eq!(last_week, 7);
        let oldest = there.iter().map(|name| name.time_ms).min().unwrap();
        assert!(oldest < START_MS + 80 * DAY_MS, "eleven months ago");
    }

    proptest! {
        /// Whatever is in the folder and whatever the clock said: the newest stays, and
        /// what has another series or none.
        #[test]
        fn the_newest_and_what_is_of_others_stays(
            times in prop::collection::vec((0..5000_i64, 0..3_u8), 0..60),
            daily in 0..4_usize, weekly in 0..4_usize, monthly in 0..4_usize, newest in 0..5000_i64,
        ) {
            let found = times.iter().map(|(day, of)| {
                let series = [Some("abcdefgh"), Some("12345678"), None][usize::from(*of)];
                name(series, START_MS + day * DAY_MS)
            });
            let newest = name(Some("abcdefgh"), START_MS + newest * DAY_MS);
            let found: Vec<BackupName> = found.chain([newest.clone()]).collect();
            let go = removable(found, &newest, BackupKeep { daily, weekly, monthly });
            prop_assert!(!go.contains(&newest));
            prop_assert!(go.iter().all(|name| name.series == newest.series));
        }
    }
}
