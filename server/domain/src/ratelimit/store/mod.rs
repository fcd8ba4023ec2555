//! Rows of stored limits, namespaces and overrides.

pub(super) mod counters;
mod feed;
mod overrides;
mod recovered;

use std::collections::HashMap;

use base::ids::{IdentityId, KeyId, LimitId, NamespaceId, WorkspaceId};
use entity::{limit, namespace, ratelimit_override};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};

pub use feed::{NamespaceFeed, OverrideFeed};
pub(crate) use overrides::first_overrides;
use overrides::stored_override;
pub(super) use overrides::{
    Ended, browse_overrides, count_overrides, delete_override, end_override, ended_overrides, exact_override,
    find_override, named, page_of_overrides, save_override,
};
pub(crate) use recovered::{
    copy_namespaces, copy_of_identities, copy_of_keys, copy_overrides, remove_copied,
};

use super::limits::{Limit, LimitsChange, Owner};
use super::namespace_admin::Namespace;
use super::namespaces::NamespaceSnapshot;
use base::access::OpCtx;
use base::error::Result;
use base::store::{Engine, Page, Paged, Tx, holds};

impl From<limit::Model> for Limit {
    fn from(row: limit::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            limit: row.max_count,
            duration_ms: row.duration_ms,
            auto_apply: row.auto_apply,
            is_async: row.is_async,
        }
    }
}

/// The limits stored on each of these keys, by name; keys without any are left out.
pub async fn of_keys(db: &impl ConnectionTrait, keys: &[KeyId]) -> Result<HashMap<KeyId, Vec<Limit>>> {
    let rows = limit::Entity::find()
        .filter(limit::Column::KeyId.is_in(keys.iter().cloned()))
        .order_by_asc(limit::Column::Name)
        .all(db)
        .await?;
    Ok(grouped(rows, |row| row.key_id.clone()))
}

/// The limits stored on each of these identities, by name; identities without
/// any are left out.
pub async fn of_identities(
    db: &impl ConnectionTrait,
    identities: &[IdentityId],
) -> Result<HashMap<IdentityId, Vec<Limit>>> {
    let rows = limit::Entity::find()
        .filter(limit::Column::IdentityId.is_in(identities.iter().cloned()))
        .order_by_asc(limit::Column::Name)
        .all(db)
        .await?;
    Ok(grouped(rows, |row| row.identity_id.clone()))
}

/// How many limits are stored on the identity whose row a statement calls `i`.
pub(crate) const COUNT_OF_IDENTITY: &str = "(SELECT COUNT(*) FROM limits l WHERE l.identity_id = i.id)";

fn grouped<K: std::hash::Hash + Eq>(
    rows: Vec<limit::Model>,
    owner: impl Fn(&limit::Model) -> Option<K>,
) -> HashMap<K, Vec<Limit>> {
    let mut limits: HashMap<K, Vec<Limit>> = HashMap::new();
    for row in rows {
        if let Some(owner) = owner(&row) {
            limits.entry(owner).or_default().push(Limit::from(row));
        }
    }
    limits
}

pub(super) async fn of_owner(db: &impl ConnectionTrait, owner: Owner<'_>) -> Result<Vec<Limit>> {
    let condition = match owner {
        Owner::Key(id) => limit::Column::KeyId.eq(id.clone()),
        Owner::Identity(id) => limit::Column::IdentityId.eq(id.clone()),
    };
    let rows = limit::Entity::find().filter(condition).all(db).await?;
    Ok(rows.into_iter().map(Limit::from).collect())
}

pub(super) async fn delete_limits(db: &impl ConnectionTrait, limits: &[Limit]) -> Result<()> {
    if limits.is_empty() {
        return Ok(());
    }
    let ids: Vec<LimitId> = limits.iter().map(|limit| limit.id.clone()).collect();
    limit::Entity::delete_many().filter(limit::Column::Id.is_in(ids)).exec(db).await?;
    Ok(())
}

