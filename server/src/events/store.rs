//! Chunks in events.db, and the last use of keys in app.db.

use entity::ids::{KeyId, RootKeyId};
use entity::{chunk, key, root_key};
use sea_orm::sea_query::{CaseStatement, Expr};
use sea_orm::{
    ActiveValue::NotSet, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};

use super::chunk::{Stored, VERSION, decode};
use super::queue::Segment;
use crate::error::Result;

/// A chunk read back.
pub struct Chunk {
    /// Ever-growing; the cursor of whoever follows the events.
    pub id: i64,
    pub events: Vec<Stored>,
}

pub(super) async fn insert(db: &impl ConnectionTrait, segment: &Segment, body: Vec<u8>) -> Result<()> {
    let row = chunk::ActiveModel {
        id: NotSet,
        version: Set(VERSION),
        first_time: Set(segment.first_time_ms),
        last_time: Set(segment.last_time_ms),
        events: Set(segment.events as i64),
        body: Set(body),
    };
    chunk::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Up to `limit` chunks after the one with id `cursor`, oldest first.
pub async fn read_after(db: &impl ConnectionTrait, cursor: i64, limit: u64) -> Result<Vec<Chunk>> {
    let rows = chunk::Entity::find()
        .filter(chunk::Column::Id.gt(cursor))
        .order_by_asc(chunk::Column::Id)
        .limit(limit)
        .all(db)
        .await?;
    rows.into_iter().map(|row| Ok(Chunk { id: row.id, events: decode(row.version, &row.body)? })).collect()
}

/// The chunk with this id, unless its time is over.
pub async fn read_chunk(db: &impl ConnectionTrait, id: i64) -> Result<Option<Chunk>> {
    let row = chunk::Entity::find_by_id(id).one(db).await?;
    row.map(|row| Ok(Chunk { id: row.id, events: decode(row.version, &row.body)? })).transpose()
}

/// The id of the last chunk; 0 when there is none.
pub async fn last_chunk(db: &impl ConnectionTrait) -> Result<i64> {
    let last = chunk::Entity::find()
        .select_only()
        .column(chunk::Column::Id)
        .order_by_desc(chunk::Column::Id)
        .into_tuple()
        .one(db)
        .await?;
    Ok(last.unwrap_or(0))
}

/// Removes up to `limit` chunks whose every event is older than `before_ms`.
pub async fn remove_chunks(db: &impl ConnectionTrait, before_ms: i64, limit: u64) -> Result<u64> {
    let ids: Vec<i64> = chunk::Entity::find()
        .select_only()
        .column(chunk::Column::Id)
        .filter(chunk::Column::LastTime.lt(before_ms))
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    if ids.is_empty() {
        return Ok(0);
    }
    Ok(chunk::Entity::delete_many().filter(chunk::Column::Id.is_in(ids)).exec(db).await?.rows_affected)
}

/// Notes when keys were last used, in one statement.
pub(super) async fn set_keys_used(db: &impl ConnectionTrait, used: &[(KeyId, i64)]) -> Result<()> {
    let mut latest = CaseStatement::new();
    for (key, time_ms) in used {
        latest = latest.case(key::Column::Id.eq(key.as_str()), Expr::value(*time_ms));
    }
    key::Entity::update_many()
        .col_expr(key::Column::LastUsedAt, latest.finally(Expr::col(key::Column::LastUsedAt)).into())
        .filter(key::Column::Id.is_in(used.iter().map(|(key, _)| key.as_str())))
        .exec(db)
        .await?;
    Ok(())
}

/// As [`set_keys_used`], for root keys.
pub(super) async fn set_root_keys_used(db: &impl ConnectionTrait, used: &[(RootKeyId, i64)]) -> Result<()> {
    let mut latest = CaseStatement::new();
    for (key, time_ms) in used {
        latest = latest.case(root_key::Column::Id.eq(key.as_str()), Expr::value(*time_ms));
    }
    root_key::Entity::update_many()
        .col_expr(
            root_key::Column::LastUsedAt,
            latest.finally(Expr::col(root_key::Column::LastUsedAt)).into(),
        )
        .filter(root_key::Column::Id.is_in(used.iter().map(|(key, _)| key.as_str())))
        .exec(db)
        .await?;
    Ok(())
}
