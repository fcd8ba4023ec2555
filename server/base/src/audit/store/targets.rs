//! What the log says of given things.

use std::collections::{HashMap, HashSet};

use entity::{audit_entry, audit_target};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

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
    let mut entries: HashMap<String, String> = HashMap::new();
    for chunk in ids.chunks(CHUNK) {
        let named: Vec<(String, String)> = audit_target::Entity::find()
            .select_only()
            .columns([audit_target::Column::AuditId, audit_target::Column::TargetId])
            .filter(audit_target::Column::TargetId.is_in(chunk.iter().copied()))
            .into_tuple()
            .all(db)
            .await?;
        entries.extend(named);
    }
    let mut found = HashSet::new();
    let of_any: Vec<&str> = entries.keys().map(String::as_str).collect();
    for chunk in of_any.chunks(CHUNK) {
        let mut rows = audit_entry::Entity::find()
            .select_only()
            .column(audit_entry::Column::Id)
            .filter(audit_entry::Column::Id.is_in(chunk.iter().copied()))
            .filter(audit_entry::Column::Event.eq(event.as_str()));
        if let Some(actor) = not_by {
            rows = rows.filter(audit_entry::Column::ActorId.ne(actor));
        }
        let rows: Vec<String> = rows.into_tuple().all(db).await?;
        found.extend(rows.iter().filter_map(|entry| entries.get(entry)).cloned());
    }
    Ok(found)
}
