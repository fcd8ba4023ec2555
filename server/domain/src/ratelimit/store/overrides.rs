//! Rows of overrides.

use base::ids::{NamespaceId, OverrideId};
use entity::ratelimit_override::{ActiveModel, Column, Entity, Model};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Set,
};

use crate::ratelimit::namespaces::Override;
use crate::ratelimit::overrides::{NamedOverride, SetOverride};
use base::access::OpCtx;
use base::error::Result;
use base::store::{Engine, Page, Paged, Tx, holds};

impl From<Model> for NamedOverride {
    fn from(row: Model) -> Self {
        let applies = Override {
            id: row.id,
            limit: row.max_count.max(0).unsigned_abs(),
            duration_ms: row.duration_ms.max(0).unsigned_abs(),
        };
        Self { identifier: row.identifier, applies, is_async: row.is_async, updated_at: row.updated_at }
    }
}

/// Inserts under `id`, or rewrites the one of this identifier, a deleted one
/// too, which keeps its id. Answers the id.
pub(in crate::ratelimit) async fn save_override(
    tx: &Tx,
    cx: &OpCtx,
    namespace: &NamespaceId,
    id: &OverrideId,
    command: &SetOverride,
) -> Result<OverrideId> {
    let row = ActiveModel {
        id: Set(id.clone()),
        workspace_id: Set(cx.workspace.clone()),
        namespace_id: Set(namespace.clone()),
        identifier: Set(command.identifier.clone()),
        max_count: Set(command.limit),
        duration_ms: Set(command.duration_ms),
        is_async: Set(command.is_async),
        created_at: Set(cx.now_ms),
        updated_at: Set(Some(cx.now_ms)),
        deleted_at: Set(None),
    };
    let rewrite = OnConflict::columns([Column::NamespaceId, Column::Identifier])
        .update_columns([
            Column::MaxCount,
            Column::DurationMs,
            Column::IsAsync,
            Column::UpdatedAt,
            Column::DeletedAt,
        ])
        .to_owned();
    Entity::insert(row).on_conflict(rewrite).exec_without_returning(tx.db()).await?;
    let saved = of_identifier(tx.db(), namespace, &command.identifier).await?;
    Ok(saved.map_or_else(|| id.clone(), |row| row.id))
}

async fn of_identifier(
    db: &impl ConnectionTrait,
    namespace: &NamespaceId,
    identifier: &str,
) -> Result<Option<Model>> {
    let row = Entity::find()
        .filter(Column::NamespaceId.eq(namespace.clone()))
        .filter(Column::Identifier.eq(identifier))
        .filter(Column::DeletedAt.is_null())
        .one(db)
        .await?;
    Ok(row)
}

/// The override of exactly this identifier.
pub(in crate::ratelimit) async fn exact_override(
    db: &impl ConnectionTrait,
    namespace: &NamespaceId,
    identifier: &str,
) -> Result<Option<NamedOverride>> {
    Ok(of_identifier(db, namespace, identifier).await?.map(NamedOverride::from))
}

pub(in crate::ratelimit) async fn find_override(
    db: &impl ConnectionTrait,
    namespace: &NamespaceId,
    id: &OverrideId,
) -> Result<Option<NamedOverride>> {
    let row = Entity::find_by_id(id.clone())
        .filter(Column::NamespaceId.eq(namespace.clone()))
        .filter(Column::DeletedAt.is_null())
        .one(db)
        .await?;
    Ok(row.map(NamedOverride::from))
}

pub(in crate::ratelimit) async fn delete_override(
    tx: &Tx,
    namespace: &NamespaceId,
    identifier: &str,
    now_ms: i64,
) -> Result<Option<OverrideId>> {
    let Some(row) = of_identifier(tx.db(), namespace, identifier).await? else { return Ok(None) };
    let gone = ActiveModel { deleted_at: Set(Some(now_ms)), ..Default::default() };
    Entity::update_many().set(gone).filter(Column::Id.eq(row.id.clone())).exec(tx.db()).await?;
    Ok(Some(row.id))
}

pub(in crate::ratelimit) async fn count_overrides(
    db: &impl ConnectionTrait,
    namespace: &NamespaceId,
) -> Result<u64> {
    let select =
        Entity::find().filter(Column::NamespaceId.eq(namespace.clone())).filter(Column::DeletedAt.is_null());
    Ok(select.count(db).await?)
}

pub(in crate::ratelimit) async fn page_of_overrides(
    db: &impl ConnectionTrait,
    namespace: &NamespaceId,
    page: &Page,
) -> Result<Paged<NamedOverride>> {
    let mut select =
        Entity::find().filter(Column::NamespaceId.eq(namespace.clone())).filter(Column::DeletedAt.is_null());
    if let Some(cursor) = &page.cursor {
        select = select.filter(Column::Id.gte(cursor.as_str()));
    }
    let rows = select.order_by_asc(Column::Id).limit(page.limit + 1).all(db).await?;
    let items = rows.into_iter().map(NamedOverride::from).collect();
    Ok(Paged::from_rows(items, page, |found: &NamedOverride| found.applies.id.as_str()))
}

/// A page by identifier of those whose identifier holds the text.
pub(in crate::ratelimit) async fn browse_overrides(
    db: &impl ConnectionTrait,
    namespace: &NamespaceId,
    search: &str,
    page: &Page,
) -> Result<Paged<NamedOverride>> {
    let mut select =
        Entity::find().filter(Column::NamespaceId.eq(namespace.clone())).filter(Column::DeletedAt.is_null());
    if !search.is_empty() {
        let named = holds(Engine::of(db), Column::Identifier, search);
        select = select.filter(Condition::any().add(named).add(Column::Id.eq(search)));
    }
    if let Some(cursor) = &page.cursor {
        select = select.filter(Column::Identifier.gte(cursor.as_str()));
    }
    let rows = select.order_by_asc(Column::Identifier).limit(page.limit + 1).all(db).await?;
    let items = rows.into_iter().map(NamedOverride::from).collect();
    Ok(Paged::from_rows(items, page, |found: &NamedOverride| found.identifier.as_str()))
}
