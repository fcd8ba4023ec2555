//! Making, changing and deleting endpoints, and their secrets.

use base::ids::WebhookId;
use serde_json::{Value, json};

use super::{Endpoint, EventChoice, MAX_ENDPOINTS, Webhooks, absent, secrets, store, target};
use base::access::{OpCtx, Operation, Target};
use base::audit::{Event, Group, changes};
use base::clock::DAY_MS;
use base::error::{Code, Error, Result};
use base::patch::Patch;
use base::secret::PlainKey;
use base::store::{Page, Paged};

/// The longest time for which a secret signs beside its successor.
pub const MAX_GRACE_MS: i64 = 7 * DAY_MS;

const MAX_DESCRIPTION_CHARS: usize = 512;

/// An endpoint to be made.
#[derive(Clone, Debug)]
pub struct CreateEndpoint {
    pub url: String,
    pub description: Option<String>,
    pub events: Vec<String>,
    pub enabled: bool,
}

/// A change of an endpoint; what is left out stays. Enabling it forgets its failures.
#[derive(Clone, Debug)]
pub struct UpdateEndpoint {
    pub id: WebhookId,
    pub url: Option<String>,
    pub description: Patch<String>,
    pub events: Option<Vec<String>>,
    pub enabled: Option<bool>,
}

/// A secret that was just made, and until when the one before signs too.
#[derive(Debug)]
pub struct NewSecret {
    pub secret: PlainKey,
    /// Unix milliseconds.
    pub old_secret_ends_at: Option<i64>,
}

impl Webhooks {
    /// Answers the endpoint and its secret, which is not shown again.
    pub async fn create(&self, cx: &OpCtx, command: CreateEndpoint) -> Result<(Endpoint, PlainKey)> {
        cx.require(Operation::WebhookCreate, Target::NONE)?;
        let endpoint = Endpoint {
            id: self.entropy.id(WebhookId::PREFIX, cx.now_ms),
            workspace: cx.workspace.clone(),
            url: command.url,
            description: command.description,
            events: EventChoice::new(command.events)?,
            enabled: command.enabled,
            disabled_reason: None,
            failing_since: None,
            old_secret_ends_at: None,
            created_at: cx.now_ms,
            updated_at: None,
        };
        target::check(&endpoint.url, self.private_targets)?;
        check_description(&endpoint)?;
        let secret = secrets::mint(&self.entropy);
        self.store
            .write(|tx| async move {
                if store::count(tx.db(), &cx.workspace).await? >= MAX_ENDPOINTS {
                    let detail = format!("A workspace has at most {MAX_ENDPOINTS} webhook endpoints.");
                    return Err(Error::new(Code::PreconditionFailed, detail));
                }
                let binding = secrets::binding(&cx.workspace, &endpoint.id);
                let sealed =
                    self.vault.seal_text(&tx, &cx.workspace, &binding, secret.reveal().as_bytes()).await?;
                store::insert(&tx, &endpoint, sealed).await?;
                let mut group = Group::new();
                let text = format!("Created webhook endpoint {}", endpoint.origin());
                let changes = differences(None, &endpoint);
                group.push_change(Event::WebhookCreate, text, vec![endpoint.audit_target()], changes);
                group.record(cx, &tx, &self.entropy).await?;
                Ok((endpoint, secret))
            })
            .await
    }

    pub async fn get(&self, cx: &OpCtx, id: &WebhookId) -> Result<Endpoint> {
        cx.require(Operation::WebhookRead, Target::webhook(id))?;
        store::find(self.store.read(), &cx.workspace, id).await?.ok_or_else(absent)
    }

    pub async fn list(&self, cx: &OpCtx, page: &Page) -> Result<Paged<Endpoint>> {
        cx.require(Operation::WebhookRead, Target::NONE)?;
        store::list(self.store.read(), &cx.workspace, page).await
    }

