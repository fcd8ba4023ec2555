//! Roles and direct permissions of a key: adding, removing, replacing.
//!
//! Each call answers what the key then carries, and what of it the request
//! named. Adding what is there and removing what is not change nothing and are
//! not audited (docs/contract/v2.md#roles-and-permissions-of-keys).

use std::collections::HashSet;
use std::hash::Hash;

use base::ids::KeyId;

use super::{Key, Keys, absent, store};
use crate::permissions::{self, LinkChange, Permission, Reference, Role, RoleDetails};
use base::access::{OpCtx, Operation};
use base::audit::{Event, Group};
use base::error::{Field, Result};
use base::store::Tx;

/// What to do with a list of roles or permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Add,
    Remove,
    Set,
}

/// A change of what a key carries.
#[derive(Clone, Debug)]
pub struct ChangeAccess {
    pub key_id: KeyId,
    pub change: Change,
    pub items: Vec<Reference>,
}

/// What a change of access led to.
#[derive(Debug)]
pub struct AccessResult<T> {
    /// Everything the key now carries.
    pub all: Vec<T>,
    /// What the request named, in its order.
    pub named: Vec<T>,
}

impl Keys {
    /// Changes the direct permissions of a key. See [`Reference`] for those that
    /// do not exist.
    pub async fn change_permissions(
        &self,
        cx: &OpCtx,
        command: ChangeAccess,
    ) -> Result<AccessResult<Permission>> {
        let operation = match command.change {
            Change::Add => Operation::KeyAddPermissions,
            Change::Remove => Operation::KeyRemovePermissions,
            Change::Set => Operation::KeySetPermissions,
        };
        super::bounds::check_references(Field::Permissions, &command.items)?;
        self.store
            .write(|tx| async move {
                let key = self.for_access(cx, &tx, &command.key_id, operation).await?;
                let mut group = Group::new();
                let before = permissions::direct_of(&tx, &key.id).await?;
                let named = permissions::resolve(&tx, cx, &self.entropy, &mut group, &command.items).await?;
                let all = combined(command.change, before, &named, |permission| permission.id.clone());
                let change = permissions::set_key_permissions(&tx, &key.id, &all).await?;
                require_permissions(cx, &key, &change)?;
                for permission in &change.removed {
                    let text = format!("Removed permission {} from key {}", permission.slug, key.id);
                    let targets = vec![key.audit_target(), permission.audit_target()];
                    group.push(Event::DisconnectPermissionKey, text, targets);
                }
                for permission in &change.added {
                    let text = format!("Added permission {} to key {}", permission.slug, key.id);
                    let targets = vec![key.audit_target(), permission.audit_target()];
                    group.push(Event::ConnectPermissionKey, text, targets);
                }
                group.record(cx, &tx, &self.entropy).await?;
                key.announce(&tx);
                Ok(AccessResult { all, named })
            })
            .await
    }

    /// Changes the roles of a key. See [`Reference`] for those that do not exist.
    pub async fn change_roles(&self, cx: &OpCtx, command: ChangeAccess) -> Result<AccessResult<RoleDetails>> {
        let (operation, making) = match command.change {
            Change::Add => (Operation::KeyAddRoles, Operation::RoleCreateByAdding),
            Change::Remove => (Operation::KeyRemoveRoles, Operation::RoleCreateImplicit),
            Change::Set => (Operation::KeySetRoles, Operation::RoleCreateImplicit),
        };
        super::bounds::check_references(Field::Roles, &command.items)?;
        self.store
            .write(|tx| async move {
                let key = self.for_access(cx, &tx, &command.key_id, operation).await?;
                let mut group = Group::new();
                let named =
                    permissions::resolve_roles(&tx, cx, &self.entropy, &mut group, &command.items, making)
                        .await?;
                let before = permissions::roles_of(&tx, &key.id).await?;
                let all = combined(command.change, before, &named, |role: &Role| role.id.clone());
                let change = permissions::set_key_roles(&tx, &key.id, &all).await?;
                require_roles(cx, &key, &change)?;
                for role in &change.removed {
                    let text = format!("Removed role {} from key {}", role.name, key.id);
                    let targets = vec![key.audit_target(), role.audit_target()];
                    group.push(Event::DisconnectRoleKey, text, targets);
                }
                for role in &change.added {
                    let text = format!("Added role {} to key {}", role.name, key.id);
                    group.push(Event::ConnectRoleKey, text, vec![key.audit_target(), role.audit_target()]);
                }
                group.record(cx, &tx, &self.entropy).await?;
                key.announce(&tx);
                let all = permissions::with_permissions(tx.db(), all).await?;
                Ok(AccessResult { all, named: permissions::with_permissions(tx.db(), named).await? })
            })
            .await
    }

    async fn for_access(&self, cx: &OpCtx, tx: &Tx, id: &KeyId, operation: Operation) -> Result<Key> {
        let key = store::find(tx.db(), &cx.workspace, id).await?.ok_or_else(absent)?;
        cx.require(operation, key.target())?;
        Ok(key)
    }
}

/// A change asks for the rights on what it adds and what it takes.
pub(super) fn require_permissions(cx: &OpCtx, key: &Key, change: &LinkChange<Permission>) -> Result<()> {
    if !change.removed.is_empty() {
        cx.require(Operation::KeyDisconnectPermission, key.target())?;
    }
    if !change.added.is_empty() {
        cx.require(Operation::KeyConnectPermission, key.target())?;
    }
    Ok(())
}

/// As [`require_permissions`], for roles.
pub(super) fn require_roles(cx: &OpCtx, key: &Key, change: &LinkChange<Role>) -> Result<()> {
    if !change.removed.is_empty() {
        cx.require(Operation::KeyDisconnectRole, key.target())?;
    }
    if !change.added.is_empty() {
        cx.require(Operation::KeyConnectRole, key.target())?;
    }
    Ok(())
}

/// What was there, in its order, then what came.
fn combined<T: Clone, I: Eq + Hash>(
    change: Change,
    before: Vec<T>,
    named: &[T],
    id: impl Fn(&T) -> I,
) -> Vec<T> {
    match change {
        Change::Set => named.to_vec(),
        Change::Remove => {
            let gone: HashSet<I> = named.iter().map(&id).collect();
            before.into_iter().filter(|old| !gone.contains(&id(old))).collect()
        }
        Change::Add => {
            let mut held: HashSet<I> = before.iter().map(&id).collect();
            let new = named.iter().filter(|new| held.insert(id(new))).cloned();
            before.into_iter().chain(new.collect::<Vec<_>>()).collect()
        }
    }
}
