//! Permissions and roles: what a workspace's keys may carry.
//!
//! Slugs and role names are unique per workspace whatever their case, and found
//! only as they are written: verification compares exactly, so a near name must
//! not stand for another. What a root key may do is not decided here but in [`base::access`].

mod change;
mod create;
mod ensure;
mod overview;
pub mod query;
mod read;
mod reference;
mod store;

use base::ids::{PermissionId, RoleId};

pub use change::{SetRolePermissions, UpdatePermission, UpdateRole};
pub use create::{CreatePermission, CreateRole};
pub use ensure::{ensure, ensure_roles};
pub use overview::{Browse, PermissionLine, RoleLine};
pub use read::Listing;
pub use reference::{By, OnMissing, Reference, check_count, resolve, resolve_roles};
pub(crate) use store::{
    KEYS_OF_PERMISSION, KEYS_OF_ROLE, copy_links, copy_permissions, copy_roles, first, first_roles,
    keys_with_permission, keys_with_role, remove_copied,
};
pub use store::{
    KeyRbac, LinkChange, direct_of, link_key, of_keys, roles_of, set_key_permissions, set_key_roles,
    with_permissions,
};
pub use store::{PermissionFeed, RoleFeed};

use base::audit;
use base::entropy::Entropy;
use base::store::Store;

/// A permission of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Permission {
    pub id: PermissionId,
    pub name: String,
    /// What keys carry and queries name.
    pub slug: String,
    pub description: Option<String>,
}

/// A role of a workspace, without its permissions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Role {
    pub id: RoleId,
    pub name: String,
    pub description: Option<String>,
}

/// A role and what it grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleDetails {
    pub role: Role,
    /// By slug.
    pub permissions: Vec<Permission>,
}

/// The operations on permissions and roles.
#[derive(Clone)]
pub struct Permissions {
    store: Store,
    entropy: Entropy,
}

impl Permissions {
    pub fn new(store: Store, entropy: Entropy) -> Self {
        Self { store, entropy }
    }
}

impl Permission {
    /// As audit entries name it.
    pub fn audit_target(&self) -> audit::Target {
        let mut meta = serde_json::Map::new();
        meta.insert("name".to_owned(), self.name.clone().into());
        meta.insert("slug".to_owned(), self.slug.clone().into());
        if let Some(description) = &self.description {
            meta.insert("description".to_owned(), description.clone().into());
        }
        audit::Target::new("permission", self.id.as_str(), Some(&self.slug)).with_meta(meta.into())
    }
}

impl Role {
    /// As audit entries name it.
    pub fn audit_target(&self) -> audit::Target {
        audit::Target::new("role", self.id.as_str(), Some(&self.name))
    }
}

/// How slugs and role names compare where they have to be unique.
fn fold(text: &str) -> String {
    text.to_lowercase()
}

#[cfg(test)]
mod tests;