/// Inserts what was created and rewrites what was kept, in one statement.
pub(super) async fn save_limits(
    db: &impl ConnectionTrait,
    cx: &OpCtx,
    owner: Owner<'_>,
    change: &LimitsChange,
) -> Result<()> {
    let (key_id, identity_id) = match owner {
        Owner::Key(id) => (Some(id.clone()), None),
        Owner::Identity(id) => (None, Some(id.clone())),
    };
    let row = |limit: &Limit, updated_at: Option<i64>| limit::ActiveModel {
        id: Set(limit.id.clone()),
        workspace_id: Set(cx.workspace.clone()),
        key_id: Set(key_id.clone()),
        identity_id: Set(identity_id.clone()),
        name: Set(limit.name.clone()),
        max_count: Set(limit.limit),
        duration_ms: Set(limit.duration_ms),
        auto_apply: Set(limit.auto_apply),
        is_async: Set(limit.is_async),
        created_at: Set(cx.now_ms),
        updated_at: Set(updated_at),
    };
    let kept = change.kept.iter().map(|kept| row(&kept.after, Some(cx.now_ms)));
    let created = change.created.iter().map(|limit| row(limit, None));
    let rows: Vec<_> = kept.chain(created).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let rewrite = OnConflict::column(limit::Column::Id)
        .update_columns([
            limit::Column::MaxCount,
            limit::Column::DurationMs,
            limit::Column::AutoApply,
            limit::Column::IsAsync,
            limit::Column::UpdatedAt,
        ])
        .to_owned();
    limit::Entity::insert_many(rows).on_conflict(rewrite).exec_without_returning(db).await?;
    Ok(())
}

/// The namespace with this id, else with this name, deleted or not.
pub(super) async fn find_namespace(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    name_or_id: &str,
) -> Result<Option<namespace::Model>> {
    let either = Condition::any()
        .add(namespace::Column::Id.eq(name_or_id))
        .add(namespace::Column::Name.eq(name_or_id));
    let mut rows = namespace::Entity::find()
        .filter(namespace::Column::WorkspaceId.eq(workspace.clone()))
        .filter(either)
        .all(db)
        .await?;
    let by_id = rows.iter().position(|row| row.id.as_str() == name_or_id);
    Ok(by_id.map(|position| rows.swap_remove(position)).or_else(|| rows.pop()))
}

/// As [`find_namespace`], unless it is deleted.
pub(super) async fn live_namespace(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    name_or_id: &str,
) -> Result<Option<Namespace>> {
    let found = find_namespace(db, workspace, name_or_id).await?;
    Ok(found.filter(|row| row.deleted_at.is_none()).map(Namespace::from))
}

/// By name.
pub(super) async fn live_namespaces(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
) -> Result<Vec<Namespace>> {
    let rows = namespace::Entity::find()
        .filter(namespace::Column::WorkspaceId.eq(workspace.clone()))
        .filter(namespace::Column::DeletedAt.is_null())
        .order_by_asc(namespace::Column::Name)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(Namespace::from).collect())
}

/// The first live ones, by name. Asks for no grant.
pub(crate) async fn first_namespaces(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    limit: u64,
) -> Result<Vec<Namespace>> {
    Ok(page_of_namespaces(db, workspace, "", &Page { limit, cursor: None }).await?.items)
}

pub(super) async fn names_of_namespaces(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    ids: &[&str],
) -> Result<HashMap<String, String>> {
    let found: Vec<(String, String)> = namespace::Entity::find()
        .filter(namespace::Column::WorkspaceId.eq(workspace.clone()))
        .filter(namespace::Column::DeletedAt.is_null())
        .filter(namespace::Column::Id.is_in(ids.iter().copied()))
        .select_only()
        .columns([namespace::Column::Id, namespace::Column::Name])
        .into_tuple()
        .all(db)
        .await?;
    Ok(found.into_iter().collect())
}

