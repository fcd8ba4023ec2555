//! v2 `identities.*` (docs/contract/v2.md#identities).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::operation::{Operation, Reply, checked};
use super::shared::{Empty, IdentityOut, LimitBody, default_limit, new_limits, page};
use crate::app::App;
use crate::http::contract::bounded::ExternalId;
use crate::http::offered::Effect;
use crate::http::schema::Meta;
use base::access::{OpCtx, Operation as Right};
use base::error::Result;
use domain::identities::{CreateIdentity, ListIdentities, UpdateIdentity};

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

async fn get(app: Arc<App>, cx: OpCtx, body: GetIdentityBody) -> Result<Reply<IdentityOut>> {
    Ok(IdentityOut::from(app.identities.get(&cx, &body.identity).await?).into())
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

async fn list(app: Arc<App>, cx: OpCtx, body: ListIdentitiesBody) -> Result<Reply<Vec<IdentityOut>>> {
    let command = ListIdentities { page: page(body.limit, body.cursor), search: body.search };
    let identities = app.identities.list(&cx, command).await?;
    Ok(Reply::page(identities.map(IdentityOut::from)))
}

#[serde_schema]
#[derive(Deserialize)]
pub struct UpdateIdentityBody {
    /// The identity's id or its external id.
    #[oai(validator(min_length = 1))]
    identity: String,
    /// Replaces all of it; `{}` clears.
    meta: Option<Meta>,
    /// Replaces all of them, matched by name; `[]` clears.
    #[oai(validator(max_items = 50))]
    ratelimits: Option<Vec<LimitBody>>,
}

async fn update(app: Arc<App>, cx: OpCtx, body: UpdateIdentityBody) -> Result<Reply<IdentityOut>> {
    let command = UpdateIdentity {
        keeps_auto_apply: Vec::new(),
        made_from: None,
        identity: body.identity.into(),
        meta: body.meta.map(|meta| meta.0),
        limits: body.ratelimits.map(new_limits),
    };
    Ok(IdentityOut::from(app.identities.update(&cx, command).await?).into())
}

async fn delete(app: Arc<App>, cx: OpCtx, body: GetIdentityBody) -> Result<Reply<Empty>> {
    app.identities.delete(&cx, &body.identity).await?;
    Ok(Empty {}.into())
}
