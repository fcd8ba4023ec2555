//! The clock against the last time that is stored.

use super::{Finding, Subject};
use crate::jobs::stored_ahead_ms;
use base::clock::{DAY_MS, HOUR_MS, MINUTE_MS};
use base::error::Result;

const REMEDY: &str = "timedatectl set-ntp true";

pub(super) async fn agrees(subject: &Subject) -> Result<Vec<Finding>> {
    let at = subject.clock.moment();
    let ahead_ms = stored_ahead_ms(subject.app()?, subject.events()?, at.now_ms).await?;
    let mut found = Vec::new();
    if let Some(running) = &subject.running {
        let report = running.jobs.clock_report(at).await?;
        if report.deletion_waits {
            let text = "The clock may be far ahead: nothing is deleted for its age until it said the same for an hour.";
            found.push(Finding::error(text).remedy(REMEDY));
        }
        if report.steps_back > 0 {
            let times = if report.steps_back == 1 { "once" } else { "several times" };
            found.push(
                Finding::warning(format!("The clock was set back {times} since the start.")).remedy(REMEDY),
            );
        }
    }
    if ahead_ms >= MINUTE_MS {
        let text = format!(
            "What was stored last lies {} ahead of the clock: it was ahead then, or is behind now.",
            span(ahead_ms)
        );
        let finding = if ahead_ms >= DAY_MS { Finding::error(text) } else { Finding::warning(text) };
        found.push(finding.remedy(REMEDY));
    }
    if found.is_empty() {
        found.push(Finding::ok("The clock agrees with what was stored last."));
    }
    Ok(found)
}

fn span(ms: i64) -> String {
    match ms {
        DAY_MS.. => format!("{} days", ms / DAY_MS),
        HOUR_MS.. => format!("{} hours", ms / HOUR_MS),
        _ => format!("{} minutes", ms / MINUTE_MS),
    }
}
