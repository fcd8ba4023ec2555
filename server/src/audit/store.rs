//! Rows of the audit log.

use entity::ids::{AuditId, CorrelationId};
use entity::{audit_entry, audit_target, idempotency_key};
use sea_orm::{EntityTrait, Set, SqlErr};

use super::log::{Entry, actor};
use crate::error::{Code, Error, Result};
use crate::op::{IdempotencyKey, OpCtx};
use crate::store::Tx;

/// Rows per statement: well under SQLite's limit of bound values.
const CHUNK: usize = 500;

/// Claims an `Idempotency-Key` for the change that is being recorded: a second
/// one that claims it is undone.
pub(super) async fn claim(tx: &Tx, cx: &OpCtx, key: &IdempotencyKey) -> Result<()> {
    let row = idempotency_key::ActiveModel {
        workspace_id: Set(cx.workspace.clone()),
        root_key_id: Set(key.root_key.clone()),
        key_hash: Set(key.key_hash.clone()),
        request_hash: Set(key.request_hash.clone()),
        response: Set(None),
        created_at: Set(cx.now_ms),
    };
    idempotency_key::Entity::insert(row).exec_without_returning(tx.db()).await.map_err(|error| {
        if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
            let detail = "Another request with this Idempotency-Key is being carried out.";
            return Error::new(Code::IdempotencyConflict, detail);
        }
        error.into()
    })?;
    Ok(())
}

pub(super) async fn insert(
    tx: &Tx,
    cx: &OpCtx,
    correlation: Option<CorrelationId>,
    rows: Vec<(AuditId, Entry)>,
) -> Result<()> {
    let (actor_type, actor_id, actor_name) = actor(cx);
    let mut entries = Vec::with_capacity(rows.len());
    let mut targets = Vec::new();
    for (id, entry) in rows {
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
            ip: Set(cx.ip.map(|ip| ip.to_string())),
            user_agent: Set(cx.user_agent.clone()),
            request_id: Set(cx.request_id.to_string()),
            correlation_id: Set(correlation.as_ref().map(ToString::to_string)),
            changes: Set(entry.changes.map(|changes| changes.to_string())),
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
