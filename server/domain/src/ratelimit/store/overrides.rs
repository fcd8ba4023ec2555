//! Rows of overrides.

use std::collections::HashMap;

use base::ids::{NamespaceId, OverrideId, WorkspaceId};
use entity::namespace;
use entity::ratelimit_override::{ActiveModel, Column, Entity, Model};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select, Set,
};

use crate::ratelimit::overrides::NamedOverride;
use crate::ratelimit::quota::{End, Override, Quota};
use base::access::OpCtx;
use base::error::Result;
use base::store::{Engine, Page, Paged, Tx, holds};

/// The override of a row, which may be over.
pub(super) fn stored_override(row: &Model) -> Override {
    let quota = |limit: i64, duration_ms: i64| Quota {
        limit: limit.max(0).unsigned_abs(),
        duration_ms: duration_ms.max(0).unsigned_abs(),
    };
    let afterwards = row.afterwards_max_count.zip(row.afterwards_duration_ms);
    let afterwards = afterwards.map(|(limit, duration_ms)| quota(limit, duration_ms));
    Override {
        id: row.id.clone(),
        quota: quota(row.max_count, row.duration_ms),
        end: row.expires_at.map(|at_ms| End { at_ms, afterwards }),
    }
}

/// What there is of a row at this moment.
pub(in crate::ratelimit) fn named(row: Model, now_ms: i64) -> Option<NamedOverride> {
    let applies = stored_override(&row).settled(now_ms)?;
    Some(NamedOverride {
        identifier: row.identifier,
        applies,
        is_async: row.is_async,
        updated_at: row.updated_at,
    })
}

/// Those of a namespace that are there at this moment: [`named`] answers each.
fn live(namespace: &NamespaceId, now_ms: i64) -> Select<Entity> {
    Entity::find()
        .filter(Column::NamespaceId.eq(namespace.clone()))
        .filter(Column::DeletedAt.is_null())
        .filter(there(now_ms))
}

/// It has not ended, or leaves something behind.
fn there(now_ms: i64) -> Condition {
    Condition::any()
        .add(Column::ExpiresAt.is_null())
        .add(Column::ExpiresAt.gt(now_ms))
        .add(Column::AfterwardsMaxCount.is_not_null())
}

fn all_named(rows: Vec<Model>, now_ms: i64) -> Vec<NamedOverride> {
    rows.into_iter().filter_map(|row| named(row, now_ms)).collect()
}

fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Inserts it, or rewrites the one of this identifier, a deleted one too, which
/// keeps its id; one that `is_new` does not keep its age. Answers the id.
pub(in crate::ratelimit) async fn save_override(
    tx: &Tx,
    cx: &OpCtx,
    namespace: &NamespaceId,
    named: &NamedOverride,
    is_new: bool,
) -> Result<OverrideId> {
    let Override { id, quota, end } = &named.applies;
    let afterwards = end.and_then(|end| end.afterwards);
    let row = ActiveModel {
        id: Set(id.clone()),
        workspace_id: Set(cx.workspace.clone()),
        namespace_id: Set(namespace.clone()),
        identifier: Set(named.identifier.clone()),
        max_count: Set(stored(quota.limit)),
        duration_ms: Set(stored(quota.duration_ms)),
        is_async: Set(named.is_async),
        created_at: Set(cx.now_ms),
        updated_at: Set(Some(cx.now_ms)),
        deleted_at: Set(None),
        expires_at: Set(end.map(|end| end.at_ms)),
        afterwards_max_count: Set(afterwards.map(|quota| stored(quota.limit))),
        afterwards_duration_ms: Set(afterwards.map(|quota| stored(quota.duration_ms))),
    };
    let rewrite = OnConflict::columns([Column::NamespaceId, Column::Identifier])
        .update_columns(is_new.then_some(Column::CreatedAt))
        .update_columns([
            Column::MaxCount,
            Column::DurationMs,
            Column::IsAsync,
            Column::UpdatedAt,
            Column::DeletedAt,
            Column::ExpiresAt,
            Column::AfterwardsMaxCount,
            Column::AfterwardsDurationMs,
        ])
        .to_owned();
    Entity::insert(row).on_conflict(rewrite).exec_without_returning(tx.db()).await?;
    let saved = of_identifier(tx.db(), namespace, &named.identifier).await?;
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
    now_ms: i64,
) -> Result<Option<NamedOverride>> {
    let row = of_identifier(db, namespace, identifier).await?;
    Ok(row.and_then(|row| named(row, now_ms)))
}

pub(in crate::ratelimit) async fn find_override(
    db: &impl ConnectionTrait,
    namespace: &NamespaceId,
    id: &OverrideId,
    now_ms: i64,
) -> Result<Option<NamedOverride>> {
    let row = live(namespace, now_ms).filter(Column::Id.eq(id.clone())).one(db).await?;
    Ok(row.and_then(|row| named(row, now_ms)))
}

/// Answers what was deleted.
pub(in crate::ratelimit) async fn delete_override(
    tx: &Tx,
    namespace: &NamespaceId,
    identifier: &str,
    now_ms: i64,
) -> Result<Option<NamedOverride>> {
    let Some(found) = exact_override(tx.db(), namespace, identifier, now_ms).await? else { return Ok(None) };
    let gone = ActiveModel { deleted_at: Set(Some(now_ms)), ..Default::default() };
    Entity::update_many().set(gone).filter(Column::Id.eq(found.applies.id.clone())).exec(tx.db()).await?;
    Ok(Some(found))
}

