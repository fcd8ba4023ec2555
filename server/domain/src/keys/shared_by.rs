//! Keys that have something in common: their identity, a role, a permission.
//!
//! For the pages about those. Unlike a filter of a key list this walks only the
//! keys in question, however many others there are.

use base::ids::{IdentityId, PermissionId, RoleId};

use super::{Key, Keys, store};
use base::access::{OpCtx, Operation, Target};
use base::error::Result;
use base::store::{BoundedCount, Page, Paged};

/// What keys have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SharedBy {
    /// They belong to this identity.
    Identity(IdentityId),
    /// They carry this role.
    Role(RoleId),
    /// They carry this permission themselves, not through a role.
    Permission(PermissionId),
}

impl Keys {
    /// A page of the visible keys that have this in common, the latest first.
    pub async fn sharing(&self, cx: &OpCtx, shared: &SharedBy, page: &Page) -> Result<Paged<Key>> {
        cx.require(Operation::ApiListKeys, Target::NONE)?;
        store::page_sharing(self.store.read(), cx, shared, page).await
    }

    /// How many keys have this in common.
    pub async fn count_sharing(&self, cx: &OpCtx, shared: &SharedBy) -> Result<BoundedCount> {
        cx.require(Operation::ApiListKeys, Target::NONE)?;
        store::count_sharing(self.store.read(), cx, shared).await
    }
}
