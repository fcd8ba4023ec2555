//! The audit log in the order it was written, for what follows it and for its
//! pages.
//!
//! The order is that of a column, `seq`: ids sort by second only, and times are
//! those at which requests began, of a clock that may be set back.

use std::collections::HashMap;

use entity::audit_entry::{self, Column};
use entity::audit_target;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::error::{Error, Result};
use crate::ids::{AuditId, WorkspaceId};
use crate::store::Tx;

/// An entry as indexes want it.
pub struct AuditRow {
    /// Its place in the order of commits.
    pub seq: i64,
    pub id: String,
    pub workspace: String,
    pub time_ms: i64,
    pub event: String,
    pub description: String,
    pub actor_id: String,
    pub actor_name: String,
    pub request_id: String,
    pub ip: Option<String>,
    /// JSON.
    pub changes: Option<String>,
    pub targets: Vec<AuditTargetRow>,
}

/// What an entry is about.
pub struct AuditTargetRow {
    pub kind: String,
    pub id: String,
    pub name: Option<String>,
}

/// Up to `limit` entries after a place, oldest first.
pub async fn entries_after(db: &impl ConnectionTrait, after: i64, limit: u64) -> Result<Vec<AuditRow>> {
    let found = audit_entry::Entity::find()
        .filter(Column::Seq.gt(after))
        .order_by_asc(Column::Seq)
        .limit(limit)
        .all(db)
        .await?;
    let ids = found.iter().map(|entry| entry.id.clone());
    let rows = audit_target::Entity::find()
        .filter(audit_target::Column::AuditId.is_in(ids))
        .order_by_asc(audit_target::Column::Position)
        .all(db)
        .await?;
    let mut targets: HashMap<AuditId, Vec<AuditTargetRow>> = HashMap::new();
    for row in rows {
        let target = AuditTargetRow { kind: row.kind, id: row.target_id, name: row.name };
        targets.entry(row.audit_id).or_default().push(target);
    }
    let entry = |found: audit_entry::Model| AuditRow {
        targets: targets.remove(&found.id).unwrap_or_default(),
        seq: found.seq,
        id: found.id.into_string(),
        workspace: found.workspace_id.into_string(),
        time_ms: found.time,
        event: found.event,
        description: found.description,
        actor_id: found.actor_id,
        actor_name: found.actor_name,
        request_id: found.request_id,
        ip: found.ip,
        changes: found.changes,
    };
    Ok(found.into_iter().map(entry).collect())
}

/// Place and id of the last entry; 0 and nothing when there is none.
pub async fn last_entry(db: &impl ConnectionTrait) -> Result<(i64, String)> {
    let last: Option<(i64, String)> = audit_entry::Entity::find()
        .select_only()
        .columns([Column::Seq, Column::Id])
        .order_by_desc(Column::Seq)
        .into_tuple()
        .one(db)
        .await?;
    Ok(last.unwrap_or_default())
}

/// The id of the entry at a place.
pub async fn entry_at(db: &impl ConnectionTrait, at: i64) -> Result<Option<String>> {
    let id = audit_entry::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Seq.eq(at))
        .into_tuple()
        .one(db)
        .await?;
    Ok(id)
}

/// The time of the entry that was written last, Unix milliseconds.
pub async fn last_entry_time(db: &impl ConnectionTrait) -> Result<Option<i64>> {
    let time = audit_entry::Entity::find()
        .select_only()
        .column(Column::Time)
        .order_by_desc(Column::Seq)
        .into_tuple()
        .one(db)
        .await?;
    Ok(time)
}

/// The place of the entry that a cursor names. A cursor that names none is refused:
/// pages from a guess would leave out entries, or show them twice.
pub(in crate::audit) async fn place_of(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    cursor: &str,
) -> Result<i64> {
    let place = audit_entry::Entity::find_by_id(AuditId::from(cursor))
        .select_only()
        .column(Column::Seq)
        .filter(Column::WorkspaceId.eq(workspace.clone()))
        .into_tuple()
        .one(db)
        .await?;
    place.ok_or_else(|| {
        Error::invalid("The cursor names no entry of this audit log. Begin again without one.")
    })
}

/// The places that the next entries of a transaction take, from the first on.
pub(super) async fn next_place(tx: &Tx) -> Result<i64> {
    last_entry(tx.db()).await.map(|(last, _)| last + 1)
}
