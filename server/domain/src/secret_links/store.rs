//! Rows of one-time links to secrets.

use base::ids::SecretLinkId;
use entity::secret_link::{self, Column, Entity};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set};

use super::{SECRET_LINK_MS, Waiting};
use crate::workspaces;
use base::error::Result;
use base::store::{Tx, at_most};

pub(super) async fn insert(
    tx: &Tx,
    new: &Waiting,
    token_hash: &str,
    now_ms: i64,
    expires_at: i64,
) -> Result<()> {
    let row = secret_link::ActiveModel {
        id: Set(new.id.clone()),
        workspace_id: Set(new.workspace.clone()),
        token_hash: Set(token_hash.to_owned()),
        key_id: Set(new.key_id.clone()),
        key_name: Set(new.key_name.clone()),
        ciphertext: Set(Some(new.ciphertext.clone())),
        created_at: Set(now_ms),
        expires_at: Set(expires_at),
    };
    Entity::insert(row).exec_without_returning(tx.db()).await?;
    Ok(())
}

/// A link that still holds its secret, in a workspace that is still there.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    token_hash: &str,
    now_ms: i64,
) -> Result<Option<Waiting>> {
    let row = Entity::find()
        .filter(Column::TokenHash.eq(token_hash))
        .filter(Column::ExpiresAt.gt(now_ms))
        .one(db)
        .await?;
    let Some((row, ciphertext)) = row.and_then(|mut row| row.ciphertext.take().map(|text| (row, text)))
    else {
        return Ok(None);
    };
    let workspace = workspaces::find(db, &row.workspace_id).await?;
    Ok(workspace.map(|_| Waiting {
        id: row.id,
        workspace: row.workspace_id,
        key_id: row.key_id,
        key_name: row.key_name,
        ciphertext,
    }))
}

/// Leaves the row, without the secret.
pub(super) async fn burn(tx: &Tx, id: &SecretLinkId) -> Result<()> {
    let row = secret_link::ActiveModel { ciphertext: Set(None), ..Default::default() };
    Entity::update_many().set(row).filter(Column::Id.eq(id.as_str())).exec(tx.db()).await?;
    Ok(())
}

/// Removes links that have expired.
pub async fn sweep(tx: &Tx, now_ms: i64) -> Result<()> {
    Entity::delete_many().filter(Column::ExpiresAt.lt(now_ms)).exec(tx.db()).await?;
    Ok(())
}

/// Brings ends that lie further ahead than a link lasts down to what they may be
/// at most; answers how many there were.
pub async fn amend_times(tx: &Tx, now_ms: i64) -> Result<u64> {
    at_most(tx, Column::ExpiresAt, now_ms + SECRET_LINK_MS).await
}
