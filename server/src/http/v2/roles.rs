//! v2 `permissions.*`: roles (docs/contract/v2.md#permissions-and-roles).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::operation::{Operation, Reply, checked};
use super::permissions::{ListingBody, PermissionOut, RoleOut};
use super::shared::Empty;
use crate::app::App;
use crate::http::contract::bounded::{Hyphened, PermissionSlug, Text, strings};
use crate::http::offered::Effect;
use crate::http::schema;
use base::access::{OpCtx, Operation as Right};
use base::error::{Error, Result};
use domain::permissions::{CreateRole, Role, SetRolePermissions, UpdateRole};

pub fn operations() -> Vec<Operation> {
    vec![
        checked("/v2/permissions.createRole", "Create a role", Effect::Writes, create_role)
            .needs(Right::RoleCreate)
            .idempotent(),
        checked("/v2/permissions.getRole", "Get a role", Effect::Reads, get_role).needs(Right::RoleRead),
        checked("/v2/permissions.listRoles", "List roles", Effect::Reads, list_roles)
            .needs(Right::RoleRead)
            .paged(),
        checked("/v2/permissions.updateRole", "Change a role", Effect::Destroys, update_role)
            .needs(Right::RoleUpdate),
        checked("/v2/permissions.deleteRole", "Delete a role", Effect::Destroys, delete_role)
            .needs(Right::RoleDelete),
        checked(
            "/v2/permissions.setRolePermissions",
            "Replace the permissions of a role",
            Effect::Destroys,
            set_permissions,
        )
        .needs(Right::RoleSetPermissions),
    ]
}

#[serde_schema]
#[derive(Deserialize)]
pub struct CreateRoleBody {
    #[oai(validator(min_length = 1, max_length = 128))]
    name: String,
    #[oai(validator(max_length = 512))]
    description: Option<String>,
    /// Slugs the role grants; unknown ones are created.
    #[serde(default)]
    permissions: Vec<PermissionSlug>,
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateRoleOut {
    role_id: String,
}

async fn create_role(app: Arc<App>, cx: OpCtx, body: CreateRoleBody) -> Result<Reply<CreateRoleOut>> {
    let command =
        CreateRole { name: body.name, description: body.description, permissions: strings(body.permissions) };
    let role_id = app.permissions.create_role(&cx, command).await?;
    Ok(CreateRoleOut { role_id: role_id.into_string() }.into())
}

#[serde_schema]
#[derive(Deserialize)]
pub struct RoleBody {
    /// Id or name.
    #[oai(validator(min_length = 1, max_length = 128))]
    role: String,
}

async fn get_role(app: Arc<App>, cx: OpCtx, body: RoleBody) -> Result<Reply<RoleOut>> {
    Ok(RoleOut::from(app.permissions.get_role(&cx, &body.role).await?).into())
}

async fn delete_role(app: Arc<App>, cx: OpCtx, body: RoleBody) -> Result<Reply<Empty>> {
    app.permissions.delete_role(&cx, &body.role).await?;
    Ok(Empty {}.into())
}

async fn list_roles(app: Arc<App>, cx: OpCtx, body: ListingBody) -> Result<Reply<Vec<RoleOut>>> {
    let roles = app.permissions.list_roles(&cx, body.into()).await?;
    Ok(Reply::page(roles.map(RoleOut::from)))
}

#[serde_schema]
#[derive(Deserialize)]
pub struct UpdateRoleBody {
    /// Id or name.
    #[oai(validator(min_length = 1, max_length = 255))]
    role: String,
    #[oai(validator(min_length = 1, max_length = 128))]
    name: Option<String>,
    /// `null` or empty text clears.
    #[oai(validator(max_length = 512))]
    #[serde(default)]
    description: schema::Patch<String>,
}

/// A role without what it grants.
#[serde_schema]
#[derive(Serialize)]
pub struct BareRoleOut {
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

impl From<Role> for BareRoleOut {
    fn from(role: Role) -> Self {
        Self { id: role.id.into_string(), name: role.name, description: role.description }
    }
}

async fn update_role(app: Arc<App>, cx: OpCtx, body: UpdateRoleBody) -> Result<Reply<BareRoleOut>> {
    let command = UpdateRole { role: body.role, name: body.name, description: body.description.0 };
    Ok(BareRoleOut::from(app.permissions.update_role(&cx, command).await?).into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetRolePermissionsBody {
    /// Id or name; this or `roleId`.
    #[oai(validator(min_length = 1, max_length = 255))]
    role: Option<String>,
    /// The older spelling of `role`.
    role_id: Option<Text<3, 255, Hyphened>>,
    /// Slugs; unknown ones are created, an empty list clears.
    permissions: Vec<PermissionSlug>,
}

async fn set_permissions(
    app: Arc<App>,
    cx: OpCtx,
    body: SetRolePermissionsBody,
) -> Result<Reply<Vec<PermissionOut>>> {
    let role = match (body.role, body.role_id) {
        (Some(role), None) => role,
        (None, Some(id)) => id.into_string(),
        _ => return Err(Error::invalid("Name the role by exactly one of `role` and `roleId`.")),
    };
    let command = SetRolePermissions { role, permissions: strings(body.permissions) };
    let permissions = app.permissions.set_role_permissions(&cx, command).await?;
    Ok(permissions.into_iter().map(PermissionOut::from).collect::<Vec<_>>().into())
}
