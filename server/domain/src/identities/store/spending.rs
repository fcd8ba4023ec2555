//! What identities with a cap have spent, month by month.

use std::collections::HashMap;

use base::ids::{IdentityId, WorkspaceId};
use entity::{identity, identity_month};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationDef,
    Set,
};

use super::live;
use crate::identities::{MAX_MONTHLY_CREDITS, NearCap, Spending};
use base::error::Result;
use base::month::Month;
use base::store::{Reader, Tx, rows};

/// An account that the ledger charges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MonthAccount {
    pub workspace: WorkspaceId,
    pub spending: Spending,
}

/// The months of live identities that have a cap; the others are missing. Whoever
/// reads them to write them does both within [`Store::write`](base::store::Store::write),
/// which nothing else that writes them runs beside.
pub(crate) async fn month_accounts(
    db: &impl ConnectionTrait,
    month: Month,
    ids: &[&IdentityId],
) -> Result<HashMap<IdentityId, MonthAccount>> {
    let capped: Vec<(IdentityId, WorkspaceId, i64)> = identity::Entity::find()
        .select_only()
        .columns([identity::Column::Id, identity::Column::WorkspaceId, identity::Column::MonthlyCredits])
        .filter(identity::Column::Id.is_in(ids.iter().map(|id| id.as_str())))
        .filter(identity::Column::DeletedAt.is_null())
        .filter(identity::Column::MonthlyCredits.is_not_null())
        .into_tuple()
        .all(db)
        .await?;
    if capped.is_empty() {
        return Ok(HashMap::new());
    }
    let spent = spent_credits(db, month, capped.iter().map(|(id, ..)| id)).await?;
    let account = |(id, workspace, monthly_credits): (IdentityId, WorkspaceId, i64)| {
        let spent_credits = spent.get(&id).copied().unwrap_or_default();
        (id, MonthAccount { workspace, spending: Spending { monthly_credits, spent_credits } })
    };
    Ok(capped.into_iter().map(account).collect())
}

