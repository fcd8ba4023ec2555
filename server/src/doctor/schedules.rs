//! Scheduled work: what failed when it ran last, and how old the last backup is.

use super::{Finding, Subject};
use crate::jobs;
use base::error::Result;

pub(super) async fn last_runs(subject: &Subject) -> Result<Vec<Finding>> {
    let failed = jobs::last_runs(subject.app()?).await?.into_iter().filter_map(|run| {
        let text = format!("The job {} failed when it ran last: {}", run.name, run.error?);
        Some(Finding::warning(text).remedy("it is tried again on its own; the log of the server says more"))
    });
    let mut found: Vec<_> = failed.collect();
    if found.is_empty() {
        found.push(Finding::ok("No scheduled work failed when it ran last."));
    }
    Ok(found)
}

/// Of other backups than those of this server nothing is known.
pub(super) async fn backups(subject: &Subject) -> Result<Vec<Finding>> {
    let Some(plan) = &subject.config.backup.plan else {
        return Ok(vec![Finding::ok("This server is not told to make backups (backup_schedule).")]);
    };
    let report = jobs::backup_report(subject.app()?, plan, subject.clock.now_ms()).await?;
    let place = report.last_good.as_ref().map(|good| good.place.as_str());
    let finding = match (report.error, place) {
        (Some(error), _) => Finding::error(format!("The last scheduled backup failed: {error}")),
        (None, Some(place)) if report.is_overdue => {
            Finding::error(format!("The last good backup, {place}, is older than the schedule allows."))
        }
        (None, Some(place)) => {
            return Ok(vec![Finding::ok(format!("The last scheduled backup is {place}."))]);
        }
        (None, None) if report.is_overdue => Finding::error("There is no good backup yet."),
        (None, None) => return Ok(vec![Finding::ok("The first backup is yet to be made.")]),
    };
    Ok(vec![finding.remedy("unkey backup")])
}
