//! Rows of keys and their ciphertext.
//!
//! Every lookup is scoped to a workspace and ends at a live API: keys of a
//! deleted API are as absent as deleted keys.

mod attention;
pub(crate) mod balances;
mod feed;
mod find;
mod locks;
mod many;
mod ordered;
pub(super) mod recovered;
mod shared_by;
mod successor;
mod unsound;
mod upkeep;

use std::collections::{HashMap, HashSet};

use base::ids::{ApiId, IdentityId, KeyId, MigrationId, WorkspaceId};
use entity::{encrypted_key, key, key_migration};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, Set};
use serde_json::{Map, Value};

use super::{Balance, Credits, DeletedKey, Interval, Key, Refill, StoredHash};
#[cfg(test)]
pub(super) use attention::counts;
pub(super) use attention::{expiring, migrations, short_of_credits};
pub use feed::KeyFeed;
pub(super) use find::{among, count_fitting, find_page};
pub(super) use many::{
    after, from_offset, mark_all_deleted, of_owner, remove_all, remove_deleted, summaries,
};
pub(super) use ordered::ordered_page;
pub(super) use shared_by::{count_sharing, page_sharing};
pub(super) use successor::{hand_over, leave};
pub use unsound::{BalanceFault, UnsoundBalances, unsound_balances};
pub use upkeep::{note_used, sweep};

use crate::apis::{self, Api};
use base::access::OpCtx;
use base::error::{Code, Error, Result};
use base::store::{Page, Paged, Tx, Unique};

const HASH: Unique = Unique { index: "keys_hash", columns: "keys.hash" };

/// Values per statement: well under SQLite's limit.
const CHUNK: usize = 500;

/// A row to be inserted.
pub(super) struct NewKey<'a> {
    pub id: &'a KeyId,
    pub api_id: &'a ApiId,
    pub hash: &'a str,
    pub start: &'a str,
    pub last4: &'a str,
    pub prefix: Option<&'a str>,
    /// Unknown for keys that were not made here.
    pub byte_length: Option<i64>,
    pub name: Option<&'a str>,
    pub identity_id: Option<IdentityId>,
    pub owner_id: Option<&'a str>,
    pub meta: &'a Map<String, Value>,
    pub environment: Option<&'a str>,
    pub enabled: bool,
    pub expires_at: Option<i64>,
    pub credits: Credits,
    /// The hash is foreign and waits for its first verification.
    pub migration: Option<&'a MigrationId>,
    pub rotated_from: Option<&'a Key>,
}

/// The visible key with this id.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &KeyId,
) -> Result<Option<Key>> {
    one(db, workspace, key::Entity::find_by_id(id.clone())).await
}

/// The visible key with this id, for who is about to change it: nobody else changes
/// its credits until the transaction ends.
pub(super) async fn find_to_change(tx: &Tx, workspace: &WorkspaceId, id: &KeyId) -> Result<Option<Key>> {
    locks::lock(tx, std::slice::from_ref(id)).await?;
    find(tx.db(), workspace, id).await
}

/// The visible key with this stored hash.
pub(super) async fn find_by_hash(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    hash: &str,
) -> Result<Option<Key>> {
    one(db, workspace, key::Entity::find().filter(key::Column::Hash.eq(hash))).await
}

async fn one(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    select: Select<key::Entity>,
) -> Result<Option<Key>> {
    let Some(row) = live(select, workspace).one(db).await? else { return Ok(None) };
    let Some(api) = apis::find_live(db, workspace, &row.api_id).await? else { return Ok(None) };
    let mut keys = vec![to_key(row, api)?];
    successor::resolve(db, &mut keys).await?;
    Ok(keys.pop())
}

/// The row with this hash, whatever became of it.
pub(super) async fn deleted_key(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    hash: &str,
) -> Result<Option<DeletedKey>> {
    let row = key::Entity::find()
        .filter(key::Column::WorkspaceId.eq(workspace.clone()))
        .filter(key::Column::Hash.eq(hash))
        .one(db)
        .await?;
    Ok(row.map(|row| DeletedKey { key: row.id, api: row.api_id, deleted_at: row.deleted_at }))
}

