//! Chunks in events.db.

use entity::chunk;
use sea_orm::{
    ActiveValue::NotSet, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};

use super::ChunkKind;
use super::chunk::{Events, VERSION};
use super::queue::Segment;
use crate::error::Result;
use crate::store::copies::DatabaseCopy;
use crate::store::{pragma, statement};

/// A chunk read back.
pub struct Chunk {
    /// Ever-growing; the cursor of whoever follows the events.
    pub id: i64,
    pub(super) version: i64,
    pub(super) body: Vec<u8>,
}

impl Chunk {
    /// Its events. Decompresses all of it: not for the threads that serve requests.
    pub fn open(&self) -> Result<Events> {
        Events::open(self.version, &self.body)
    }

    /// A chunk that holds these events.
    #[cfg(any(test, feature = "testing"))]
    #[allow(clippy::unwrap_used, reason = "these are tests, whoever compiles them")]
    pub fn holding(id: i64, events: &[super::Stored]) -> Self {
        let encoded: Vec<u8> = events.iter().flat_map(|event| postcard::to_stdvec(event).unwrap()).collect();
        Self { id, version: VERSION, body: zstd::encode_all(encoded.as_slice(), 1).unwrap() }
    }
}

impl From<chunk::Model> for Chunk {
    fn from(row: chunk::Model) -> Self {
        Self { id: row.id, version: row.version, body: row.body }
    }
}

pub(super) async fn insert(db: &impl ConnectionTrait, segment: &Segment, body: Vec<u8>) -> Result<()> {
    let row = chunk::ActiveModel {
        id: NotSet,
        version: Set(VERSION),
        kind: Set(segment.kind.number()),
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
    Ok(rows.into_iter().map(Chunk::from).collect())
}

/// The chunk with this id, unless its time is over.
pub async fn read_chunk(db: &impl ConnectionTrait, id: i64) -> Result<Option<Chunk>> {
    Ok(chunk::Entity::find_by_id(id).one(db).await?.map(Chunk::from))
}

/// Those of the chunks with these ids whose time is not over.
pub async fn read_chunks(db: &impl ConnectionTrait, ids: &[i64]) -> Result<Vec<Chunk>> {
    let rows = chunk::Entity::find().filter(chunk::Column::Id.is_in(ids.iter().copied())).all(db).await?;
    Ok(rows.into_iter().map(Chunk::from).collect())
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

/// The time of the newest event of the last chunk, Unix milliseconds.
pub async fn newest_chunk_time(db: &impl ConnectionTrait) -> Result<Option<i64>> {
    let last = chunk::Entity::find()
        .select_only()
        .column(chunk::Column::LastTime)
        .order_by_desc(chunk::Column::Id)
        .into_tuple()
        .one(db)
        .await?;
    Ok(last)
}

/// How many events the chunks of a kind hold, those that begin at `from_ms` or later and
/// come up to the one with the id `last`. Reads the head of every chunk: seconds for
/// millions of them.
pub async fn stored_events(
    db: &impl ConnectionTrait,
    kind: ChunkKind,
    from_ms: i64,
    last: i64,
) -> Result<u64> {
    let sum = chunk::Entity::find()
        .select_only()
        .column_as(chunk::Column::Events.sum(), "events")
        .filter(chunk::Column::Kind.eq(kind.number()))
        .filter(chunk::Column::FirstTime.gte(from_ms))
        .filter(chunk::Column::Id.lte(last))
        .into_tuple::<Option<i64>>()
        .one(db)
        .await?;
    Ok(sum.flatten().unwrap_or(0).unsigned_abs())
}

/// The id of the last chunk that ever was, removed since or not; 0 before the first.
pub async fn newest_chunk_id(db: &impl ConnectionTrait) -> Result<i64> {
    let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'chunks'";
    let row = db.query_one_raw(statement(db, sql, [])).await?;
    Ok(row.map(|row| row.try_get("", "seq")).transpose()?.unwrap_or(0))
}

/// How many events a copy of `events.db` holds, and the time of the newest, Unix
/// milliseconds.
pub fn events_of_copy(copy: &DatabaseCopy) -> Result<(u64, Option<i64>)> {
    let events = copy.number("SELECT sum(events) FROM chunks")?.unwrap_or(0);
    Ok((events.unsigned_abs(), copy.number("SELECT max(last_time) FROM chunks")?))
}

/// Chunks that were removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    pub chunks: u64,
    pub events: u64,
    /// Time of the newest event among them, Unix milliseconds.
    pub newest_ms: Option<i64>,
}

/// Removes up to `limit` chunks of a kind whose every event is older than `before_ms`.
pub async fn remove_chunks(
    db: &impl ConnectionTrait,
    kind: ChunkKind,
    before_ms: i64,
    limit: u64,
) -> Result<Removed> {
    let old = chunk::Entity::find().filter(chunk::Column::LastTime.lt(before_ms));
    remove(db, old, kind, limit).await
}

/// Removes the `limit` oldest chunks of a kind.
pub async fn remove_oldest(db: &impl ConnectionTrait, kind: ChunkKind, limit: u64) -> Result<Removed> {
    remove(db, chunk::Entity::find(), kind, limit).await
}

async fn remove(
    db: &impl ConnectionTrait,
    which: sea_orm::Select<chunk::Entity>,
    kind: ChunkKind,
    limit: u64,
) -> Result<Removed> {
    let rows: Vec<(i64, i64, i64)> = which
        .select_only()
        .columns([chunk::Column::Id, chunk::Column::Events, chunk::Column::LastTime])
        .filter(chunk::Column::Kind.eq(kind.number()))
        .order_by_asc(chunk::Column::LastTime)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    if rows.is_empty() {
        return Ok(Removed::default());
    }
    let ids = rows.iter().map(|(id, _, _)| *id);
    let chunks = chunk::Entity::delete_many().filter(chunk::Column::Id.is_in(ids)).exec(db).await?;
    Ok(Removed {
        chunks: chunks.rows_affected,
        events: rows.iter().map(|(_, events, _)| events.unsigned_abs()).sum(),
        newest_ms: rows.iter().map(|(_, _, last)| *last).max(),
    })
}

/// The time of the oldest event of a kind, Unix milliseconds.
pub async fn oldest_chunk(db: &impl ConnectionTrait, kind: ChunkKind) -> Result<Option<i64>> {
    let times = chunk::Entity::find()
        .select_only()
        .column_as(chunk::Column::FirstTime.min(), "oldest")
        .filter(chunk::Column::Kind.eq(kind.number()))
        .into_tuple::<Option<i64>>()
        .one(db)
        .await?;
    Ok(times.flatten())
}

/// Bytes of the database that were freed and not given back.
pub async fn free_bytes(db: &impl ConnectionTrait) -> Result<u64> {
    Ok(pragma(db, "freelist_count").await? * pragma(db, "page_size").await?)
}

/// Gives up to `pages` free pages back to the file system. Does nothing in a
/// database that was made before it could.
pub async fn free_space(db: &impl ConnectionTrait, pages: u32) -> Result<()> {
    db.execute_unprepared(&format!("PRAGMA incremental_vacuum({pages})")).await?;
    Ok(())
}
