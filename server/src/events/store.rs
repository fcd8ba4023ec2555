//! Chunks in events.db.

use entity::chunk;
use sea_orm::{ActiveValue::NotSet, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::Event;
use super::chunk::{Stored, VERSION, decode, encode};
use crate::error::Result;

/// A chunk read back.
pub struct Chunk {
    /// Ever-growing; the cursor of whoever follows the events.
    pub id: i64,
    pub events: Vec<Stored>,
}

pub(super) async fn insert(db: &impl ConnectionTrait, events: &[Event]) -> Result<()> {
    let times = || events.iter().map(Event::time_ms);
    let row = chunk::ActiveModel {
        id: NotSet,
        version: Set(VERSION),
        first_time: Set(times().min().unwrap_or_default()),
        last_time: Set(times().max().unwrap_or_default()),
        events: Set(events.len() as i64),
        body: Set(encode(events)?),
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
