//! Deleting every key of an API, which itself stays.
//!
//! In batches, so that others get their turn: a call that is cut short has
//! deleted a part, answered nothing, and goes on when it is repeated.

use base::ids::{ApiId, KeyId};
use serde_json::json;

use super::{Key, Keys, store};
use crate::apis::Api;
use base::access::{OpCtx, Operation};
use base::audit::{Event, Group};
use base::error::Result;
use base::store::Tx;

/// Keys per transaction.
const BATCH: u64 = 100;

/// The keys to delete (docs/contract/v1.md#delete-all-keys).
#[derive(Clone, Debug)]
pub struct DeleteKeys {
    pub api_id: ApiId,
    /// Remove the rows, those of keys deleted before included.
    pub permanent: bool,
}

impl Keys {
    /// Deletes the keys of an API and answers how many. Delete protection covers
    /// the API, not its keys.
    pub async fn delete_all(&self, cx: &OpCtx, command: DeleteKeys) -> Result<u64> {
        let DeleteKeys { api_id, permanent } = command;
        let api = &self.live_api(cx, &api_id, Operation::KeyDeleteAll).await?;
        let mut count = 0;
        if permanent {
            loop {
                let removed = self.store.write(|tx| self.remove_deleted(cx, tx, api)).await?;
                count += removed;
                if removed < BATCH {
                    break;
                }
            }
        }
        let mut last: Option<KeyId> = None;
        loop {
            let after = last.as_ref();
            let batch =
                self.store.write(|tx| self.delete_after(cx, tx, api, after, count, permanent)).await?;
            count += batch.len() as u64;
            if (batch.len() as u64) < BATCH {
                return Ok(count);
            }
            last = batch.last().cloned();
        }
    }

    /// One batch of those deleted before. Each is on record by its own deletion;
    /// what is new is that nobody can take it back.
    async fn remove_deleted(&self, cx: &OpCtx, tx: Tx, api: &Api) -> Result<u64> {
        let removed = store::remove_deleted(&tx, api, BATCH).await?;
        if removed > 0 {
            let mut group = Group::new();
            let text = format!("Removed {removed} deleted keys of API {} for good", api.id);
            let target = api.audit_target().with_meta(json!({ "keys": removed }));
            group.push(Event::KeyDelete, text, vec![target]);
            group.record(cx, &tx, &self.entropy).await?;
        }
        Ok(removed)
    }

    /// One batch; the last one says how many keys went in all
    /// (docs/decisions.md#mass-deletions-are-audited-by-key).
    async fn delete_after(
        &self,
        cx: &OpCtx,
        tx: Tx,
        api: &Api,
        last: Option<&KeyId>,
        before: u64,
        permanent: bool,
    ) -> Result<Vec<KeyId>> {
        let keys = store::after(&tx, api, last, BATCH, &cx.workspace).await?;
        for key in &keys {
            store::leave(&tx, key, permanent).await?;
            key.announce(&tx);
            key.announce_credits(&tx);
        }
        if permanent {
            store::remove_all(&tx, &keys).await?;
        } else {
            store::mark_all_deleted(&tx, cx, &keys).await?;
        }
        let total = before + keys.len() as u64;
        let ends = (keys.len() as u64) < BATCH && total > 0;
        audit(&keys, api, ends.then_some(total)).record(cx, &tx, &self.entropy).await?;
        Ok(keys.into_iter().map(|key| key.id).collect())
    }
}

fn audit(keys: &[Key], api: &Api, total: Option<u64>) -> Group {
    let mut group = Group::new();
    for key in keys {
        let targets = vec![key.audit_target(), api.audit_target()];
        group.push(Event::KeyDelete, format!("Deleted key {} with all keys of its API", key.id), targets);
    }
    if let Some(total) = total {
        let target = api.audit_target().with_meta(json!({ "keys": total }));
        group.push(Event::KeyDelete, format!("Deleted all {total} keys of API {}", api.id), vec![target]);
    }
    group
}
