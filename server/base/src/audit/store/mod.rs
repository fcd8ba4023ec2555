//! Rows of the audit log.

mod in_order;
mod targets;

use std::collections::HashMap;

use crate::ids::{AuditId, CorrelationId, WorkspaceId};
use entity::{audit_entry, audit_target};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Set,
};

pub(super) use in_order::place_of;
pub use in_order::{AuditRow, AuditTargetRow, entries_after, entry_at, last_entry, last_entry_time};
pub use targets::{Beyond, beyond, targets_beyond, targets_of};

use super::read::{AuditEntry, AuditFilter, AuditTarget};
use super::record::{Entry, actor};
use crate::access::OpCtx;
use crate::error::Result;
use crate::store::copies::DatabaseCopy;
use crate::store::{Engine, Page, Paged, Tx, begins};

/// Rows per statement: well under SQLite's limit of bound values.
const CHUNK: usize = 500;

/// The time of the newest entry in a copy of `app.db`, Unix milliseconds.
pub fn newest_of_copy(copy: &DatabaseCopy) -> Result<Option<i64>> {
    copy.number("SELECT max(time) FROM audit_log")
}

pub(super) async fn insert(
    tx: &Tx,
    cx: &OpCtx,
    correlation: Option<CorrelationId>,
    rows: Vec<(AuditId, Entry)>,
) -> Result<()> {
    let (actor_type, actor_id, actor_name) = actor(cx);
    let first = in_order::next_place(tx).await?;
    let mut entries = Vec::with_capacity(rows.len());
    let mut targets = Vec::new();
    for (seq, (id, entry)) in (first..).zip(rows) {
        for (position, target) in entry.targets.into_iter().enumerate() {
            targets.push(audit_target::ActiveModel {
                audit_id: Set(id.clone()),
                position: Set(position as i64),
                kind: Set(target.kind.to_owned()),
                target_id: Set(target.id),
                name: Set(target.name),
                meta: Set(target.meta.map(|meta| meta.to_string())),
            });
        }
        entries.push(audit_entry::ActiveModel {
            id: Set(id),
            workspace_id: Set(cx.workspace.clone()),
            time: Set(cx.now_ms),
            event: Set(entry.event.as_str().to_owned()),
            description: Set(entry.description),
            actor_type: Set(actor_type.to_owned()),
            actor_id: Set(actor_id.clone()),
            actor_name: Set(actor_name.clone()),
            door: Set(cx.door.as_str().to_owned()),
            ip: Set(cx.address.known().map(|ip| ip.to_string())),
            user_agent: Set(cx.user_agent.clone()),
            request_id: Set(cx.request_id.to_string()),
            correlation_id: Set(correlation.as_ref().map(ToString::to_string)),
            changes: Set(entry.changes.map(|changes| changes.to_string())),
            seq: Set(seq),
        });
    }
    for chunk in entries.chunks(CHUNK) {
        audit_entry::Entity::insert_many(chunk.to_vec()).exec_without_returning(tx.db()).await?;
    }
    for chunk in targets.chunks(CHUNK) {
        audit_target::Entity::insert_many(chunk.to_vec()).exec_without_returning(tx.db()).await?;
    }
    Ok(())
}

/// A page of entries, the newest first. Looks at no text.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    filter: &AuditFilter,
    page: &Page,
) -> Result<Paged<AuditEntry>> {
    use audit_entry::Column;
    let mut select = audit_entry::Entity::find().filter(Column::WorkspaceId.eq(workspace.clone()));
    if let Some(event) = filter.stored_event() {
        select = match event.strip_suffix('*') {
            Some(start) => select.filter(begins(Engine::of(db), Column::Event, start)),
            None => select.filter(Column::Event.eq(event)),
        };
    }
    if let Some(actor) = &filter.actor {
        select = select.filter(Column::ActorId.eq(actor.as_str()));
    }
    if let Some(request_id) = &filter.request_id {
        select = select.filter(Column::RequestId.eq(request_id.as_str()));
    }
    if let Some(target) = &filter.target {
        select =
            select.filter(Column::Id.in_subquery(
                targets().filter(audit_target::Column::TargetId.eq(target.as_str())).into_query(),
            ));
    }
    if let Some(since_ms) = filter.since_ms {
        select = select.filter(Column::Time.gte(since_ms));
    }
    if let Some(until_ms) = filter.until_ms {
        select = select.filter(Column::Time.lt(until_ms));
    }
    if let Some(cursor) = &page.cursor {
        select = select.filter(Column::Seq.lte(place_of(db, workspace, cursor).await?));
    }
    // Places alone are quick to sort, however many entries a span has.
    let places = select.select_only().column(Column::Seq).order_by_desc(Column::Seq).limit(page.limit + 1);
    let found = read(db, workspace, places.into_tuple().all(db).await?).await?;
    Ok(Paged::from_rows(found, page, |entry| entry.id.as_str()))
}

/// The entries at these places, the newest first.
pub(super) async fn read(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    places: Vec<i64>,
) -> Result<Vec<AuditEntry>> {
    let rows = audit_entry::Entity::find()
        .filter(audit_entry::Column::WorkspaceId.eq(workspace.clone()))
        .filter(audit_entry::Column::Seq.is_in(places))
        .order_by_desc(audit_entry::Column::Seq)
        .all(db)
        .await?;
    with_targets(db, rows).await
}

/// An entry of a workspace; whoever asks has required the right.
pub async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &AuditId,
) -> Result<Option<AuditEntry>> {
    let row = audit_entry::Entity::find_by_id(id.clone())
        .filter(audit_entry::Column::WorkspaceId.eq(workspace.clone()))
        .one(db)
        .await?;
    Ok(with_targets(db, row.into_iter().collect()).await?.pop())
}

async fn with_targets(db: &impl ConnectionTrait, rows: Vec<audit_entry::Model>) -> Result<Vec<AuditEntry>> {
    let ids = rows.iter().map(|row| row.id.clone());
    let about = audit_target::Entity::find()
        .filter(audit_target::Column::AuditId.is_in(ids))
        .order_by_asc(audit_target::Column::Position)
        .all(db)
        .await?;
    let mut of_entry: HashMap<AuditId, Vec<AuditTarget>> = HashMap::new();
    for row in about {
        of_entry.entry(row.audit_id.clone()).or_default().push(target(row)?);
    }
    let entries = rows.into_iter().map(|row| {
        let targets = of_entry.remove(&row.id).unwrap_or_default();
        entry(row, targets)
    });
    entries.collect()
}

fn targets() -> sea_orm::Select<audit_target::Entity> {
    audit_target::Entity::find().select_only().column(audit_target::Column::AuditId)
}

fn target(row: audit_target::Model) -> Result<AuditTarget> {
    let meta = row.meta.as_deref().map(serde_json::from_str).transpose()?;
    Ok(AuditTarget { kind: row.kind, id: row.target_id, name: row.name, meta })
}

fn entry(row: audit_entry::Model, targets: Vec<AuditTarget>) -> Result<AuditEntry> {
    Ok(AuditEntry {
        changes: row.changes.as_deref().map(serde_json::from_str).transpose()?,
        id: row.id,
        time_ms: row.time,
        event: row.event,
        description: row.description,
        actor_type: row.actor_type,
        actor_id: row.actor_id,
        actor_name: row.actor_name,
        door: row.door,
        ip: row.ip,
        user_agent: row.user_agent,
        request_id: row.request_id,
        correlation_id: row.correlation_id,
        targets,
    })
}
