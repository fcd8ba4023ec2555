//! Deleting the keys of deleted APIs, one audit entry each
//! (docs/decisions.md#mass-deletions-are-audited-by-key).
//!
//! They became invisible with their API; this makes their rows say so. What is
//! left to do is what is still live below a deleted API, so a run that was cut
//! short goes on where it ended. It begins with the deletion of an API, and by the
//! clock for what a server that stopped has left.

use std::collections::HashMap;

use base::ids::{ApiId, RequestId};
use serde_json::json;

use super::{Keys, store};
use crate::apis;
use base::access::{Door, OpCtx, Principal, Task};
use base::audit::{Event, Group, Target};
use base::error::Result;

pub(super) const TASK: Task = Task::ApiDeletion;

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
        // Each entry says how many keys of the API are still to go after it.
        let mut left: HashMap<ApiId, i64> = HashMap::new();
        for orphan in &orphans {
            *left.entry(orphan.api.clone()).or_default() += 1;
        }
        for (api, more) in apis::live_keys(tx.db(), left.keys().cloned().collect()).await? {
            left.entry(api).and_modify(|left| *left += more);
        }
        let mut group = Group::new();
        for orphan in &orphans {
            let left = left.entry(orphan.api.clone()).and_modify(|left| *left -= 1).or_default();
            let targets = vec![
                Target::new("key", orphan.id.as_str(), orphan.name.as_deref()),
                Target::new("api", orphan.api.as_str(), None).with_meta(json!({ "keysLeft": *left })),
            ];
            let text = format!("Deleted key {} with its API, {left} keys left to delete", orphan.id);
            group.push(Event::KeyDelete, text, targets);
        }
        group.record(&cx, tx, &self.entropy).await?;
        Ok(orphans.len())
    }
}