/// A page of the visible keys of a live API, perhaps of one identity only.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    api: &Api,
    identity: Option<&IdentityId>,
    page: &Page,
) -> Result<Paged<Key>> {
    let mut select = live(key::Entity::find(), workspace).filter(key::Column::ApiId.eq(api.id.clone()));
    if let Some(identity) = identity {
        select = select.filter(key::Column::IdentityId.eq(identity.clone()));
    }
    if let Some(cursor) = &page.cursor {
        select = select.filter(key::Column::Id.gte(KeyId::from(cursor.as_str())));
    }
    let rows = select.order_by_asc(key::Column::Id).limit(page.limit + 1).all(db).await?;
    let mut keys = rows.into_iter().map(|row| to_key(row, api.clone())).collect::<Result<Vec<_>>>()?;
    successor::resolve(db, &mut keys).await?;
    Ok(Paged::from_rows(keys, page, |key| key.id.as_str()))
}

pub(super) async fn insert(db: &impl ConnectionTrait, cx: &OpCtx, new: NewKey<'_>) -> Result<()> {
    let refills = new.credits.refill.is_some();
    let row = key::ActiveModel {
        id: Set(new.id.clone()),
        workspace_id: Set(cx.workspace.clone()),
        api_id: Set(new.api_id.clone()),
        hash: Set(new.hash.to_owned()),
        start: Set(new.start.to_owned()),
        last4: Set(new.last4.to_owned()),
        prefix: Set(new.prefix.map(ToOwned::to_owned)),
        byte_length: Set(new.byte_length),
        name: Set(new.name.map(ToOwned::to_owned)),
        identity_id: Set(new.identity_id),
        owner_id: Set(new.owner_id.map(ToOwned::to_owned)),
        meta: Set(meta_text(new.meta)),
        environment: Set(new.environment.map(ToOwned::to_owned)),
        enabled: Set(new.enabled),
        expires_at: Set(new.expires_at),
        last_refill_at: Set(refills.then_some(cx.now_ms)),
        migration_id: Set(new.migration.cloned()),
        rotated_from: Set(new.rotated_from.map(|old| old.id.clone())),
        lineage_id: Set(new.rotated_from.map(|old| old.lineage.as_ref().unwrap_or(&old.id).clone())),
        created_by: Set(Some(cx.principal.id().to_owned())),
        created_at: Set(cx.now_ms),
        ..credit_columns(&new.credits)
    };
    key::Entity::insert(row).exec_without_returning(db).await.map_err(|error| {
        if HASH.refused(&error) {
            return Error::new(Code::KeyExists, "A key with this hash already exists.");
        }
        error.into()
    })?;
    Ok(())
}

/// Writes every column that an update may change.
pub(super) async fn update(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    key: &Key,
    now_ms: i64,
) -> Result<()> {
    let row = key::ActiveModel {
        name: Set(key.name.clone()),
        identity_id: Set(key.identity_id.clone()),
        owner_id: Set(key.owner_id.clone()),
        environment: Set(key.environment.clone()),
        meta: Set(meta_text(&key.meta)),
        enabled: Set(key.enabled),
        expires_at: Set(key.expires_at),
        updated_at: Set(Some(now_ms)),
        ..Default::default()
    };
    save(db, workspace, &key.id, row).await?;
    let credits =
        key::ActiveModel { last_refill_at: Set(key.last_refill_at), ..credit_columns(&key.credits) };
    save(db, workspace, &key.balance.key_id, credits).await
}

/// Writes the credits of a key where they are kept.
pub(super) async fn set_credits(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    key: &Key,
    credits: &Credits,
) -> Result<()> {
    save(db, workspace, &key.balance.key_id, credit_columns(credits)).await
}

pub(super) async fn set_expiry(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &KeyId,
    expires_at: i64,
    now_ms: i64,
) -> Result<()> {
    let row = key::ActiveModel {
        expires_at: Set(Some(expires_at)),
        updated_at: Set(Some(now_ms)),
        ..Default::default()
    };
    save(db, workspace, id, row).await
}

/// Prefix and number of random bytes of a key, as far as they are known.
pub(super) async fn material_of(
    db: &impl ConnectionTrait,
    id: &KeyId,
) -> Result<(Option<String>, Option<i64>)> {
    let row = key::Entity::find_by_id(id.clone())
        .select_only()
        .columns([key::Column::Prefix, key::Column::ByteLength])
        .into_tuple()
        .one(db)
        .await?;
    Ok(row.unwrap_or_default())
}

/// As [`find_deleted`], for who is about to change the key; see [`find_to_change`].
pub(super) async fn find_deleted_to_change(
    tx: &Tx,
    workspace: &WorkspaceId,
    id: &KeyId,
) -> Result<Option<Key>> {
    locks::lock(tx, std::slice::from_ref(id)).await?;
    find_deleted(tx.db(), workspace, id).await
}

