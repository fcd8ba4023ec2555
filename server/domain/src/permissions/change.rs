//! Changing and removing permissions and roles. Keys see it with their next
//! verification.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::create::{check_length, check_slug, check_slugs, described};
use super::{Permission, Permissions, Role, RoleDetails, ensure, store};
use base::access::{OpCtx, Operation, Target};
use base::audit::{Event, Group, changes};
use base::edit_version::Version;
use base::error::{Code, Error, Field, Result};
use base::patch::Patch;
use base::store::{Change, Tx};

/// A change of a permission; what is left out stays.
#[derive(Clone, Debug)]
pub struct UpdatePermission {
    /// Id or slug.
    pub permission: String,
    pub name: Option<String>,
    pub slug: Option<String>,
    /// Empty text clears, too.
    pub description: Patch<String>,
    /// The state that was seen, if there is to be no other; else fails with
    /// `edit_conflict`.
    pub made_from: Option<Version>,
}

/// A change of a role; what is left out stays.
#[derive(Clone, Debug)]
pub struct UpdateRole {
    /// Id or name.
    pub role: String,
    pub name: Option<String>,
    /// Empty text clears, too.
    pub description: Patch<String>,
}

/// The permissions a role shall have, and no others.
#[derive(Clone, Debug)]
pub struct SetRolePermissions {
    /// Id or name.
    pub role: String,
    /// Slugs; unknown ones are made, which needs a grant of its own.
    pub permissions: Vec<String>,
}

impl Permission {
    /// What a change of it is made from.
    pub fn version(&self) -> Version {
        Version::of(&json!([self.name, self.slug, self.description]))
    }
}

impl RoleDetails {
    /// What a change of it is made from.
    pub fn version(&self) -> Version {
        let mut slugs: Vec<&str> =
            self.permissions.iter().map(|permission| permission.slug.as_str()).collect();
        slugs.sort_unstable();
        Version::of(&json!([self.role.name, self.role.description, slugs]))
    }
}

impl Permissions {
    /// Changes a permission; a change of nothing writes nothing.
    pub async fn update_permission(&self, cx: &OpCtx, command: UpdatePermission) -> Result<Permission> {
        self.store
            .write(|tx| async move {
                let mut group = Group::new();
                let after = self.update_permission_in(cx, &tx, &mut group, command).await?;
                group.record(cx, &tx, &self.entropy).await?;
                Ok(after)
            })
            .await
    }

    /// As [`Permissions::update_permission`], as a part of a larger change.
    pub(crate) async fn update_permission_in(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        group: &mut Group,
        command: UpdatePermission,
    ) -> Result<Permission> {
        let before = store::find(tx.db(), &cx.workspace, &command.permission).await?;
        let target = before.as_ref().map_or(Target::NONE, |found| Target::permission(&found.id));
        cx.require(Operation::PermissionUpdate, target)?;
        let before = before.ok_or_else(|| Error::absent(Code::PermissionNotFound))?;
        if let Some(made_from) = &command.made_from {
            made_from.require(&before.version())?;
        }
        let mut after = before.clone();
        after.name = command.name.unwrap_or(after.name);
        after.slug = command.slug.unwrap_or(after.slug);
        command.description.apply(&mut after.description);
        after.description = described(after.description)?;
        check_length(Field::Name, &after.name, 1, 512)?;
        check_slug(&after.slug)?;
        if after == before {
            return Ok(after);
        }
        store::save(tx, &after, cx.now_ms).await?;
        let fields = |permission: &Permission| {
            let Permission { name, slug, description, .. } = permission;
            [("name", json!(name)), ("slug", json!(slug)), ("description", json!(description))]
        };
        let changes = changes(fields(&before), fields(&after));
        let text = format!("Updated permission {}", after.slug);
        let targets = vec![after.audit_target()];
        group.push_change(Event::PermissionUpdate, text, targets, Value::Object(changes));
        tx.changed(Change::Rbac(cx.workspace.clone()));
        Ok(after)
    }

    /// Changes a role; a change of nothing writes nothing.
    pub async fn update_role(&self, cx: &OpCtx, command: UpdateRole) -> Result<Role> {
        self.store
            .write(|tx| async move {
                let mut group = Group::new();
                let after = self.update_role_in(cx, &tx, &mut group, command).await?;
                group.record(cx, &tx, &self.entropy).await?;
                Ok(after)
            })
            .await
    }

    /// Changes a role and replaces its permissions by these slugs, both or neither.
    /// Fails with `edit_conflict` unless the role is as it was seen.
    pub async fn save_role(
        &self,
        cx: &OpCtx,
        command: UpdateRole,
        slugs: Vec<String>,
        made_from: Version,
    ) -> Result<Role> {
        cx.require(Operation::RoleSetPermissions, Target::NONE)?;
        check_slugs(&slugs)?;
        self.store
            .write(|tx| async move {
                if let Some(role) = store::find_role(tx.db(), &cx.workspace, &command.role).await? {
                    let seen = store::with_permissions(tx.db(), vec![role]).await?;
                    seen.iter().try_for_each(|role| made_from.require(&role.version()))?;
                }
                let mut group = Group::new();
                let role = self.update_role_in(cx, &tx, &mut group, command).await?;
                let command = SetRolePermissions { role: role.id.to_string(), permissions: slugs };
                self.set_role_permissions_in(cx, &tx, &mut group, command).await?;
                group.record(cx, &tx, &self.entropy).await?;
                Ok(role)
            })
            .await
    }

