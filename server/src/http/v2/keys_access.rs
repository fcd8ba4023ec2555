//! v2 `keys.*`: roles and direct permissions of a key
//! (docs/contract/v2.md#roles-and-permissions-of-keys).

use std::sync::Arc;

use base::ids::KeyId;
use serde::Deserialize;
use serde_schema::serde_schema;

use super::operation::{Operation, Reply, checked};
use super::permissions::{PermissionOut, RoleOut};
use crate::app::App;
use crate::http::contract::bounded::{IdText, PermissionSlug, strings};
use crate::http::offered::Effect;
use base::access::{OpCtx, Operation as Right};
use base::error::Result;
use domain::keys::{AccessChange, ChangeAccess};
use domain::permissions::{OnMissing, Reference};

type Permissions = Vec<PermissionOut>;
type Roles = Vec<RoleOut>;

pub fn operations() -> Vec<Operation> {
    vec![
        checked(
            "/v2/keys.addPermissions",
            "Give permissions to a key",
            Effect::Writes,
            |app, cx, body: SomePermissionsBody| permissions(app, cx, AccessChange::Add, body.into()),
        )
        .needs(Right::KeyAddPermissions),
        checked(
            "/v2/keys.removePermissions",
            "Take permissions from a key",
            Effect::Destroys,
            |app, cx, body: SomePermissionsBody| permissions(app, cx, AccessChange::Remove, body.into()),
        )
        .needs(Right::KeyRemovePermissions),
        checked(
            "/v2/keys.setPermissions",
            "Replace the direct permissions of a key",
            Effect::Destroys,
            |app, cx, body: AllPermissionsBody| permissions(app, cx, AccessChange::Set, body.into()),
        )
        .needs(Right::KeySetPermissions),
        checked(
            "/v2/keys.addRoles",
            "Give roles to a key",
            Effect::Writes,
            |app, cx, body: SomeRolesBody| roles(app, cx, AccessChange::Add, body.into()),
        )
        .needs(Right::KeyAddRoles),
        checked(
            "/v2/keys.removeRoles",
            "Take roles from a key",
            Effect::Destroys,
            |app, cx, body: SomeRolesBody| roles(app, cx, AccessChange::Remove, body.into()),
        )
        .needs(Right::KeyRemoveRoles),
        checked(
            "/v2/keys.setRoles",
            "Replace the roles of a key",
            Effect::Destroys,
            |app, cx, body: AllRolesBody| roles(app, cx, AccessChange::Set, body.into()),
        )
        .needs(Right::KeySetRoles),
    ]
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SomePermissionsBody {
    key_id: IdText,
    #[oai(validator(min_items = 1, max_items = 1000))]
    permissions: Vec<PermissionSlug>,
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AllPermissionsBody {
    key_id: IdText,
    /// An empty list clears.
    permissions: Vec<PermissionSlug>,
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SomeRolesBody {
    key_id: IdText,
    /// Names.
    #[oai(validator(min_items = 1, max_items = 100, min_length = 1, max_length = 128))]
    roles: Vec<String>,
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AllRolesBody {
    key_id: IdText,
    /// Names; an empty list clears.
    #[oai(validator(max_items = 100, min_length = 1, max_length = 128))]
    roles: Vec<String>,
}

/// A key, and names to give to it or take from it.
struct Named {
    key_id: String,
    names: Vec<String>,
}

impl Named {
    fn into_command(self, change: AccessChange, on_missing: OnMissing) -> ChangeAccess {
        ChangeAccess {
            key_id: KeyId::from(self.key_id),
            change,
            items: Reference::named(self.names, on_missing),
        }
    }
}

impl From<SomePermissionsBody> for Named {
    fn from(body: SomePermissionsBody) -> Self {
        Self { key_id: body.key_id.into_string(), names: strings(body.permissions) }
    }
}

impl From<AllPermissionsBody> for Named {
    fn from(body: AllPermissionsBody) -> Self {
        Self { key_id: body.key_id.into_string(), names: strings(body.permissions) }
    }
}

impl From<SomeRolesBody> for Named {
    fn from(body: SomeRolesBody) -> Self {
        Self { key_id: body.key_id.into_string(), names: body.roles }
    }
}

impl From<AllRolesBody> for Named {
    fn from(body: AllRolesBody) -> Self {
        Self { key_id: body.key_id.into_string(), names: body.roles }
    }
}

async fn permissions(
    app: Arc<App>,
    cx: OpCtx,
    change: AccessChange,
    named: Named,
) -> Result<Reply<Permissions>> {
    let on_missing = match change {
        AccessChange::Remove => OnMissing::Refuse,
        AccessChange::Add | AccessChange::Set => OnMissing::MakeIfPermitted,
    };
    let permissions = app.keys.change_permissions(&cx, named.into_command(change, on_missing)).await?.all;
    Ok(permissions.into_iter().map(PermissionOut::from).collect::<Vec<_>>().into())
}

async fn roles(app: Arc<App>, cx: OpCtx, change: AccessChange, named: Named) -> Result<Reply<Roles>> {
    let command = named.into_command(change, OnMissing::Refuse);
    let roles = app.keys.change_roles(&cx, command).await?.all;
    Ok(roles.into_iter().map(RoleOut::from).collect::<Vec<_>>().into())
}
