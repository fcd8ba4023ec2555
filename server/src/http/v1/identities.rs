//! v1 `identities.*` (docs/contract/v1.md#identities).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_schema::serde_schema;

use super::errors::Tell;
use super::operation::{Input, Operation, Reply, get, post};
use super::shared::{Empty, LimitBody, NewLimitBody, already_defined, default_limit_of_pages, page, twice};
use crate::app::App;
use crate::http::schema::AnyObject;
use base::access::OpCtx;
use base::error::{Code, Error, Result};
use base::patch::Patch;
use domain::identities::{CreateIdentity, Identity, IdentityName, ListIdentities, UpdateIdentity};
use domain::ratelimit::limits::NewLimit;

/// Characters of metadata when encoded as JSON.
const META_MAX: usize = 64_000;
/// The only environment there is.
const ENVIRONMENT: &str = "default";

pub fn operations() -> Vec<Operation> {
    vec![
        post("/v1/identities.createIdentity", "Create an identity", create),
        get("/v1/identities.getIdentity", "Get an identity", read),
        get("/v1/identities.listIdentities", "List identities", list),
        post("/v1/identities.updateIdentity", "Change an identity", update),
        post("/v1/identities.deleteIdentity", "Delete an identity", delete),
    ]
}

fn checked_meta(meta: Option<AnyObject>) -> Result<Option<Map<String, Value>>> {
    let Some(AnyObject(meta)) = meta else { return Ok(None) };
    let length = serde_json::to_string(&meta)?.chars().count();
    if length > META_MAX {
        return Err(Error::invalid(format!(
            "metadata is too large, it must be less than 64k characters when json encoded, got: {length}"
        )));
    }
    Ok(Some(meta))
}

