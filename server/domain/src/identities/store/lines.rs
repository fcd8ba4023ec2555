//! Rows of lists: identities with what hangs on them counted, in one statement.

use base::ids::{IdentityId, WorkspaceId};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};

use crate::apis::LIVE_IDS;
use crate::identities::{BrowseIdentities, IdentityLine, Order};
use crate::ratelimit::limits::COUNT_OF_IDENTITY;
use base::error::Result;
use base::store::{BoundedCount, Engine, Paged, statement};

/// Keys are counted up to a bound, so that an identity with a million of them
/// costs no more than one with some hundreds.
///
/// Keys are counted here, in the statement of the page, because asking their room
/// would be a question for each row.
fn select(engine: Engine) -> String {
    let used = engine.json_array("COUNT(*), MAX(last_used_at)");
    let api = engine.unindexed("k.api_id");
    format!(
        "
SELECT i.id, i.external_id, i.created_at,
       {COUNT_OF_IDENTITY} AS limits,
       (SELECT {used} FROM (
          SELECT k.last_used_at FROM keys k
           WHERE k.identity_id = i.id AND k.deleted_at IS NULL AND {api} IN {LIVE_IDS}
           ORDER BY k.id DESC LIMIT $2) AS found) AS used
  FROM identities i
 WHERE i.workspace_id = $1 AND i.deleted_at IS NULL"
    )
}

#[derive(FromQueryResult)]
struct Line {
    id: IdentityId,
    external_id: String,
    created_at: i64,
    limits: i64,
    /// Number of keys, and the last use of any.
    used: String,
}

impl Line {
    fn read(self, most: i64) -> Result<IdentityLine> {
        let (keys, last_used_at): (i64, Option<i64>) = serde_json::from_str(&self.used)?;
        Ok(IdentityLine {
            id: self.id,
            external_id: self.external_id,
            keys: BoundedCount::of(keys, most),
            limits: self.limits,
            last_used_at,
            created_at: self.created_at,
        })
    }
}

pub(in crate::identities) async fn page_of_lines(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    of: &BrowseIdentities,
) -> Result<Paged<IdentityLine>> {
    let column = match of.order {
        Order::Created => "i.id",
        Order::ExternalId => "i.external_id",
    };
    let (comparison, direction) = if of.descending { ("<=", "DESC") } else { (">=", "ASC") };
    let most = BoundedCount::IN_LISTS;
    let mut values = bound(workspace, most);
    values.push(of.page.limit.into());
    let mut after = String::new();
    if let Some(cursor) = &of.page.cursor {
        after = format!("AND {column} {comparison} $4");
        values.push(cursor.as_str().into());
    }
    let sql = format!("{} {after} ORDER BY {column} {direction} LIMIT $3 + 1", select(Engine::of(db)));
    let lines = lines(db, sql, values, most).await?;
    Ok(Paged::from_rows(lines, &of.page, |line| match of.order {
        Order::Created => line.id.as_str(),
        Order::ExternalId => &line.external_id,
    }))
}

/// In no particular order; keys are counted up to `most`.
pub(in crate::identities) async fn lines_of(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    ids: &[IdentityId],
    most: i64,
) -> Result<Vec<IdentityLine>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut values = bound(workspace, most);
    let among: Vec<String> = (0..ids.len()).map(|place| format!("${}", place + 3)).collect();
    values.extend(ids.iter().map(|id| Value::from(id.as_str())));
    let sql = format!("{} AND i.id IN ({})", select(Engine::of(db)), among.join(", "));
    lines(db, sql, values, most).await
}

/// Ids of live identities whose id this is, or whose external id begins so.
pub(in crate::identities) async fn ids_beginning(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    text: &str,
    limit: u64,
) -> Result<Vec<IdentityId>> {
    let sql = "SELECT id FROM identities WHERE id = $2 AND workspace_id = $1 AND deleted_at IS NULL UNION ALL \
               SELECT * FROM (SELECT id FROM identities WHERE workspace_id = $1 AND deleted_at IS NULL \
               AND external_id >= $2 AND external_id <= $4 ORDER BY external_id LIMIT $3) AS beginning";
    let last = format!("{text}{}", char::MAX);
    let values: [Value; 4] = [workspace.as_str().into(), text.into(), limit.into(), last.into()];
    let rows = db.query_all_raw(statement(db, sql, values)).await?;
    rows.iter().map(|row| Ok(row.try_get("", "id")?)).collect()
}

fn bound(workspace: &WorkspaceId, most: i64) -> Vec<Value> {
    vec![workspace.as_str().into(), (most + 1).into()]
}

async fn lines(
    db: &impl ConnectionTrait,
    sql: String,
    values: Vec<Value>,
    most: i64,
) -> Result<Vec<IdentityLine>> {
    Line::find_by_statement(statement(db, sql, values))
        .all(db)
        .await?
        .into_iter()
        .map(|line| line.read(most))
        .collect()
}
