//! The search indexes against the chunks of events and the audit log they are made of.

use super::{Finding, Fix, Subject, some};
use base::error::Result;
use base::store::Store;
use insight::search::{IndexFault, IndexFinding, faults_in_folder};

pub(super) async fn complete(subject: &Subject) -> Result<Vec<Finding>> {
    let (app, events) = (subject.app()?, subject.events()?);
    let mut found = Vec::new();
    let faults = match &subject.running {
        Some(running) => {
            let lag = running.search.lag(events, &Store::new(app.clone())).await?;
            if lag.is_noticeable() {
                let behind = lag.chunks + lag.entries;
                found.push(Finding::warning(match lag.rebuilding {
                    true => format!("The indexes are being built again, {behind} batches are to go."),
                    false => format!("The indexes are {behind} batches behind."),
                }));
            }
            running.search.faults(app, events, true).await?
        }
        None => faults_in_folder(&subject.index_dir, app, events, true).await?,
    };
    found.extend(findings(&faults));
    if found.is_empty() {
        found.push(Finding::ok("The indexes hold what is stored."));
    }
    Ok(found)
}

/// One for each kind of fault.
fn findings(faults: &[IndexFinding]) -> Vec<Finding> {
    let of = |fault: IndexFault| {
        let named = faults.iter().filter(move |found| found.fault == fault);
        named.map(|found| found.index.clone()).collect::<Vec<_>>()
    };
    let mut found = Vec::new();
    if !of(IndexFault::Missing).is_empty() {
        found.push(
            Finding::warning("There are no indexes. The next start builds them.").remedy("unkey serve"),
        );
    }
    let kinds = [
        (IndexFault::Damaged, "Indexes are damaged, or of another version"),
        (IndexFault::Foreign, "Indexes are of other databases than these"),
    ];
    for (fault, text) in kinds {
        let named = of(fault);
        if !named.is_empty() {
            found.push(Finding::warning(format!("{text}: {}.", some(&named))).fix(Fix::RebuildIndexes));
        }
    }
    for IndexFinding { index, fault } in faults {
        if let IndexFault::Incomplete(missing) = fault {
            let text = format!("The index of {index} lacks {missing} events that are stored.");
            found.push(Finding::warning(text).fix(Fix::RebuildIndexes));
        }
    }
    found
}
