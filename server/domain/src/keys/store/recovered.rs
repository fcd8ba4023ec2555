//! Rows of keys that come back with their API: those that went with it, and those that
//! only a backup has.

use std::collections::{HashMap, HashSet};

use base::ids::{ApiId, IdentityId, KeyId, MigrationId, WorkspaceId};
use entity::{encrypted_key, key, key_migration};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{CHUNK, locks, taken_hashes};
use crate::identities::Owners;
use crate::keys::StoredHash;
use base::error::Result;
use base::store::{Reader, Tx, rows};

/// Rerolls that are followed back from a key.
const LONGEST_LINE: usize = 100;

/// A key that came, or comes, back.
pub(in crate::keys) struct ReturningKey {
    pub id: KeyId,
    pub name: Option<String>,
    pub hash: StoredHash,
}

/// Makes keys live again that were deleted `by` somebody, behind the one with the id
/// `after`; at most so many, and answers which. No index leads to deleted keys: going on
/// where the last batch ended reads each row once.
pub(in crate::keys) async fn bring_back(
    tx: &Tx,
    api: &ApiId,
    by: &str,
    after: &str,
    limit: u64,
    now_ms: i64,
) -> Result<Vec<ReturningKey>> {
    let rows = key::Entity::find()
        .filter(key::Column::ApiId.eq(api.clone()))
        .filter(key::Column::DeletedAt.is_not_null())
        .filter(key::Column::DeletedBy.eq(by))
        .filter(key::Column::Id.gt(after))
        .order_by_asc(key::Column::Id)
        .limit(limit)
        .all(tx.db())
        .await?;
    let ids: Vec<KeyId> = rows.iter().map(|row| row.id.clone()).collect();
    locks::lock(tx, &ids).await?;
    key::Entity::update_many()
        .col_expr(key::Column::DeletedAt, Expr::value(None::<i64>))
        .col_expr(key::Column::DeletedBy, Expr::value(None::<String>))
        .col_expr(key::Column::UpdatedAt, Expr::value(now_ms))
        .filter(key::Column::Id.is_in(ids))
        .exec(tx.db())
        .await?;
    Ok(rows.into_iter().map(returning).collect())
}

fn returning(row: key::Model) -> ReturningKey {
    ReturningKey { id: row.id, name: row.name, hash: StoredHash(row.hash) }
}

/// Live keys of an API of a backup.
pub(in crate::keys) struct LostKeys(Vec<key::Model>);

/// Whose credits keys spend: the holders of credits have to be there first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::keys) enum Spending {
    Own,
    OfAnother,
}

/// The next page of them, and where the one after it begins.
pub(in crate::keys) async fn page_in_backup(
    from: &Reader,
    workspace: &WorkspaceId,
    api: &ApiId,
    spending: Spending,
    after: &str,
) -> Result<(LostKeys, Option<String>)> {
    let live = key::Entity::find()
        .filter(key::Column::WorkspaceId.eq(workspace.clone()))
        .filter(key::Column::ApiId.eq(api.clone()))
        .filter(key::Column::DeletedAt.is_null())
        .filter(match spending {
            Spending::Own => key::Column::BalanceKeyId.is_null(),
            Spending::OfAnother => key::Column::BalanceKeyId.is_not_null(),
        });
    let page = rows::page(from, live, key::Column::Id, after).await?;
    Ok((LostKeys(page.rows), page.next))
}

impl LostKeys {
    pub fn ids(&self) -> Vec<KeyId> {
        self.0.iter().map(|row| row.id.clone()).collect()
    }

    /// The identities that they belonged to.
    pub fn identities(&self) -> Vec<IdentityId> {
        let ids: HashSet<&IdentityId> = self.0.iter().filter_map(|row| row.identity_id.as_ref()).collect();
        ids.into_iter().cloned().collect()
    }

    /// Takes out those that are here, and answers how many of these are deleted.
    pub async fn without_known(&mut self, tx: &Tx) -> Result<u64> {
        let known: Vec<(KeyId, Option<i64>)> = key::Entity::find()
            .select_only()
            .columns([key::Column::Id, key::Column::DeletedAt])
            .filter(key::Column::Id.is_in(self.ids()))
            .into_tuple()
            .all(tx.db())
            .await?;
        let known: HashMap<KeyId, Option<i64>> = known.into_iter().collect();
        self.0.retain(|row| !known.contains_key(&row.id));
        Ok(known.values().filter(|deleted_at| deleted_at.is_some()).count() as u64)
    }

