//! Leaks as the audit log has them: entries about root keys, found by key.
//!
//! The joins are crossed in this order so that the database begins at the few
//! root keys and their entries, not at everything that happened in a month.

use base::ids::{RootKeyId, WorkspaceId};
use sea_orm::{ConnectionTrait, QueryResult, Value};

use super::{Leak, Place};
use base::error::Result;
use base::store::statement;

const RECENT: &str = "\
    SELECT root_keys.id, COALESCE(root_keys.name, root_keys.start) AS name, audit_targets.meta, audit_log.time \
    FROM root_keys CROSS JOIN audit_targets CROSS JOIN audit_log \
    WHERE root_keys.workspace_id = $1 AND root_keys.deleted_at IS NULL \
    AND (root_keys.expires_at IS NULL OR root_keys.expires_at >= $2) \
    AND audit_targets.target_id = root_keys.id AND audit_log.id = audit_targets.audit_id \
    AND audit_log.workspace_id = root_keys.workspace_id \
    AND audit_log.event = 'rootkey.leak' AND audit_log.time >= $3 \
    ORDER BY audit_log.seq DESC LIMIT 1000";

const URLS: &str = "\
    SELECT audit_targets.meta FROM audit_targets CROSS JOIN audit_log \
    WHERE audit_targets.target_id = $1 AND audit_log.id = audit_targets.audit_id \
    AND audit_log.workspace_id = $2 AND audit_log.event = 'rootkey.leak' AND audit_log.time > $3 AND audit_log.time <= $4";

/// Entries about root keys that still work, the newest first.
pub(super) async fn recent(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    now_ms: i64,
    since_ms: i64,
) -> Result<Vec<Leak>> {
    let leak = |row: &QueryResult| {
        Ok(Leak {
            key: RootKeyId::from(row.try_get::<String>("", "id")?),
            name: row.try_get("", "name")?,
            place: place(row)?,
            time_ms: row.try_get("", "time")?,
        })
    };
    let values = [workspace.as_str().into(), now_ms.into(), since_ms.into()];
    rows(db, RECENT, values).await?.iter().map(leak).collect()
}

/// Where a root key was found since. An entry of a clock that was ahead does not
/// count: it would for as long as it was ahead.
pub(super) async fn urls(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    key: &RootKeyId,
    since_ms: i64,
    now_ms: i64,
) -> Result<Vec<String>> {
    let values = [key.as_str().into(), workspace.as_str().into(), since_ms.into(), now_ms.into()];
    rows(db, URLS, values).await?.iter().map(|row| Ok(place(row)?.url)).collect()
}

fn place(row: &QueryResult) -> Result<Place> {
    let meta: Option<String> = row.try_get("", "meta")?;
    Ok(meta.map(|meta| serde_json::from_str(&meta)).transpose()?.unwrap_or_default())
}

async fn rows<const N: usize>(
    db: &impl ConnectionTrait,
    sql: &str,
    values: [Value; N],
) -> Result<Vec<QueryResult>> {
    Ok(db.query_all_raw(statement(db, sql, values)).await?)
}
