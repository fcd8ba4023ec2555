//! Deleting an identity.

use base::ids::IdentityId;

use super::{Identities, IdentityName, audit_target, store};
use crate::ratelimit::limits::LimitsChange;
use base::access::{OpCtx, Operation, Target};
use base::audit::{Event, Group};
use base::error::{Code, Error, Result};
use base::store::Change;

impl Identities {
    /// Deletes an identity. Its keys go on
    /// without it; its external id is free at once, and an identity that takes
    /// it is not linked to those keys.
    pub async fn delete(&self, cx: &OpCtx, name: impl Into<IdentityName>) -> Result<()> {
        let name = &name.into();
        // A grant may be on one id, which only a request by id tells.
        match name {
            IdentityName::Id(id) => {
                cx.require(Operation::IdentityDelete, Target::identity(&IdentityId::from(id.as_str())))?;
            }
            _ => cx.require(Operation::IdentityDelete, Target::NONE)?,
        }
        self.store
            .write(|tx| async move {
                let identity = store::find(tx.db(), &cx.workspace, name)
                    .await?
                    .ok_or_else(|| Error::absent(Code::IdentityNotFound))?;
                store::mark_deleted(&tx, &identity.id, cx.now_ms).await?;
                let mut group = Group::new();
                let text = format!("Deleted identity {}", identity.external_id);
                group.push(
                    Event::IdentityDelete,
                    text,
                    vec![audit_target(&identity.id, &identity.external_id)],
                );
                let gone = LimitsChange { removed: identity.limits.clone(), ..LimitsChange::default() };
                gone.audit(&mut group, &format!("identity {}", identity.external_id), || {
                    audit_target(&identity.id, &identity.external_id)
                });
                group.record(cx, &tx, &self.entropy).await?;
                tx.changed(Change::Identity(identity.id));
                Ok(())
            })
            .await
    }
}