    /// Takes out those that no program of ours wrote so, and answers how many.
    pub fn without_unsound(&mut self) -> u64 {
        let before = self.0.len();
        self.0.retain(|row| {
            let is_refill = row.refill_amount.is_none_or(|amount| amount >= 1)
                && row.refill_day.is_none_or(|day| row.refill_amount.is_some() && (1..=31).contains(&day));
            let is_balance = row.remaining.is_none_or(|remaining| remaining >= 0);
            is_refill && is_balance && !row.hash.is_empty() && rows::is_object(row.meta.as_deref())
        });
        (before - self.0.len()) as u64
    }

    /// Takes the names of lines away that are keys of other APIs here: limits are counted by line.
    pub async fn forget_foreign_lines(&mut self, tx: &Tx, api: &ApiId) -> Result<()> {
        let named = self.0.iter().flat_map(|row| [row.lineage_id.clone(), row.rotated_from.clone()]);
        let named: HashSet<KeyId> = named.flatten().collect();
        let foreign: HashSet<KeyId> = key::Entity::find()
            .select_only()
            .column(key::Column::Id)
            .filter(key::Column::Id.is_in(named))
            .filter(key::Column::ApiId.ne(api.clone()))
            .into_tuple::<KeyId>()
            .all(tx.db())
            .await?
            .into_iter()
            .collect();
        for row in &mut self.0 {
            row.lineage_id = row.lineage_id.take().filter(|id| !foreign.contains(id));
            row.rotated_from = row.rotated_from.take().filter(|id| !foreign.contains(id));
        }
        Ok(())
    }

    /// Disables the named ones, and answers how many are.
    pub fn disable(&mut self, named: &HashSet<String>) -> u64 {
        let changed = self.0.iter_mut().filter(|row| named.contains(row.id.as_str()));
        changed.map(|row| row.enabled = false).count() as u64
    }

    /// Takes out those that may not come back: the named ones, those whose hash another
    /// key has, and those that spend credits of a key that is not live here.
    pub async fn without(&mut self, tx: &Tx, api: &ApiId, named: &HashSet<String>) -> Result<u64> {
        let taken = taken_hashes(tx.db(), self.0.iter().map(|row| row.hash.as_str())).await?;
        let holders = self.0.iter().filter_map(|row| row.balance_key_id.clone());
        let holders: HashSet<KeyId> = key::Entity::find()
            .select_only()
            .column(key::Column::Id)
            .filter(key::Column::Id.is_in(holders))
            .filter(key::Column::ApiId.eq(api.clone()))
            .filter(key::Column::DeletedAt.is_null())
            .into_tuple::<KeyId>()
            .all(tx.db())
            .await?
            .into_iter()
            .collect();
        let before = self.0.len();
        self.0.retain(|row| {
            let is_paid = row.balance_key_id.as_ref().is_none_or(|holder| holders.contains(holder));
            is_paid && !named.contains(row.id.as_str()) && !taken.contains(&row.hash)
        });
        Ok((before - self.0.len()) as u64)
    }

    /// Has those whose line of rerolls is here already spend the credits that it has here:
    /// the backup's would be credits twice. By ids alone, as no index leads to a line.
    pub async fn share_credits(&mut self, tx: &Tx, from: &Reader, api: &ApiId) -> Result<()> {
        let before = predecessors(from, &self.0).await?;
        let line = |row: &key::Model| {
            let next = |id: &KeyId| before.get(id).cloned().flatten();
            let walked = std::iter::successors(row.rotated_from.clone(), next).take(LONGEST_LINE);
            let ends = [row.balance_key_id.clone(), row.lineage_id.clone()];
            ends.into_iter().flatten().chain(walked).collect::<Vec<KeyId>>()
        };
        let lines: Vec<Vec<KeyId>> = self.0.iter().map(line).collect();
        let wanted: HashSet<&KeyId> = lines.iter().flatten().collect();
        let wanted: Vec<&KeyId> = wanted.into_iter().collect();
        let mut holders: HashMap<KeyId, KeyId> = HashMap::new();
        for chunk in wanted.chunks(CHUNK) {
            let live: Vec<(KeyId, Option<KeyId>)> = key::Entity::find()
                .select_only()
                .columns([key::Column::Id, key::Column::BalanceKeyId])
                .filter(key::Column::Id.is_in(chunk.iter().map(|id| id.as_str())))
                .filter(key::Column::ApiId.eq(api.clone()))
                .filter(key::Column::DeletedAt.is_null())
                .into_tuple()
                .all(tx.db())
                .await?;
            holders.extend(live.into_iter().map(|(id, holder)| (id.clone(), holder.unwrap_or(id))));
        }
        for (row, line) in self.0.iter_mut().zip(lines) {
            if let Some(holder) = line.iter().find_map(|id| holders.get(id)) {
                row.balance_key_id = Some(holder.clone());
                (row.remaining, row.refill_amount, row.refill_day) = (None, None, None);
            }
        }
        Ok(())
    }

