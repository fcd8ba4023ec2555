//! v2 `permissions.*` (v2 contract, section 8).

use std::sync::Arc;

use poem_openapi::Object;
use serde::{Deserialize, Serialize};

use super::operation::{Operation, Reply, checked};
use crate::app::App;
use crate::error::Result;
use crate::op::OpCtx;
use crate::permissions::{CreatePermission, CreateRole};

pub fn operations() -> Vec<Operation> {
    vec![
        checked::<_, CreatePermissionOut, _, _, _>(
            "/v2/permissions.createPermission",
            "Create a permission",
            create_permission,
        ),
        checked::<_, CreateRoleOut, _, _, _>("/v2/permissions.createRole", "Create a role", create_role),
    ]
}

#[derive(Object, Deserialize)]
pub struct CreatePermissionBody {
    #[oai(validator(min_length = 1, max_length = 512))]
    name: String,
    /// What keys carry and queries name; unique in the workspace, whatever its case.
    #[oai(validator(min_length = 1, max_length = 128, pattern = "^[a-zA-Z0-9_:\\-\\.\\*]+$"))]
    slug: String,
    #[oai(validator(max_length = 512))]
    description: Option<String>,
}

#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct CreatePermissionOut {
    permission_id: String,
}

async fn create_permission(
    app: Arc<App>,
    cx: OpCtx,
    body: CreatePermissionBody,
) -> Result<Reply<CreatePermissionOut>> {
    let command = CreatePermission { name: body.name, slug: body.slug, description: body.description };
    let permission_id = app.permissions.create_permission(&cx, command).await?;
    Ok(CreatePermissionOut { permission_id: permission_id.into_string() }.into())
}

#[derive(Object, Deserialize)]
pub struct CreateRoleBody {
    #[oai(validator(min_length = 1, max_length = 128))]
    name: String,
    #[oai(validator(max_length = 512))]
    description: Option<String>,
    /// Slugs the role grants; unknown ones are created.
    #[oai(default, validator(min_length = 1, max_length = 128))]
    #[serde(default)]
    permissions: Vec<String>,
}

#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct CreateRoleOut {
    role_id: String,
}

async fn create_role(app: Arc<App>, cx: OpCtx, body: CreateRoleBody) -> Result<Reply<CreateRoleOut>> {
    let command =
        CreateRole { name: body.name, description: body.description, permissions: body.permissions };
    let role_id = app.permissions.create_role(&cx, command).await?;
    Ok(CreateRoleOut { role_id: role_id.into_string() }.into())
}