fn limits(bodies: Vec<NewLimitBody>) -> Vec<NewLimit> {
    bodies.into_iter().map(NewLimit::from).collect()
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateIdentityBody {
    #[oai(validator(min_length = 3))]
    external_id: String,
    meta: Option<AnyObject>,
    /// Limits shared by all keys of this identity.
    #[serde(default)]
    ratelimits: Vec<NewLimitBody>,
}

impl Input for CreateIdentityBody {}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentityIdOut {
    identity_id: String,
}

async fn create(app: Arc<App>, cx: OpCtx, body: CreateIdentityBody) -> Result<Reply<IdentityIdOut>> {
    if let Some(name) = twice(&body.ratelimits) {
        return Err(Error::invalid(already_defined(name)));
    }
    let external_id = body.external_id;
    let command = CreateIdentity {
        external_id: external_id.clone(),
        meta: checked_meta(body.meta)?.unwrap_or_default(),
        limits: limits(body.ratelimits),
        monthly_credits: None,
    };
    let created = app.identities.create(&cx, command).await;
    let taken = || format!("Identity with externalId \"{external_id}\" already exists in this workspace");
    let identity_id = created.telling(Code::IdentityExists, taken)?;
    Ok(IdentityIdOut { identity_id: identity_id.into_string() }.into())
}

/// The identity a request names; the id wins.
fn named(id: Option<String>, external_id: Option<String>) -> Option<IdentityName> {
    id.map(IdentityName::Id).or(external_id.map(IdentityName::ExternalId))
}

/// The name as the contract spells it in a refusal.
fn absent(name: &IdentityName) -> String {
    let (IdentityName::Id(text) | IdentityName::ExternalId(text) | IdentityName::Either(text)) = name;
    format!("identity {text} not found")
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetIdentityQuery {
    #[oai(validator(min_length = 1))]
    identity_id: Option<String>,
    #[oai(validator(min_length = 1))]
    external_id: Option<String>,
}

impl Input for GetIdentityQuery {
    fn check(&self) -> Result<()> {
        if self.identity_id.is_none() && self.external_id.is_none() {
            return Err(neither());
        }
        Ok(())
    }
}

fn neither() -> Error {
    Error::invalid("Provide either identityId or externalId")
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "Identity")]
#[serde(rename_all = "camelCase")]
pub struct IdentityOut {
    id: String,
    external_id: String,
    meta: AnyObject,
    ratelimits: Vec<LimitBody>,
}

impl From<Identity> for IdentityOut {
    fn from(identity: Identity) -> Self {
        Self {
            id: identity.id.into_string(),
            external_id: identity.external_id,
            meta: AnyObject(identity.meta),
            ratelimits: identity.limits.into_iter().map(LimitBody::from).collect(),
        }
    }
}

async fn read(app: Arc<App>, cx: OpCtx, query: GetIdentityQuery) -> Result<Reply<IdentityOut>> {
    let name = named(query.identity_id, query.external_id).ok_or_else(neither)?;
    let found = app.identities.get(&cx, name.clone()).await;
    Ok(IdentityOut::from(found.telling(Code::IdentityNotFound, || absent(&name))?).into())
}

#[serde_schema]
#[derive(Deserialize)]
pub struct ListIdentitiesQuery {
    #[serde(default = "default_environment")]
    environment: String,
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    #[serde(default = "default_limit_of_pages")]
    limit: i64,
    cursor: Option<String>,
}

impl Input for ListIdentitiesQuery {}

fn default_environment() -> String {
    ENVIRONMENT.to_owned()
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedIdentityOut {
    id: String,
    external_id: String,
    ratelimits: Vec<LimitBody>,
}

impl From<Identity> for ListedIdentityOut {
    fn from(identity: Identity) -> Self {
        let IdentityOut { id, external_id, ratelimits, .. } = IdentityOut::from(identity);
        Self { id, external_id, ratelimits }
    }
}

#[serde_schema]
#[derive(Serialize)]
pub struct IdentitiesOut {
    identities: Vec<ListedIdentityOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    total: u64,
}

async fn list(app: Arc<App>, cx: OpCtx, query: ListIdentitiesQuery) -> Result<Reply<IdentitiesOut>> {
    let command = ListIdentities { page: page(query.limit, query.cursor), search: None };
    let listed = app.identities.list(&cx, command).await?;
    if query.environment != ENVIRONMENT {
        return Ok(IdentitiesOut { identities: Vec::new(), cursor: None, total: 0 }.into());
    }
    let total = app.identities.count(&cx).await?;
    let identities = listed.items.into_iter().map(ListedIdentityOut::from).collect();
    Ok(IdentitiesOut { identities, cursor: listed.next, total }.into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateIdentityBody {
    #[oai(validator(min_length = 1))]
    identity_id: Option<String>,
    #[oai(validator(min_length = 1))]
    external_id: Option<String>,
    #[serde(default = "default_environment")]
    environment: String,
    /// Replaces all of it; `{}` clears.
    meta: Option<AnyObject>,
    /// Replaces all of them, matched by name; `[]` clears. One without `autoApply`
    /// goes on applying as the stored one of its name does.
    ratelimits: Option<Vec<NewLimitBody>>,
}

impl Input for UpdateIdentityBody {}

async fn update(app: Arc<App>, cx: OpCtx, body: UpdateIdentityBody) -> Result<Reply<IdentityOut>> {
    let name = named(body.identity_id, body.external_id).ok_or_else(neither)?;
    if let Some(name) = body.ratelimits.as_deref().and_then(twice) {
        return Err(Error::new(Code::RatelimitExists, already_defined(name)));
    }
    if body.environment != ENVIRONMENT {
        return Err(Error::new(Code::IdentityNotFound, absent(&name)));
    }
    let unsaid = body.ratelimits.iter().flatten().filter(|limit| limit.auto_apply.is_none());
    let command = UpdateIdentity {
        identity: name.clone(),
        meta: checked_meta(body.meta)?,
        keeps_auto_apply: unsaid.map(|limit| limit.name.clone()).collect(),
        made_from: None,
        limits: body.ratelimits.map(limits),
        monthly_credits: Patch::Keep,
    };
    let updated = app.identities.update(&cx, command).await;
    Ok(IdentityOut::from(updated.telling(Code::IdentityNotFound, || absent(&name))?).into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteIdentityBody {
    #[oai(validator(min_length = 1))]
    identity_id: String,
}

impl Input for DeleteIdentityBody {}

async fn delete(app: Arc<App>, cx: OpCtx, body: DeleteIdentityBody) -> Result<Reply<Empty>> {
    let name = IdentityName::Id(body.identity_id);
    let deleted = app.identities.delete(&cx, name.clone()).await;
    deleted.telling(Code::IdentityNotFound, || absent(&name))?;
    Ok(Empty {}.into())
}
