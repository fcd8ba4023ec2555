//! v2 `permissions.*`: permissions (docs/contract/v2.md#permissions-and-roles).
//! Roles are in [`super::roles`].

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::operation::{Operation, Reply, checked};
use super::shared::{Empty, default_limit, page};
use crate::app::App;
use crate::http::contract::bounded::{PermissionSlug, Slug, Text};
use crate::http::offered::Effect;
use crate::http::schema;
use base::access::{OpCtx, Operation as Right};
use base::error::Result;
use domain::permissions::{CreatePermission, Listing, Permission, RoleDetails, UpdatePermission};

pub fn operations() -> Vec<Operation> {
    vec![
        checked("/v2/permissions.createPermission", "Create a permission", Effect::Writes, create_permission)
            .needs(Right::PermissionCreate)
            .idempotent(),
        checked("/v2/permissions.getPermission", "Get a permission", Effect::Reads, get_permission)
            .needs(Right::PermissionRead),
        checked("/v2/permissions.listPermissions", "List permissions", Effect::Reads, list_permissions)
            .needs(Right::PermissionRead)
            .paged(),
        checked(
            "/v2/permissions.updatePermission",
            "Change a permission",
            Effect::Destroys,
            update_permission,
        )
        .needs(Right::PermissionUpdate),
        checked(
            "/v2/permissions.deletePermission",
            "Delete a permission",
            Effect::Destroys,
            delete_permission,
        )
        .needs(Right::PermissionDelete),
    ]
}

#[serde_schema]
#[derive(Deserialize)]
pub struct CreatePermissionBody {
    #[oai(validator(min_length = 1, max_length = 512))]
    name: String,
    /// What keys carry and queries name; unique in the workspace, whatever its case.
    slug: PermissionSlug,
    #[oai(validator(max_length = 512))]
    description: Option<String>,
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatePermissionOut {
    permission_id: String,
}

async fn create_permission(
    app: Arc<App>,
    cx: OpCtx,
    body: CreatePermissionBody,
) -> Result<Reply<CreatePermissionOut>> {
    let command =
        CreatePermission { name: body.name, slug: body.slug.into_string(), description: body.description };
    let permission_id = app.permissions.create_permission(&cx, command).await?;
    Ok(CreatePermissionOut { permission_id: permission_id.into_string() }.into())
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
        Self {
            id: permission.id.into_string(),
            name: permission.name,
            slug: permission.slug,
            description: permission.description,
        }
    }
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "Role")]
pub struct RoleOut {
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    permissions: Vec<PermissionOut>,
}

impl From<RoleDetails> for RoleOut {
    fn from(details: RoleDetails) -> Self {
        Self {
            id: details.role.id.into_string(),
            name: details.role.name,
            description: details.role.description,
            permissions: details.permissions.into_iter().map(PermissionOut::from).collect(),
        }
    }
}

#[serde_schema]
#[derive(Deserialize)]
pub struct PermissionBody {
    /// Id or slug.
    permission: PermissionSlug,
}

async fn get_permission(app: Arc<App>, cx: OpCtx, body: PermissionBody) -> Result<Reply<PermissionOut>> {
    Ok(PermissionOut::from(app.permissions.get_permission(&cx, &body.permission).await?).into())
}

async fn delete_permission(app: Arc<App>, cx: OpCtx, body: PermissionBody) -> Result<Reply<Empty>> {
    app.permissions.delete_permission(&cx, &body.permission).await?;
    Ok(Empty {}.into())
}

#[serde_schema]
#[derive(Deserialize)]
pub struct ListingBody {
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    #[serde(default = "default_limit")]
    limit: i64,
    #[oai(validator(max_length = 1024))]
    cursor: Option<String>,
    /// Text that a shown field holds, whatever its case.
    #[oai(validator(max_length = 256))]
    search: Option<String>,
}

impl From<ListingBody> for Listing {
    fn from(body: ListingBody) -> Self {
        Self { page: page(body.limit, body.cursor), search: body.search }
    }
}

async fn list_permissions(app: Arc<App>, cx: OpCtx, body: ListingBody) -> Result<Reply<Vec<PermissionOut>>> {
    let permissions = app.permissions.list_permissions(&cx, body.into()).await?;
    Ok(Reply::page(permissions.map(PermissionOut::from)))
}

#[serde_schema]
#[derive(Deserialize)]
pub struct UpdatePermissionBody {
    /// Id or slug.
    permission: Text<1, 255, Slug>,
    #[oai(validator(min_length = 1, max_length = 512))]
    name: Option<String>,
    slug: Option<PermissionSlug>,
    /// `null` or empty text clears.
    #[oai(validator(max_length = 512))]
    #[serde(default)]
    description: schema::Patch<String>,
}

async fn update_permission(
    app: Arc<App>,
    cx: OpCtx,
    body: UpdatePermissionBody,
) -> Result<Reply<PermissionOut>> {
    let command = UpdatePermission {
        permission: body.permission.into_string(),
        name: body.name,
        slug: body.slug.map(String::from),
        description: body.description.0,
        made_from: None,
    };
    Ok(PermissionOut::from(app.permissions.update_permission(&cx, command).await?).into())
}
