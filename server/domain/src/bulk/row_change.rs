//! One row of a job: the same call a single change makes.

use base::ids::{ApiId, KeyId};

use super::{Bulk, Limit, Work, import};
use crate::keys::{AccessChange, ChangeAccess, CreditOperation, DeleteKey, UpdateCredits, UpdateKey};
use crate::permissions::{OnMissing, Reference};
use crate::ratelimit::limits::NewLimit;
use base::access::OpCtx;
use base::error::{Error, Result};
use base::patch::Patch;

impl Bulk {
    /// Does the work of a job to one row.
    pub(super) async fn perform(
        &self,
        cx: &OpCtx,
        work: &Work,
        subject: &str,
        payload: Option<&str>,
    ) -> Result<()> {
        let key_id = KeyId::from(subject);
        match work {
            Work::DeleteKeys => self.keys.delete(cx, DeleteKey { key_id, permanent: false }).await,
            Work::RestoreKeys => self.keys.restore(cx, &key_id).await,
            Work::SetCredits { remaining } => {
                let operation = CreditOperation::Set;
                self.credits(cx, UpdateCredits { key_id, operation, value: Some(*remaining) }).await
            }
            Work::AddCredits { amount } => {
                let operation = CreditOperation::Increment;
                self.credits(cx, UpdateCredits { key_id, operation, value: Some(Some(*amount)) }).await
            }
            Work::AddRoles { names } => self.roles(cx, key_id, AccessChange::Add, names).await,
            Work::RemoveRoles { names } => self.roles(cx, key_id, AccessChange::Remove, names).await,
            Work::AddPermissions { slugs } => self.slugs(cx, key_id, AccessChange::Add, slugs).await,
            Work::RemovePermissions { slugs } => self.slugs(cx, key_id, AccessChange::Remove, slugs).await,
            Work::ImportKeys { api } => {
                let command = import::key(&ApiId::from(api.as_str()), row(payload)?)?;
                self.keys.import(cx, vec![command]).await.map(drop)
            }
            Work::ImportIdentities => {
                self.identities.create(cx, import::identity(row(payload)?)?).await.map(drop)
            }
            Work::ImportPermissions => {
                self.permissions.create_permission(cx, import::permission(row(payload)?)?).await.map(drop)
            }
            Work::ImportRoles => {
                self.permissions.create_role(cx, import::role(row(payload)?)?).await.map(drop)
            }
            _ => self.keys.update(cx, update(work, key_id)).await,
        }
    }

    async fn credits(&self, cx: &OpCtx, command: UpdateCredits) -> Result<()> {
        self.keys.update_credits(cx, command).await.map(drop)
    }

    async fn roles(&self, cx: &OpCtx, key_id: KeyId, change: AccessChange, names: &[String]) -> Result<()> {
        let items = Reference::named(names.iter().cloned(), OnMissing::Refuse);
        let command = ChangeAccess { key_id, change, items };
        self.keys.change_roles(cx, command).await.map(drop)
    }

    async fn slugs(&self, cx: &OpCtx, key_id: KeyId, change: AccessChange, slugs: &[String]) -> Result<()> {
        let on_missing =
            if change == AccessChange::Remove { OnMissing::Ignore } else { OnMissing::MakeIfPermitted };
        let items = Reference::named(slugs.iter().cloned(), on_missing);
        let command = ChangeAccess { key_id, change, items };
        self.keys.change_permissions(cx, command).await.map(drop)
    }
}

fn row(payload: Option<&str>) -> Result<&str> {
    payload.ok_or_else(|| Error::internal("a row of an import has no payload"))
}

fn update(work: &Work, key_id: KeyId) -> UpdateKey {
    let mut change = UpdateKey::new(key_id);
    match work {
        Work::EnableKeys => change.enabled = Some(true),
        Work::DisableKeys => change.enabled = Some(false),
        Work::SetExpiry { expires_at } => change.expires_at = patch(expires_at.as_ref()),
        Work::SetLimits { limits } => change.limits = Some(limits.iter().map(NewLimit::from).collect()),
        Work::SetIdentity { external_id } => change.external_id = patch(external_id.as_ref()),
        Work::MergeMeta { meta } => change.merge_meta.clone_from(meta),
        _ => {}
    }
    change
}

fn patch<T: Clone>(value: Option<&T>) -> Patch<T> {
    value.map_or(Patch::Clear, |value| Patch::Set(value.clone()))
}

impl From<&Limit> for NewLimit {
    fn from(limit: &Limit) -> Self {
        Self {
            name: limit.name.clone(),
            limit: limit.limit,
            duration_ms: limit.duration,
            auto_apply: limit.auto_apply,
            is_async: false,
        }
    }
}
