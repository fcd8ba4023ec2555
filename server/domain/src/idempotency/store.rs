//! Rows of claimed keys and their answers.

use entity::idempotency_key::{ActiveModel, Column, Entity};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set};

use base::error::Result;
use base::op::{IdempotencyKey, OpCtx};
use base::store::Tx;

pub(super) struct Claim {
    pub request_hash: String,
    pub response: Option<Vec<u8>>,
    pub created_at: i64,
}

fn of(cx: &OpCtx, key: &IdempotencyKey) -> sea_orm::Condition {
    sea_orm::Condition::all()
        .add(Column::WorkspaceId.eq(cx.workspace.clone()))
        .add(Column::RootKeyId.eq(key.root_key.clone()))
        .add(Column::KeyHash.eq(key.key_hash.as_str()))
}

pub(super) async fn find(
    db: &impl ConnectionTrait,
    cx: &OpCtx,
    key: &IdempotencyKey,
) -> Result<Option<Claim>> {
    let row = Entity::find().filter(of(cx, key)).one(db).await?;
    Ok(row.map(|row| Claim {
        request_hash: row.request_hash,
        response: row.response,
        created_at: row.created_at,
    }))
}

pub(super) async fn set_response(tx: &Tx, cx: &OpCtx, key: &IdempotencyKey, response: Vec<u8>) -> Result<()> {
    let row = ActiveModel { response: Set(Some(response)), ..Default::default() };
    Entity::update_many().set(row).filter(of(cx, key)).exec(tx.db()).await?;
    Ok(())
}

pub(super) async fn forget(tx: &Tx, cx: &OpCtx, key: &IdempotencyKey) -> Result<()> {
    Entity::delete_many().filter(of(cx, key)).exec(tx.db()).await?;
    Ok(())
}

pub(super) async fn remove_before(tx: &Tx, before_ms: i64) -> Result<()> {
    Entity::delete_many().filter(Column::CreatedAt.lt(before_ms)).exec(tx.db()).await?;
    Ok(())
}
