//! Rows of permissions, roles and their links.

mod feed;
mod lines;
mod lookup;
mod recovered;

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use base::ids::{KeyId, PermissionId, RoleId, WorkspaceId};
use entity::{key_permission, key_role, permission, role, role_permission};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, Set,
};

pub use feed::{PermissionFeed, RoleFeed};
pub(super) use lines::{permission_line, permission_lines, role_line, role_lines, roles_granting};
pub(crate) use lookup::{
    KEYS_OF_PERMISSION, KEYS_OF_ROLE, first, first_roles, keys_with_permission, keys_with_role,
};
pub use lookup::{direct_of, roles_of, with_permissions};
pub(super) use lookup::{
    find, find_role, page, page_of_roles, remove, remove_role, save, save_role, unlink_role,
};
pub(crate) use recovered::{copy_links, copy_permissions, copy_roles, remove_copied};

use super::{Permission, Role, fold};
use base::access::OpCtx;
use base::error::{Code, Error, Result};
use base::store::{Tx, Unique};

const SLUG: Unique =
    Unique { index: "permissions_slug", columns: "permissions.workspace_id, permissions.slug_folded" };
const ROLE_NAME: Unique = Unique { index: "roles_name", columns: "roles.workspace_id, roles.name_folded" };

/// Rows per statement: well under SQLite's limit of bound values.
const CHUNK: usize = 500;

impl From<permission::Model> for Permission {
    fn from(row: permission::Model) -> Self {
        Self { id: row.id, name: row.name, slug: row.slug, description: row.description }
    }
}

impl From<role::Model> for Role {
    fn from(row: role::Model) -> Self {
        Self { id: row.id, name: row.name, description: row.description }
    }
}

/// What a key carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRbac {
    /// By name.
    pub roles: Vec<Role>,
    /// Given to the key itself, by slug.
    pub direct: Vec<Permission>,
    /// Slugs of the direct permissions and of those of its roles: unique and sorted.
    pub effective: Vec<String>,
}

/// What replacing the links of a key added and took away.
#[derive(Debug)]
pub struct LinkChange<T> {
    pub added: Vec<T>,
    pub removed: Vec<T>,
}

/// Permissions by their folded slug; unknown ones are left out.
pub(super) async fn by_slug(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    folded: Vec<String>,
) -> Result<HashMap<String, Permission>> {
    if folded.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = permission::Entity::find()
        .filter(permission::Column::WorkspaceId.eq(workspace.clone()))
        .filter(permission::Column::SlugFolded.is_in(folded))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.slug_folded.clone(), Permission::from(row))).collect())
}

/// Permissions with these ids; unknown ones are left out.
pub(super) async fn by_ids(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    ids: impl Iterator<Item = PermissionId>,
) -> Result<Vec<Permission>> {
    let ids: Vec<PermissionId> = ids.collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = permission::Entity::find()
        .filter(permission::Column::WorkspaceId.eq(workspace.clone()))
        .filter(permission::Column::Id.is_in(ids))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(Permission::from).collect())
}

/// Roles with these ids; unknown ones are left out.
pub(super) async fn roles_by_ids(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    ids: impl Iterator<Item = RoleId>,
) -> Result<Vec<Role>> {
    let ids: Vec<RoleId> = ids.collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = role::Entity::find()
        .filter(role::Column::WorkspaceId.eq(workspace.clone()))
        .filter(role::Column::Id.is_in(ids))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(Role::from).collect())
}

/// Roles by their folded name; unknown ones are left out.
pub(super) async fn known_roles(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    names: &[String],
) -> Result<HashMap<String, Role>> {
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = role::Entity::find()
        .filter(role::Column::WorkspaceId.eq(workspace.clone()))
        .filter(role::Column::NameFolded.is_in(names.iter().map(|name| fold(name))))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.name_folded.clone(), Role::from(row))).collect())
}

/// Those of these slugs that name no permission yet.
pub(super) async fn unknown_slugs(tx: &Tx, workspace: &WorkspaceId, slugs: &[String]) -> Result<Vec<String>> {
    let known = by_slug(tx.db(), workspace, slugs.iter().map(|slug| fold(slug)).collect()).await?;
    Ok(slugs.iter().filter(|slug| !known.contains_key(&fold(slug))).cloned().collect())
}

