//! Rows of root keys and their permissions.

mod feed;
mod recovered;
mod upkeep;

use std::collections::HashMap;
use std::sync::Arc;

use base::ids::{RootKeyId, WorkspaceId};
use entity::{root_key, root_key_grant};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, Set,
};
use smallvec::smallvec;

pub use feed::RootKeyFeed;
pub(crate) use recovered::{copy_live, forget_foreign_budgets, remove_copied};
pub use upkeep::{amend_times, note_used, sweep};

use super::authenticate::RootKeySnapshot;
use super::{AuthorizedClient, CreateRootKey, HeldRootKey, RootKey, RootKeyDetails, Unused};
use crate::workspaces;
use base::access::{Grants, OpCtx, RootKeyPrincipal};
use base::cache::{Epochs, Loaded};
use base::error::Result;
use base::events::Noted;
use base::secret::KeyHash;
use base::settings;
use base::store::{Page, Paged, Tx};

/// Root keys that a count looks at.
const COUNTED: u64 = 1000;

const BOOTSTRAPPED: &str = "bootstrapped_root_key";

pub(super) async fn load(
    db: &impl ConnectionTrait,
    epochs: &Epochs,
    hash: KeyHash,
) -> Result<Loaded<RootKeySnapshot>> {
    let hash = hash.to_base64();
    let subject = epochs.subject("root key", hash.as_str());
    let row = root_key::Entity::find()
        .filter(root_key::Column::Hash.eq(hash))
        .filter(root_key::Column::DeletedAt.is_null())
        .one(db)
        .await?;
    let Some(row) = row else { return Ok(Loaded { value: None, subjects: smallvec![subject] }) };
    let owner = workspaces::find(db, &row.workspace_id).await?;
    let permissions = root_key_grant::Entity::find()
        .filter(root_key_grant::Column::RootKeyId.eq(row.id.as_str()))
        .all(db)
        .await?;
    let subjects = smallvec![subject, epochs.subject("workspace", row.workspace_id.as_str())];
    let grants = Grants::new(row.is_full, permissions.into_iter().map(|grant| grant.permission));
    let snapshot = RootKeySnapshot {
        principal: Arc::new(RootKeyPrincipal {
            id: row.id,
            name: row.name,
            grants,
            expires_at: row.expires_at,
            ip_allowlist: row
                .ip_allowlist
                .map(|list| crate::apis::allowlist::parse(&list))
                .transpose()?
                .unwrap_or_default(),
            limit_per_minute: row.limit_per_minute.map(not_negative),
            budget_key: row.budget_key_id,
        }),
        workspace_limit: owner.as_ref().and_then(|owner| owner.api_limit_per_minute).map(not_negative),
        workspace: row.workspace_id,
        workspace_exists: owner.is_some(),
        workspace_enabled: owner.is_some_and(|owner| owner.enabled),
        enabled: row.enabled,
        noted: Noted::default(),
    };
    Ok(Loaded { value: Some(snapshot), subjects })
}

fn not_negative(limit: i64) -> u64 {
    limit.max(0).unsigned_abs()
}

pub(super) async fn of_workspace(db: &impl ConnectionTrait, workspace: &WorkspaceId) -> Result<Vec<RootKey>> {
    let rows = live(workspace).order_by_asc(root_key::Column::Id).all(db).await?;
    with_permissions(db, rows).await
}

/// A page of the live root keys of a workspace, by id.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    page: &Page,
) -> Result<Paged<RootKey>> {
    let mut select = live(workspace);
    if let Some(cursor) = &page.cursor {
        select = select.filter(root_key::Column::Id.gte(cursor.as_str()));
    }
    let rows = select.order_by_asc(root_key::Column::Id).limit(page.limit + 1).all(db).await?;
    Ok(Paged::from_rows(with_permissions(db, rows).await?, page, |key| key.id.as_str()))
}

/// A live root key with what lists do not show.
pub(super) struct StoredRootKey {
    pub key: RootKey,
    pub hash: String,
    pub ip_allowlist: Option<String>,
    pub limit_per_minute: Option<i64>,
    pub budget_key: Option<RootKeyId>,
    pub created_by: Option<String>,
}

pub(super) async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &RootKeyId,
) -> Result<Option<StoredRootKey>> {
    let row = live(workspace).filter(root_key::Column::Id.eq(id.as_str())).one(db).await?;
    let Some(row) = row else { return Ok(None) };
    let (hash, ip_allowlist, limit_per_minute) =
        (row.hash.clone(), row.ip_allowlist.clone(), row.limit_per_minute);
    let (created_by, budget_key) = (row.created_by.clone(), row.budget_key_id.clone());
    let key = with_permissions(db, vec![row]).await?.pop();
    Ok(key.map(|key| StoredRootKey { key, hash, ip_allowlist, limit_per_minute, budget_key, created_by }))
}

