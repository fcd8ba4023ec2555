//! Settings of backups that the server makes by itself.

use std::str::FromStr;

use cron::Schedule;

use super::values::Given;
use crate::secret::PlainKey;

/// When backups are made, where they go and how long they stay.
#[derive(Clone)]
pub struct BackupSettings {
    /// `None` is never.
    pub plan: Option<BackupPlan>,
    /// Where `unkey backup` puts one unless told otherwise.
    pub target: Option<String>,
    pub passphrase: Option<PlainKey>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupPlan {
    /// As the crate `cron` reads it, with seconds.
    pub pattern: String,
    pub target: String,
    pub keep: BackupKeep,
}

/// Of how many days, weeks and months the last backup stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupKeep {
    pub daily: usize,
    pub weekly: usize,
    pub monthly: usize,
}

const MOST_KEPT: usize = 10_000;

impl BackupSettings {
    pub(super) fn parse(given: &mut Given<'_>) -> Self {
        let target = given.some("backup_target");
        let keep = keep(given.text("backup_keep"));
        given.check("backup_keep", keep.as_ref().err().cloned());
        let pattern = given.some("backup_schedule").map(|text| pattern(&text));
        if let Some(pattern) = &pattern {
            given.check("backup_schedule", pattern.as_ref().err().cloned());
            let fault = match target.as_deref() {
                None => Some("must be set, for there is a backup_schedule"),
                Some("-") => Some("must be a place, for there is a backup_schedule"),
                Some(_) => None,
            };
            given.check("backup_target", fault.map(ToOwned::to_owned));
        }
        let plan = match (pattern, &target, keep) {
            (Some(Ok(pattern)), Some(target), Ok(keep)) => {
                Some(BackupPlan { pattern, target: target.clone(), keep })
            }
            _ => None,
        };
        Self { plan, target, passphrase: given.secret("backup_passphrase") }
    }
}

/// Minutes come first for people, and seconds for the library.
fn pattern(text: &str) -> Result<String, String> {
    let pattern = format!("0 {text}");
    let fault =
        || "must be minute, hour, day, month and weekday, such as 30 2 * * * for half past two".to_owned();
    // Six would begin with seconds for the library.
    if text.split_whitespace().count() != 5 {
        return Err(fault());
    }
    let schedule = Schedule::from_str(&pattern).map_err(|_| fault())?;
    // The library would look for a day that never comes until its years end.
    let is_ever = schedule.after(&chrono::DateTime::<chrono::Utc>::UNIX_EPOCH).next().is_some();
    if is_ever { Ok(pattern) } else { Err(fault()) }
}

fn keep(text: &str) -> Result<BackupKeep, String> {
    let fault = || "must be like daily=7,weekly=4,monthly=12".to_owned();
    let mut keep = [("daily", None), ("weekly", None), ("monthly", None)];
    for part in text.split(',') {
        let (name, number) = part.split_once('=').ok_or_else(fault)?;
        let number: usize = number.trim().parse().map_err(|_| fault())?;
        let (_, kept) = keep.iter_mut().find(|(known, _)| *known == name.trim()).ok_or_else(fault)?;
        if kept.replace(number.min(MOST_KEPT)).is_some() {
            return Err(format!("names {} twice", name.trim()));
        }
    }
    let [daily, weekly, monthly] = keep.map(|(_, kept)| kept.unwrap_or(0));
    match daily + weekly + monthly {
        0 => Err("keeps nothing: name a number of days, weeks or months".to_owned()),
        _ => Ok(BackupKeep { daily, weekly, monthly }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_has_five_fields() {
        assert_eq!(pattern("30 2 * * *").unwrap(), "0 30 2 * * *");
        for wrong in [
            "",
            "@daily",
            "*/10 * * * * *",
            "0 30 2 * * Mon",
            "often",
            "61 * * * *",
            "* * *",
            "0 0 30 2 *",
            "0 0 0 30 2 * 2020",
            "@never",
        ] {
            assert!(pattern(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_kept_is_named() {
        assert_eq!(
            keep("daily=7,weekly=4,monthly=12").unwrap(),
            BackupKeep { daily: 7, weekly: 4, monthly: 12 }
        );
        assert_eq!(keep(" daily = 3 ").unwrap(), BackupKeep { daily: 3, weekly: 0, monthly: 0 });
        for wrong in [
            "",
            "7",
            "daily",
            "daily=-1",
            "hourly=3",
            "daily=7,",
            "daily=7,daily=1",
            "daily=0",
            "weekly=0,daily=0",
        ] {
            assert!(keep(wrong).is_err(), "{wrong}");
        }
    }
}