/// What each of these keys carries, in at most three queries. Every key has an
/// entry. The caller has made sure that the keys are the workspace's own.
pub async fn of_keys(db: &impl ConnectionTrait, keys: &[KeyId]) -> Result<HashMap<KeyId, KeyRbac>> {
    let mut rbac: HashMap<KeyId, KeyRbac> =
        keys.iter().map(|key| (key.clone(), KeyRbac::default())).collect();
    for (key, role) in roles_of_keys(db, keys).await? {
        rbac.entry(key).or_default().roles.push(role);
    }
    for (key, permission) in permissions_of_keys(db, keys).await? {
        rbac.entry(key).or_default().direct.push(permission);
    }
    let mut roles: Vec<RoleId> =
        rbac.values().flat_map(|key| key.roles.iter().map(|role| role.id.clone())).collect();
    roles.sort_unstable();
    roles.dedup();
    let granted = slugs_of_roles(db, roles).await?;
    for key in rbac.values_mut() {
        let of_roles = key.roles.iter().filter_map(|role| granted.get(&role.id)).flatten();
        let direct = key.direct.iter().map(|permission| &permission.slug);
        key.effective = of_roles.chain(direct).cloned().collect();
        key.effective.sort_unstable();
        key.effective.dedup();
    }
    Ok(rbac)
}

async fn roles_of_keys(db: &impl ConnectionTrait, keys: &[KeyId]) -> Result<Vec<(KeyId, Role)>> {
    let to_role =
        key_role::Entity::belongs_to(role::Entity).from(key_role::Column::RoleId).to(role::Column::Id).into();
    let rows = key_role::Entity::find()
        .join(JoinType::InnerJoin, to_role)
        .select_also(role::Entity)
        .filter(key_role::Column::KeyId.is_in(keys.iter().cloned()))
        .order_by_asc(role::Column::Name)
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(|(link, role)| Some((link.key_id, role?.into()))).collect())
}

async fn permissions_of_keys(db: &impl ConnectionTrait, keys: &[KeyId]) -> Result<Vec<(KeyId, Permission)>> {
    let to_permission = key_permission::Entity::belongs_to(permission::Entity)
        .from(key_permission::Column::PermissionId)
        .to(permission::Column::Id)
        .into();
    let rows = key_permission::Entity::find()
        .join(JoinType::InnerJoin, to_permission)
        .select_also(permission::Entity)
        .filter(key_permission::Column::KeyId.is_in(keys.iter().cloned()))
        .order_by_asc(permission::Column::Slug)
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(|(link, permission)| Some((link.key_id, permission?.into()))).collect())
}

async fn slugs_of_roles(
    db: &impl ConnectionTrait,
    roles: Vec<RoleId>,
) -> Result<HashMap<RoleId, Vec<String>>> {
    let mut slugs: HashMap<RoleId, Vec<String>> = HashMap::new();
    if roles.is_empty() {
        return Ok(slugs);
    }
    let to_permission = role_permission::Entity::belongs_to(permission::Entity)
        .from(role_permission::Column::PermissionId)
        .to(permission::Column::Id)
        .into();
    let rows: Vec<(RoleId, String)> = role_permission::Entity::find()
        .join(JoinType::InnerJoin, to_permission)
        .filter(role_permission::Column::RoleId.is_in(roles))
        .select_only()
        .column(role_permission::Column::RoleId)
        .column(permission::Column::Slug)
        .into_tuple()
        .all(db)
        .await?;
    for (role, slug) in rows {
        slugs.entry(role).or_default().push(slug);
    }
    Ok(slugs)
}

/// Links a key to permissions and roles it does not carry yet.
pub async fn link_key(
    tx: &Tx,
    key: &KeyId,
    permissions: impl IntoIterator<Item = &PermissionId>,
    roles: impl IntoIterator<Item = &RoleId>,
) -> Result<()> {
    let permissions: Vec<_> = permissions
        .into_iter()
        .map(|id| key_permission::ActiveModel { key_id: Set(key.clone()), permission_id: Set(id.clone()) })
        .collect();
    for chunk in permissions.chunks(CHUNK) {
        key_permission::Entity::insert_many(chunk.to_vec()).exec_without_returning(tx.db()).await?;
    }
    let roles: Vec<_> = roles
        .into_iter()
        .map(|id| key_role::ActiveModel { key_id: Set(key.clone()), role_id: Set(id.clone()) })
        .collect();
    for chunk in roles.chunks(CHUNK) {
        key_role::Entity::insert_many(chunk.to_vec()).exec_without_returning(tx.db()).await?;
    }
    Ok(())
}

