//! v2 `webhooks.*` about deliveries: what was sent to an endpoint, sending it again, and
//! trying an endpoint (docs/webhooks.md).

use std::sync::Arc;

use base::ids::{DeliveryId, WebhookId};
use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::operation::{Operation, Reply, checked};
use super::shared::{Empty, default_limit, page};
use crate::app::App;
use crate::http::contract::bounded::IdText;
use crate::http::offered::Effect;
use base::access::{OpCtx, Operation as Right};
use base::error::Result;
use domain::webhooks::{Attempt, Delivery, DeliveryState};

pub fn operations() -> Vec<Operation> {
    vec![
        checked("/v2/webhooks.listDeliveries", "List what was sent to an endpoint", Effect::Reads, list)
            .needs(Right::WebhookRead)
            .paged(),
        checked("/v2/webhooks.getDelivery", "Get a delivery with its attempts", Effect::Reads, get)
            .needs(Right::WebhookRead),
        checked("/v2/webhooks.replayDelivery", "Send a delivery again", Effect::Writes, replay)
            .needs(Right::WebhookUpdate),
        checked("/v2/webhooks.sendTest", "Send a test event to an endpoint", Effect::Writes, send_test)
            .needs(Right::WebhookUpdate),
    ]
}

#[serde_schema]
#[derive(Clone, Copy, Serialize, Deserialize)]
#[oai(rename = "WebhookDeliveryState")]
#[serde(rename_all = "camelCase")]
pub enum StateName {
    Waiting,
    Delivered,
    GivenUp,
}

impl From<StateName> for DeliveryState {
    fn from(name: StateName) -> Self {
        match name {
            StateName::Waiting => DeliveryState::Waiting,
            StateName::Delivered => DeliveryState::Delivered,
            StateName::GivenUp => DeliveryState::GivenUp,
        }
    }
}

impl From<DeliveryState> for StateName {
    fn from(state: DeliveryState) -> Self {
        match state {
            DeliveryState::Waiting => StateName::Waiting,
            DeliveryState::Delivered => StateName::Delivered,
            DeliveryState::GivenUp => StateName::GivenUp,
        }
    }
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListDeliveriesBody {
    endpoint_id: IdText,
    /// Those in this state alone.
    state: Option<StateName>,
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    #[serde(default = "default_limit")]
    limit: i64,
    cursor: Option<String>,
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "WebhookDelivery")]
#[serde(rename_all = "camelCase")]
pub struct DeliveryOut {
    id: String,
    endpoint_id: String,
    /// The header `webhook-id` of every attempt: the audit entry that it tells of.
    message_id: String,
    event: String,
    state: StateName,
    created_at: i64,
    attempts: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<i64>,
}

impl From<Delivery> for DeliveryOut {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id.into_string(),
            endpoint_id: delivery.endpoint.into_string(),
            message_id: delivery.audit.into_string(),
            event: delivery.event,
            state: delivery.state.into(),
            created_at: delivery.created_at,
            attempts: delivery.attempts,
            next_attempt_at: delivery.due_at,
            ended_at: delivery.ended_at,
        }
    }
}

async fn list(app: Arc<App>, cx: OpCtx, body: ListDeliveriesBody) -> Result<Reply<Vec<DeliveryOut>>> {
    let endpoint = WebhookId::from(body.endpoint_id.into_string());
    let (state, page) = (body.state.map(DeliveryState::from), page(body.limit, body.cursor));
    let deliveries = app.webhooks.deliveries(&cx, &endpoint, state, &page).await?;
    Ok(Reply::page(deliveries.map(DeliveryOut::from)))
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryBody {
    endpoint_id: IdText,
    delivery_id: IdText,
}

impl DeliveryBody {
    fn ids(self) -> (WebhookId, DeliveryId) {
        (WebhookId::from(self.endpoint_id.into_string()), DeliveryId::from(self.delivery_id.into_string()))
    }
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "WebhookAttempt")]
#[serde(rename_all = "camelCase")]
pub struct AttemptOut {
    number: i64,
    started_at: i64,
    duration_ms: i64,
    /// Of HTTP, if there was an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<i64>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    /// The first KiB of the answer's body.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
}

impl From<Attempt> for AttemptOut {
    fn from(attempt: Attempt) -> Self {
        Self {
            number: attempt.number,
            started_at: attempt.started_at,
            duration_ms: attempt.duration_ms,
            status: attempt.status.map(i64::from),
            failure: attempt.failure,
            answer: attempt.answer,
        }
    }
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetDeliveryOut {
    delivery: DeliveryOut,
    /// What is sent: JSON.
    body: String,
    /// The newest first.
    attempts: Vec<AttemptOut>,
}

async fn get(app: Arc<App>, cx: OpCtx, body: DeliveryBody) -> Result<Reply<GetDeliveryOut>> {
    let (endpoint, id) = body.ids();
    let found = app.webhooks.delivery(&cx, &endpoint, &id).await?;
    let attempts = found.attempts.into_iter().map(AttemptOut::from).collect();
    Ok(GetDeliveryOut { delivery: found.delivery.into(), body: found.body, attempts }.into())
}

async fn replay(app: Arc<App>, cx: OpCtx, body: DeliveryBody) -> Result<Reply<Empty>> {
    let (endpoint, id) = body.ids();
    app.webhooks.replay(&cx, &endpoint, &id).await?;
    Ok(Empty {}.into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SendTestBody {
    endpoint_id: IdText,
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SendTestOut {
    delivery_id: String,
}

async fn send_test(app: Arc<App>, cx: OpCtx, body: SendTestBody) -> Result<Reply<SendTestOut>> {
    let sent = app.webhooks.send_test(&cx, &WebhookId::from(body.endpoint_id.into_string())).await?;
    Ok(SendTestOut { delivery_id: sent.into_string() }.into())
}
