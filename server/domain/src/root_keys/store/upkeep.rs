//! What the server does to rows of root keys by itself.

use base::ids::RootKeyId;
use entity::root_key::{Column, Entity};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use base::error::Result;
use base::store::{Store, Tx, at_most, set_each};

/// Uses per transaction: others get their turn in between.
const BATCH: usize = 500;

/// Notes when root keys were last used, each with its Unix milliseconds.
pub async fn note_used(store: &Store, used: &[(RootKeyId, i64)]) -> Result<()> {
    for batch in used.chunks(BATCH) {
        let times: Vec<_> = batch.iter().map(|(key, time_ms)| (key.as_str(), *time_ms)).collect();
        let times = times.as_slice();
        store
            .write(|tx| async move { set_each(tx.db(), Column::Id, Column::LastUsedAt, times).await })
            .await?;
    }
    Ok(())
}

/// Removes root keys deleted before `before_ms`.
pub async fn sweep(tx: &Tx, before_ms: i64) -> Result<()> {
    Entity::delete_many().filter(Column::DeletedAt.lt(before_ms)).exec(tx.db()).await?;
    Ok(())
}

/// Brings uses that lie ahead down to `now_ms`; answers how many there were.
pub async fn amend_times(tx: &Tx, now_ms: i64) -> Result<u64> {
    at_most(tx, Column::LastUsedAt, now_ms).await
}
