//! v2 `webhooks.*`: endpoints that are told of events, and what was sent there
//! (docs/webhooks.md). All ours: the published contract has none of it.

use std::sync::Arc;

use base::ids::WebhookId;
use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::operation::{Operation, Reply, checked};
use super::shared::{Empty, default_limit, default_true, page};
use crate::app::App;
use crate::http::contract::bounded::IdText;
use crate::http::contract::revealed::Revealed;
use crate::http::offered::Effect;
use crate::http::schema;
use base::access::{OpCtx, Operation as Right};
use base::error::Result;
use domain::webhooks::{CreateEndpoint, Endpoint, UpdateEndpoint};

pub fn operations() -> Vec<Operation> {
    vec![
        checked("/v2/webhooks.createEndpoint", "Create a webhook endpoint", Effect::Writes, create)
            .needs(Right::WebhookCreate)
            .idempotent()
            .no_store(),
        checked("/v2/webhooks.listEndpoints", "List webhook endpoints", Effect::Reads, list)
            .needs(Right::WebhookRead)
            .paged(),
        checked("/v2/webhooks.getEndpoint", "Get a webhook endpoint", Effect::Reads, get)
            .needs(Right::WebhookRead),
        checked("/v2/webhooks.updateEndpoint", "Change a webhook endpoint", Effect::Writes, update)
            .needs(Right::WebhookUpdate),
        checked("/v2/webhooks.deleteEndpoint", "Delete a webhook endpoint", Effect::Destroys, delete)
            .needs(Right::WebhookDelete),
        checked("/v2/webhooks.rotateSecret", "Replace the secret of an endpoint", Effect::Destroys, rotate)
            .needs(Right::WebhookUpdate)
            .idempotent()
            .no_store(),
    ]
}

#[serde_schema]
#[derive(Deserialize)]
pub struct CreateEndpointBody {
    /// Begins with https:// or http://, without a user name.
    #[oai(validator(min_length = 1, max_length = 2048))]
    url: String,
    #[oai(validator(max_length = 512))]
    description: Option<String>,
    /// Events of the audit log: `key.create`, `key.*`, or `*` for all.
    #[oai(validator(min_items = 1, max_items = 100, min_length = 1, max_length = 128))]
    events: Vec<String>,
    #[serde(default = "default_true")]
    enabled: bool,
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateEndpointOut {
    endpoint_id: String,
    /// What signs; shown this once.
    secret: Revealed,
}

async fn create(app: Arc<App>, cx: OpCtx, body: CreateEndpointBody) -> Result<Reply<CreateEndpointOut>> {
    let CreateEndpointBody { url, description, events, enabled } = body;
    let command = CreateEndpoint { url, description, events, enabled };
    let (endpoint, secret) = app.webhooks.create(&cx, command).await?;
    let secret = Revealed::of(&secret);
    Ok(CreateEndpointOut { endpoint_id: endpoint.id.into_string(), secret }.into())
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "WebhookEndpoint")]
#[serde(rename_all = "camelCase")]
pub struct EndpointOut {
    id: String,
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    events: Vec<String>,
    enabled: bool,
    /// Why the server disabled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_reason: Option<String>,
    /// Since when nothing but failures came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing_since: Option<i64>,
    /// Until when the secret before signs too.
    #[serde(skip_serializing_if = "Option::is_none")]
    old_secret_ends_at: Option<i64>,
    created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<i64>,
}

impl From<Endpoint> for EndpointOut {
    fn from(endpoint: Endpoint) -> Self {
        Self {
            id: endpoint.id.into_string(),
            url: endpoint.url,
            description: endpoint.description,
            events: endpoint.events.names().to_vec(),
            enabled: endpoint.enabled,
            disabled_reason: endpoint.disabled_reason,
            failing_since: endpoint.failing_since,
            old_secret_ends_at: endpoint.old_secret_ends_at,
            created_at: endpoint.created_at,
            updated_at: endpoint.updated_at,
        }
    }
}

#[serde_schema]
#[derive(Deserialize)]
pub struct ListEndpointsBody {
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    #[serde(default = "default_limit")]
    limit: i64,
    cursor: Option<String>,
}

async fn list(app: Arc<App>, cx: OpCtx, body: ListEndpointsBody) -> Result<Reply<Vec<EndpointOut>>> {
    let endpoints = app.webhooks.list(&cx, &page(body.limit, body.cursor)).await?;
    Ok(Reply::page(endpoints.map(EndpointOut::from)))
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointBody {
    endpoint_id: IdText,
}

async fn get(app: Arc<App>, cx: OpCtx, body: EndpointBody) -> Result<Reply<EndpointOut>> {
    let id = WebhookId::from(body.endpoint_id.into_string());
    Ok(EndpointOut::from(app.webhooks.get(&cx, &id).await?).into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateEndpointBody {
    endpoint_id: IdText,
    #[oai(validator(min_length = 1, max_length = 2048))]
    url: Option<String>,
    /// `null` removes it.
    #[oai(validator(max_length = 512))]
    #[serde(default)]
    description: schema::Patch<String>,
    /// Replaces all of them.
    #[oai(validator(min_items = 1, max_items = 100, min_length = 1, max_length = 128))]
    events: Option<Vec<String>>,
    /// `true` forgets its failures.
    enabled: Option<bool>,
}

async fn update(app: Arc<App>, cx: OpCtx, body: UpdateEndpointBody) -> Result<Reply<EndpointOut>> {
    let command = UpdateEndpoint {
        id: WebhookId::from(body.endpoint_id.into_string()),
        url: body.url,
        description: body.description.0,
        events: body.events,
        enabled: body.enabled,
    };
    Ok(EndpointOut::from(app.webhooks.update(&cx, command).await?).into())
}

async fn delete(app: Arc<App>, cx: OpCtx, body: EndpointBody) -> Result<Reply<Empty>> {
    app.webhooks.delete(&cx, &WebhookId::from(body.endpoint_id.into_string())).await?;
    Ok(Empty {}.into())
}

fn default_grace_ms() -> i64 {
    base::clock::DAY_MS
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RotateSecretBody {
    endpoint_id: IdText,
    /// Milliseconds for which the present secret signs too.
    #[oai(validator(minimum(value = "0"), maximum(value = "604800000")))]
    #[serde(default = "default_grace_ms")]
    grace_period: i64,
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RotateSecretOut {
    /// What signs; shown this once.
    secret: Revealed,
    /// Until when the secret before signs too.
    #[serde(skip_serializing_if = "Option::is_none")]
    old_secret_ends_at: Option<i64>,
}

async fn rotate(app: Arc<App>, cx: OpCtx, body: RotateSecretBody) -> Result<Reply<RotateSecretOut>> {
    let id = WebhookId::from(body.endpoint_id.into_string());
    let made = app.webhooks.rotate_secret(&cx, &id, body.grace_period).await?;
    let secret = Revealed::of(&made.secret);
    Ok(RotateSecretOut { secret, old_secret_ends_at: made.old_secret_ends_at }.into())
}
