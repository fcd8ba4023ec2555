//! Balances that no command of ours leaves: looked for, not mended.

use base::ids::KeyId;
use entity::key::{Column, Entity};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use base::error::Result;
use base::store::statement;

/// So many keys with one fault are named at most.
const NAMED: u64 = 100;

/// What is wrong with the balance of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BalanceFault {
    /// Fewer than no credits.
    Negative,
    /// A refill of no amount or on no day of a month, or a day without a refill.
    HalfRefill,
    /// It spends the credits of a key that is not there.
    HolderMissing,
    /// It spends the credits of a key that spends those of a third.
    HolderSpendsElsewhere,
}

/// Keys with a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsoundBalances {
    pub fault: BalanceFault,
    /// By id, a hundred at most.
    pub keys: Vec<KeyId>,
}

/// Live keys with a balance that breaks a rule. Reads every key: a second for a million.
pub async fn unsound_balances(db: &impl ConnectionTrait) -> Result<Vec<UnsoundBalances>> {
    let half = Column::RefillAmount
        .lt(1)
        .or(Column::RefillDay.lt(1))
        .or(Column::RefillDay.gt(31))
        .or(Column::RefillAmount.is_null().and(Column::RefillDay.is_not_null()));
    let found = [
        (BalanceFault::Negative, live(db, Column::Remaining.lt(0)).await?),
        (BalanceFault::HalfRefill, live(db, half).await?),
        (BalanceFault::HolderMissing, of_holders(db, "holder.id IS NULL").await?),
        (BalanceFault::HolderSpendsElsewhere, of_holders(db, "holder.balance_key_id IS NOT NULL").await?),
    ];
    let found = found.into_iter().filter(|(_, keys)| !keys.is_empty());
    Ok(found.map(|(fault, keys)| UnsoundBalances { fault, keys }).collect())
}

async fn live(db: &impl ConnectionTrait, which: Expr) -> Result<Vec<KeyId>> {
    let keys = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(which)
        .filter(Column::DeletedAt.is_null())
        .order_by_asc(Column::Id)
        .limit(NAMED)
        .into_tuple()
        .all(db)
        .await?;
    Ok(keys)
}

/// Keys that spend elsewhere, by what is true of where.
async fn of_holders(db: &impl ConnectionTrait, which: &str) -> Result<Vec<KeyId>> {
    let sql = format!(
        "SELECT keys.id FROM keys LEFT JOIN keys AS holder ON holder.id = keys.balance_key_id \
         WHERE keys.balance_key_id IS NOT NULL AND keys.deleted_at IS NULL AND {which} \
         ORDER BY keys.id LIMIT {NAMED}"
    );
    let rows = db.query_all_raw(statement(db, sql, [])).await?;
    rows.iter().map(|row| Ok(KeyId::from(row.try_get::<String>("", "id")?))).collect()
}
