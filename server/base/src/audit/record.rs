//! Building the audit group of one operation and recording it.

use crate::ids::{AuditId, CorrelationId};
use serde_json::{Map, Value, json};

use super::{Event, store};
use crate::access::{OpCtx, Principal};
use crate::claims;
use crate::entropy::Entropy;
use crate::error::Result;
use crate::store::{NewEntry, Tx};

/// The entries one operation writes together. More than one share a
/// correlation id.
#[derive(Default)]
pub struct Group(Vec<Entry>);

/// One event of a group.
pub struct Entry {
    pub event: Event,
    pub description: String,
    pub targets: Vec<Target>,
    pub changes: Option<Value>,
}

/// A resource an entry is about.
pub struct Target {
    pub kind: &'static str,
    pub id: String,
    pub name: Option<String>,
    pub meta: Option<Value>,
}

impl Target {
    /// `kind` is one of the contract's target types: `api`, `key`, `identity`...
    pub fn new(kind: &'static str, id: impl Into<String>, name: Option<&str>) -> Self {
        Self { kind, id: id.into(), name: name.map(ToOwned::to_owned), meta: None }
    }

    pub fn with_meta(mut self, meta: Value) -> Self {
        self.meta = Some(meta);
        self
    }
}

/// The fields that differ, as audit entries keep them.
pub fn changes<const N: usize>(
    before: [(&'static str, Value); N],
    after: [(&'static str, Value); N],
) -> Map<String, Value> {
    let pairs = before.into_iter().zip(after);
    pairs
        .filter(|((_, old), (_, new))| old != new)
        .map(|((field, old), (_, new))| (field.to_owned(), json!({ "before": old, "after": new })))
        .collect()
}

impl Group {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn push(&mut self, event: Event, description: impl Into<String>, targets: Vec<Target>) {
        self.0.push(Entry { event, description: description.into(), targets, changes: None });
    }

    /// As [`Group::push`], with the changed fields: `{"field": {"before": .., "after": ..}}`.
    pub fn push_change(
        &mut self,
        event: Event,
        description: impl Into<String>,
        targets: Vec<Target>,
        changes: Value,
    ) {
        self.0.push(Entry { event, description: description.into(), targets, changes: Some(changes) });
    }

    /// What will be recorded.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes the group in `tx`; a failure fails the operation.
    pub async fn record(self, cx: &OpCtx, tx: &Tx, entropy: &Entropy) -> Result<()> {
        self.write(cx, tx, entropy).await.map(|_| ())
    }

    /// As [`Group::record`]; answers what the entries are called.
    pub async fn write(self, cx: &OpCtx, tx: &Tx, entropy: &Entropy) -> Result<Vec<AuditId>> {
        if self.0.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(key) = &cx.idempotency {
            claims::claim(tx, cx, key).await?;
        }
        let correlation: Option<CorrelationId> =
            (self.0.len() > 1).then(|| entropy.id(CorrelationId::PREFIX, cx.now_ms));
        let rows: Vec<(AuditId, Entry)> = self
            .0
            .into_iter()
            .map(|entry| (entropy.id::<AuditId>(AuditId::PREFIX, cx.now_ms), entry))
            .collect();
        let written: Vec<NewEntry> =
            rows.iter().map(|(id, entry)| NewEntry { id: id.clone(), event: entry.event.as_str() }).collect();
        store::insert(tx, cx, correlation, rows).await?;
        tx.tell(&cx.workspace, cx.now_ms, &written).await?;
        Ok(written.into_iter().map(|entry| entry.id).collect())
    }
}

/// The actor as the contract spells it: type, id, name.
pub(super) fn actor(cx: &OpCtx) -> (&'static str, String, String) {
    match &cx.principal {
        Principal::RootKey(key) => {
            ("rootkey", key.id.to_string(), key.name.clone().unwrap_or_else(|| "root key".to_owned()))
        }
        Principal::User(user) => ("user", user.id.to_string(), user.name.clone()),
        Principal::PortalUser(user) => ("portalEndUser", user.external_id.clone(), user.external_id.clone()),
        Principal::PortalSession(id) => ("system", id.to_string(), "portal session".to_owned()),
        Principal::Anonymous => ("system", "anonymous".to_owned(), "anonymous".to_owned()),
        Principal::Cli => ("system", "cli".to_owned(), "command line".to_owned()),
        Principal::Job(task) => ("system", task.as_str().to_owned(), task.as_str().to_owned()),
    }
}