pub(in crate::ratelimit) async fn count_overrides(
    db: &impl ConnectionTrait,
    namespace: &NamespaceId,
    now_ms: i64,
) -> Result<u64> {
    Ok(live(namespace, now_ms).count(db).await?)
}

pub(in crate::ratelimit) async fn page_of_overrides(
    db: &impl ConnectionTrait,
    namespace: &NamespaceId,
    page: &Page,
    now_ms: i64,
) -> Result<Paged<NamedOverride>> {
    let mut select = live(namespace, now_ms);
    if let Some(cursor) = &page.cursor {
        select = select.filter(Column::Id.gte(cursor.as_str()));
    }
    let rows = select.order_by_asc(Column::Id).limit(page.limit + 1).all(db).await?;
    let items = all_named(rows, now_ms);
    Ok(Paged::from_rows(items, page, |found: &NamedOverride| found.applies.id.as_str()))
}

/// The first live ones of a workspace, by namespace. Asks for no grant.
pub(crate) async fn first_overrides(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    limit: u64,
    now_ms: i64,
) -> Result<HashMap<NamespaceId, Vec<NamedOverride>>> {
    let live = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.clone()))
        .filter(Column::DeletedAt.is_null())
        .filter(there(now_ms));
    let mut of_namespace: HashMap<NamespaceId, Vec<NamedOverride>> = HashMap::new();
    for row in live.order_by_asc(Column::Id).limit(limit).all(db).await? {
        let namespace = row.namespace_id.clone();
        of_namespace.entry(namespace).or_default().extend(named(row, now_ms));
    }
    Ok(of_namespace)
}

/// A page by identifier of those whose identifier holds the text.
pub(in crate::ratelimit) async fn browse_overrides(
    db: &impl ConnectionTrait,
    namespace: &NamespaceId,
    search: &str,
    page: &Page,
    now_ms: i64,
) -> Result<Paged<NamedOverride>> {
    let mut select = live(namespace, now_ms);
    if !search.is_empty() {
        let holding = holds(Engine::of(db), Column::Identifier, search);
        select = select.filter(Condition::any().add(holding).add(Column::Id.eq(search)));
    }
    if let Some(cursor) = &page.cursor {
        select = select.filter(Column::Identifier.gte(cursor.as_str()));
    }
    let rows = select.order_by_asc(Column::Identifier).limit(page.limit + 1).all(db).await?;
    let items = all_named(rows, now_ms);
    Ok(Paged::from_rows(items, page, |found: &NamedOverride| found.identifier.as_str()))
}

/// Overrides that have ended and whose rows do not say so.
#[derive(Clone, Copy)]
pub(in crate::ratelimit) enum Ended<'a> {
    Any,
    Of(&'a NamespaceId),
    One(&'a NamespaceId, &'a str),
}

/// Up to `limit` of these, all of one workspace, with the namespace of each.
pub(in crate::ratelimit) async fn ended_overrides(
    db: &impl ConnectionTrait,
    which: Ended<'_>,
    now_ms: i64,
    limit: u64,
) -> Result<Vec<(Model, namespace::Model)>> {
    let of = match which {
        Ended::Any => Condition::all(),
        Ended::Of(namespace) => Condition::all().add(Column::NamespaceId.eq(namespace.clone())),
        Ended::One(namespace, identifier) => Condition::all()
            .add(Column::NamespaceId.eq(namespace.clone()))
            .add(Column::Identifier.eq(identifier)),
    };
    let due = || {
        let over = Entity::find().filter(Column::DeletedAt.is_null()).filter(Column::ExpiresAt.lte(now_ms));
        over.filter(of.clone())
    };
    let Some(first) = due().order_by_asc(Column::ExpiresAt).one(db).await? else { return Ok(Vec::new()) };
    let rows = due()
        .filter(Column::WorkspaceId.eq(first.workspace_id))
        .order_by_asc(Column::ExpiresAt)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(db)
        .await?;
    let ids = rows.iter().map(|row| row.namespace_id.clone());
    let namespaces = namespace::Entity::find().filter(namespace::Column::Id.is_in(ids)).all(db).await?;
    let of = |row: &Model| namespaces.iter().find(|namespace| namespace.id == row.namespace_id).cloned();
    Ok(rows.into_iter().filter_map(|row| of(&row).map(|namespace| (row, namespace))).collect())
}

/// Makes a row say what there is of its override since its end.
pub(in crate::ratelimit) async fn end_override(
    tx: &Tx,
    id: &OverrideId,
    afterwards: Option<&NamedOverride>,
    now_ms: i64,
) -> Result<()> {
    let row = match afterwards.map(|named| named.applies.quota) {
        Some(Quota { limit, duration_ms }) => ActiveModel {
            max_count: Set(stored(limit)),
            duration_ms: Set(stored(duration_ms)),
            updated_at: Set(Some(now_ms)),
            expires_at: Set(None),
            afterwards_max_count: Set(None),
            afterwards_duration_ms: Set(None),
            ..Default::default()
        },
        None => ActiveModel { deleted_at: Set(Some(now_ms)), ..Default::default() },
    };
    Entity::update_many().set(row).filter(Column::Id.eq(id.clone())).exec(tx.db()).await?;
    Ok(())
}
