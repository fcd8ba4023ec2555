//! v1 `keys.{add,remove,set}Roles` (docs/contract/v1.md#roles-and-permissions-of-keys).

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
        post("/v1/keys.addRoles", "Give roles to a key", |app, cx, body: RolesBody| {
            change_roles(app, cx, AccessChange::Add, body)
        }),
        post("/v1/keys.removeRoles", "Take roles from a key", remove_roles),
        post("/v1/keys.setRoles", "Replace the roles of a key", |app, cx, body: RolesBody| {
            change_roles(app, cx, AccessChange::Set, body)
        }),
    ]
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RolesBody {
    #[oai(validator(min_length = 1))]
    key_id: String,
    #[oai(validator(min_items = 1))]
    roles: Vec<ItemBody>,
}

impl Input for RolesBody {}

async fn change_roles(
    app: Arc<App>,
    cx: OpCtx,
    change: AccessChange,
    body: RolesBody,
) -> Result<Reply<Vec<NamedOut>>> {
    let items = references("roles", body.roles)?;
    let command = ChangeAccess { key_id: KeyId::from(body.key_id.as_str()), change, items };
    let changed = app.keys.change_roles(&cx, command).await;
    let named = changed.telling(Code::KeyNotFound, || no_key(&body.key_id))?.named;
    let out = |details: domain::permissions::RoleDetails| NamedOut {
        id: details.role.id.into_string(),
        name: details.role.name,
    };
    Ok(named.into_iter().map(out).collect::<Vec<_>>().into())
}

async fn remove_roles(app: Arc<App>, cx: OpCtx, body: RolesBody) -> Result<Reply<Empty>> {
    let items = taken("roles", body.roles)?;
    let key_id = KeyId::from(body.key_id.as_str());
    let command = ChangeAccess { key_id, change: AccessChange::Remove, items };
    let changed = app.keys.change_roles(&cx, command).await;
    changed.telling(Code::KeyNotFound, || no_key(&body.key_id))?;
    Ok(Empty {}.into())
}
