//! The audit log in the order it was written, for what follows it.
//!
//! The order is that of SQLite's rows: ids sort by second only. Another database
//! needs a column of its own for it.

use std::collections::HashMap;

use entity::{audit_entry, audit_target};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
};

use crate::error::Result;
use crate::ids::AuditId;

/// An entry as indexes want it.
pub struct AuditRow {
    pub row: i64,
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

#[derive(FromQueryResult)]
struct FeedRow {
    row: i64,
    id: String,
    workspace_id: String,
    time: i64,
    event: String,
    description: String,
    actor_id: String,
    actor_name: String,
    request_id: String,
    ip: Option<String>,
    changes: Option<String>,
}

fn row() -> Expr {
    Expr::cust("rowid")
}

/// Up to `limit` entries after a row, oldest first.
pub async fn entries_after(db: &impl ConnectionTrait, after: i64, limit: u64) -> Result<Vec<AuditRow>> {
    let found: Vec<FeedRow> = audit_entry::Entity::find()
        .expr_as(row(), "row")
        .filter(row().gt(after))
        .order_by_asc(row())
        .limit(limit)
        .into_model()
        .all(db)
        .await?;
    let ids = found.iter().map(|entry| AuditId::from(entry.id.as_str()));
    let rows = audit_target::Entity::find()
        .filter(audit_target::Column::AuditId.is_in(ids))
        .order_by_asc(audit_target::Column::Position)
        .all(db)
        .await?;
    let mut targets: HashMap<String, Vec<AuditTargetRow>> = HashMap::new();
    for row in rows {
        let target = AuditTargetRow { kind: row.kind, id: row.target_id, name: row.name };
        targets.entry(row.audit_id.into_string()).or_default().push(target);
    }
    let entry = |found: FeedRow| AuditRow {
        targets: targets.remove(&found.id).unwrap_or_default(),
        row: found.row,
        id: found.id,
        workspace: found.workspace_id,
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

/// Row and id of the last entry; 0 and nothing when there is none.
pub async fn last_entry(db: &impl ConnectionTrait) -> Result<(i64, String)> {
    let last: Option<(i64, String)> = audit_entry::Entity::find()
        .select_only()
        .expr_as(row(), "row")
        .column(audit_entry::Column::Id)
        .order_by_desc(row())
        .into_tuple()
        .one(db)
        .await?;
    Ok(last.unwrap_or_default())
}

/// The id of the entry in a row.
pub async fn entry_at(db: &impl ConnectionTrait, at: i64) -> Result<Option<String>> {
    let id = audit_entry::Entity::find()
        .select_only()
        .column(audit_entry::Column::Id)
        .filter(row().eq(at))
        .into_tuple()
        .one(db)
        .await?;
    Ok(id)
}

/// The time of the entry that was written last, Unix milliseconds.
pub async fn last_entry_time(db: &impl ConnectionTrait) -> Result<Option<i64>> {
    let time = audit_entry::Entity::find()
        .select_only()
        .column(audit_entry::Column::Time)
        .order_by_desc(row())
        .into_tuple()
        .one(db)
        .await?;
    Ok(time)
}