/// Makes these the only permissions given to the key itself. The caller
/// publishes the change of the key.
pub async fn set_key_permissions(
    tx: &Tx,
    key: &KeyId,
    wanted: &[Permission],
) -> Result<LinkChange<Permission>> {
    let before = permissions_of_keys(tx.db(), std::slice::from_ref(key)).await?;
    let change = difference(before, wanted);
    if !change.removed.is_empty() {
        let removed = change.removed.iter().map(|permission| permission.id.clone());
        key_permission::Entity::delete_many()
            .filter(key_permission::Column::KeyId.eq(key.clone()))
            .filter(key_permission::Column::PermissionId.is_in(removed))
            .exec(tx.db())
            .await?;
    }
    link_key(tx, key, change.added.iter().map(|permission| &permission.id), []).await?;
    Ok(change)
}

/// Makes these the only roles of the key. The caller publishes the change of
/// the key.
pub async fn set_key_roles(tx: &Tx, key: &KeyId, wanted: &[Role]) -> Result<LinkChange<Role>> {
    let before = roles_of_keys(tx.db(), std::slice::from_ref(key)).await?;
    let change = difference(before, wanted);
    if !change.removed.is_empty() {
        let removed = change.removed.iter().map(|role| role.id.clone());
        key_role::Entity::delete_many()
            .filter(key_role::Column::KeyId.eq(key.clone()))
            .filter(key_role::Column::RoleId.is_in(removed))
            .exec(tx.db())
            .await?;
    }
    link_key(tx, key, [], change.added.iter().map(|role| &role.id)).await?;
    Ok(change)
}

fn difference<T: Clone + Eq + Hash>(before: Vec<(KeyId, T)>, wanted: &[T]) -> LinkChange<T> {
    let held: HashSet<&T> = before.iter().map(|(_, item)| item).collect();
    let kept: HashSet<&T> = wanted.iter().collect();
    let added = wanted.iter().filter(|item| !held.contains(item)).cloned().collect();
    drop(held);
    let removed = before.into_iter().map(|(_, item)| item).filter(|item| !kept.contains(item)).collect();
    LinkChange { added, removed }
}

/// A slug that is taken fails with `permission_already_exists`.
pub(super) async fn insert(db: &impl ConnectionTrait, cx: &OpCtx, permissions: &[Permission]) -> Result<()> {
    for chunk in permissions.chunks(CHUNK) {
        let rows = chunk.iter().map(|permission| permission::ActiveModel {
            id: Set(permission.id.clone()),
            workspace_id: Set(cx.workspace.clone()),
            name: Set(permission.name.clone()),
            slug: Set(permission.slug.clone()),
            slug_folded: Set(fold(&permission.slug)),
            description: Set(permission.description.clone()),
            created_at: Set(cx.now_ms),
            updated_at: Set(None),
        });
        permission::Entity::insert_many(rows).exec_without_returning(db).await.map_err(|error| {
            if SLUG.refused(&error) {
                let slugs: Vec<&str> = chunk.iter().map(|permission| permission.slug.as_str()).collect();
                let detail = format!("A permission with slug '{}' already exists.", slugs.join("', '"));
                return Error::new(Code::PermissionExists, detail);
            }
            error.into()
        })?;
    }
    Ok(())
}

/// A name that is taken fails with `role_already_exists`.
pub(super) async fn insert_role(db: &impl ConnectionTrait, cx: &OpCtx, role: &Role) -> Result<()> {
    let row = role::ActiveModel {
        id: Set(role.id.clone()),
        workspace_id: Set(cx.workspace.clone()),
        name: Set(role.name.clone()),
        name_folded: Set(fold(&role.name)),
        description: Set(role.description.clone()),
        created_at: Set(cx.now_ms),
        updated_at: Set(None),
    };
    role::Entity::insert(row).exec_without_returning(db).await.map_err(|error| {
        if ROLE_NAME.refused(&error) {
            return Error::new(Code::RoleExists, format!("A role with name '{}' already exists.", role.name));
        }
        error.into()
    })?;
    Ok(())
}

pub(super) async fn link_role(
    db: &impl ConnectionTrait,
    role: &RoleId,
    permissions: &[Permission],
) -> Result<()> {
    for chunk in permissions.chunks(CHUNK) {
        let rows = chunk.iter().map(|permission| role_permission::ActiveModel {
            role_id: Set(role.clone()),
            permission_id: Set(permission.id.clone()),
        });
        role_permission::Entity::insert_many(rows).exec_without_returning(db).await?;
    }
    Ok(())
}
