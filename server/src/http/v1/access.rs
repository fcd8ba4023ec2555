//! v1 `keys.{add,remove,set}{Permissions,Roles}` (v1 contract, section 9).

use std::borrow::Cow;
use std::sync::Arc;

use base::ids::KeyId;
use poem_openapi::Object;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::errors::Tell;
use super::keys::no_key;
use super::operation::{Input, Operation, Reply, post};
use super::shared::Empty;
use crate::app::App;
use base::error::{Code, Error, Result};
use base::op::OpCtx;
use domain::keys::{AccessChange, ChangeAccess};
use domain::permissions::{By, Reference, Unknown};

type Named = Vec<NamedOut>;

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
        post("/v1/keys.addRoles", "Give roles to a key", |app, cx, body: RolesBody| {
            change_roles(app, cx, AccessChange::Add, body)
        }),
        post("/v1/keys.removeRoles", "Take roles from a key", remove_roles),
        post("/v1/keys.setRoles", "Replace the roles of a key", |app, cx, body: RolesBody| {
            change_roles(app, cx, AccessChange::Set, body)
        }),
    ]
}

/// A role or permission; the id wins.
#[derive(Object, Deserialize)]
#[oai(rename = "AccessItem")]
pub struct ItemBody {
    #[oai(validator(min_length = 3))]
    id: Option<String>,
    /// The slug of a permission.
    #[oai(validator(min_length = 1))]
    slug: Option<String>,
    #[oai(validator(min_length = 1))]
    name: Option<String>,
    /// Make what is named if it does not exist.
    #[oai(default)]
    #[serde(default)]
    create: bool,
}

/// An item, or its name alone: the documents of one client show it so.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum NamedItem {
    Name(String),
    Item(ItemBody),
}

impl From<NamedItem> for ItemBody {
    fn from(item: NamedItem) -> Self {
        match item {
            NamedItem::Name(name) => Self { id: None, slug: None, name: Some(name), create: false },
            NamedItem::Item(item) => item,
        }
    }
}

impl Type for NamedItem {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "NamedItem".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let name = MetaSchema { min_length: Some(1), ..MetaSchema::new("string") };
        let any_of = vec![MetaSchemaRef::Inline(Box::new(name)), ItemBody::schema_ref()];
        MetaSchemaRef::Inline(Box::new(MetaSchema { any_of, ..MetaSchema::ANY }))
    }

    fn register(registry: &mut Registry) {
        ItemBody::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(std::iter::empty())
    }
}

impl ToJSON for NamedItem {
    fn to_json(&self) -> Option<Value> {
        None
    }
}

impl ParseFromJSON for NamedItem {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        serde_json::from_value(value.unwrap_or_default()).map_err(ParseError::custom)
    }
}

#[derive(Object, Deserialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct PermissionsBody {
    #[oai(validator(min_length = 1))]
    key_id: String,
    #[oai(validator(min_items = 1))]
    permissions: Vec<ItemBody>,
}

impl Input for PermissionsBody {}

#[derive(Object, Deserialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct RolesBody {
    #[oai(validator(min_length = 1))]
    key_id: String,
    #[oai(validator(min_items = 1))]
    roles: Vec<ItemBody>,
}

impl Input for RolesBody {}

#[derive(Object, Serialize)]
#[oai(rename = "NamedAccess")]
pub struct NamedOut {
    id: String,
    name: String,
}

/// What the items name, and what becomes of those that do not exist.
pub fn references(field: &str, items: Vec<ItemBody>) -> Result<Vec<Reference>> {
    let reference = |(position, item): (usize, ItemBody)| {
        let unknown = if item.create { Unknown::MakeIfPermitted } else { Unknown::Refuse };
        let by = match (item.id, item.slug.or(item.name)) {
            (Some(id), _) => By::Id(id),
            (None, Some(name)) => By::Name(name),
            (None, None) => {
                return Err(Error::invalid(format!("{field}.{position}: Provide either an id or a name")));
            }
        };
        Ok(Reference { by, unknown })
    };
    items.into_iter().enumerate().map(reference).collect()
}

/// The same, for taking away: what does not exist is not there either.
fn taken(field: &str, items: Vec<ItemBody>) -> Result<Vec<Reference>> {
    let mut references = references(field, items)?;
    references.iter_mut().for_each(|reference| reference.unknown = Unknown::Ignore);
    Ok(references)
}

async fn change_permissions(
    app: Arc<App>,
    cx: OpCtx,
    change: AccessChange,
    body: PermissionsBody,
) -> Result<Reply<Named>> {
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

async fn change_roles(
    app: Arc<App>,
    cx: OpCtx,
    change: AccessChange,
    body: RolesBody,
) -> Result<Reply<Named>> {
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
