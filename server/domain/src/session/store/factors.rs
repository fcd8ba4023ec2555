//! Rows of recovery codes.

use base::ids::UserId;
use entity::recovery_code::{self, Column, Entity};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, Set};

use base::error::Result;
use base::store::Tx;

pub(in crate::session) async fn replace_recovery_codes(
    tx: &Tx,
    user: &UserId,
    hashes: Vec<String>,
) -> Result<()> {
    Entity::delete_many().filter(Column::UserId.eq(user.as_str())).exec(tx.db()).await?;
    if hashes.is_empty() {
        return Ok(());
    }
    let rows = hashes.into_iter().map(|hash| recovery_code::ActiveModel {
        user_id: Set(user.clone()),
        code_hash: Set(hash),
        used_at: Set(None),
    });
    Entity::insert_many(rows).exec_without_returning(tx.db()).await?;
    Ok(())
}

pub(in crate::session) async fn count_recovery_codes(
    db: &impl ConnectionTrait,
    user: &UserId,
) -> Result<u64> {
    let unused = Entity::find().filter(Column::UserId.eq(user.as_str())).filter(Column::UsedAt.is_null());
    Ok(unused.count(db).await?)
}

/// Whether this was an unused code of the user, which it is no more.
pub(in crate::session) async fn use_recovery_code(
    tx: &Tx,
    user: &UserId,
    hash: &str,
    now_ms: i64,
) -> Result<bool> {
    let row = recovery_code::ActiveModel { used_at: Set(Some(now_ms)), ..Default::default() };
    let updated = Entity::update_many()
        .set(row)
        .filter(Column::UserId.eq(user.as_str()))
        .filter(Column::CodeHash.eq(hash))
        .filter(Column::UsedAt.is_null())
        .exec(tx.db())
        .await?;
    Ok(updated.rows_affected == 1)
}