    /// Names the identities as they are known here, and says of how many that is another.
    pub fn put_below(&mut self, owners: &Owners) -> u64 {
        let mut elsewhere = 0;
        for row in &mut self.0 {
            let own = row.identity_id.as_ref().and_then(|id| owners.of(id)).cloned();
            elsewhere += u64::from(own.is_some() && own != row.identity_id);
            row.identity_id = own;
        }
        elsewhere
    }

    /// Puts them in.
    pub async fn put(mut self, tx: &Tx, from: &Reader, workspace: &WorkspaceId) -> Result<Vec<ReturningKey>> {
        let migrations: Vec<MigrationId> = self.0.iter().filter_map(|row| row.migration_id.clone()).collect();
        let own = key_migration::Entity::find()
            .filter(key_migration::Column::WorkspaceId.eq(workspace.clone()))
            .filter(key_migration::Column::Id.is_in(migrations));
        rows::put::<key_migration::Entity, _>(tx, own.clone().all(from).await?).await?;
        let own = own.select_only().column(key_migration::Column::Id).into_tuple::<MigrationId>();
        let own: HashSet<MigrationId> = own.all(tx.db()).await?.into_iter().collect();
        for row in &mut self.0 {
            row.migration_id = row.migration_id.take().filter(|id| own.contains(id));
        }
        rows::put::<key::Entity, _>(tx, self.0.clone()).await?;
        Ok(self.0.into_iter().map(returning).collect())
    }
}

/// Which key of a backup each of these was rerolled from, and which that one, and so on.
async fn predecessors(from: &Reader, rows: &[key::Model]) -> Result<HashMap<KeyId, Option<KeyId>>> {
    let mut known: HashMap<KeyId, Option<KeyId>> = HashMap::new();
    let mut wanted: HashSet<KeyId> = rows.iter().filter_map(|row| row.rotated_from.clone()).collect();
    for _ in 0..LONGEST_LINE {
        if wanted.is_empty() {
            break;
        }
        let found: Vec<(KeyId, Option<KeyId>)> = key::Entity::find()
            .select_only()
            .columns([key::Column::Id, key::Column::RotatedFrom])
            .filter(key::Column::Id.is_in(wanted))
            .into_tuple()
            .all(from)
            .await?;
        wanted = found.iter().filter_map(|(_, before)| before.clone()).collect();
        known.extend(found);
        wanted.retain(|id| !known.contains_key(id));
    }
    Ok(known)
}

/// Copies the ciphertext of keys.
pub(in crate::keys) async fn copy_ciphertexts(
    tx: &Tx,
    from: &Reader,
    workspace: &WorkspaceId,
    keys: &[KeyId],
) -> Result<()> {
    let own = encrypted_key::Entity::find()
        .filter(encrypted_key::Column::WorkspaceId.eq(workspace.clone()))
        .filter(encrypted_key::Column::KeyId.is_in(keys.iter().cloned()));
    rows::put::<encrypted_key::Entity, _>(tx, own.all(from).await?).await
}

/// Removes what was copied of a workspace; what hangs on keys goes with them.
pub(crate) async fn remove_copied(tx: &Tx, workspace: &WorkspaceId) -> Result<bool> {
    // Live ones alone are copied, and an index leads to these.
    let own = key::Entity::find()
        .filter(key::Column::WorkspaceId.eq(workspace.clone()))
        .filter(key::Column::DeletedAt.is_null());
    if rows::remove(tx, own, key::Column::Id).await? {
        return Ok(true);
    }
    let own = key_migration::Entity::find().filter(key_migration::Column::WorkspaceId.eq(workspace.clone()));
    rows::remove(tx, own, key_migration::Column::Id).await
}
