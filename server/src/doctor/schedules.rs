//! Scheduled work: what failed when it ran last.

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
