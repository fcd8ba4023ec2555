//! Rows of root keys and their permissions.

use std::sync::Arc;

use entity::ids::{RootKeyId, WorkspaceId};
use entity::{root_key, root_key_grant, setting, workspace};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};
use smallvec::smallvec;

use super::authenticate::RootKeySnapshot;
use super::{CreateRootKey, RootKey};
use crate::cache::{Epochs, Loaded};
use crate::error::Result;
use crate::events::Noted;
use crate::grants::Grants;
use crate::op::{OpCtx, RootKeyPrincipal};
use crate::secret::KeyHash;
use crate::store::Tx;

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
    let owner = workspace::Entity::find_by_id(row.workspace_id.clone()).one(db).await?;
    let permissions = root_key_grant::Entity::find()
        .filter(root_key_grant::Column::RootKeyId.eq(row.id.as_str()))
        .all(db)
        .await?;
    let subjects = smallvec![subject, epochs.subject("workspace", row.workspace_id.as_str())];
    let grants = Grants::new(row.is_full, permissions.into_iter().map(|grant| grant.permission));
    let snapshot = RootKeySnapshot {
        principal: Arc::new(RootKeyPrincipal { id: row.id, name: row.name, grants }),
        workspace: row.workspace_id,
        workspace_enabled: owner.is_some_and(|owner| owner.enabled && owner.deleted_at.is_none()),
        enabled: row.enabled,
        expires_at: row.expires_at,
        ip_allowlist: row
            .ip_allowlist
            .map(|list| crate::apis::allowlist::parse(&list))
            .transpose()?
            .unwrap_or_default(),
        noted: Noted::default(),
    };
    Ok(Loaded { value: Some(snapshot), subjects })
}

pub(super) async fn of_workspace(db: &impl ConnectionTrait, workspace: &WorkspaceId) -> Result<Vec<RootKey>> {
    let rows = root_key::Entity::find()
        .filter(root_key::Column::WorkspaceId.eq(workspace.as_str()))
        .filter(root_key::Column::DeletedAt.is_null())
        .order_by_asc(root_key::Column::Id)
        .all(db)
        .await?;
    let keys = rows.into_iter().map(|row| RootKey {
        id: row.id,
        name: row.name,
        start: row.start,
        last4: row.last4,
        full: row.is_full,
        enabled: row.enabled,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
        created_at: row.created_at,
    });
    Ok(keys.collect())
}

pub(super) async fn insert(
    tx: &Tx,
    cx: &OpCtx,
    key: &RootKey,
    command: &CreateRootKey,
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
        expires_at: Set(key.expires_at),
        created_by: Set(Some(cx.principal.id().to_owned())),
        created_at: Set(key.created_at),
        ..Default::default()
    };
    root_key::Entity::insert(row).exec_without_returning(tx.db()).await?;
    let mut permissions = command.permissions.clone();
    permissions.sort_unstable();
    permissions.dedup();
    if permissions.is_empty() {
        return Ok(());
    }
    let rows = permissions.into_iter().map(|permission| root_key_grant::ActiveModel {
        root_key_id: Set(key.id.clone()),
        permission: Set(permission),
    });
    root_key_grant::Entity::insert_many(rows).exec_without_returning(tx.db()).await?;
    Ok(())
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
    Ok(setting::Entity::find_by_id(BOOTSTRAPPED).one(db).await?.map(|row| RootKeyId::from(row.value)))
}

pub(super) async fn set_bootstrapped(tx: &Tx, id: &RootKeyId, now_ms: i64) -> Result<()> {
    let row = setting::ActiveModel {
        name: Set(BOOTSTRAPPED.to_owned()),
        value: Set(id.to_string()),
        updated_at: Set(now_ms),
    };
    setting::Entity::insert(row)
        .on_conflict(
            OnConflict::column(setting::Column::Name)
                .update_columns([setting::Column::Value, setting::Column::UpdatedAt])
                .to_owned(),
        )
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}
