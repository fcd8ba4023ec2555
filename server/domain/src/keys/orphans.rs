//! Deleting the keys of deleted APIs, one audit entry each
//! (docs/decisions.md#mass-deletions-are-audited-by-key).
//!
//! They became invisible with their API; this makes their rows say so. What is
//! left to do is what is still live below a deleted API, so a run that was cut
//! short goes on where it ended.

use base::ids::RequestId;

use super::{Keys, store};
use base::access::{Door, OpCtx, Principal, Task};
use base::audit::{Event, Group, Target};
use base::error::Result;

const TASK: Task = Task::ApiDeletion;

/// Keys per transaction: others get their turn in between.
const BATCH: u64 = 100;

impl Keys {
    /// Returns how many keys were deleted.
    pub async fn delete_orphans(&self, now_ms: i64) -> Result<usize> {
        let mut count = 0;
        loop {
            let batch = self.store.write(|tx| async move { self.delete_batch(&tx, now_ms).await }).await?;
            count += batch;
            if batch == 0 {
                return Ok(count);
            }
        }
    }

    /// One batch, all of one workspace, so that it is one audit group.
    async fn delete_batch(&self, tx: &base::store::Tx, now_ms: i64) -> Result<usize> {
        let mut orphans = store::orphans(tx.db(), BATCH).await?;
        let Some(workspace) = orphans.first().map(|orphan| orphan.workspace.clone()) else { return Ok(0) };
        orphans.retain(|orphan| orphan.workspace == workspace);
        let request_id = self.entropy.id(RequestId::PREFIX, now_ms);
        let cx = OpCtx::new(Principal::Job(TASK), workspace, now_ms, request_id, Door::Job);
        store::delete_orphans(tx, &orphans, TASK.as_str(), now_ms).await?;
        let mut group = Group::new();
        for orphan in &orphans {
            let targets = vec![
                Target::new("key", orphan.id.as_str(), orphan.name.as_deref()),
                Target::new("api", orphan.api.as_str(), None),
            ];
            group.push(Event::KeyDelete, format!("Deleted key {} with its API", orphan.id), targets);
        }
        group.record(&cx, tx, &self.entropy).await?;
        Ok(orphans.len())
    }
}
