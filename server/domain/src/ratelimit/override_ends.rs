//! Cleaning up after overrides that have ended, one audit entry each.
//!
//! An override is over at its moment, by the clock of each request; nothing waits for
//! this. It makes rows say what holds since then, so that the search and the audit log
//! do. A job looks for all of them; whoever changes or deletes one has its end told
//! first, in the same transaction, so that the log has no gap.

use base::ids::RequestId;

use super::overrides::{Overrides, changed_fields};
use super::quota::Quota;
use super::store::{self, Ended};
use base::access::{Door, OpCtx, Principal, Task};
use base::audit::{Event, Group, Target};
use base::entropy::Entropy;
use base::error::Result;
use base::store::{Change, Tx};

const TASK: Task = Task::OverrideEnd;

/// Overrides per transaction of the job: others get their turn in between.
const BATCH: u64 = 100;

impl Overrides {
    /// Returns how many overrides have ended.
    pub async fn end_due(&self, now_ms: i64) -> Result<usize> {
        let mut count = 0;
        loop {
            let batch = |tx: Tx| async move { end_some(&tx, &self.entropy, Ended::Any, now_ms).await };
            let batch = self.store.write(batch).await?;
            count += batch;
            if batch == 0 {
                return Ok(count);
            }
        }
    }
}

/// Tells the end of all of these, in this transaction.
pub(super) async fn end_all(tx: &Tx, entropy: &Entropy, which: Ended<'_>, now_ms: i64) -> Result<()> {
    while end_some(tx, entropy, which, now_ms).await? > 0 {}
    Ok(())
}

/// Some of them, all of one workspace, so that it is one audit group. Returns how many.
async fn end_some(tx: &Tx, entropy: &Entropy, which: Ended<'_>, now_ms: i64) -> Result<usize> {
    let due = store::ended_overrides(tx.db(), which, now_ms, BATCH).await?;
    let Some((first, _)) = due.first() else { return Ok(0) };
    let workspace = first.workspace_id.clone();
    let request_id = entropy.id(RequestId::PREFIX, now_ms);
    let cx = OpCtx::new(Principal::Job(TASK), workspace.clone(), now_ms, request_id, Door::Job);
    let mut group = Group::new();
    let count = due.len();
    for (row, namespace) in due {
        let id = row.id.clone();
        let until = store::named(row.clone(), i64::MIN);
        let since = store::named(row, now_ms);
        store::end_override(tx, &id, since.as_ref(), now_ms).await?;
        let identifier = until.as_ref().map_or("", |until| until.identifier.as_str());
        let of = format!("The override of {identifier} in {} ended", namespace.name);
        let (event, text) = match since.as_ref().map(|since| since.applies.quota) {
            Some(Quota { limit, duration_ms }) => {
                (Event::OverrideSet, format!("{of}: {limit} per {duration_ms} ms holds again"))
            }
            None => (Event::OverrideDelete, of),
        };
        // As the events of whoever sets and deletes one have them.
        let own = Target::new("ratelimitOverride", id.as_str(), Some(identifier));
        let within = Target::new("ratelimitNamespace", namespace.id.as_str(), Some(&namespace.name));
        let targets = if since.is_some() { vec![own] } else { vec![own, within] };
        group.push_change(event, text, targets, changed_fields(until.as_ref(), since.as_ref()));
        let (workspace, name) = (workspace.clone(), namespace.name);
        tx.changed(Change::Namespace { workspace, id: namespace.id, name });
    }
    group.record(&cx, tx, entropy).await?;
    Ok(count)
}