    /// Answers the endpoint as it then is.
    pub async fn update(&self, cx: &OpCtx, command: UpdateEndpoint) -> Result<Endpoint> {
        cx.require(Operation::WebhookUpdate, Target::webhook(&command.id))?;
        self.store
            .write(|tx| async move {
                let before = store::find(tx.db(), &cx.workspace, &command.id).await?.ok_or_else(absent)?;
                let after = self.changed(&before, command, cx.now_ms)?;
                if (Endpoint { updated_at: before.updated_at, ..after.clone() }) == before {
                    return Ok(before);
                }
                store::update(&tx, &after).await?;
                let mut group = Group::new();
                let text = format!("Updated webhook endpoint {}", after.origin());
                let changes = differences(Some(&before), &after);
                group.push_change(Event::WebhookUpdate, text, vec![after.audit_target()], changes);
                group.record(cx, &tx, &self.entropy).await?;
                Ok(after)
            })
            .await
    }

    fn changed(&self, before: &Endpoint, command: UpdateEndpoint, now_ms: i64) -> Result<Endpoint> {
        let mut after = before.clone();
        if let Some(url) = command.url {
            target::check(&url, self.private_targets)?;
            after.url = url;
        }
        command.description.apply(&mut after.description);
        if let Some(events) = command.events {
            after.events = EventChoice::new(events)?;
        }
        if let Some(enabled) = command.enabled {
            after.enabled = enabled;
            (after.disabled_reason, after.failing_since) = (None, None);
        }
        after.updated_at = Some(now_ms);
        check_description(&after)?;
        Ok(after)
    }

    /// What waits for it, and the log of what was sent, go with it.
    pub async fn delete(&self, cx: &OpCtx, id: &WebhookId) -> Result<()> {
        cx.require(Operation::WebhookDelete, Target::webhook(id))?;
        self.store
            .write(|tx| async move {
                let endpoint = store::find(tx.db(), &cx.workspace, id).await?.ok_or_else(absent)?;
                store::remove(&tx, id).await?;
                let mut group = Group::new();
                let text = format!("Deleted webhook endpoint {}", endpoint.origin());
                group.push(Event::WebhookDelete, text, vec![endpoint.audit_target()]);
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }

    /// Makes another secret. The one before signs beside it for `grace_ms`; one that
    /// still did so ends at once, so there are never more than two.
    pub async fn rotate_secret(&self, cx: &OpCtx, id: &WebhookId, grace_ms: i64) -> Result<NewSecret> {
        cx.require(Operation::WebhookUpdate, Target::webhook(id))?;
        if !(0..=MAX_GRACE_MS).contains(&grace_ms) {
            return Err(Error::invalid("The secret before may sign for 0 to 604800000 milliseconds more."));
        }
        let secret = secrets::mint(&self.entropy);
        self.store
            .write(|tx| async move {
                let endpoint = store::find(tx.db(), &cx.workspace, id).await?.ok_or_else(absent)?;
                let binding = secrets::binding(&cx.workspace, id);
                let sealed =
                    self.vault.seal_text(&tx, &cx.workspace, &binding, secret.reveal().as_bytes()).await?;
                let old_secret_ends_at = (grace_ms > 0).then(|| cx.now_ms + grace_ms);
                store::replace_secret(&tx, id, sealed, old_secret_ends_at).await?;
                let mut group = Group::new();
                let text = format!("Rotated the secret of webhook endpoint {}", endpoint.origin());
                group.push(Event::WebhookRotate, text, vec![endpoint.audit_target()]);
                group.record(cx, &tx, &self.entropy).await?;
                Ok(NewSecret { secret, old_secret_ends_at })
            })
            .await
    }
}

fn check_description(endpoint: &Endpoint) -> Result<()> {
    let description = endpoint.description.as_deref().unwrap_or_default();
    if description.chars().count() > MAX_DESCRIPTION_CHARS {
        return Err(Error::invalid(format!("A description has at most {MAX_DESCRIPTION_CHARS} characters.")));
    }
    Ok(())
}

/// The fields that differ, all of them where there was none. What of an address may be
/// secret is told by its digest: that it is another one, and not which.
fn differences(before: Option<&Endpoint>, after: &Endpoint) -> Value {
    let fields = |endpoint: Option<&Endpoint>| {
        let Some(endpoint) = endpoint else {
            return ["url", "pathDigest", "description", "events", "enabled"]
                .map(|field| (field, Value::Null));
        };
        [
            ("url", json!(endpoint.origin())),
            ("pathDigest", json!(target::path_digest(&endpoint.url))),
            ("description", json!(endpoint.description)),
            ("events", endpoint.events.to_json()),
            ("enabled", json!(endpoint.enabled)),
        ]
    };
    Value::Object(changes(fields(before), fields(Some(after))))
}
