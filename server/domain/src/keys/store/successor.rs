//! Credits that several keys share: a rerolled key spends those of its
//! successor, so that an overlap never doubles them.

use std::collections::HashMap;

use base::ids::KeyId;
use entity::key;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{credit_columns, to_credits};
use crate::keys::{Balance, Credits, Key, StoredHash};
use base::error::Result;
use base::store::Tx;

/// Shows every key the credits it spends, wherever they are kept.
pub(super) async fn resolve(db: &impl ConnectionTrait, keys: &mut [Key]) -> Result<()> {
    let elsewhere: Vec<KeyId> = keys
        .iter()
        .filter(|key| key.balance.key_id != key.id)
        .map(|key| key.balance.key_id.clone())
        .collect();
    if elsewhere.is_empty() {
        return Ok(());
    }
    let rows = key::Entity::find().filter(key::Column::Id.is_in(elsewhere)).all(db).await?;
    let holders: HashMap<KeyId, key::Model> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
    for key in keys {
        if let Some(holder) = holders.get(&key.balance.key_id) {
            key.credits = to_credits(holder);
            key.last_refill_at = holder.last_refill_at;
            key.balance = Balance { key_id: holder.id.clone(), hash: StoredHash(holder.hash.clone()) };
        }
    }
    Ok(())
}

/// Gives the credits of `old` to its successor: `old` spends them there from
/// now on, and so do the keys that spent those of `old`.
pub(in crate::keys) async fn hand_over(tx: &Tx, old: &Key, successor: &KeyId) -> Result<()> {
    if old.balance.key_id != old.id {
        return point(tx, successor, Some(&old.balance.key_id)).await;
    }
    key::Entity::update_many()
        .col_expr(key::Column::LastRefillAt, Expr::value(old.last_refill_at))
        .filter(key::Column::Id.eq(successor.clone()))
        .exec(tx.db())
        .await?;
    key::Entity::update_many()
        .col_expr(key::Column::BalanceKeyId, Expr::value(successor.as_str()))
        .filter(key::Column::BalanceKeyId.eq(old.id.clone()))
        .exec(tx.db())
        .await?;
    key::Entity::update_many()
        .set(credit_columns(&Credits::default()))
        .filter(key::Column::Id.eq(old.id.clone()))
        .exec(tx.db())
        .await?;
    point(tx, &old.id, Some(successor)).await
}

/// Before `gone` disappears: the newest key that spends its credits keeps them, and
/// `gone` would spend them there if it came back. A deleted key keeps them only
/// when the row of `gone` is removed `for_good`.
pub(in crate::keys) async fn leave(tx: &Tx, gone: &Key, for_good: bool) -> Result<()> {
    let spenders = key::Entity::find()
        .filter(key::Column::BalanceKeyId.eq(gone.id.clone()))
        .order_by_desc(key::Column::CreatedAt)
        .order_by_desc(key::Column::Id)
        .all(tx.db())
        .await?;
    let live = spenders.iter().find(|key| key.deleted_at.is_none());
    let Some(heir) = live.or(spenders.first().filter(|_| for_good)) else { return Ok(()) };
    key::Entity::update_many()
        .set(key::ActiveModel {
            last_refill_at: sea_orm::Set(gone.last_refill_at),
            ..credit_columns(&gone.credits)
        })
        .filter(key::Column::Id.eq(heir.id.clone()))
        .exec(tx.db())
        .await?;
    key::Entity::update_many()
        .col_expr(key::Column::BalanceKeyId, Expr::value(heir.id.as_str()))
        .filter(key::Column::BalanceKeyId.eq(gone.id.clone()))
        .exec(tx.db())
        .await?;
    point(tx, &heir.id, None).await?;
    key::Entity::update_many()
        .set(credit_columns(&Credits::default()))
        .filter(key::Column::Id.eq(gone.id.clone()))
        .exec(tx.db())
        .await?;
    point(tx, &gone.id, Some(&heir.id)).await
}

async fn point(tx: &Tx, key: &KeyId, holder: Option<&KeyId>) -> Result<()> {
    key::Entity::update_many()
        .col_expr(key::Column::BalanceKeyId, Expr::value(holder.map(KeyId::as_str)))
        .filter(key::Column::Id.eq(key.clone()))
        .exec(tx.db())
        .await?;
    Ok(())
}
