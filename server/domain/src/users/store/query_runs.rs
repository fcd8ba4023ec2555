//! Rows of the run history.

use base::ids::{UserId, WorkspaceId};
use entity::query_run::{self, Column, Entity};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select,
    Set,
};

use crate::users::{NoteQuery, QueryEnd, QueryRun};
use base::error::Result;
use base::store::Tx;

/// Characters of a query that a list shows the beginning of.
const START: &str = "substr(query, 1, 200)";

fn of(workspace: &WorkspaceId, user: &UserId) -> Select<Entity> {
    Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(Column::UserId.eq(user.as_str()))
        .order_by_desc(Column::AskedAt)
        .order_by_asc(Column::QueryHash)
}

pub(in crate::users) async fn save_run(
    tx: &Tx,
    workspace: &WorkspaceId,
    user: &UserId,
    id: &str,
    run: &NoteQuery,
    now_ms: i64,
) -> Result<()> {
    let (row_count, error) = match &run.end {
        QueryEnd::Rows(count) => (Some(*count), None),
        QueryEnd::Refused(code) => (None, Some(code.clone())),
    };
    let row = query_run::ActiveModel {
        workspace_id: Set(workspace.clone()),
        user_id: Set(user.clone()),
        query_hash: Set(id.to_owned()),
        query: Set(run.query.clone()),
        asked_at: Set(now_ms),
        took_ms: Set(run.took_ms),
        row_count: Set(row_count),
        error: Set(error),
    };
    let again = OnConflict::columns([Column::WorkspaceId, Column::UserId, Column::QueryHash])
        .update_columns([Column::AskedAt, Column::TookMs, Column::RowCount, Column::Error])
        .to_owned();
    Entity::insert(row).on_conflict(again).exec_without_returning(tx.db()).await?;
    Ok(())
}

/// Leaves the newest `keep`.
pub(in crate::users) async fn trim_runs(
    tx: &Tx,
    workspace: &WorkspaceId,
    user: &UserId,
    keep: u64,
) -> Result<()> {
    let kept: Vec<String> = of(workspace, user)
        .select_only()
        .column(Column::QueryHash)
        .limit(keep)
        .into_tuple()
        .all(tx.db())
        .await?;
    Entity::delete_many()
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(Column::UserId.eq(user.as_str()))
        .filter(Column::QueryHash.is_not_in(kept))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// A row without the whole query.
#[derive(FromQueryResult)]
struct Line {
    query_hash: String,
    start: String,
    asked_at: i64,
    took_ms: i64,
    row_count: Option<i64>,
    error: Option<String>,
}

/// Newest first.
pub(in crate::users) async fn runs(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    user: &UserId,
) -> Result<Vec<QueryRun>> {
    let lines = of(workspace, user)
        .select_only()
        .column(Column::QueryHash)
        .column_as(Expr::cust(START), "start")
        .columns([Column::AskedAt, Column::TookMs, Column::RowCount, Column::Error])
        .into_model::<Line>()
        .all(db)
        .await?;
    let run = |line: Line| QueryRun {
        id: line.query_hash,
        start: line.start,
        asked_at: line.asked_at,
        took_ms: line.took_ms,
        end: match line.row_count {
            Some(count) => QueryEnd::Rows(count),
            None => QueryEnd::Refused(line.error.unwrap_or_default()),
        },
    };
    Ok(lines.into_iter().map(run).collect())
}

pub(in crate::users) async fn query_of_run(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    user: &UserId,
    id: &str,
) -> Result<Option<String>> {
    let found = Entity::find_by_id((workspace.clone(), user.clone(), id.to_owned())).one(db).await?;
    Ok(found.map(|row| row.query))
}
