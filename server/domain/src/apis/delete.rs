//! Deleting an API, and with it the visibility of its keys.

use base::ids::ApiId;
use serde_json::json;

use super::{Apis, store};
use base::access::{OpCtx, Operation, Target};
use base::audit::{Event, Group};
use base::error::{Code, Error, Result};
use base::store::{Change, Tx};

impl Apis {
    /// Soft-deletes an API (docs/contract/v2.md#apis). The audit entry says how
    /// many keys went out of sight
    /// (docs/decisions.md#mass-deletions-are-audited-by-key).
    pub async fn delete(&self, cx: &OpCtx, id: &ApiId) -> Result<()> {
        self.store
            .write(|tx| async move {
                let mut group = Group::new();
                self.delete_in(cx, &tx, &mut group, id).await?;
                group.record(cx, &tx, &self.entropy).await
            })
            .await?;
        self.tell_deleted();
        Ok(())
    }

    /// As [`Apis::delete`], as a part of a larger change, after which somebody has to
    /// [tell of it](Apis::tell_deleted).
    pub(crate) async fn delete_in(&self, cx: &OpCtx, tx: &Tx, group: &mut Group, id: &ApiId) -> Result<()> {
        cx.require(Operation::ApiDelete, Target { api: Some(id), ..Target::NONE })?;
        let api = store::find_live(tx.db(), &cx.workspace, id)
            .await?
            .ok_or_else(|| Error::absent(Code::ApiNotFound))?;
        if api.delete_protection {
            return Err(Error::new(Code::ProtectedResource, "This API has delete protection enabled."));
        }
        store::mark_deleted(tx.db(), &cx.workspace, id, cx.now_ms).await?;
        let keys = api.live_keys;
        let target = api.audit_target().with_meta(json!({ "keys": keys }));
        group.push(Event::ApiDelete, format!("Deleted API {id} with {keys} keys"), vec![target]);
        tx.changed(Change::Api(id.clone()));
        Ok(())
    }

    /// Has those who wait for a deletion look.
    pub(crate) fn tell_deleted(&self) {
        self.deleted.notify_one();
    }
}