/// Name, else start, of root keys, revoked ones too.
pub(super) async fn names(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    ids: &[&str],
) -> Result<HashMap<String, String>> {
    let rows = root_key::Entity::find()
        .filter(root_key::Column::WorkspaceId.eq(workspace.as_str()))
        .filter(root_key::Column::Id.is_in(ids.iter().copied()))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id.into_string(), row.name.unwrap_or(row.start))).collect())
}

/// As [`names`], of live ones.
pub(super) async fn live_names(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    ids: &[&str],
) -> Result<HashMap<String, String>> {
    let rows = live(workspace).filter(root_key::Column::Id.is_in(ids.iter().copied())).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.id.into_string(), row.name.unwrap_or(row.start))).collect())
}

/// The live root key of the workspace with this hash.
pub(super) async fn find_by_hash(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    hash: &str,
) -> Result<Option<RootKeyId>> {
    let row = live(workspace).filter(root_key::Column::Hash.eq(hash)).one(db).await?;
    Ok(row.map(|row| row.id))
}

/// Root keys with these hashes in all workspaces that there are.
pub(super) async fn held(
    db: &impl ConnectionTrait,
    hashes: &[KeyHash],
    now_ms: i64,
) -> Result<HashMap<KeyHash, HeldRootKey>> {
    let expires = root_key::Column::ExpiresAt;
    let rows = root_key::Entity::find()
        .filter(root_key::Column::Hash.is_in(hashes.iter().map(|hash| hash.to_base64())))
        .filter(root_key::Column::DeletedAt.is_null())
        .filter(Condition::any().add(expires.is_null()).add(expires.gte(now_ms)))
        .all(db)
        .await?;
    let owners = workspaces::live_among(db, rows.iter().map(|row| &row.workspace_id)).await?;
    let there = rows.into_iter().filter(|row| owners.contains(&row.workspace_id));
    let found = there.filter_map(|row| {
        let hash = KeyHash::from_base64(&row.hash)?;
        Some((hash, HeldRootKey { id: row.id, name: row.name, workspace: row.workspace_id }))
    });
    Ok(found.collect())
}

pub(super) async fn unused(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    now_ms: i64,
    before_ms: i64,
) -> Result<Unused> {
    let (used, expires) = (root_key::Column::LastUsedAt, root_key::Column::ExpiresAt);
    let flags: Vec<bool> = live(workspace)
        .filter(root_key::Column::Enabled.eq(true))
        .filter(root_key::Column::CreatedAt.lt(before_ms))
        .filter(Condition::any().add(used.is_null()).add(used.lt(before_ms)))
        .filter(Condition::any().add(expires.is_null()).add(expires.gt(now_ms)))
        .select_only()
        .column(root_key::Column::IsFull)
        .limit(COUNTED)
        .into_tuple()
        .all(db)
        .await?;
    let full = flags.iter().filter(|full| **full).count();
    Ok(Unused { keys: flags.len() as i64, full: full as i64 })
}

fn live(workspace: &WorkspaceId) -> Select<root_key::Entity> {
    root_key::Entity::find()
        .filter(root_key::Column::WorkspaceId.eq(workspace.as_str()))
        .filter(root_key::Column::DeletedAt.is_null())
}

async fn with_permissions(db: &impl ConnectionTrait, rows: Vec<root_key::Model>) -> Result<Vec<RootKey>> {
    let grants = root_key_grant::Entity::find()
        .filter(root_key_grant::Column::RootKeyId.is_in(rows.iter().map(|row| row.id.as_str())))
        .order_by_asc(root_key_grant::Column::Permission)
        .all(db)
        .await?;
    let mut permissions: HashMap<RootKeyId, Vec<String>> = HashMap::new();
    for grant in grants {
        permissions.entry(grant.root_key_id).or_default().push(grant.permission);
    }
    let keys = rows.into_iter().map(|row| RootKey {
        permissions: permissions.remove(&row.id).unwrap_or_default(),
        id: row.id,
        name: row.name,
        start: row.start,
        last4: row.last4,
        full: row.is_full,
        enabled: row.enabled,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
        created_at: row.created_at,
        client: row
            .oauth_client_id
            .map(|id| AuthorizedClient { id, name: row.oauth_client_name.unwrap_or_default() }),
    });
    Ok(keys.collect())
}

/// Writes everything that can be changed.
pub(super) async fn update(tx: &Tx, of: &RootKeyDetails, now_ms: i64) -> Result<()> {
    let key = &of.key;
    let row = root_key::ActiveModel {
        name: Set(key.name.clone()),
        enabled: Set(key.enabled),
        is_full: Set(key.full),
        expires_at: Set(key.expires_at),
        ip_allowlist: Set(of.ip_allowlist.clone()),
        limit_per_minute: Set(of.limit_per_minute),
        updated_at: Set(Some(now_ms)),
        ..Default::default()
    };
    save(tx, &key.id, row).await?;
    root_key_grant::Entity::delete_many()
        .filter(root_key_grant::Column::RootKeyId.eq(key.id.as_str()))
        .exec(tx.db())
        .await?;
    grant(tx, &key.id, &key.permissions).await
}

