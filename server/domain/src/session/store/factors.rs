//! The columns of the second factor, and rows of recovery codes.

use base::ids::UserId;
use entity::recovery_code::{self, Column, Entity};
use entity::user;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, Set};

use super::save;
use base::error::Result;
use base::store::Tx;

/// Sets or clears the secret, and forgets which step was used last.
pub(in crate::session) async fn set_totp(
    tx: &Tx,
    user: &UserId,
    sealed: Option<Vec<u8>>,
    last_step: Option<i64>,
) -> Result<()> {
    let row =
        user::ActiveModel { totp_secret: Set(sealed), totp_last_step: Set(last_step), ..Default::default() };
    save(tx, user, row).await
}

pub(in crate::session) async fn set_last_step(tx: &Tx, user: &UserId, step: i64) -> Result<()> {
    save(tx, user, user::ActiveModel { totp_last_step: Set(Some(step)), ..Default::default() }).await
}

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
