//! Making permissions and roles.

use base::ids::{PermissionId, RoleId};

use super::{Permission, Permissions, Role, check_count, ensure, store};
use base::access::{OpCtx, Operation, Target};
use base::audit::{Event, Group};
use base::error::{Error, Field, Result};
use base::store::{Change, Tx};

/// A permission to be made (docs/contract/v2.md#permissions-and-roles).
#[derive(Clone, Debug)]
pub struct CreatePermission {
    /// 1 to 512 characters; need not be unique.
    pub name: String,
    /// 1 to 256 characters, unique whatever its case.
    pub slug: String,
    pub description: Option<String>,
}

/// A role to be made (docs/contract/v2.md#permissions-and-roles).
#[derive(Clone, Debug)]
pub struct CreateRole {
    /// 1 to 512 characters, unique whatever its case.
    pub name: String,
    pub description: Option<String>,
    /// Slugs; unknown ones are made.
    pub permissions: Vec<String>,
}

impl Permissions {
    /// Makes a permission. A slug that is taken fails with
    /// `permission_already_exists`.
    pub async fn create_permission(&self, cx: &OpCtx, command: CreatePermission) -> Result<PermissionId> {
        self.store
            .write(|tx| async move {
                let mut group = Group::new();
                let id = self.create_permission_in(cx, &tx, &mut group, command).await?;
                group.record(cx, &tx, &self.entropy).await?;
                Ok(id)
            })
            .await
    }

    /// As [`Permissions::create_permission`], as a part of a larger change.
    pub(crate) async fn create_permission_in(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        group: &mut Group,
        command: CreatePermission,
    ) -> Result<PermissionId> {
        cx.require(Operation::PermissionCreate, Target::NONE)?;
        let CreatePermission { name, slug, description } = command;
        check_length(Field::Name, &name, 1, 512)?;
        check_slug(&slug)?;
        let description = described(description)?;
        let id: PermissionId = self.entropy.id(PermissionId::PREFIX, cx.now_ms);
        let permission = Permission { id, name, slug, description };
        store::insert(tx.db(), cx, std::slice::from_ref(&permission)).await?;
        ensure::audit(group, &permission);
        tx.changed(Change::Rbac(cx.workspace.clone()));
        Ok(permission.id)
    }

    /// Makes a role and the permissions it names that do not exist yet. A name
    /// that is taken fails with `role_already_exists`.
    pub async fn create_role(&self, cx: &OpCtx, command: CreateRole) -> Result<RoleId> {
        self.store
            .write(|tx| async move {
                let mut group = Group::new();
                let id = self.create_role_in(cx, &tx, &mut group, command).await?;
                group.record(cx, &tx, &self.entropy).await?;
                Ok(id)
            })
            .await
    }

    /// As [`Permissions::create_role`], as a part of a larger change.
    pub(crate) async fn create_role_in(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        group: &mut Group,
        command: CreateRole,
    ) -> Result<RoleId> {
        cx.require(Operation::RoleCreate, Target::NONE)?;
        let CreateRole { name, description, permissions: slugs } = command;
        let slugs = ensure::each_once(slugs);
        if !slugs.is_empty() {
            cx.require(Operation::RoleAddPermission, Target::NONE)?;
        }
        check_length(Field::Name, &name, 1, 512)?;
        check_slugs(&slugs)?;
        let id: RoleId = self.entropy.id(RoleId::PREFIX, cx.now_ms);
        let role = Role { id, name, description: described(description)? };
        if !store::unknown_slugs(tx, &cx.workspace, &slugs).await?.is_empty() {
            cx.require(Operation::PermissionCreate, Target::NONE)?;
        }
        store::insert_role(tx.db(), cx, &role).await?;
        group.push(Event::RoleCreate, format!("Created role {}", role.name), vec![role.audit_target()]);
        let permissions = ensure::ensure(tx, cx, &self.entropy, group, &slugs).await?;
        store::link_role(tx.db(), &role.id, &permissions).await?;
        for permission in &permissions {
            group.push(
                Event::ConnectRolePermission,
                format!("Added permission {} to role {}", permission.slug, role.name),
                vec![role.audit_target(), permission.audit_target()],
            );
        }
        tx.changed(Change::Rbac(cx.workspace.clone()));
        Ok(role.id)
    }
}

/// An empty description is none (docs/contract/v2.md#key-object).
pub(super) fn described(description: Option<String>) -> Result<Option<String>> {
    let description = description.filter(|text| !text.is_empty());
    if let Some(text) = &description {
        check_length(Field::Description, text, 1, 512)?;
    }
    Ok(description)
}

/// Wide enough for both doors: v1 takes 256 characters, v2 takes 128.
pub(super) fn check_slug(slug: &str) -> Result<()> {
    check_length(Field::Slug, slug, 1, 256)
}

/// The permissions of a role.
pub(super) fn check_slugs(slugs: &[String]) -> Result<()> {
    check_count(Field::Permissions, slugs.len())?;
    slugs.iter().try_for_each(|slug| check_slug(slug))
}

pub(super) fn check_length(field: Field, text: &str, least: usize, most: usize) -> Result<()> {
    if (least..=most).contains(&text.chars().count()) {
        return Ok(());
    }
    let detail = format!("The {} must have {least} to {most} characters.", field.member());
    Err(Error::invalid(detail).at(field))
}