async fn spent_credits(
    db: &impl ConnectionTrait,
    month: Month,
    ids: impl Iterator<Item = &IdentityId>,
) -> Result<HashMap<IdentityId, i64>> {
    let rows: Vec<(IdentityId, i64)> = identity_month::Entity::find()
        .select_only()
        .columns([identity_month::Column::IdentityId, identity_month::Column::SpentCredits])
        .filter(identity_month::Column::MonthMs.eq(month.start_ms()))
        .filter(identity_month::Column::IdentityId.is_in(ids.map(|id| id.as_str())))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Writes what was spent in a month.
pub(crate) async fn save_month_accounts(
    db: &impl ConnectionTrait,
    month: Month,
    accounts: &[(&IdentityId, &MonthAccount)],
) -> Result<()> {
    use identity_month::Column;
    if accounts.is_empty() {
        return Ok(());
    }
    let row = |(id, account): &(&IdentityId, &MonthAccount)| identity_month::ActiveModel {
        identity_id: Set((*id).clone()),
        month_ms: Set(month.start_ms()),
        workspace_id: Set(account.workspace.clone()),
        spent_credits: Set(account.spending.spent_credits),
        near_cap: Set(account.spending.is_near()),
    };
    let rewrite = OnConflict::columns([Column::IdentityId, Column::MonthMs])
        .update_columns([Column::SpentCredits, Column::NearCap])
        .to_owned();
    identity_month::Entity::insert_many(accounts.iter().map(row))
        .on_conflict(rewrite)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Gives an identity its cap, or none; what was spent in the month stays.
pub(in crate::identities) async fn set_cap(
    tx: &Tx,
    id: &IdentityId,
    monthly_credits: Option<i64>,
    month: Month,
) -> Result<()> {
    let row = identity::ActiveModel { monthly_credits: Set(monthly_credits), ..Default::default() };
    identity::Entity::update_many()
        .set(row)
        .filter(identity::Column::Id.eq(id.clone()))
        .exec(tx.db())
        .await?;
    let spent_credits = spent_credits(tx.db(), month, std::iter::once(id)).await?.get(id).copied();
    let is_near = monthly_credits.zip(spent_credits).is_some_and(|(monthly_credits, spent_credits)| {
        Spending { monthly_credits, spent_credits }.is_near()
    });
    let row = identity_month::ActiveModel { near_cap: Set(is_near), ..Default::default() };
    identity_month::Entity::update_many()
        .set(row)
        .filter(identity_month::Column::IdentityId.eq(id.clone()))
        .filter(identity_month::Column::MonthMs.eq(month.start_ms()))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Of those that have a cap.
pub(in crate::identities) async fn spending_of(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    month: Month,
    ids: &[IdentityId],
) -> Result<HashMap<IdentityId, Spending>> {
    let ids: Vec<&IdentityId> = ids.iter().collect();
    let mut accounts = month_accounts(db, month, &ids).await?;
    accounts.retain(|_, account| account.workspace == *workspace);
    Ok(accounts.into_iter().map(|(id, account)| (id, account.spending)).collect())
}

fn month_of_identity() -> RelationDef {
    identity_month::Entity::belongs_to(identity::Entity)
        .from(identity_month::Column::IdentityId)
        .to(identity::Column::Id)
        .into()
}

/// Those with the least left first.
pub(in crate::identities) async fn near_cap(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    month: Month,
    limit: u64,
) -> Result<Vec<NearCap>> {
    let most = Expr::col((identity::Entity, identity::Column::MonthlyCredits));
    let spent = Expr::col((identity_month::Entity, identity_month::Column::SpentCredits));
    let left = most.sub(spent);
    let rows: Vec<(IdentityId, String, i64, i64)> = live(workspace)
        .select_only()
        .columns([identity::Column::Id, identity::Column::ExternalId, identity::Column::MonthlyCredits])
        .column(identity_month::Column::SpentCredits)
        .join_rev(JoinType::InnerJoin, month_of_identity())
        .filter(identity::Column::MonthlyCredits.is_not_null())
        .filter(identity_month::Column::WorkspaceId.eq(workspace.clone()))
        .filter(identity_month::Column::MonthMs.eq(month.start_ms()))
        // Bare, as the index has it: a comparison with a value would not find it.
        .filter(Expr::col((identity_month::Entity, identity_month::Column::NearCap)))
        .order_by_asc(left)
        .order_by_asc(identity::Column::ExternalId)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    let near = |(id, external_id, monthly_credits, spent_credits)| NearCap {
        id,
        external_id,
        spending: Spending { monthly_credits, spent_credits },
    };
    Ok(rows.into_iter().map(near).collect())
}

/// The months of identities that come back from a backup.
pub(super) async fn copy_months(tx: &Tx, from: &Reader, identities: &[IdentityId]) -> Result<()> {
    let own = identity_month::Entity::find()
        .filter(identity_month::Column::IdentityId.is_in(identities.iter().cloned()));
    let months = own.all(from).await?;
    check_spent(&months)?;
    rows::put::<identity_month::Entity, _>(tx, months).await
}

fn check_spent(months: &[identity_month::Model]) -> Result<()> {
    match months.iter().all(|row| (0..=MAX_MONTHLY_CREDITS).contains(&row.spent_credits)) {
        true => Ok(()),
        false => {
            Err(rows::damaged("more credits were spent in a month than a cap can have, or less than none"))
        }
    }
}

/// Of identities that are here: what the backup says was spent in their months was, even
/// if nothing here remembers it.
pub(super) async fn raise_months(tx: &Tx, from: &Reader, identities: &[IdentityId]) -> Result<()> {
    let own = identity_month::Entity::find()
        .filter(identity_month::Column::IdentityId.is_in(identities.iter().cloned()));
    let months = own.all(from).await?;
    check_spent(&months)?;
    for there in months {
        let month = Month::of(there.month_ms);
        let mut accounts = month_accounts(tx.db(), month, &[&there.identity_id]).await?;
        let Some(account) = accounts.get_mut(&there.identity_id) else { continue };
        if account.spending.spent_credits < there.spent_credits {
            account.spending.spent_credits = there.spent_credits;
            save_month_accounts(tx.db(), month, &[(&there.identity_id, account)]).await?;
        }
    }
    Ok(())
}

/// Removes months that began before this one.
pub(crate) async fn remove_months_before(tx: &Tx, month: Month) -> Result<()> {
    identity_month::Entity::delete_many()
        .filter(identity_month::Column::MonthMs.lt(month.start_ms()))
        .exec(tx.db())
        .await?;
    Ok(())
}