    /// As [`Permissions::update_role`], as a part of a larger change.
    pub(crate) async fn update_role_in(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        group: &mut Group,
        command: UpdateRole,
    ) -> Result<Role> {
        let before = store::find_role(tx.db(), &cx.workspace, &command.role).await?;
        let target = before.as_ref().map_or(Target::NONE, |found| Target::role(&found.id));
        cx.require(Operation::RoleUpdate, target)?;
        let before = before.ok_or_else(|| Error::absent(Code::RoleNotFound))?;
        let mut after = before.clone();
        after.name = command.name.unwrap_or(after.name);
        command.description.apply(&mut after.description);
        after.description = described(after.description)?;
        check_length(Field::Name, &after.name, 1, 512)?;
        if after == before {
            return Ok(after);
        }
        store::save_role(tx, &after, cx.now_ms).await?;
        let fields = |role: &Role| [("name", json!(role.name)), ("description", json!(role.description))];
        let changes = changes(fields(&before), fields(&after));
        let text = format!("Updated role {}", after.name);
        let targets = vec![after.audit_target()];
        group.push_change(Event::RoleUpdate, text, targets, Value::Object(changes));
        tx.changed(Change::Rbac(cx.workspace.clone()));
        Ok(after)
    }

    /// Removes a permission, given by id or slug, from keys and roles too.
    pub async fn delete_permission(&self, cx: &OpCtx, id_or_slug: &str) -> Result<()> {
        self.store
            .write(|tx| async move {
                let mut group = Group::new();
                self.delete_permission_in(cx, &tx, &mut group, id_or_slug).await?;
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }

    /// As [`Permissions::delete_permission`], as a part of a larger change.
    pub(crate) async fn delete_permission_in(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        group: &mut Group,
        id_or_slug: &str,
    ) -> Result<()> {
        cx.require(Operation::PermissionDelete, Target::NONE)?;
        let found = store::find(tx.db(), &cx.workspace, id_or_slug).await?;
        let permission = found.ok_or_else(|| Error::absent(Code::PermissionNotFound))?;
        store::remove(tx, &permission.id).await?;
        let text = format!("Deleted permission {}", permission.slug);
        group.push(Event::PermissionDelete, text, vec![permission.audit_target()]);
        tx.changed(Change::Rbac(cx.workspace.clone()));
        Ok(())
    }

    /// Removes a role, given by id or name, from keys too.
    pub async fn delete_role(&self, cx: &OpCtx, id_or_name: &str) -> Result<()> {
        self.store
            .write(|tx| async move {
                let mut group = Group::new();
                self.delete_role_in(cx, &tx, &mut group, id_or_name).await?;
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }

    /// As [`Permissions::delete_role`], as a part of a larger change.
    pub(crate) async fn delete_role_in(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        group: &mut Group,
        id_or_name: &str,
    ) -> Result<()> {
        cx.require(Operation::RoleDelete, Target::NONE)?;
        let found = store::find_role(tx.db(), &cx.workspace, id_or_name).await?;
        let role = found.ok_or_else(|| Error::absent(Code::RoleNotFound))?;
        store::remove_role(tx, &role.id).await?;
        group.push(Event::RoleDelete, format!("Deleted role {}", role.name), vec![role.audit_target()]);
        tx.changed(Change::Rbac(cx.workspace.clone()));
        Ok(())
    }

    /// Replaces the permissions of a role and answers them by slug.
    pub async fn set_role_permissions(
        &self,
        cx: &OpCtx,
        command: SetRolePermissions,
    ) -> Result<Vec<Permission>> {
        self.store
            .write(|tx| async move {
                let mut group = Group::new();
                let after = self.set_role_permissions_in(cx, &tx, &mut group, command).await?;
                group.record(cx, &tx, &self.entropy).await?;
                Ok(after)
            })
            .await
    }

    /// As [`Permissions::set_role_permissions`], as a part of a larger change.
    pub(crate) async fn set_role_permissions_in(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        group: &mut Group,
        command: SetRolePermissions,
    ) -> Result<Vec<Permission>> {
        cx.require(Operation::RoleSetPermissions, Target::NONE)?;
        check_slugs(&command.permissions)?;
        let found = store::find_role(tx.db(), &cx.workspace, &command.role).await?;
        let role = found.ok_or_else(|| Error::absent(Code::RoleNotFound))?;
        let slugs = ensure::each_once(command.permissions);
        if !store::unknown_slugs(tx, &cx.workspace, &slugs).await?.is_empty() {
            cx.require(Operation::PermissionCreateImplicit, Target::NONE)?;
        }
        let before = store::with_permissions(tx.db(), vec![role]).await?.pop();
        let RoleDetails { role, permissions: before } =
            before.ok_or_else(|| Error::internal("completing a role lost it"))?;
        let mut wanted = ensure::ensure(tx, cx, &self.entropy, group, &slugs).await?;
        wanted.sort_by(|a, b| a.slug.cmp(&b.slug));
        store::unlink_role(tx, &role.id).await?;
        store::link_role(tx.db(), &role.id, &wanted).await?;
        let (had, has): (HashSet<_>, HashSet<_>) = (before.iter().collect(), wanted.iter().collect());
        for gone in before.iter().filter(|old| !has.contains(old)) {
            let text = format!("Removed permission {} from role {}", gone.slug, role.name);
            let targets = vec![role.audit_target(), gone.audit_target()];
            group.push(Event::DisconnectRolePermissions, text, targets);
        }
        for new in wanted.iter().filter(|new| !had.contains(new)) {
            let text = format!("Added permission {} to role {}", new.slug, role.name);
            let targets = vec![role.audit_target(), new.audit_target()];
            group.push(Event::ConnectRolePermission, text, targets);
        }
        tx.changed(Change::Rbac(cx.workspace.clone()));
        Ok(wanted)
    }
}
