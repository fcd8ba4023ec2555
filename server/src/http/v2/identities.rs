//! v2 `identities.*` (docs/contract/v2.md#identities).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::operation::{Operation, Reply, checked};
use super::shared::{Empty, IdentityOut, LimitBody, LimitOut, default_limit, new_limits, page};
use crate::app::App;
use crate::http::contract::bounded::ExternalId;
use crate::http::offered::Effect;
use crate::http::schema::{self, Meta};
use base::access::{OpCtx, Operation as Right};
use base::error::Result;
use base::ids::IdentityId;
use domain::identities::{CreateIdentity, Identity, ListIdentities, Spending, UpdateIdentity};

pub fn operations() -> Vec<Operation> {
    vec![
        checked("/v2/identities.createIdentity", "Create an identity", Effect::Writes, create)
            .needs(Right::IdentityCreate)
            .idempotent(),
        checked("/v2/identities.getIdentity", "Get an identity", Effect::Reads, get)
            .needs(Right::IdentityRead),
        checked("/v2/identities.listIdentities", "List identities", Effect::Reads, list)
            .needs(Right::IdentityListed)
            .paged(),
        checked("/v2/identities.updateIdentity", "Change an identity", Effect::Destroys, update)
            .needs(Right::IdentityUpdate),
        checked("/v2/identities.deleteIdentity", "Delete an identity", Effect::Destroys, delete)
            .needs(Right::IdentityDelete)
            .without_data(),
    ]
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateIdentityBody {
    external_id: ExternalId,
    meta: Option<Meta>,
    /// Limits shared by all keys of this identity.
    #[oai(validator(max_items = 50))]
    #[serde(default)]
    ratelimits: Vec<LimitBody>,
    /// Credits that all its keys together may spend in a calendar month of UTC; no cap
    /// when absent.
    #[oai(validator(minimum(value = "0"), maximum(value = "1000000000000000")))]
    monthly_credits: Option<i64>,
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateIdentityOut {
    identity_id: String,
}

async fn create(app: Arc<App>, cx: OpCtx, body: CreateIdentityBody) -> Result<Reply<CreateIdentityOut>> {
    let command = CreateIdentity {
        external_id: body.external_id.into_string(),
        meta: body.meta.map(|meta| meta.0).unwrap_or_default(),
        limits: new_limits(body.ratelimits),
        monthly_credits: body.monthly_credits,
    };
    let identity_id = app.identities.create(&cx, command).await?;
    Ok(CreateIdentityOut { identity_id: identity_id.into_string() }.into())
}

#[serde_schema]
#[derive(Deserialize)]
pub struct GetIdentityBody {
    /// The identity's id or its external id.
    #[oai(validator(min_length = 1))]
    identity: String,
}

async fn get(app: Arc<App>, cx: OpCtx, body: GetIdentityBody) -> Result<Reply<CappedIdentityOut>> {
    let identity = app.identities.get(&cx, &body.identity).await?;
    Ok(with_spending(&app, &cx, identity).await?.into())
}

#[serde_schema]
#[derive(Deserialize)]
pub struct ListIdentitiesBody {
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    #[serde(default = "default_limit")]
    limit: i64,
    cursor: Option<String>,
    /// Text that the id or external id holds, whatever its case.
    #[oai(validator(max_length = 256))]
    search: Option<String>,
}

async fn list(app: Arc<App>, cx: OpCtx, body: ListIdentitiesBody) -> Result<Reply<Vec<CappedIdentityOut>>> {
    let command = ListIdentities { page: page(body.limit, body.cursor), search: body.search };
    let identities = app.identities.list(&cx, command).await?;
    let mut spending = app.identities.spending(&cx, &capped(&identities.items)).await?;
    let out = |identity: Identity| {
        let spending = spending.remove(&identity.id);
        CappedIdentityOut::new(identity, spending)
    };
    Ok(Reply::page(identities.map(out)))
}

/// An identity by itself: one that stands beside a key has nothing of its cap.
#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CappedIdentityOut {
    id: String,
    external_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Meta>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ratelimits: Vec<LimitOut>,
    /// Credits that all its keys together may spend in a calendar month of UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    monthly_credits: Option<i64>,
    /// What they have spent of them this month.
    #[serde(skip_serializing_if = "Option::is_none")]
    spent_credits: Option<i64>,
}

impl CappedIdentityOut {
    fn new(identity: Identity, spending: Option<Spending>) -> Self {
        let IdentityOut { id, external_id, meta, ratelimits } = identity.into();
        let monthly_credits = spending.map(|spending| spending.monthly_credits);
        let spent_credits = spending.map(|spending| spending.spent_credits);
        Self { id, external_id, meta, ratelimits, monthly_credits, spent_credits }
    }
}

async fn with_spending(app: &App, cx: &OpCtx, identity: Identity) -> Result<CappedIdentityOut> {
    let capped = capped(std::slice::from_ref(&identity));
    let spending = app.identities.spending(cx, &capped).await?.remove(&identity.id);
    Ok(CappedIdentityOut::new(identity, spending))
}

fn capped(identities: &[Identity]) -> Vec<IdentityId> {
    let capped = identities.iter().filter(|identity| identity.monthly_credits.is_some());
    capped.map(|identity| identity.id.clone()).collect()
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateIdentityBody {
    /// The identity's id or its external id.
    #[oai(validator(min_length = 1))]
    identity: String,
    /// Replaces all of it; `{}` clears.
    meta: Option<Meta>,
    /// Replaces all of them, matched by name; `[]` clears.
    #[oai(validator(max_items = 50))]
    ratelimits: Option<Vec<LimitBody>>,
    /// Credits that all its keys together may spend in a calendar month of UTC; `null`
    /// lifts the cap.
    #[oai(validator(minimum(value = "0"), maximum(value = "1000000000000000")))]
    #[serde(default)]
    monthly_credits: schema::Patch<i64>,
}

async fn update(app: Arc<App>, cx: OpCtx, body: UpdateIdentityBody) -> Result<Reply<CappedIdentityOut>> {
    let command = UpdateIdentity {
        keeps_auto_apply: Vec::new(),
        made_from: None,
        identity: body.identity.into(),
        meta: body.meta.map(|meta| meta.0),
        limits: body.ratelimits.map(new_limits),
        monthly_credits: body.monthly_credits.0,
    };
    let identity = app.identities.update(&cx, command).await?;
    Ok(with_spending(&app, &cx, identity).await?.into())
}

async fn delete(app: Arc<App>, cx: OpCtx, body: GetIdentityBody) -> Result<Reply<Empty>> {
    app.identities.delete(&cx, &body.identity).await?;
    Ok(Empty {}.into())
}
