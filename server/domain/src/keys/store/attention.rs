//! Counts of keys by API, and of keys by migration, each in one query.

use base::ids::{ApiId, MigrationId, WorkspaceId};
use sea_orm::{ConnectionTrait, QueryResult, Value};

use crate::apis::LIVE_NAMES;
use crate::keys::{KeyCount, PendingMigration};
use base::error::Result;
use base::store::{Engine, statement};

/// Counts by API what a subquery takes from the keys. The bound of each count is in
/// the subquery: an index range of that many rows.
fn by_api(due: &str) -> String {
    format!(
        "SELECT apis.id, apis.name, COUNT(*) AS due_keys, MIN(due.measure) AS least FROM ({due}) AS due \
         JOIN {LIVE_NAMES} AS apis ON apis.id = due.api_id \
         GROUP BY apis.id, apis.name ORDER BY due_keys DESC, apis.id LIMIT 20"
    )
}

const EXPIRING: &str = "\
    SELECT api_id, expires_at AS measure FROM keys \
    WHERE workspace_id = $1 AND expires_at >= $2 AND expires_at < $3 AND deleted_at IS NULL \
    ORDER BY expires_at LIMIT 10000";

/// The bound on credits is spelled as the partial index has it, or it is not used.
const SHORT_BY_INDEX: &str = "\
    SELECT api_id, remaining AS measure FROM keys \
    WHERE workspace_id = $1 AND remaining < 10 AND deleted_at IS NULL \
    ORDER BY remaining LIMIT 10000";

/// Where such an index would make every spend write all of them: keys that fell
/// below that bound once, which the database notes by itself.
const SHORT_BY_NOTES: &str = "\
    SELECT api_id, remaining AS measure FROM keys JOIN short_of_credits ON short_of_credits.key_id = keys.id \
    WHERE workspace_id = $1 AND remaining < 10 AND deleted_at IS NULL \
    ORDER BY remaining LIMIT 10000";

const MIGRATIONS: &str = "\
    SELECT id, algorithm, created_at, (SELECT COUNT(*) FROM \
    (SELECT 1 FROM keys WHERE keys.migration_id = key_migrations.id AND keys.deleted_at IS NULL LIMIT 10000) \
    AS waiting) AS waiting_keys \
    FROM key_migrations WHERE workspace_id = $1 ORDER BY created_at DESC, id DESC LIMIT 100";

/// The statements and the index each has to use.
#[cfg(test)]
pub(in crate::keys) fn counts() -> [(String, &'static str); 3] {
    [
        (by_api(EXPIRING), "keys_by_expiry"),
        (by_api(SHORT_BY_INDEX), "keys_short_of_credits"),
        (MIGRATIONS.to_owned(), "keys_by_migration"),
    ]
}

pub(in crate::keys) async fn expiring(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    from_ms: i64,
    before_ms: i64,
) -> Result<Vec<KeyCount>> {
    let values = [workspace.as_str().into(), from_ms.into(), before_ms.into()];
    rows(db, &by_api(EXPIRING), values).await?.iter().map(due).collect()
}

pub(in crate::keys) async fn short_of_credits(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
) -> Result<Vec<KeyCount>> {
    let short = Engine::of(db).choose(SHORT_BY_INDEX, SHORT_BY_NOTES);
    rows(db, &by_api(short), [workspace.as_str().into()]).await?.iter().map(due).collect()
}

pub(in crate::keys) async fn migrations(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
) -> Result<Vec<PendingMigration>> {
    let migration = |row: &QueryResult| {
        Ok(PendingMigration {
            id: MigrationId::from(row.try_get::<String>("", "id")?),
            algorithm: row.try_get("", "algorithm")?,
            waiting: row.try_get("", "waiting_keys")?,
            created_at: row.try_get("", "created_at")?,
        })
    };
    rows(db, MIGRATIONS, [workspace.as_str().into()]).await?.iter().map(migration).collect()
}

async fn rows<const N: usize>(
    db: &impl ConnectionTrait,
    sql: &str,
    values: [Value; N],
) -> Result<Vec<QueryResult>> {
    Ok(db.query_all_raw(statement(db, sql, values)).await?)
}

fn due(row: &QueryResult) -> Result<KeyCount> {
    Ok(KeyCount {
        api: ApiId::from(row.try_get::<String>("", "id")?),
        api_name: row.try_get("", "name")?,
        keys: row.try_get("", "due_keys")?,
        first: row.try_get("", "least")?,
    })
}
