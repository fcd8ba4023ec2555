//! Taking a deletion back, while the row is still there
//! (docs/decisions.md#names-are-free-again-after-deletion).

use base::ids::KeyId;

use super::{Keys, absent, store};
use base::access::{OpCtx, Operation};
use base::audit::{Event, Group};
use base::error::Result;

impl Keys {
    /// Makes a deleted key verify again, with everything it had. Credits that were
    /// shared stay shared: a key that took them over keeps them, and those of a
    /// key that is deleted as well come to this one. Asks for the right to delete it.
    ///
    /// Fails with `key_not_found` for a key that lives, was removed for good, or
    /// whose API is gone.
    pub async fn restore(&self, cx: &OpCtx, id: &KeyId) -> Result<()> {
        self.store
            .write(|tx| async move {
                let key = store::find_deleted_to_change(&tx, &cx.workspace, id).await?.ok_or_else(absent)?;
                cx.require(Operation::KeyDelete, key.target())?;
                store::unmark_deleted(tx.db(), cx, id).await?;
                if key.balance.key_id != key.id
                    && let Some(holder) =
                        store::find_deleted_to_change(&tx, &cx.workspace, &key.balance.key_id).await?
                {
                    store::leave(&tx, &holder, false).await?;
                }
                let mut group = Group::new();
                let targets = vec![key.audit_target(), key.api.audit_target()];
                group.push(Event::KeyRestore, format!("Restored key {id}"), targets);
                group.record(cx, &tx, &self.entropy).await?;
                key.announce(&tx);
                key.announce_credits(&tx);
                Ok(())
            })
            .await
    }
}
