//! What the server does to rows of keys by itself.

use base::ids::KeyId;
use entity::key::{Column, Entity};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::locks::lock;
use base::error::Result;
use base::store::{Store, Tx, set_each};

/// Uses per transaction: others get their turn in between.
const BATCH: usize = 500;

/// Notes when keys were last used, each with its Unix milliseconds.
pub async fn note_used(store: &Store, used: &[(KeyId, i64)]) -> Result<()> {
    for batch in used.chunks(BATCH) {
        let times: Vec<_> = batch.iter().map(|(key, time_ms)| (key.as_str(), *time_ms)).collect();
        let times = times.as_slice();
        store
            .write(|tx| async move { set_each(tx.db(), Column::Id, Column::LastUsedAt, times).await })
            .await?;
    }
    Ok(())
}

/// Removes up to `limit` keys deleted before `before_ms`, with what belongs to
/// them; answers how many.
pub async fn sweep(tx: &Tx, before_ms: i64, limit: u64) -> Result<u64> {
    let ids: Vec<KeyId> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::DeletedAt.lt(before_ms))
        .limit(limit)
        .into_tuple()
        .all(tx.db())
        .await?;
    if ids.is_empty() {
        return Ok(0);
    }
    lock(tx, &ids).await?;
    Ok(Entity::delete_many().filter(Column::Id.is_in(ids)).exec(tx.db()).await?.rows_affected)
}
