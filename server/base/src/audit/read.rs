//! Reading the audit log: by event, actor, target, text and time, newest first.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::ids::{AuditId, WorkspaceId};
use serde_json::{Value, json};

use super::store;
use crate::access::{self, OpCtx, Operation};
use crate::error::{Code, Error, Result};
use crate::store::{Page, Paged, Store};

/// Events that newer and older documents name differently: asking for one finds
/// what was stored under the other
/// (docs/decisions.md#two-names-of-override-events).
const ALIASES: &[(&str, &str)] = &[
    ("ratelimitOverride.create", "ratelimit.set_override"),
    ("ratelimitOverride.update", "ratelimit.set_override"),
    ("ratelimitOverride.delete", "ratelimit.delete_override"),
];

/// Other entries of one act that are shown: a bulk change has one per row.
const MAX_RELATED: u64 = 100;

/// Which entries of a workspace; what is `None` is no condition.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// An event's name, old or new, or with a `*` at its end the names it begins.
    pub event: Option<String>,
    /// Id of whoever acted.
    pub actor: Option<String>,
    /// Id of a resource an entry is about.
    pub target: Option<String>,
    /// Words, each of which must begin a word of the description, the actor, a
    /// target's name or id, or a changed value.
    pub text: Option<String>,
    pub request_id: Option<String>,
    /// Unix milliseconds, inclusive.
    pub since_ms: Option<i64>,
    /// Unix milliseconds, exclusive.
    pub until_ms: Option<i64>,
}

/// An entry as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    pub id: AuditId,
    pub time_ms: i64,
    pub event: String,
    pub description: String,
    pub actor_type: String,
    pub actor_id: String,
    pub actor_name: String,
    pub door: String,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: String,
    pub correlation_id: Option<String>,
    /// Changed fields: `{"field": {"before": .., "after": ..}}`.
    pub changes: Option<Value>,
    pub targets: Vec<AuditTarget>,
}

/// A resource an entry is about.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditTarget {
    pub kind: String,
    pub id: String,
    pub name: Option<String>,
    pub meta: Option<Value>,
}

/// Finds entries by text. The room that indexes them stands further right.
pub trait TextIndex: Send + Sync {
    /// Places in the order of commits of the entries that match the whole filter,
    /// the newest first, from the place `newest` on, at most `limit` of them.
    fn find<'a>(
        &'a self,
        workspace: &'a WorkspaceId,
        filter: &'a AuditFilter,
        newest: Option<i64>,
        limit: u64,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<i64>>> + Send + 'a>>;
}

/// Reads the audit log. Cheap to clone.
#[derive(Clone)]
pub struct AuditLog {
    store: Store,
    text: Arc<dyn TextIndex>,
}

impl AuditLog {
    pub fn new(store: Store, text: Arc<dyn TextIndex>) -> Self {
        Self { store, text }
    }

    /// One entry, and the others of the same act, the newest first.
    pub async fn get(&self, cx: &OpCtx, id: &AuditId) -> Result<(AuditEntry, Vec<AuditEntry>)> {
        cx.require(Operation::AuditRead, access::Target::NONE)?;
        let db = self.store.read();
        let found = store::find(db, &cx.workspace, id).await?;
        let entry = found.ok_or_else(|| Error::absent(Code::AuditEntryNotFound))?;
        if entry.correlation_id.is_none() {
            return Ok((entry, Vec::new()));
        }
        let filter = AuditFilter { request_id: Some(entry.request_id.clone()), ..AuditFilter::default() };
        let page = Page { limit: MAX_RELATED, cursor: None };
        let mut related = store::list(db, &cx.workspace, &filter, &page).await?.items;
        related.retain(|other| other.correlation_id == entry.correlation_id && other.id != entry.id);
        Ok((entry, related))
    }

    /// A page of entries in the order of their commits, the newest first. Its
    /// cursor names the next one; fails with `invalid_input` on one that names none.
    pub async fn list(&self, cx: &OpCtx, filter: &AuditFilter, page: &Page) -> Result<Paged<AuditEntry>> {
        cx.require(Operation::AuditRead, access::Target::NONE)?;
        let (db, workspace) = (self.store.read(), &cx.workspace);
        if filter.text.is_none() {
            return store::list(db, workspace, filter, page).await;
        }
        let newest = match &page.cursor {
            Some(cursor) => Some(store::place_of(db, workspace, cursor).await?),
            None => None,
        };
        let places = self.text.find(workspace, filter, newest, page.limit + 1).await?;
        let found = store::read(db, workspace, places).await?;
        Ok(Paged::from_rows(found, page, |entry| entry.id.as_str()))
    }
}

impl AuditFilter {
    /// The stored name of the asked event.
    pub fn stored_event(&self) -> Option<&str> {
        let asked = self.event.as_deref()?;
        Some(ALIASES.iter().find(|(old, _)| *old == asked).map_or(asked, |(_, stored)| stored))
    }
}

impl AuditEntry {
    /// As exports write it: one JSON object.
    pub fn to_json(&self) -> Value {
        let target = |target: &AuditTarget| json!({ "type": target.kind, "id": target.id, "name": target.name, "meta": target.meta });
        json!({
            "id": self.id.as_str(),
            "time": self.time_ms,
            "event": self.event,
            "description": self.description,
            "actor": { "type": self.actor_type, "id": self.actor_id, "name": self.actor_name },
            "targets": self.targets.iter().map(target).collect::<Vec<_>>(),
            "changes": self.changes,
            "door": self.door,
            "remoteIp": self.ip,
            "userAgent": self.user_agent,
            "requestId": self.request_id,
            "correlationId": self.correlation_id,
        })
    }
}
