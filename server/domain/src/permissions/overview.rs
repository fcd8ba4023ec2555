//! Permissions and roles as lists show them: with what carries them counted.

use base::ids::{PermissionId, RoleId};

use super::create::described;
use super::{CreatePermission, Permission, Permissions, Role, create, ensure, fold, store};
use base::access::{OpCtx, Operation, Target};
use base::audit::Group;
use base::error::{Code, Error, Field, Result};
use base::store::{BoundedCount, Change, Page, Paged};

/// Permissions that are made at once.
const MANY: usize = 1000;

/// A permission in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionLine {
    pub permission: Permission,
    /// Unix milliseconds.
    pub created_at: i64,
    pub updated_at: Option<i64>,
    pub roles: i64,
    /// Visible keys that carry it themselves.
    pub keys: BoundedCount,
}

/// A role in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleLine {
    pub role: Role,
    /// Unix milliseconds.
    pub created_at: i64,
    pub updated_at: Option<i64>,
    pub permissions: i64,
    /// Visible keys that carry it.
    pub keys: BoundedCount,
}

/// What to list of permissions by slug, or of roles by name.
#[derive(Clone, Debug)]
pub struct Browse {
    pub page: Page,
    pub descending: bool,
    /// Text that the id, name, slug or description holds; blank for all.
    pub search: String,
}

impl Permissions {
    pub async fn browse_permissions(&self, cx: &OpCtx, of: Browse) -> Result<Paged<PermissionLine>> {
        cx.require(Operation::PermissionRead, Target::NONE)?;
        store::permission_lines(self.store.read(), &cx.workspace, &of).await
    }

    pub async fn browse_roles(&self, cx: &OpCtx, of: Browse) -> Result<Paged<RoleLine>> {
        cx.require(Operation::RoleRead, Target::NONE)?;
        store::role_lines(self.store.read(), &cx.workspace, &of).await
    }

    /// A permission by its id or slug, with what carries it.
    pub async fn permission_line(&self, cx: &OpCtx, id_or_slug: &str) -> Result<PermissionLine> {
        cx.require(Operation::PermissionRead, Target::NONE)?;
        let db = self.store.read();
        let absent = || Error::absent(Code::PermissionNotFound);
        let found = store::find(db, &cx.workspace, id_or_slug).await?.ok_or_else(absent)?;
        store::permission_line(db, &cx.workspace, &found.id).await?.ok_or_else(absent)
    }

    /// A role by its id or name, with what carries it.
    pub async fn role_line(&self, cx: &OpCtx, id_or_name: &str) -> Result<RoleLine> {
        cx.require(Operation::RoleRead, Target::NONE)?;
        let db = self.store.read();
        let absent = || Error::absent(Code::RoleNotFound);
        let found = store::find_role(db, &cx.workspace, id_or_name).await?.ok_or_else(absent)?;
        store::role_line(db, &cx.workspace, &found.id).await?.ok_or_else(absent)
    }

    /// The permissions with these ids that exist, in one query.
    pub async fn known_permissions(&self, cx: &OpCtx, ids: &[&str]) -> Result<Vec<Permission>> {
        cx.require(Operation::PermissionRead, Target::NONE)?;
        let ids = ids.iter().copied().map(PermissionId::from);
        store::by_ids(self.store.read(), &cx.workspace, ids).await
    }

    /// As [`Permissions::known_permissions`], of roles.
    pub async fn known_roles(&self, cx: &OpCtx, ids: &[&str]) -> Result<Vec<Role>> {
        cx.require(Operation::RoleRead, Target::NONE)?;
        let ids = ids.iter().copied().map(RoleId::from);
        store::roles_by_ids(self.store.read(), &cx.workspace, ids).await
    }

    /// Roles that grant a permission, by name; at most a hundred.
    pub async fn roles_granting(&self, cx: &OpCtx, permission: &PermissionId) -> Result<Vec<Role>> {
        cx.require(Operation::RoleRead, Target::NONE)?;
        store::roles_granting(self.store.read(), &cx.workspace, permission).await
    }

    /// Makes all of these permissions or none. Of a slug that is taken, or given
    /// twice, the error says which.
    pub async fn create_permissions(
        &self,
        cx: &OpCtx,
        commands: Vec<CreatePermission>,
    ) -> Result<Vec<Permission>> {
        cx.require(Operation::PermissionCreate, Target::NONE)?;
        if commands.is_empty() || commands.len() > MANY {
            return Err(Error::invalid(format!("Give 1 to {MANY} permissions at once.")));
        }
        let mut wanted: Vec<Permission> = Vec::with_capacity(commands.len());
        let mut seen = std::collections::HashSet::new();
        for CreatePermission { name, slug, description } in commands {
            create::check_length(Field::Name, &name, 1, 512)?;
            create::check_slug(&slug)?;
            if !seen.insert(fold(&slug)) {
                return Err(Error::invalid(format!("The slug '{slug}' is given twice.")).at(Field::Slug));
            }
            let (id, description) =
                (self.entropy.id(PermissionId::PREFIX, cx.now_ms), described(description)?);
            wanted.push(Permission { id, name, slug, description });
        }
        self.store
            .write(|tx| async move {
                let folded = wanted.iter().map(|permission| fold(&permission.slug)).collect();
                let taken = store::by_slug(tx.db(), &cx.workspace, folded).await?;
                let mut taken: Vec<_> = taken.into_values().map(|known| known.slug).collect();
                taken.sort_unstable();
                if !taken.is_empty() {
                    let detail = format!("These slugs are taken: {}.", taken.join(", "));
                    return Err(Error::new(Code::PermissionExists, detail));
                }
                store::insert(tx.db(), cx, &wanted).await?;
                let mut group = Group::new();
                wanted.iter().for_each(|permission| ensure::audit(&mut group, permission));
                group.record(cx, &tx, &self.entropy).await?;
                tx.changed(Change::Rbac(cx.workspace.clone()));
                Ok(wanted)
            })
            .await
    }
}
