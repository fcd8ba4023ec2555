//! Bringing one deleted API, or one workspace, back with the help of a backup
//! (docs/backup.md#one-api-or-one-workspace).
//!
//! Deleting marks rows and keeps them, so what is here knows more than a backup: the
//! last credits, and who was revoked since. It comes back as it was when it was deleted.
//! Only rows that are not here come from the backup, such as those of a workspace that
//! this server never had. Deliberately absent: putting anything back to an earlier
//! state; a whole folder is restored elsewhere.

mod workspace;

use base::ids::{ApiId, WorkspaceId};

use crate::keys::{Keys, RecoveredKeys};
use crate::{apis, workspaces};
use base::access::{OpCtx, Operation, Target};
use base::audit::{Event, Group};
use base::entropy::Entropy;
use base::error::{Error, Result};
use base::store::{Change, Reader, Store};

/// Brings things back from one backup.
pub struct Recovery<'a> {
    store: &'a Store,
    entropy: &'a Entropy,
    keys: &'a Keys,
    from: &'a Reader,
}

/// An API that came back.
#[derive(Debug)]
pub struct RecoveredApi {
    pub name: String,
    pub keys: RecoveredKeys,
}

/// A workspace that came back.
#[derive(Debug)]
pub struct RecoveredWorkspace {
    pub slug: String,
    /// People who may see it.
    pub members: usize,
    /// Of all its APIs, if they come from the backup; `None` when all of it was here.
    pub copied: Option<RecoveredKeys>,
}

impl<'a> Recovery<'a> {
    /// `from` is `app.db` of a backup, which has the present schema.
    pub fn new(store: &'a Store, entropy: &'a Entropy, keys: &'a Keys, from: &'a Reader) -> Self {
        Self { store, entropy, keys, from }
    }

    /// The workspace of an API of the backup.
    ///
    /// Fails where the backup does not have it, or had it deleted by then.
    pub async fn workspace_of(&self, api: &ApiId) -> Result<WorkspaceId> {
        apis::in_backup(self.from, api).await?.ok_or_else(|| not_in_backup(api.as_str()))
    }

    /// Brings an API back with its keys. One that is live gets the keys that an
    /// interrupted recovery left away.
    pub async fn api(&self, cx: &OpCtx, id: &ApiId) -> Result<RecoveredApi> {
        cx.require(Operation::ApiDelete, Target { api: Some(id), ..Target::NONE })?;
        if self.workspace_of(id).await? != cx.workspace {
            return Err(not_in_backup(id.as_str()));
        }
        // Those that are still to go with it go first, so that each of them comes back.
        self.keys.delete_orphans(cx.now_ms).await?;
        let name = self
            .store
            .write(|tx| async move {
                if workspaces::find(tx.db(), &cx.workspace).await?.is_none() {
                    let workspace = &cx.workspace;
                    return Err(Error::invalid(format!(
                        "The workspace of this API is not here: bring it back first, with --only {workspace}."
                    )));
                }
                let is_back = apis::bring_back(&tx, self.from, &cx.workspace, id).await?;
                let api = apis::find_live(tx.db(), &cx.workspace, id).await?;
                let api = api.ok_or_else(|| Error::internal("an API that came back is not here"))?;
                if is_back {
                    let mut group = Group::new();
                    let text = format!("Restored API {id}");
                    group.push(Event::ApiRestore, text, vec![api.audit_target()]);
                    tx.changed(Change::Everything);
                    group.record(cx, &tx, self.entropy).await?;
                }
                Ok(api.name)
            })
            .await?;
        let keys = self.keys.recover(cx, self.from, id).await?;
        Ok(RecoveredApi { name, keys })
    }
}

fn not_in_backup(id: &str) -> Error {
    Error::invalid(format!(
        "The backup does not have {id}: it was deleted by then, or made later. Name another backup."
    ))
}
