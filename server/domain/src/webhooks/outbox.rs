//! Putting events on their way: each in the transaction of its audit entry, one that
//! tries an endpoint, and one that is sent again.
//!
//! A change in a workspace without endpoints costs one look into an index. It is not
//! remembered that there are none: on Postgres another process may have made one.

use std::pin::Pin;

use base::ids::{AuditId, DeliveryId, WebhookId, WorkspaceId};
use serde_json::json;

use super::{Delivery, DeliveryState, Endpoint, RETRY_FOR_MS, Webhooks, absent, store};
use base::access::{self, OpCtx, Operation};
use base::audit::{Event, Group};
use base::entropy::Entropy;
use base::error::{Code, Error, Result};
use base::store::{EntryFeed, NewEntry, Tx};

/// Hears of audit entries, and writes a delivery for each endpoint that chose them.
pub struct Outbox {
    entropy: Entropy,
}

impl Outbox {
    pub fn new(entropy: Entropy) -> Self {
        Self { entropy }
    }
}

impl EntryFeed for Outbox {
    fn written<'a>(
        &'a self,
        tx: &'a Tx,
        workspace: &'a WorkspaceId,
        now_ms: i64,
        entries: &'a [NewEntry],
    ) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
        Box::pin(async move {
            let endpoints = store::choices(tx.db(), workspace).await?;
            let mut deliveries = Vec::new();
            for (endpoint, choice) in &endpoints {
                for entry in entries.iter().filter(|entry| choice.includes(entry.event)) {
                    let message = (entry.id.clone(), entry.event);
                    deliveries.push(delivery(&self.entropy, workspace, endpoint, message, now_ms));
                }
            }
            store::insert_deliveries(tx, deliveries).await
        })
    }
}

fn delivery(
    entropy: &Entropy,
    workspace: &WorkspaceId,
    endpoint: &WebhookId,
    (audit, event): (AuditId, &str),
    now_ms: i64,
) -> Delivery {
    Delivery {
        id: entropy.id(DeliveryId::PREFIX, now_ms),
        workspace: workspace.clone(),
        endpoint: endpoint.clone(),
        audit,
        event: event.to_owned(),
        created_at: now_ms,
        state: DeliveryState::Waiting,
        due_at: Some(now_ms),
        give_up_at: now_ms + RETRY_FOR_MS,
        attempts: 0,
        failures: 0,
        ended_at: None,
    }
}

impl Webhooks {
    /// Sends `webhook.test` to one endpoint, and to no other. A disabled one fails with
    /// `precondition_failed`.
    pub async fn send_test(&self, cx: &OpCtx, id: &WebhookId) -> Result<DeliveryId> {
        cx.require(Operation::WebhookUpdate, access::Target::webhook(id))?;
        self.store
            .write(|tx| async move {
                let endpoint = enabled(&tx, cx, id).await?;
                let mut group = Group::new();
                let text = format!("Tried webhook endpoint {}", endpoint.origin());
                group.push(Event::WebhookTest, text, vec![endpoint.audit_target()]);
                let mut written = group.write(cx, &tx, &self.entropy).await?;
                let audit = written.pop().ok_or_else(|| Error::internal("an entry has no id"))?;
                let message = (audit, Event::WebhookTest.as_str());
                let sent = delivery(&self.entropy, &cx.workspace, id, message, cx.now_ms);
                let delivery_id = sent.id.clone();
                store::insert_deliveries(&tx, vec![sent]).await?;
                Ok(delivery_id)
            })
            .await
    }

    /// Sends a delivery again, now, and for three days from now on: with its own message
    /// id, whatever became of it before.
    pub async fn replay(&self, cx: &OpCtx, endpoint: &WebhookId, id: &DeliveryId) -> Result<()> {
        cx.require(Operation::WebhookUpdate, access::Target::webhook(endpoint))?;
        self.store
            .write(|tx| async move {
                let found = enabled(&tx, cx, endpoint).await?;
                let sent = store::delivery(tx.db(), endpoint, id).await?;
                let sent = sent.ok_or_else(|| Error::absent(Code::DeliveryNotFound))?;
                store::begin_again(&tx, id, cx.now_ms, cx.now_ms + RETRY_FOR_MS).await?;
                let mut group = Group::new();
                let text = format!("Sent {} to webhook endpoint {} again", sent.event, found.origin());
                let meta = json!({ "deliveryId": id.as_str(), "auditId": sent.audit.as_str() });
                group.push(Event::WebhookReplay, text, vec![found.audit_target().with_meta(meta)]);
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }
}

async fn enabled(tx: &Tx, cx: &OpCtx, id: &WebhookId) -> Result<Endpoint> {
    let endpoint = store::find(tx.db(), &cx.workspace, id).await?.ok_or_else(absent)?;
    if !endpoint.enabled {
        let detail = "This endpoint is disabled: nothing is sent there.";
        return Err(Error::new(Code::PreconditionFailed, detail));
    }
    Ok(endpoint)
}
