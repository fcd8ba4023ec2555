//! Roles and direct permissions of a key: adding, removing, replacing.
//!
//! Each call answers what the key then carries. Adding what is there and
//! removing what is not change nothing and are not audited (v2 contract, 5.10).

use entity::ids::KeyId;

use super::{Key, Keys, absent, store};
use crate::audit::{Event, Group};
use crate::error::{Code, Error, Result};
use crate::grants::{Operation, Target};
use crate::op::OpCtx;
use crate::permissions::{self, Permission, Role, RoleDetails};
use crate::store::Tx;

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
    /// Slugs of permissions or names of roles.
    pub names: Vec<String>,
}

impl Keys {
    /// Changes the direct permissions of a key and answers all of them. Unknown
    /// slugs are made where they are added, which needs a grant of its own;
    /// removing one fails with `permission_not_found`.
    pub async fn change_permissions(&self, cx: &OpCtx, command: ChangeAccess) -> Result<Vec<Permission>> {
        let operation = match command.change {
            Change::Add => Operation::KeyAddPermissions,
            Change::Remove => Operation::KeyRemovePermissions,
            Change::Set => Operation::KeySetPermissions,
        };
        super::bounds::check_slugs("permissions", &command.names)?;
        self.store
            .write(|tx| async move {
                let key = self.for_access(cx, &tx, &command.key_id, operation).await?;
                let mut group = Group::new();
                let before = permissions::direct_of(&tx, &key.id).await?;
                let wanted = self.wanted_permissions(cx, &tx, &mut group, &command, &before).await?;
                let change = permissions::set_key_permissions(&tx, &key.id, &wanted).await?;
                for permission in &change.removed {
                    let text = format!("Disconnected permission {} and key {}", permission.slug, key.id);
                    let targets = vec![key.audit_target(), permission.audit_target()];
                    group.push(Event::DisconnectPermissionKey, text, targets);
                }
                for permission in &change.added {
                    let text = format!("Connected permission {} and key {}", permission.slug, key.id);
                    let targets = vec![key.audit_target(), permission.audit_target()];
                    group.push(Event::ConnectPermissionKey, text, targets);
                }
                group.record(cx, &tx, &self.entropy).await?;
                key.announce(&tx);
                Ok(wanted)
            })
            .await
    }

    /// Changes the roles of a key and answers all of them. Every name must
    /// exist, else `role_not_found`.
    pub async fn change_roles(&self, cx: &OpCtx, command: ChangeAccess) -> Result<Vec<RoleDetails>> {
        let operation = match command.change {
            Change::Add => Operation::KeyAddRoles,
            Change::Remove => Operation::KeyRemoveRoles,
            Change::Set => Operation::KeySetRoles,
        };
        super::bounds::check_slugs("roles", &command.names)?;
        self.store
            .write(|tx| async move {
                let key = self.for_access(cx, &tx, &command.key_id, operation).await?;
                let named = permissions::roles_by_name(tx.db(), &cx.workspace, &command.names).await?;
                let before = permissions::roles_of(&tx, &key.id).await?;
                let wanted = combined(command.change, before, named, |role: &Role| role.id.clone());
                let change = permissions::set_key_roles(&tx, &key.id, &wanted).await?;
                let mut group = Group::new();
                for role in &change.removed {
                    let text = format!("Disconnected role {} and key {}", role.name, key.id);
                    let targets = vec![key.audit_target(), role.audit_target()];
                    group.push(Event::DisconnectRoleKey, text, targets);
                }
                for role in &change.added {
                    let text = format!("Connected role {} and key {}", role.name, key.id);
                    group.push(Event::ConnectRoleKey, text, vec![key.audit_target(), role.audit_target()]);
                }
                group.record(cx, &tx, &self.entropy).await?;
                key.announce(&tx);
                permissions::with_permissions(tx.db(), wanted).await
            })
            .await
    }

    async fn for_access(&self, cx: &OpCtx, tx: &Tx, id: &KeyId, operation: Operation) -> Result<Key> {
        let key = store::find(tx.db(), &cx.workspace, id).await?.ok_or_else(absent)?;
        cx.require(operation, key.target())?;
        Ok(key)
    }

    async fn wanted_permissions(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        group: &mut Group,
        command: &ChangeAccess,
        before: &[Permission],
    ) -> Result<Vec<Permission>> {
        let unknown = permissions::unknown_slugs(tx, &cx.workspace, &command.names).await?;
        if let Some(slug) = unknown.first() {
            if command.change == Change::Remove {
                let detail = format!("The permission '{slug}' does not exist.");
                return Err(Error::new(Code::PermissionNotFound, detail));
            }
            cx.require(Operation::PermissionCreateImplicit, Target::NONE)?;
        }
        let named = permissions::ensure(tx, cx, &self.entropy, group, &command.names).await?;
        Ok(combined(command.change, before.to_vec(), named, |permission: &Permission| permission.id.clone()))
    }
}

/// What was there, in its order, then what came.
fn combined<T, I: PartialEq>(change: Change, before: Vec<T>, named: Vec<T>, id: impl Fn(&T) -> I) -> Vec<T> {
    match change {
        Change::Set => named,
        Change::Remove => {
            before.into_iter().filter(|old| !named.iter().any(|gone| id(gone) == id(old))).collect()
        }
        Change::Add => {
            let mut all = before;
            for new in named {
                if !all.iter().any(|old| id(old) == id(&new)) {
                    all.push(new);
                }
            }
            all
        }
    }
}
