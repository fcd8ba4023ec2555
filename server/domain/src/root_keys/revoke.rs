//! Revoking a root key: refused from the next call on.

use base::ids::RootKeyId;

use super::{RootKeys, store};
use base::access::{self, OpCtx, Operation};
use base::audit::{Event, Group, Target};
use base::error::{Code, Error, Result};
use base::store::{Change, Tx};

impl RootKeys {
    pub async fn revoke(&self, cx: &OpCtx, id: &RootKeyId) -> Result<()> {
        cx.require(Operation::RootKeyDelete, access::Target::root_key(id))?;
        self.store
            .write(|tx| async move {
                let mut group = Group::new();
                if !self.revoke_in(cx, &tx, id, &mut group).await? {
                    let detail = format!("There is no root key '{id}' in this workspace.");
                    return Err(Error::new(Code::KeyNotFound, detail));
                }
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }

    /// Revokes it as a part of another change, whose caller asked for the right;
    /// whether it was there.
    pub(crate) async fn revoke_in(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        id: &RootKeyId,
        group: &mut Group,
    ) -> Result<bool> {
        let Some(revoked) = store::revoke(tx, &cx.workspace, id, cx.now_ms).await? else { return Ok(false) };
        tx.changed(Change::RootKey(revoked.hash));
        let targets = vec![Target::new("key", id.as_str(), revoked.name.as_deref())];
        group.push(Event::RootKeyRevoke, format!("Revoked root key {id}"), targets);
        Ok(true)
    }
}
