//! What the log says of given things.

use std::collections::HashSet;

use entity::{audit_entry, audit_target};
use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QuerySelect};

use super::{CHUNK, entry_at, last_entry, last_entry_time};
use crate::audit::Event;
use crate::error::Result;

/// Where a log goes beyond another one: from this place on, or, where that other is no
/// beginning of it, from this time on, Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    Place(i64),
    Time(i64),
}

/// Where the log here goes beyond that of a backup. Entries have the time at which their act
/// began, and clocks are set: places are better, where both have the same.
pub async fn beyond(here: &impl ConnectionTrait, backup: &impl ConnectionTrait) -> Result<Beyond> {
    let (place, entry) = last_entry(backup).await?;
    Ok(match entry_at(here, place).await? == Some(entry) {
        true => Beyond::Place(place),
        false => Beyond::Time(last_entry_time(backup).await?.unwrap_or_default()),
    })
}

/// Which of these an event happened to, unless it was this actor's doing.
pub async fn targets_of(
    db: &impl ConnectionTrait,
    event: Event,
    ids: &[&str],
    not_by: Option<&str>,
) -> Result<HashSet<String>> {
    let mut sought = Condition::all().add(audit_entry::Column::Event.eq(event.as_str()));
    if let Some(actor) = not_by {
        sought = sought.add(audit_entry::Column::ActorId.ne(actor));
    }
    targets(db, ids, sought).await
}

/// To which of these anything but these events happened beyond a backup.
pub async fn targets_beyond(
    db: &impl ConnectionTrait,
    beyond: Beyond,
    but: &[Event],
    ids: &[&str],
) -> Result<HashSet<String>> {
    let since = match beyond {
        Beyond::Place(place) => audit_entry::Column::Seq.gt(place),
        Beyond::Time(time_ms) => audit_entry::Column::Time.gte(time_ms),
    };
    let other = audit_entry::Column::Event.is_not_in(but.iter().map(|event| event.as_str()));
    targets(db, ids, Condition::all().add(since).add(other)).await
}

async fn targets(db: &impl ConnectionTrait, ids: &[&str], sought: Condition) -> Result<HashSet<String>> {
    let mut found = HashSet::new();
    for chunk in ids.chunks(CHUNK) {
        let entry = audit_target::Entity::belongs_to(audit_entry::Entity)
            .from(audit_target::Column::AuditId)
            .to(audit_entry::Column::Id);
        let rows = audit_target::Entity::find()
            .select_only()
            .column(audit_target::Column::TargetId)
            .distinct()
            .join(JoinType::InnerJoin, entry.into())
            .filter(audit_target::Column::TargetId.is_in(chunk.iter().copied()))
            .filter(sought.clone());
        found.extend(rows.into_tuple::<String>().all(db).await?);
    }
    Ok(found)
}
