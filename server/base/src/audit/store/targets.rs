//! What the log says of given things.

use std::collections::HashSet;

use entity::{audit_entry, audit_target};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Select};

use super::CHUNK;
use crate::audit::Event;
use crate::error::Result;

/// Which of these an event happened to, unless it was this actor's doing.
pub async fn targets_of(
    db: &impl ConnectionTrait,
    event: Event,
    ids: &[&str],
    not_by: Option<&str>,
) -> Result<HashSet<String>> {
    let is_sought = |entries: Select<audit_entry::Entity>| {
        let entries = entries.filter(audit_entry::Column::Event.eq(event.as_str()));
        match not_by {
            Some(actor) => entries.filter(audit_entry::Column::ActorId.ne(actor)),
            None => entries,
        }
    };
    targets(db, ids, is_sought).await
}

/// To which of these anything but these events happened after a time, Unix milliseconds.
pub async fn targets_after(
    db: &impl ConnectionTrait,
    after_ms: i64,
    but: &[Event],
    ids: &[&str],
) -> Result<HashSet<String>> {
    let is_sought = |entries: Select<audit_entry::Entity>| {
        entries
            .filter(audit_entry::Column::Time.gt(after_ms))
            .filter(audit_entry::Column::Event.is_not_in(but.iter().map(|event| event.as_str())))
    };
    targets(db, ids, is_sought).await
}

async fn targets(
    db: &impl ConnectionTrait,
    ids: &[&str],
    is_sought: impl Fn(Select<audit_entry::Entity>) -> Select<audit_entry::Entity>,
) -> Result<HashSet<String>> {
    let mut named: Vec<(String, String)> = Vec::new();
    for chunk in ids.chunks(CHUNK) {
        let rows = audit_target::Entity::find()
            .select_only()
            .columns([audit_target::Column::AuditId, audit_target::Column::TargetId])
            .filter(audit_target::Column::TargetId.is_in(chunk.iter().copied()));
        named.extend(rows.into_tuple::<(String, String)>().all(db).await?);
    }
    let mut sought: HashSet<String> = HashSet::new();
    for chunk in named.chunks(CHUNK) {
        let rows = audit_entry::Entity::find()
            .select_only()
            .column(audit_entry::Column::Id)
            .filter(audit_entry::Column::Id.is_in(chunk.iter().map(|(entry, _)| entry.as_str())));
        sought.extend(is_sought(rows).into_tuple::<String>().all(db).await?);
    }
    Ok(named.into_iter().filter(|(entry, _)| sought.contains(entry)).map(|(_, target)| target).collect())
}
