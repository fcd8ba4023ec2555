//! Rows of many keys at once, and whether one is there at all.

use base::ids::{ApiId, IdentityId, KeyId, WorkspaceId};
use entity::key;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{live, locks, successor, to_key};
use crate::apis::Api;
use crate::keys::{Key, KeySummary, ListKeysByOffset};
use base::access::OpCtx;
use base::error::Result;
use base::store::Tx;

/// The keys with these ids, deleted ones too, and whose they are: the identity
/// of a summary is not looked up here.
pub(in crate::keys) async fn summaries(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    ids: &[KeyId],
) -> Result<Vec<(KeyId, KeySummary, Option<IdentityId>)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let select = key::Entity::find()
        .filter(key::Column::WorkspaceId.eq(workspace.clone()))
        .filter(key::Column::Id.is_in(ids.iter().cloned()));
    let summary = |row: key::Model| {
        let summary = KeySummary {
            name: row.name,
            start: row.start,
            last4: row.last4,
            is_deleted: row.deleted_at.is_some(),
            identity: None,
        };
        (row.id, summary, row.identity_id)
    };
    Ok(select.all(db).await?.into_iter().map(summary).collect())
}

/// A key and the API it belongs to.
pub(in crate::keys) struct Owned {
    pub id: KeyId,
    pub api: ApiId,
}

/// Keys per owner that are looked at.
const OWNED_MAX: u64 = 1000;

/// Live keys of these APIs that name the owner or are linked to the identity.
pub(in crate::keys) async fn of_owner(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    apis: &[Api],
    identity: Option<&IdentityId>,
    owner: &str,
) -> Result<Vec<Owned>> {
    let mut owned = Condition::any().add(key::Column::OwnerId.eq(owner));
    if let Some(identity) = identity {
        owned = owned.add(key::Column::IdentityId.eq(identity.clone()));
    }
    let rows = live(key::Entity::find(), workspace)
        .filter(key::Column::ApiId.is_in(apis.iter().map(|api| api.id.clone())))
        .filter(owned)
        .order_by_asc(key::Column::Id)
        .limit(OWNED_MAX)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| Owned { id: row.id, api: row.api_id }).collect())
}

pub(in crate::keys) async fn from_offset(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    api: &Api,
    command: &ListKeysByOffset,
) -> Result<Vec<Key>> {
    let mut select = live(key::Entity::find(), workspace).filter(key::Column::ApiId.eq(api.id.clone()));
    if let Some(owner) = &command.owner_id {
        select = select.filter(key::Column::OwnerId.eq(owner.as_str()));
    }
    let select = select.order_by_asc(key::Column::Id).limit(command.limit).offset(command.offset);
    let rows = select.all(db).await?;
    let mut keys = rows.into_iter().map(|row| to_key(row, api.clone())).collect::<Result<Vec<_>>>()?;
    successor::resolve(db, &mut keys).await?;
    Ok(keys)
}

/// Live keys of an API by id, after `last`, for who is about to delete them.
pub(in crate::keys) async fn after(
    tx: &Tx,
    api: &Api,
    last: Option<&KeyId>,
    limit: u64,
    workspace: &WorkspaceId,
) -> Result<Vec<Key>> {
    let mut select = live(key::Entity::find(), workspace).filter(key::Column::ApiId.eq(api.id.clone()));
    if let Some(last) = last {
        select = select.filter(key::Column::Id.gt(last.clone()));
    }
    let select = select.order_by_asc(key::Column::Id).limit(limit);
    let ids: Vec<KeyId> =
        select.clone().select_only().column(key::Column::Id).into_tuple().all(tx.db()).await?;
    locks::lock(tx, &ids).await?;
    let rows = select.all(tx.db()).await?;
    let mut keys = rows.into_iter().map(|row| to_key(row, api.clone())).collect::<Result<Vec<_>>>()?;
    successor::resolve(tx.db(), &mut keys).await?;
    Ok(keys)
}

pub(in crate::keys) async fn mark_all_deleted(tx: &Tx, cx: &OpCtx, keys: &[Key]) -> Result<()> {
    key::Entity::update_many()
        .col_expr(key::Column::DeletedAt, Expr::value(cx.now_ms))
        .col_expr(key::Column::DeletedBy, Expr::value(cx.principal.id()))
        .filter(key::Column::Id.is_in(keys.iter().map(|key| key.id.clone())))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Removes the rows of these keys; what hangs on them goes by foreign key.
pub(in crate::keys) async fn remove_all(tx: &Tx, keys: &[Key]) -> Result<()> {
    key::Entity::delete_many()
        .filter(key::Column::Id.is_in(keys.iter().map(|key| key.id.clone())))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Removes up to `limit` rows of an API that are marked deleted; answers how many.
pub(in crate::keys) async fn remove_deleted(tx: &Tx, api: &Api, limit: u64) -> Result<u64> {
    let ids: Vec<KeyId> = key::Entity::find()
        .select_only()
        .column(key::Column::Id)
        .filter(key::Column::ApiId.eq(api.id.clone()))
        .filter(key::Column::DeletedAt.is_not_null())
        .limit(limit)
        .into_tuple()
        .all(tx.db())
        .await?;
    locks::lock(tx, &ids).await?;
    let removed = key::Entity::delete_many().filter(key::Column::Id.is_in(ids)).exec(tx.db()).await?;
    Ok(removed.rows_affected)
}
