//! Deleting a key.

use base::ids::KeyId;

use super::{Keys, absent, store};
use base::access::{OpCtx, Operation};
use base::audit::{Event, Group};
use base::error::Result;

/// Which key to delete, and how (docs/contract/v2.md#delete-key).
#[derive(Clone, Debug)]
pub struct DeleteKey {
    pub key_id: KeyId,
    /// Remove the row and all that hangs on it. Otherwise the row stays until
    /// the sweeper takes it, and keeps its hash reserved.
    pub permanent: bool,
}

impl Keys {
    /// Deletes a key; a second call answers as an absent one.
    pub async fn delete(&self, cx: &OpCtx, command: DeleteKey) -> Result<()> {
        let DeleteKey { key_id, permanent } = &command;
        self.store
            .write(|tx| async move {
                let key = store::find_to_change(&tx, &cx.workspace, key_id).await?.ok_or_else(absent)?;
                cx.require(Operation::KeyDelete, key.target())?;
                store::leave(&tx, &key, *permanent).await?;
                let description = if *permanent {
                    store::remove(tx.db(), &cx.workspace, key_id).await?;
                    format!("Permanently deleted key {key_id}")
                } else {
                    store::mark_deleted(tx.db(), cx, key_id).await?;
                    format!("Deleted key {key_id}")
                };
                let mut group = Group::new();
                group.push(Event::KeyDelete, description, vec![key.audit_target()]);
                group.record(cx, &tx, &self.entropy).await?;
                key.announce(&tx);
                key.announce_credits(&tx);
                Ok(())
            })
            .await
    }
}
