//! Roles and permissions of keys that come back from a backup.

use std::collections::HashSet;

use base::ids::{KeyId, PermissionId, RoleId, WorkspaceId};
use entity::{key_permission, key_role, permission, role, role_permission};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use base::audit::{self, Event};
use base::error::Result;
use base::store::{Reader, Tx, rows};

/// Gives keys the roles and permissions that they had. Those that are not here come from
/// the backup, unless they were deleted here, or others have their names now: then the
/// keys are without.
pub(crate) async fn copy_links(
    tx: &Tx,
    from: &Reader,
    workspace: &WorkspaceId,
    keys: &[KeyId],
) -> Result<()> {
    let of_keys = key_role::Column::KeyId.is_in(keys.iter().cloned());
    let mut roles = key_role::Entity::find().filter(of_keys).all(from).await?;
    let of_keys = key_permission::Column::KeyId.is_in(keys.iter().cloned());
    let mut permissions = key_permission::Entity::find().filter(of_keys).all(from).await?;
    let known =
        bring_roles(tx, from, workspace, roles.iter().map(|link| link.role_id.clone()).collect()).await?;
    roles.retain(|link| known.contains(&link.role_id));
    let ids = permissions.iter().map(|link| link.permission_id.clone()).collect();
    let known = bring_permissions(tx, from, workspace, ids).await?;
    permissions.retain(|link| known.contains(&link.permission_id));
    rows::put::<key_role::Entity, _>(tx, roles).await?;
    rows::put::<key_permission::Entity, _>(tx, permissions).await
}

/// The permissions of a workspace that is not here.
pub(crate) async fn copy_permissions(
    tx: &Tx,
    from: &Reader,
    workspace: &WorkspaceId,
    after: &str,
) -> Result<Option<String>> {
    let own = permission::Entity::find().filter(permission::Column::WorkspaceId.eq(workspace.clone()));
    rows::copy(tx, from, own, permission::Column::Id, after).await
}

/// Its roles, and what they grant.
pub(crate) async fn copy_roles(
    tx: &Tx,
    from: &Reader,
    workspace: &WorkspaceId,
    after: &str,
) -> Result<Option<String>> {
    let own = role::Entity::find().filter(role::Column::WorkspaceId.eq(workspace.clone()));
    let page = rows::page(from, own, role::Column::Id, after).await?;
    put_roles(tx, from, workspace, page.rows).await?;
    Ok(page.next)
}

/// Which of these are here by now.
async fn bring_roles(
    tx: &Tx,
    from: &Reader,
    workspace: &WorkspaceId,
    wanted: HashSet<RoleId>,
) -> Result<HashSet<RoleId>> {
    let mut here = known_roles(tx, workspace, &wanted).await?;
    let missing: Vec<&str> = wanted.difference(&here).map(RoleId::as_str).collect();
    if missing.is_empty() {
        return Ok(here);
    }
    let deleted = audit::targets_of(tx.db(), Event::RoleDelete, &missing, None).await?;
    let missing = missing.into_iter().filter(|id| !deleted.contains(*id));
    let lost = role::Entity::find().filter(role::Column::WorkspaceId.eq(workspace.clone()));
    let lost = lost.filter(role::Column::Id.is_in(missing)).all(from).await?;
    put_roles(tx, from, workspace, lost).await?;
    here.extend(known_roles(tx, workspace, &wanted).await?);
    Ok(here)
}

async fn put_roles(tx: &Tx, from: &Reader, workspace: &WorkspaceId, lost: Vec<role::Model>) -> Result<()> {
    let ids: HashSet<RoleId> = lost.iter().map(|role| role.id.clone()).collect();
    rows::put::<role::Entity, _>(tx, lost).await?;
    let put = known_roles(tx, workspace, &ids).await?;
    let of_roles = role_permission::Column::RoleId.is_in(put);
    let mut grants = role_permission::Entity::find().filter(of_roles).all(from).await?;
    let wanted = grants.iter().map(|grant| grant.permission_id.clone()).collect();
    let known = bring_permissions(tx, from, workspace, wanted).await?;
    grants.retain(|grant| known.contains(&grant.permission_id));
    rows::put::<role_permission::Entity, _>(tx, grants).await
}

async fn known_roles(tx: &Tx, workspace: &WorkspaceId, ids: &HashSet<RoleId>) -> Result<HashSet<RoleId>> {
    let own = role::Entity::find().select_only().column(role::Column::Id);
    let own = own.filter(role::Column::WorkspaceId.eq(workspace.clone()));
    let own = own.filter(role::Column::Id.is_in(ids.iter().cloned()));
    Ok(own.into_tuple::<RoleId>().all(tx.db()).await?.into_iter().collect())
}

/// Which of these are here by now.
async fn bring_permissions(
    tx: &Tx,
    from: &Reader,
    workspace: &WorkspaceId,
    wanted: HashSet<PermissionId>,
) -> Result<HashSet<PermissionId>> {
    let mut here = known_permissions(tx, workspace, &wanted).await?;
    let missing: Vec<&str> = wanted.difference(&here).map(PermissionId::as_str).collect();
    if missing.is_empty() {
        return Ok(here);
    }
    let deleted = audit::targets_of(tx.db(), Event::PermissionDelete, &missing, None).await?;
    let missing = missing.into_iter().filter(|id| !deleted.contains(*id));
    let lost = permission::Entity::find().filter(permission::Column::WorkspaceId.eq(workspace.clone()));
    let lost = lost.filter(permission::Column::Id.is_in(missing)).all(from).await?;
    rows::put::<permission::Entity, _>(tx, lost).await?;
    here.extend(known_permissions(tx, workspace, &wanted).await?);
    Ok(here)
}

async fn known_permissions(
    tx: &Tx,
    workspace: &WorkspaceId,
    ids: &HashSet<PermissionId>,
) -> Result<HashSet<PermissionId>> {
    let own = permission::Entity::find().select_only().column(permission::Column::Id);
    let own = own.filter(permission::Column::WorkspaceId.eq(workspace.clone()));
    let own = own.filter(permission::Column::Id.is_in(ids.iter().cloned()));
    Ok(own.into_tuple::<PermissionId>().all(tx.db()).await?.into_iter().collect())
}

/// Removes what was copied of a workspace; what keys and roles have of it goes with it.
pub(crate) async fn remove_copied(tx: &Tx, workspace: &WorkspaceId) -> Result<bool> {
    let roles = role::Entity::find().filter(role::Column::WorkspaceId.eq(workspace.clone()));
    let own = permission::Entity::find().filter(permission::Column::WorkspaceId.eq(workspace.clone()));
    Ok(rows::remove(tx, roles, role::Column::Id).await?
        | rows::remove(tx, own, permission::Column::Id).await?)
}
