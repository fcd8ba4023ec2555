//! Revoking a root key: refused from the next call on.

use base::ids::RootKeyId;

use super::{RootKeys, store};
use base::access::{self, OpCtx, Operation};
use base::audit::{Event, Group, Target};
use base::error::{Code, Error, Result};
use base::store::Change;

impl RootKeys {
    pub async fn revoke(&self, cx: &OpCtx, id: &RootKeyId) -> Result<()> {
        cx.require(Operation::RootKeyDelete, access::Target::root_key(id))?;
        self.store
            .write(|tx| async move {
                let revoked = store::revoke(&tx, &cx.workspace, id, cx.now_ms).await?.ok_or_else(|| {
                    Error::new(Code::KeyNotFound, format!("There is no root key '{id}' in this workspace."))
                })?;
                tx.changed(Change::RootKey(revoked.hash));
                let mut group = Group::new();
                let targets = vec![Target::new("key", id.as_str(), revoked.name.as_deref())];
                group.push(Event::RootKeyRevoke, format!("Revoked root key {id}"), targets);
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }
}
