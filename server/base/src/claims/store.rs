//! Rows of claimed keys and their answers.

use entity::idempotency_key::{ActiveModel, Column, Entity, Model};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, Set, SqlErr};

use crate::access::{IdempotencyKey, OpCtx};
use crate::error::{Code, Error, Result};
use crate::ids::WorkspaceId;
use crate::store::{Tx, at_most};

/// A key that names a change which was made.
pub struct Claim {
    pub request_hash: String,
    /// Sealed; `None` as long as the answer is not kept.
    pub response: Option<Vec<u8>>,
    /// Unix milliseconds.
    pub created_at: i64,
}

impl From<Model> for Claim {
    fn from(row: Model) -> Self {
        Self { request_hash: row.request_hash, response: row.response, created_at: row.created_at }
    }
}

fn of(workspace: &WorkspaceId, key: &IdempotencyKey) -> Condition {
    Condition::all()
        .add(Column::WorkspaceId.eq(workspace.clone()))
        .add(Column::Claimant.eq(key.claimant.as_str()))
        .add(Column::KeyHash.eq(key.key_hash.as_str()))
}

/// Claims a key for the change of this transaction: a second one that claims it
/// is undone.
///
/// Fails with `idempotency_conflict` when it is claimed.
pub async fn claim(tx: &Tx, cx: &OpCtx, key: &IdempotencyKey) -> Result<()> {
    let row = ActiveModel {
        workspace_id: Set(cx.workspace.clone()),
        claimant: Set(key.claimant.as_str().to_owned()),
        key_hash: Set(key.key_hash.clone()),
        request_hash: Set(key.request_hash.clone()),
        response: Set(None),
        created_at: Set(cx.now_ms),
    };
    Entity::insert(row).exec_without_returning(tx.db()).await.map_err(|error| {
        if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
            let detail = "Another request with this Idempotency-Key is being carried out.";
            return Error::new(Code::IdempotencyConflict, detail);
        }
        error.into()
    })?;
    Ok(())
}

/// The claim of a key, however old.
pub async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    key: &IdempotencyKey,
) -> Result<Option<Claim>> {
    Ok(Entity::find().filter(of(workspace, key)).one(db).await?.map(Claim::from))
}

/// Whether the change that a key names was made.
pub async fn is_claimed(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    key: &IdempotencyKey,
) -> Result<bool> {
    Ok(find(db, workspace, key).await?.is_some())
}

/// Keeps the sealed answer of the change that claimed a key.
pub async fn set_response(
    tx: &Tx,
    workspace: &WorkspaceId,
    key: &IdempotencyKey,
    response: Vec<u8>,
) -> Result<()> {
    let row = ActiveModel { response: Set(Some(response)), ..Default::default() };
    Entity::update_many().set(row).filter(of(workspace, key)).exec(tx.db()).await?;
    Ok(())
}

/// Gives a key free.
pub async fn forget(tx: &Tx, workspace: &WorkspaceId, key: &IdempotencyKey) -> Result<()> {
    Entity::delete_many().filter(of(workspace, key)).exec(tx.db()).await?;
    Ok(())
}

/// Removes claims from before `before_ms`.
pub async fn remove_before(tx: &Tx, before_ms: i64) -> Result<()> {
    Entity::delete_many().filter(Column::CreatedAt.lt(before_ms)).exec(tx.db()).await?;
    Ok(())
}

/// Brings claims of a clock that was ahead down to `now_ms`: a request that is
/// sent again is recognised for a day from now. Answers how many there were.
pub async fn amend_times(tx: &Tx, now_ms: i64) -> Result<u64> {
    at_most(tx, Column::CreatedAt, now_ms).await
}