/// The deleted key with this id, below a live API.
pub(super) async fn find_deleted(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &KeyId,
) -> Result<Option<Key>> {
    let row = key::Entity::find_by_id(id.clone())
        .filter(key::Column::WorkspaceId.eq(workspace.clone()))
        .filter(key::Column::DeletedAt.is_not_null())
        .one(db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let api = apis::find_live(db, workspace, &row.api_id).await?;
    let Some(api) = api else { return Ok(None) };
    let mut found = vec![to_key(row, api)?];
    successor::resolve(db, &mut found).await?;
    Ok(found.pop())
}

pub(super) async fn unmark_deleted(db: &impl ConnectionTrait, cx: &OpCtx, id: &KeyId) -> Result<()> {
    let row = key::ActiveModel {
        deleted_at: Set(None),
        deleted_by: Set(None),
        updated_at: Set(Some(cx.now_ms)),
        ..Default::default()
    };
    save(db, &cx.workspace, id, row).await
}

pub(super) async fn mark_deleted(db: &impl ConnectionTrait, cx: &OpCtx, id: &KeyId) -> Result<()> {
    let row = key::ActiveModel {
        deleted_at: Set(Some(cx.now_ms)),
        deleted_by: Set(Some(cx.principal.id().to_owned())),
        ..Default::default()
    };
    save(db, &cx.workspace, id, row).await
}

/// Removes the row; links, limits and ciphertext go with it by foreign key.
pub(super) async fn remove(db: &impl ConnectionTrait, workspace: &WorkspaceId, id: &KeyId) -> Result<()> {
    key::Entity::delete_many()
        .filter(key::Column::Id.eq(id.clone()))
        .filter(key::Column::WorkspaceId.eq(workspace.clone()))
        .exec(db)
        .await?;
    Ok(())
}

pub(super) async fn insert_ciphertext(
    db: &impl ConnectionTrait,
    cx: &OpCtx,
    key_id: &KeyId,
    ciphertext: Vec<u8>,
) -> Result<()> {
    let row = encrypted_key::ActiveModel {
        key_id: Set(key_id.clone()),
        workspace_id: Set(cx.workspace.clone()),
        ciphertext: Set(ciphertext),
        created_at: Set(cx.now_ms),
    };
    encrypted_key::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

pub(super) async fn ciphertexts_of(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    keys: &[KeyId],
) -> Result<HashMap<KeyId, Vec<u8>>> {
    let rows = encrypted_key::Entity::find()
        .filter(encrypted_key::Column::KeyId.is_in(keys.iter().cloned()))
        .filter(encrypted_key::Column::WorkspaceId.eq(workspace.clone()))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.key_id, row.ciphertext)).collect())
}

async fn save(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &KeyId,
    row: key::ActiveModel,
) -> Result<()> {
    key::Entity::update_many()
        .set(row)
        .filter(key::Column::Id.eq(id.clone()))
        .filter(key::Column::WorkspaceId.eq(workspace.clone()))
        .exec(db)
        .await?;
    Ok(())
}

fn live(select: Select<key::Entity>, workspace: &WorkspaceId) -> Select<key::Entity> {
    select.filter(key::Column::WorkspaceId.eq(workspace.clone())).filter(key::Column::DeletedAt.is_null())
}

fn credit_columns(credits: &Credits) -> key::ActiveModel {
    let refill = credits.refill.as_ref();
    key::ActiveModel {
        remaining: Set(credits.remaining),
        refill_amount: Set(refill.map(|refill| refill.amount)),
        refill_day: Set(refill.and_then(|refill| refill.day)),
        ..Default::default()
    }
}

fn meta_text(meta: &Map<String, Value>) -> Option<String> {
    (!meta.is_empty()).then(|| Value::Object(meta.clone()).to_string())
}

fn to_credits(row: &key::Model) -> Credits {
    // Monthly exactly when a day is stored (docs/contract/v2.md#key-object).
    let refill = row.refill_amount.map(|amount| Refill {
        interval: if row.refill_day.is_some() { Interval::Monthly } else { Interval::Daily },
        amount,
        day: row.refill_day,
    });
    Credits { remaining: row.remaining, refill }
}