pub(super) async fn set_expiry(tx: &Tx, id: &RootKeyId, expires_at: i64, now_ms: i64) -> Result<()> {
    let row = root_key::ActiveModel {
        expires_at: Set(Some(expires_at)),
        updated_at: Set(Some(now_ms)),
        ..Default::default()
    };
    save(tx, id, row).await
}

async fn save(tx: &Tx, id: &RootKeyId, row: root_key::ActiveModel) -> Result<()> {
    root_key::Entity::update_many()
        .set(row)
        .filter(root_key::Column::Id.eq(id.as_str()))
        .exec(tx.db())
        .await?;
    Ok(())
}

async fn grant(tx: &Tx, id: &RootKeyId, permissions: &[String]) -> Result<()> {
    if permissions.is_empty() {
        return Ok(());
    }
    let rows = permissions.iter().map(|permission| root_key_grant::ActiveModel {
        root_key_id: Set(id.clone()),
        permission: Set(permission.clone()),
    });
    root_key_grant::Entity::insert_many(rows).exec_without_returning(tx.db()).await?;
    Ok(())
}

pub(super) async fn insert(
    tx: &Tx,
    cx: &OpCtx,
    key: &RootKey,
    command: &CreateRootKey,
    budget_key: Option<RootKeyId>,
    hash: &str,
) -> Result<()> {
    let row = root_key::ActiveModel {
        id: Set(key.id.clone()),
        workspace_id: Set(cx.workspace.clone()),
        name: Set(key.name.clone()),
        hash: Set(hash.to_owned()),
        start: Set(key.start.clone()),
        last4: Set(key.last4.clone()),
        is_full: Set(key.full),
        enabled: Set(key.enabled),
        ip_allowlist: Set(command.ip_allowlist.clone()),
        limit_per_minute: Set(command.limit_per_minute),
        budget_key_id: Set(budget_key),
        expires_at: Set(key.expires_at),
        created_by: Set(Some(cx.principal.id().to_owned())),
        created_at: Set(key.created_at),
        oauth_client_id: Set(key.client.as_ref().map(|client| client.id.clone())),
        oauth_client_name: Set(key.client.as_ref().map(|client| client.name.clone())),
        ..Default::default()
    };
    root_key::Entity::insert(row).exec_without_returning(tx.db()).await?;
    grant(tx, &key.id, &key.permissions).await
}

/// A root key that was just revoked.
pub(super) struct Revoked {
    pub hash: String,
    pub name: Option<String>,
}

pub(super) async fn revoke(
    tx: &Tx,
    workspace: &WorkspaceId,
    id: &RootKeyId,
    now_ms: i64,
) -> Result<Option<Revoked>> {
    let row = root_key::Entity::find_by_id(id.clone())
        .filter(root_key::Column::WorkspaceId.eq(workspace.as_str()))
        .filter(root_key::Column::DeletedAt.is_null())
        .one(tx.db())
        .await?;
    let Some(row) = row else { return Ok(None) };
    root_key::Entity::update_many()
        .col_expr(root_key::Column::DeletedAt, Expr::value(now_ms))
        .filter(root_key::Column::Id.eq(id.as_str()))
        .exec(tx.db())
        .await?;
    Ok(Some(Revoked { hash: row.hash, name: row.name }))
}

/// A root key found by its secret, revoked or not.
pub(super) struct Known {
    pub id: RootKeyId,
    pub revoked: bool,
}

pub(super) async fn by_hash(db: &impl ConnectionTrait, hash: &str) -> Result<Option<Known>> {
    let row = root_key::Entity::find().filter(root_key::Column::Hash.eq(hash)).one(db).await?;
    Ok(row.map(|row| Known { id: row.id, revoked: row.deleted_at.is_some() }))
}

/// Makes an existing root key one with every right that works now.
pub(super) async fn grant_everything(tx: &Tx, id: &RootKeyId) -> Result<()> {
    root_key::Entity::update_many()
        .col_expr(root_key::Column::IsFull, Expr::value(true))
        .col_expr(root_key::Column::Enabled, Expr::value(true))
        .col_expr(root_key::Column::ExpiresAt, Expr::value(None::<i64>))
        .col_expr(root_key::Column::DeletedAt, Expr::value(None::<i64>))
        .filter(root_key::Column::Id.eq(id.as_str()))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// The root key that configuration made, revoked or not.
pub(super) async fn bootstrapped(db: &impl ConnectionTrait) -> Result<Option<RootKeyId>> {
    Ok(settings::get(db, BOOTSTRAPPED).await?.map(RootKeyId::from))
}

pub(super) async fn set_bootstrapped(tx: &Tx, id: &RootKeyId, now_ms: i64) -> Result<()> {
    settings::set(tx, BOOTSTRAPPED, id.as_str(), now_ms).await
}