/// A page by name of those whose name or id holds the text.
pub(super) async fn page_of_namespaces(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    search: &str,
    page: &Page,
) -> Result<Paged<Namespace>> {
    use namespace::Column;
    let mut select = namespace::Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.clone()))
        .filter(Column::DeletedAt.is_null());
    if !search.is_empty() {
        let named = holds(Engine::of(db), Column::Name, search);
        select = select.filter(Condition::any().add(named).add(Column::Id.eq(search)));
    }
    if let Some(cursor) = &page.cursor {
        select = select.filter(Column::Name.gte(cursor.as_str()));
    }
    let rows = select.order_by_asc(Column::Name).limit(page.limit + 1).all(db).await?;
    let items = rows.into_iter().map(Namespace::from).collect();
    Ok(Paged::from_rows(items, page, |found: &Namespace| found.name.as_str()))
}

impl From<namespace::Model> for Namespace {
    fn from(row: namespace::Model) -> Self {
        Self { id: row.id, name: row.name, created_at: row.created_at }
    }
}

pub(super) async fn rename_namespace(
    db: &impl ConnectionTrait,
    id: &NamespaceId,
    name: &str,
    now_ms: i64,
) -> Result<()> {
    let row = namespace::ActiveModel {
        name: Set(name.to_owned()),
        updated_at: Set(Some(now_ms)),
        ..Default::default()
    };
    let own = namespace::Column::Id.eq(id.as_str());
    namespace::Entity::update_many().set(row).filter(own).exec(db).await?;
    Ok(())
}

/// Marks a namespace and its overrides deleted.
pub(super) async fn delete_namespace(db: &impl ConnectionTrait, id: &NamespaceId, now_ms: i64) -> Result<()> {
    let row = namespace::ActiveModel { deleted_at: Set(Some(now_ms)), ..Default::default() };
    let own = namespace::Column::Id.eq(id.as_str());
    namespace::Entity::update_many().set(row).filter(own).exec(db).await?;
    let row = ratelimit_override::ActiveModel { deleted_at: Set(Some(now_ms)), ..Default::default() };
    ratelimit_override::Entity::update_many()
        .set(row)
        .filter(ratelimit_override::Column::NamespaceId.eq(id.as_str()))
        .filter(ratelimit_override::Column::DeletedAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}

pub(super) async fn snapshot(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    name_or_id: &str,
) -> Result<Option<NamespaceSnapshot>> {
    let Some(namespace) = find_namespace(db, workspace, name_or_id).await? else { return Ok(None) };
    let rows = ratelimit_override::Entity::find()
        .filter(ratelimit_override::Column::NamespaceId.eq(namespace.id.clone()))
        .filter(ratelimit_override::Column::WorkspaceId.eq(workspace.clone()))
        .filter(ratelimit_override::Column::DeletedAt.is_null())
        .order_by_asc(ratelimit_override::Column::CreatedAt)
        .order_by_asc(ratelimit_override::Column::Id)
        .all(db)
        .await?;
    let overrides = rows.into_iter().map(|row| (row.identifier.clone(), stored_override(&row))).collect();
    let deleted = namespace.deleted_at.is_some();
    Ok(Some(NamespaceSnapshot::new(namespace.id, namespace.name, deleted, overrides)))
}

pub(super) async fn insert_namespace(
    db: &impl ConnectionTrait,
    cx: &OpCtx,
    id: &NamespaceId,
    name: &str,
) -> Result<()> {
    let row = namespace::ActiveModel {
        id: Set(id.clone()),
        workspace_id: Set(cx.workspace.clone()),
        name: Set(name.to_owned()),
        created_at: Set(cx.now_ms),
        updated_at: Set(None),
        deleted_at: Set(None),
    };
    namespace::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Removes overrides and namespaces deleted before `before_ms`.
pub async fn sweep(tx: &Tx, before_ms: i64) -> Result<()> {
    ratelimit_override::Entity::delete_many()
        .filter(ratelimit_override::Column::DeletedAt.lt(before_ms))
        .exec(tx.db())
        .await?;
    // Overrides go first: those of a deleted namespace were deleted with it.
    namespace::Entity::delete_many().filter(namespace::Column::DeletedAt.lt(before_ms)).exec(tx.db()).await?;
    Ok(())
}
