//! v1 `keys.{add,remove,set}Permissions` (docs/contract/v1.md#roles-and-permissions-of-keys).

use std::sync::Arc;

use base::ids::KeyId;
use serde::Deserialize;
use serde_schema::serde_schema;

use super::errors::Tell;
use super::keys::no_key;
use super::named_access::{ItemBody, NamedOut, references, taken};
use super::operation::{Input, Operation, Reply, post};
use super::shared::Empty;
use crate::app::App;
use base::access::OpCtx;
use base::error::{Code, Result};
use domain::keys::{AccessChange, ChangeAccess};

pub fn operations() -> Vec<Operation> {
    vec![
        post("/v1/keys.addPermissions", "Give permissions to a key", |app, cx, body: PermissionsBody| {
            change_permissions(app, cx, AccessChange::Add, body)
        }),
        post("/v1/keys.removePermissions", "Take permissions from a key", remove_permissions),
        post(
            "/v1/keys.setPermissions",
            "Replace the direct permissions of a key",
            |app, cx, body: PermissionsBody| change_permissions(app, cx, AccessChange::Set, body),
        ),
    ]
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PermissionsBody {
    #[oai(validator(min_length = 1))]
    key_id: String,
    #[oai(validator(min_items = 1))]
    permissions: Vec<ItemBody>,
}

impl Input for PermissionsBody {}

async fn change_permissions(
    app: Arc<App>,
    cx: OpCtx,
    change: AccessChange,
    body: PermissionsBody,
) -> Result<Reply<Vec<NamedOut>>> {
    let items = references("permissions", body.permissions)?;
    let command = ChangeAccess { key_id: KeyId::from(body.key_id.as_str()), change, items };
    let changed = app.keys.change_permissions(&cx, command).await;
    let named = changed.telling(Code::KeyNotFound, || no_key(&body.key_id))?.named;
    let out = |permission: domain::permissions::Permission| NamedOut {
        id: permission.id.into_string(),
        name: permission.name,
    };
    Ok(named.into_iter().map(out).collect::<Vec<_>>().into())
}

async fn remove_permissions(app: Arc<App>, cx: OpCtx, body: PermissionsBody) -> Result<Reply<Empty>> {
    let items = taken("permissions", body.permissions)?;
    let key_id = KeyId::from(body.key_id.as_str());
    let command = ChangeAccess { key_id, change: AccessChange::Remove, items };
    let changed = app.keys.change_permissions(&cx, command).await;
    changed.telling(Code::KeyNotFound, || no_key(&body.key_id))?;
    Ok(Empty {}.into())
}
