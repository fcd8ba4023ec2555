//! Running sea-orm's statements on one connection of the driver.
//!
//! The transactions of the driver and of sea-orm are not used: they count how
//! deep they are by themselves, and go on counting after a COMMIT that failed.
//! What a connection is in the middle of is known in [`super::writer`] alone.

use sea_orm::sqlx::{self, AssertSqlSafe, SqliteConnection};
use sea_orm::{DbErr, ExecResult, QueryResult, Statement, Values};
use sea_query_sqlx::SqlxValues;

use crate::store::failure::failed;

/// Runs a statement that answers nothing.
pub(super) async fn execute(
    connection: &mut SqliteConnection,
    statement: Statement,
) -> Result<ExecResult, DbErr> {
    let Statement { sql, values, .. } = statement;
    let query = sqlx::query_with(AssertSqlSafe(sql), bound(values));
    query.execute(connection).await.map(Into::into).map_err(failed)
}

/// Runs a statement to its end and answers all of its rows.
pub(super) async fn query(
    connection: &mut SqliteConnection,
    statement: Statement,
) -> Result<Vec<QueryResult>, DbErr> {
    let Statement { sql, values, .. } = statement;
    let query = sqlx::query_with(AssertSqlSafe(sql), bound(values));
    let rows = query.fetch_all(connection).await.map_err(failed)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Runs statements without values one after the other, up to the first that fails.
pub(super) async fn execute_unprepared(
    connection: &mut SqliteConnection,
    sql: &str,
) -> Result<ExecResult, DbErr> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(Into::into).map_err(failed)
}

fn bound(values: Option<Values>) -> SqlxValues {
    SqlxValues(values.unwrap_or(Values(Vec::new())))
}
