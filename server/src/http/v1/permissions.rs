//! v1 `permissions.*`: permissions and roles
//! (docs/contract/v1.md#permissions-and-roles). What a role grants has no route
//! in v1.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::errors::Tell;
use super::operation::{Input, Operation, Reply, get, post};
use super::shared::{Empty, Nothing, all};
use crate::app::App;
use crate::http::contract::bounded::{Identifier, Text};
use base::access::OpCtx;
use base::error::{Code, Error, Result};
use domain::permissions::{CreatePermission, CreateRole, Listing, Permission, Role};

pub fn operations() -> Vec<Operation> {
    vec![
        post("/v1/permissions.createPermission", "Create a permission", create_permission),
        get("/v1/permissions.getPermission", "Get a permission", get_permission),
        get("/v1/permissions.listPermissions", "List all permissions", list_permissions),
        post("/v1/permissions.deletePermission", "Delete a permission", delete_permission),
        post("/v1/permissions.createRole", "Create a role", create_role),
        get("/v1/permissions.getRole", "Get a role", get_role),
        get("/v1/permissions.listRoles", "List all roles", list_roles),
        post("/v1/permissions.deleteRole", "Delete a role", delete_role),
    ]
}

/// A description is empty or has three characters.
fn check_description(description: Option<&str>) -> Result<()> {
    match description.map(|text| text.chars().count()) {
        Some(1..3) => Err(Error::invalid("description: Invalid input")),
        _ => Ok(()),
    }
}

fn is_taken(what: &str, name: &str) -> String {
    format!("{what} with name \"{name}\" already exists in this workspace")
}

#[serde_schema]
#[derive(Deserialize)]
pub struct CreatePermissionBody {
    name: Text<3, 256, Identifier>,
    /// What keys carry and queries name; the name when left out.
    slug: Option<Text<3, 256, Identifier>>,
    #[oai(validator(max_length = 256))]
    description: Option<String>,
}

impl Input for CreatePermissionBody {
    fn check(&self) -> Result<()> {
        check_description(self.description.as_deref())
    }
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PermissionIdOut {
    permission_id: String,
}

async fn create_permission(
    app: Arc<App>,
    cx: OpCtx,
    body: CreatePermissionBody,
) -> Result<Reply<PermissionIdOut>> {
    let CreatePermissionBody { name, slug, description } = body;
    let name = name.into_string();
    let slug = slug.map_or_else(|| name.clone(), String::from);
    let command = CreatePermission { name: name.clone(), slug, description };
    let created = app.permissions.create_permission(&cx, command).await;
    let id = created.telling(Code::PermissionExists, || is_taken("Permission", &name))?;
    Ok(PermissionIdOut { permission_id: id.into_string() }.into())
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "Permission")]
pub struct PermissionOut {
    id: String,
    name: String,
    slug: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

impl From<Permission> for PermissionOut {
    fn from(permission: Permission) -> Self {
        let Permission { id, name, slug, description } = permission;
        Self { id: id.into_string(), name, slug, description }
    }
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PermissionInput {
    #[oai(validator(min_length = 1))]
    permission_id: String,
}

impl Input for PermissionInput {}

async fn get_permission(app: Arc<App>, cx: OpCtx, query: PermissionInput) -> Result<Reply<PermissionOut>> {
    let id = &query.permission_id;
    let found = app.permissions.get_permission(&cx, id).await;
    let found = found.telling(Code::PermissionNotFound, || format!("permission {id} not found"))?;
    Ok(PermissionOut::from(found).into())
}

async fn list_permissions(app: Arc<App>, cx: OpCtx, _: Nothing) -> Result<Reply<Vec<PermissionOut>>> {
    let list = |page| app.permissions.list_permissions(&cx, Listing { page, search: None });
    let permissions = all(list).await?;
    Ok(permissions.into_iter().map(PermissionOut::from).collect::<Vec<_>>().into())
}

async fn delete_permission(app: Arc<App>, cx: OpCtx, body: PermissionInput) -> Result<Reply<Empty>> {
    let id = &body.permission_id;
    let deleted = app.permissions.delete_permission(&cx, id).await;
    deleted.telling(Code::PermissionNotFound, || format!("Permission {id} not found"))?;
    Ok(Empty {}.into())
}

#[serde_schema]
#[derive(Deserialize)]
pub struct CreateRoleBody {
    #[oai(validator(min_length = 3, max_length = 256))]
    name: String,
    #[oai(validator(max_length = 256))]
    description: Option<String>,
}

impl Input for CreateRoleBody {
    fn check(&self) -> Result<()> {
        check_description(self.description.as_deref())
    }
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleIdOut {
    role_id: String,
}

async fn create_role(app: Arc<App>, cx: OpCtx, body: CreateRoleBody) -> Result<Reply<RoleIdOut>> {
    let CreateRoleBody { name, description } = body;
    let command = CreateRole { name: name.clone(), description, permissions: Vec::new() };
    let created = app.permissions.create_role(&cx, command).await;
    let id = created.telling(Code::RoleExists, || is_taken("Role", &name))?;
    Ok(RoleIdOut { role_id: id.into_string() }.into())
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "Role")]
pub struct RoleOut {
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

impl From<Role> for RoleOut {
    fn from(role: Role) -> Self {
        Self { id: role.id.into_string(), name: role.name, description: role.description }
    }
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleInput {
    #[oai(validator(min_length = 1))]
    role_id: String,
}

impl Input for RoleInput {}

async fn get_role(app: Arc<App>, cx: OpCtx, query: RoleInput) -> Result<Reply<RoleOut>> {
    let id = &query.role_id;
    let found = app.permissions.get_role(&cx, id).await;
    let found = found.telling(Code::RoleNotFound, || format!("role {id} not found"))?;
    Ok(RoleOut::from(found.role).into())
}

async fn list_roles(app: Arc<App>, cx: OpCtx, _: Nothing) -> Result<Reply<Vec<RoleOut>>> {
    let list = |page| app.permissions.list_roles(&cx, Listing { page, search: None });
    let roles = all(list).await?;
    Ok(roles.into_iter().map(|details| RoleOut::from(details.role)).collect::<Vec<_>>().into())
}

async fn delete_role(app: Arc<App>, cx: OpCtx, body: RoleInput) -> Result<Reply<Empty>> {
    let id = &body.role_id;
    let deleted = app.permissions.delete_role(&cx, id).await;
    deleted.telling(Code::RoleNotFound, || format!("Role {id} not found"))?;
    Ok(Empty {}.into())
}
