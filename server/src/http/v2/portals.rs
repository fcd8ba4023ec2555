//! v2 `portal.{create,get,update,delete}Portal` (docs/contract/v2.md#managing-portals).
//!
//! Portals of apps are not offered: there are no apps here.

use std::sync::Arc;

use base::ids::KeyspaceId;
use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::operation::{Operation, Reply, checked};
use super::shared::{Empty, default_true};
use crate::app::App;
use crate::http::contract::bounded::{Color, HttpsUrl, PortalIdOrSlug, PortalSlug, Text};
use crate::http::offered::Effect;
use crate::http::schema;
use base::access::{OpCtx, Operation as Right};
use base::error::{Error, Result};
use domain::portals::{CreatePortal, Portal, PortalName, UpdatePortal};

pub fn operations() -> Vec<Operation> {
    vec![
        checked("/v2/portal.createPortal", "Create a portal", Effect::Writes, create)
            .needs(Right::PortalCreate)
            .idempotent(),
        checked("/v2/portal.getPortal", "Get a portal", Effect::Reads, get).needs(Right::PortalRead),
        checked("/v2/portal.updatePortal", "Change a portal", Effect::Writes, update)
            .needs(Right::PortalUpdate),
        checked("/v2/portal.deletePortal", "Delete a portal", Effect::Destroys, delete)
            .needs(Right::PortalDelete),
    ]
}

fn no_apps() -> Error {
    Error::invalid("This server has no apps: name the keyspace the portal serves by `keyspaceId`.")
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatePortalBody {
    slug: PortalSlug,
    #[oai(validator(min_length = 1, max_length = 64))]
    display_name: String,
    #[oai(validator(min_length = 1, max_length = 255))]
    keyspace_id: Option<String>,
    /// Refused: there are no apps here.
    #[oai(validator(min_length = 1, max_length = 255))]
    app_id: Option<String>,
    #[serde(default = "default_true")]
    enabled: bool,
    logo_url: Option<Text<0, 500, HttpsUrl>>,
    primary_color: Option<Color>,
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatePortalOut {
    portal_id: String,
}

async fn create(app: Arc<App>, cx: OpCtx, body: CreatePortalBody) -> Result<Reply<CreatePortalOut>> {
    let (Some(keyspace), None) = (body.keyspace_id, body.app_id) else { return Err(no_apps()) };
    let command = CreatePortal {
        slug: body.slug.into_string(),
        display_name: body.display_name,
        keyspace: KeyspaceId::from(keyspace),
        enabled: body.enabled,
        logo_url: body.logo_url.map(String::from),
        primary_color: body.primary_color.map(String::from),
    };
    let portal_id = app.portals.create(&cx, command).await?;
    Ok(CreatePortalOut { portal_id: portal_id.into_string() }.into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetPortalBody {
    /// Id or slug; this or `keyspaceId`.
    portal: Option<PortalIdOrSlug>,
    #[oai(validator(min_length = 1, max_length = 255))]
    keyspace_id: Option<String>,
    /// Refused: there are no apps here.
    #[oai(validator(min_length = 1, max_length = 255))]
    app_id: Option<String>,
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BrandingOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    logo_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_color: Option<String>,
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "Portal")]
#[serde(rename_all = "camelCase")]
pub struct PortalOut {
    id: String,
    slug: String,
    display_name: String,
    enabled: bool,
    created_at: i64,
    keyspace_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    branding: Option<BrandingOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<i64>,
}

impl From<Portal> for PortalOut {
    fn from(portal: Portal) -> Self {
        let branding = BrandingOut { logo_url: portal.logo_url, primary_color: portal.primary_color };
        let is_plain = branding.logo_url.is_none() && branding.primary_color.is_none();
        Self {
            id: portal.id.into_string(),
            slug: portal.slug,
            display_name: portal.display_name,
            enabled: portal.enabled,
            created_at: portal.created_at,
            keyspace_id: portal.keyspace.into_string(),
            branding: (!is_plain).then_some(branding),
            updated_at: portal.updated_at,
        }
    }
}

async fn get(app: Arc<App>, cx: OpCtx, body: GetPortalBody) -> Result<Reply<PortalOut>> {
    let name = match (body.portal, body.keyspace_id, body.app_id) {
        (Some(portal), None, None) => PortalName::IdOrSlug(portal.into_string()),
        (None, Some(keyspace), None) => PortalName::Keyspace(KeyspaceId::from(keyspace)),
        (None, None, Some(_)) => return Err(no_apps()),
        _ => return Err(Error::invalid("Name the portal by exactly one of `portal` and `keyspaceId`.")),
    };
    Ok(PortalOut::from(app.portals.get(&cx, &name).await?).into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdatePortalBody {
    /// Id or slug.
    portal: PortalIdOrSlug,
    slug: Option<PortalSlug>,
    #[oai(validator(min_length = 1, max_length = 64))]
    display_name: Option<String>,
    #[oai(validator(min_length = 1, max_length = 255))]
    keyspace_id: Option<String>,
    /// Refused: there are no apps here.
    #[oai(validator(min_length = 1, max_length = 255))]
    app_id: Option<String>,
    enabled: Option<bool>,
    /// `null` removes the logo.
    #[serde(default)]
    logo_url: schema::Patch<Text<0, 500, HttpsUrl>>,
    /// `null` falls back to the default.
    #[serde(default)]
    primary_color: schema::Patch<Color>,
}

async fn update(app: Arc<App>, cx: OpCtx, body: UpdatePortalBody) -> Result<Reply<PortalOut>> {
    if body.app_id.is_some() {
        return Err(no_apps());
    }
    let command = UpdatePortal {
        portal: body.portal.into_string(),
        slug: body.slug.map(String::from),
        display_name: body.display_name,
        keyspace: body.keyspace_id.map(KeyspaceId::from),
        enabled: body.enabled,
        logo_url: body.logo_url.0.map(String::from),
        primary_color: body.primary_color.0.map(String::from),
        made_from: None,
    };
    Ok(PortalOut::from(app.portals.update(&cx, command).await?).into())
}

#[serde_schema]
#[derive(Deserialize)]
pub struct PortalBody {
    /// Id or slug.
    portal: PortalIdOrSlug,
}

async fn delete(app: Arc<App>, cx: OpCtx, body: PortalBody) -> Result<Reply<Empty>> {
    app.portals.delete(&cx, &body.portal).await?;
    Ok(Empty {}.into())
}
