//! Balances and refills of keys, for the room of credits.

use std::collections::HashMap;

use base::ids::KeyId;
use entity::key;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, Value,
};

use base::error::Result;
use base::store::{Engine, set_each, statement};

/// Balances of live keys, which nobody else changes until the transaction ends;
/// `None` is unlimited. Keys that are gone are missing.
pub(crate) async fn locked_balances(
    db: &impl ConnectionTrait,
    keys: &[&KeyId],
) -> Result<HashMap<KeyId, Option<i64>>> {
    let rows: Vec<(KeyId, Option<i64>)> = key::Entity::find()
        .select_only()
        .columns([key::Column::Id, key::Column::Remaining])
        .filter(key::Column::Id.is_in(keys.iter().map(|key| key.as_str())))
        .filter(key::Column::DeletedAt.is_null())
        .order_by_asc(key::Column::Id)
        .lock_exclusive()
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Takes each key's total where its balance covers it; returns the balances
/// after. Keys that cannot pay it all, have no finite credits or are gone are
/// left alone and missing from the answer.
pub(crate) async fn spend_totals(
    db: &impl ConnectionTrait,
    totals: &HashMap<&KeyId, i64>,
) -> Result<HashMap<KeyId, i64>> {
    let (sql, values) = match Engine::of(db) {
        Engine::Sqlite => spend_alone(totals),
        Engine::Postgres => spend_among_others(totals),
    };
    let rows = db.query_all_raw(statement(db, sql, values)).await?;
    rows.iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "remaining")?))).collect()
}

/// For who is the only one to write.
fn spend_alone(totals: &HashMap<&KeyId, i64>) -> (String, Vec<Value>) {
    let mut sql = String::from("WITH spends (id, total) AS (VALUES ");
    let mut values: Vec<Value> = Vec::with_capacity(totals.len() * 2);
    for (key, total) in totals {
        let comma = if values.is_empty() { "" } else { ", " };
        sql.push_str(&format!("{comma}(${}, ${})", values.len() + 1, values.len() + 2));
        values.push(key.as_str().into());
        values.push((*total).into());
    }
    sql.push_str(
        ") UPDATE keys SET remaining = remaining - spends.total FROM spends \
         WHERE keys.id = spends.id AND keys.deleted_at IS NULL AND keys.remaining >= spends.total \
         RETURNING keys.id AS id, keys.remaining AS remaining",
    );
    (sql, values)
}

/// The same among others: rows are locked in the order of their ids first, so that no
/// two of these wait for each other. One text for any number of keys, which is planned
/// once and not for each number anew, and by ids whatever is known of the table: a plain
/// `deleted_at IS NULL` would invite an index of all live keys.
fn spend_among_others(totals: &HashMap<&KeyId, i64>) -> (String, Vec<Value>) {
    let sql = "WITH locked AS MATERIALIZED ( \
           SELECT keys.id, spends.total FROM keys \
           JOIN unnest(string_to_array($1, ' '), string_to_array($2, ' ')::bigint[]) AS spends (id, total) \
           ON spends.id = keys.id \
           WHERE keys.id = ANY (string_to_array($1, ' ')) AND COALESCE(keys.deleted_at, 0) = 0 \
           AND keys.remaining >= spends.total ORDER BY keys.id FOR NO KEY UPDATE OF keys) \
         UPDATE keys SET remaining = remaining - locked.total FROM locked WHERE keys.id = locked.id \
         RETURNING keys.id AS id, keys.remaining AS remaining";
    let ids: Vec<&str> = totals.keys().map(|key| key.as_str()).collect();
    let amounts: Vec<String> = totals.values().map(i64::to_string).collect();
    (sql.to_owned(), vec![ids.join(" ").into(), amounts.join(" ").into()])
}

/// Writes all balances in one statement.
pub(crate) async fn set_balances(db: &impl ConnectionTrait, balances: &HashMap<&KeyId, i64>) -> Result<()> {
    let balances: Vec<_> = balances.iter().map(|(key, balance)| (key.as_str(), *balance)).collect();
    set_each(db, key::Column::Id, key::Column::Remaining, &balances).await
}

/// A key with a refill, as the refill run reads it.
pub(crate) struct Refillable {
    pub id: KeyId,
    pub hash: String,
    pub remaining: i64,
    pub amount: i64,
    /// Day of the month; of monthly refills only.
    pub day: Option<i64>,
    /// Last refill, or creation, Unix milliseconds.
    pub since_ms: i64,
}

/// Up to `limit` live keys with finite credits and a refill, last refilled (or
/// made) before `before_ms`, by id after `cursor`; nobody else changes them until
/// the transaction ends.
pub(crate) async fn refillable(
    db: &impl ConnectionTrait,
    before_ms: i64,
    cursor: &str,
    limit: u64,
) -> Result<Vec<Refillable>> {
    let rows = refilling(key::Column::LastRefillAt.lt(before_ms), key::Column::CreatedAt.lt(before_ms))
        .filter(key::Column::Remaining.is_not_null())
        .filter(key::Column::Id.gt(cursor))
        .order_by_asc(key::Column::Id)
        .limit(limit)
        .lock_exclusive()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(Refillable::from).collect())
}

/// As [`refillable`], with any credits and last refilled (or made) after `after_ms`.
pub(crate) async fn refilled_after(
    db: &impl ConnectionTrait,
    after_ms: i64,
    cursor: &str,
    limit: u64,
) -> Result<Vec<Refillable>> {
    let rows = refilling(key::Column::LastRefillAt.gt(after_ms), key::Column::CreatedAt.gt(after_ms))
        .filter(key::Column::Id.gt(cursor))
        .order_by_asc(key::Column::Id)
        .limit(limit)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(Refillable::from).collect())
}

/// Live keys with a refill whose last one was so, or that were made so and had none.
fn refilling(last: Expr, made: Expr) -> Select<key::Entity> {
    key::Entity::find()
        .filter(key::Column::RefillAmount.is_not_null())
        .filter(key::Column::DeletedAt.is_null())
        .filter(last.or(key::Column::LastRefillAt.is_null().and(made)))
}

impl From<key::Model> for Refillable {
    fn from(row: key::Model) -> Self {
        Self {
            day: row.refill_day,
            remaining: row.remaining.unwrap_or_default(),
            amount: row.refill_amount.unwrap_or_default(),
            since_ms: row.last_refill_at.unwrap_or(row.created_at),
            id: row.id,
            hash: row.hash,
        }
    }
}

/// Notes a refill of `key` at `now_ms`.
pub(crate) async fn refill(
    db: &impl ConnectionTrait,
    key: &KeyId,
    remaining: i64,
    now_ms: i64,
) -> Result<()> {
    key::Entity::update_many()
        .col_expr(key::Column::Remaining, Expr::value(remaining))
        .col_expr(key::Column::LastRefillAt, Expr::value(now_ms))
        .filter(key::Column::Id.eq(key.as_str()))
        .exec(db)
        .await?;
    Ok(())
}

/// Says that `key` was refilled last at `time_ms`.
pub(crate) async fn set_last_refill(db: &impl ConnectionTrait, key: &KeyId, time_ms: i64) -> Result<()> {
    key::Entity::update_many()
        .col_expr(key::Column::LastRefillAt, Expr::value(time_ms))
        .filter(key::Column::Id.eq(key.as_str()))
        .exec(db)
        .await?;
    Ok(())
}
