//! What was sent to an endpoint, and what came of it.

use base::ids::{DeliveryId, WebhookId};
use chrono::{DateTime, SecondsFormat};
use serde_json::json;

use super::{Delivery, DeliveryState, Webhooks, absent, store};
use base::access::{OpCtx, Operation, Target};
use base::audit::{self, AuditEntry};
use base::error::{Code, Error, Result};
use base::store::{Page, Paged};

/// One time that a delivery was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// From 1 on.
    pub number: i64,
    /// Unix milliseconds.
    pub started_at: i64,
    pub duration_ms: i64,
    /// Of HTTP, if there was an answer.
    pub status: Option<u16>,
    /// What went wrong where there was none, or not all of it.
    pub failure: Option<String>,
    /// The beginning of its body.
    pub answer: Option<String>,
}

/// A delivery with its message and attempts.
#[derive(Clone, Debug)]
pub struct DeliveryDetails {
    pub delivery: Delivery,
    /// What is sent.
    pub body: String,
    /// The newest first.
    pub attempts: Vec<Attempt>,
}

impl Webhooks {
    /// The newest first, of one state or all.
    pub async fn deliveries(
        &self,
        cx: &OpCtx,
        endpoint: &WebhookId,
        state: Option<DeliveryState>,
        page: &Page,
    ) -> Result<Paged<Delivery>> {
        self.get(cx, endpoint).await?;
        store::deliveries(self.store.read(), endpoint, state, page).await
    }

    pub async fn delivery(
        &self,
        cx: &OpCtx,
        endpoint: &WebhookId,
        id: &DeliveryId,
    ) -> Result<DeliveryDetails> {
        cx.require(Operation::WebhookRead, Target::webhook(endpoint))?;
        let db = self.store.read();
        store::find(db, &cx.workspace, endpoint).await?.ok_or_else(absent)?;
        let missing = || Error::absent(Code::DeliveryNotFound);
        let delivery = store::delivery(db, endpoint, id).await?.ok_or_else(missing)?;
        let attempts = store::attempts(db, id).await?;
        let entry = audit::find(db, &cx.workspace, &delivery.audit).await?.ok_or_else(missing)?;
        Ok(DeliveryDetails { body: body(&entry), delivery, attempts })
    }
}

/// What is sent of an entry: the same in every attempt.
pub(super) fn body(entry: &AuditEntry) -> String {
    let time = DateTime::from_timestamp_millis(entry.time_ms).unwrap_or_default();
    json!({
        "type": entry.event,
        "timestamp": time.to_rfc3339_opts(SecondsFormat::Millis, true),
        "data": entry.to_json(),
    })
    .to_string()
}