fn to_key(row: key::Model, api: Api) -> Result<Key> {
    let credits = to_credits(&row);
    let holder = row.balance_key_id.unwrap_or_else(|| row.id.clone());
    Ok(Key {
        id: row.id,
        workspace: row.workspace_id,
        api,
        balance: Balance { key_id: holder, hash: StoredHash(row.hash.clone()) },
        lineage: row.lineage_id,
        hash: StoredHash(row.hash),
        start: row.start,
        last4: row.last4,
        name: row.name,
        identity_id: row.identity_id,
        owner_id: row.owner_id,
        meta: row.meta.as_deref().map(serde_json::from_str).transpose()?.unwrap_or_default(),
        environment: row.environment,
        enabled: row.enabled,
        expires_at: row.expires_at,
        credits,
        last_refill_at: row.last_refill_at,
        last_used_at: row.last_used_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

/// An announced import.
pub(super) struct Migration {
    pub id: MigrationId,
    pub algorithm: String,
}

pub(super) async fn find_migration(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &MigrationId,
) -> Result<Option<Migration>> {
    let row = key_migration::Entity::find_by_id(id.clone())
        .filter(key_migration::Column::WorkspaceId.eq(workspace.clone()))
        .one(db)
        .await?;
    Ok(row.map(|row| Migration { id: row.id, algorithm: row.algorithm }))
}

/// Which of these hashes exist, in any workspace, deleted keys included.
pub(super) async fn taken_hashes<'a>(
    db: &impl ConnectionTrait,
    hashes: impl Iterator<Item = &'a str>,
) -> Result<HashSet<String>> {
    let hashes: Vec<&str> = hashes.collect();
    let mut taken = HashSet::new();
    for chunk in hashes.chunks(CHUNK) {
        let rows: Vec<String> = key::Entity::find()
            .select_only()
            .column(key::Column::Hash)
            .filter(key::Column::Hash.is_in(chunk.iter().copied()))
            .into_tuple()
            .all(db)
            .await?;
        taken.extend(rows);
    }
    Ok(taken)
}

/// What a foreign key becomes.
pub(super) struct Native {
    /// The hash it waited under.
    pub foreign: String,
    pub hash: String,
    pub start: String,
    pub last4: String,
}

/// Rewrites the key that waits for this migration under its foreign hash.
pub(super) async fn adopt(
    tx: &Tx,
    workspace: &WorkspaceId,
    migration: &MigrationId,
    native: &Native,
) -> Result<Option<KeyId>> {
    let waiting = live(key::Entity::find(), workspace)
        .filter(key::Column::Hash.eq(native.foreign.as_str()))
        .filter(key::Column::MigrationId.eq(migration.clone()))
        .one(tx.db())
        .await?;
    let Some(waiting) = waiting else { return Ok(None) };
    let row = key::ActiveModel {
        hash: Set(native.hash.clone()),
        start: Set(native.start.clone()),
        last4: Set(native.last4.clone()),
        migration_id: Set(None),
        ..Default::default()
    };
    save(tx.db(), workspace, &waiting.id, row).await?;
    Ok(Some(waiting.id))
}

pub(super) async fn insert_migration(tx: &Tx, id: &MigrationId, cx: &OpCtx, algorithm: &str) -> Result<()> {
    let row = key_migration::ActiveModel {
        id: Set(id.clone()),
        workspace_id: Set(cx.workspace.clone()),
        algorithm: Set(algorithm.to_owned()),
        created_at: Set(cx.now_ms),
    };
    key_migration::Entity::insert(row).exec_without_returning(tx.db()).await?;
    Ok(())
}

/// A live key below a deleted API.
pub(super) struct Orphan {
    pub id: KeyId,
    pub api: ApiId,
    pub workspace: WorkspaceId,
    pub name: Option<String>,
}

pub(super) async fn orphans(db: &impl ConnectionTrait, limit: u64) -> Result<Vec<Orphan>> {
    let rows = key::Entity::find()
        .filter(key::Column::DeletedAt.is_null())
        .filter(key::Column::ApiId.in_subquery(apis::deleted_ids()))
        .order_by_asc(key::Column::ApiId)
        .limit(limit)
        .all(db)
        .await?;
    let orphan =
        |row: key::Model| Orphan { id: row.id, api: row.api_id, workspace: row.workspace_id, name: row.name };
    Ok(rows.into_iter().map(orphan).collect())
}

/// No cached value depends on these rows any more: their API is gone.
pub(super) async fn delete_orphans(tx: &Tx, orphans: &[Orphan], by: &str, now_ms: i64) -> Result<()> {
    let ids: Vec<KeyId> = orphans.iter().map(|orphan| orphan.id.clone()).collect();
    locks::lock(tx, &ids).await?;
    key::Entity::update_many()
        .col_expr(key::Column::DeletedAt, Expr::value(now_ms))
        .col_expr(key::Column::DeletedBy, Expr::value(by))
        .filter(key::Column::Id.is_in(orphans.iter().map(|orphan| orphan.id.as_str())))
        .exec(tx.db())
        .await?;
    Ok(())
}
