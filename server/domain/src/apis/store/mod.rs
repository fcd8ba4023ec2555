//! Rows of APIs.

mod feed;
mod recovered;

use std::collections::HashMap;

use base::ids::{ApiId, KeyspaceId, WorkspaceId};
use entity::api;
use sea_orm::sea_query::{Expr, ExprTrait, Func, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Select, Set,
};

pub use feed::ApiFeed;
pub(crate) use recovered::{bring_back, copy_live, in_backup, remove_copied};

use super::Api;
use base::error::Result;
use base::store::{Engine, Page, Paged, holds};

impl From<api::Model> for Api {
    fn from(row: api::Model) -> Self {
        Self {
            id: row.id,
            keyspace_id: row.keyspace_id,
            name: row.name,
            ip_allowlist: row.ip_allowlist,
            default_prefix: row.default_prefix,
            default_bytes: row.default_bytes,
            store_encrypted_keys: row.store_encrypted_keys,
            delete_protection: row.delete_protection,
            live_keys: row.live_keys,
            created_at: row.created_at,
        }
    }
}

/// The API if it is of this workspace and not deleted. Asks for no grant: the
/// callers know which one their operation needs.
pub async fn find_live(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &ApiId,
) -> Result<Option<Api>> {
    let row = api::Entity::find_by_id(id.clone())
        .filter(api::Column::WorkspaceId.eq(workspace.clone()))
        .filter(api::Column::DeletedAt.is_null())
        .one(db)
        .await?;
    Ok(row.map(Api::from))
}

/// As [`find_live`], by the keyspace behind the API.
pub async fn find_live_by_keyspace(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    keyspace: &KeyspaceId,
) -> Result<Option<Api>> {
    let row = api::Entity::find()
        .filter(api::Column::KeyspaceId.eq(keyspace.clone()))
        .filter(api::Column::WorkspaceId.eq(workspace.clone()))
        .filter(api::Column::DeletedAt.is_null())
        .one(db)
        .await?;
    Ok(row.map(Api::from))
}

/// The live APIs of the workspace bound to `$1`, as a part of a statement.
pub(crate) const LIVE_IDS: &str = "(SELECT id FROM apis WHERE workspace_id = $1 AND deleted_at IS NULL)";

/// Ids and names of live APIs, as a table of a statement.
pub(crate) const LIVE_NAMES: &str = "(SELECT id, name FROM apis WHERE deleted_at IS NULL)";

/// Every live API of the workspace. Asks for no grant, as [`find_live`].
pub async fn all_live(db: &impl ConnectionTrait, workspace: &WorkspaceId) -> Result<Vec<Api>> {
    let rows = live_of(workspace).all(db).await?;
    Ok(rows.into_iter().map(Api::from).collect())
}

/// The keyspace behind an API, deleted or not.
pub(crate) async fn keyspace_of(db: &impl ConnectionTrait, id: &ApiId) -> Result<Option<KeyspaceId>> {
    let keyspace = api::Entity::find_by_id(id.clone()).select_only().column(api::Column::KeyspaceId);
    Ok(keyspace.into_tuple().one(db).await?)
}

/// Ids of the APIs of a keyspace, deleted or not, as a part of a query.
pub(crate) fn ids_of_keyspace(keyspace: &KeyspaceId) -> SelectStatement {
    let own = api::Entity::find().filter(api::Column::KeyspaceId.eq(keyspace.clone()));
    own.select_only().column(api::Column::Id).into_query()
}

/// Ids of the live APIs of a workspace, as a part of a query.
pub(crate) fn live_ids(workspace: &WorkspaceId) -> SelectStatement {
    api::Entity::find()
        .select_only()
        .column(api::Column::Id)
        .filter(api::Column::WorkspaceId.eq(workspace.clone()))
        .filter(api::Column::DeletedAt.is_null())
        .into_query()
}

/// Ids of the APIs that were deleted, as a part of a query.
pub(crate) fn deleted_ids() -> SelectStatement {
    let deleted = api::Entity::find().filter(api::Column::DeletedAt.is_not_null());
    deleted.select_only().column(api::Column::Id).into_query()
}

/// How many live keys these APIs have, deleted ones of them included.
pub(crate) async fn live_keys(db: &impl ConnectionTrait, ids: Vec<ApiId>) -> Result<HashMap<ApiId, i64>> {
    let counts: Vec<(ApiId, i64)> = api::Entity::find()
        .select_only()
        .columns([api::Column::Id, api::Column::LiveKeys])
        .filter(api::Column::Id.is_in(ids))
        .into_tuple()
        .all(db)
        .await?;
    Ok(counts.into_iter().collect())
}

pub(super) async fn known(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    ids: &[&str],
) -> Result<Vec<Api>> {
    let named = Condition::any()
        .add(api::Column::Id.is_in(ids.iter().copied()))
        .add(api::Column::KeyspaceId.is_in(ids.iter().copied()));
    let rows = live_of(workspace).filter(named).all(db).await?;
    Ok(rows.into_iter().map(Api::from).collect())
}

pub(crate) async fn first_live(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    limit: u64,
) -> Result<Vec<Api>> {
    let rows = live_of(workspace).limit(limit).all(db).await?;
    Ok(rows.into_iter().map(Api::from).collect())
}

fn live_of(workspace: &WorkspaceId) -> Select<api::Entity> {
    api::Entity::find()
        .filter(api::Column::WorkspaceId.eq(workspace.clone()))
        .filter(api::Column::DeletedAt.is_null())
        .order_by_asc(api::Column::Id)
}

/// A page of live APIs whose name or id contains the text.
pub(super) async fn find_page(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    text: &str,
    page: &Page,
) -> Result<Paged<Api>> {
    let mut select = api::Entity::find()
        .filter(api::Column::WorkspaceId.eq(workspace.clone()))
        .filter(api::Column::DeletedAt.is_null());
    if !text.is_empty() {
        let named = holds(Engine::of(db), api::Column::Name, text);
        let place = Func::cust(Engine::of(db).position()).arg(Expr::col(api::Column::Id)).arg(text);
        let known = Expr::from(place).gt(0);
        select = select.filter(Condition::any().add(named).add(known));
    }
    if let Some(cursor) = &page.cursor {
        select = select.filter(api::Column::Id.gte(cursor.as_str()));
    }
    let rows = select.order_by_asc(api::Column::Id).limit(page.limit + 1).all(db).await?;
    let apis = rows.into_iter().map(Api::from).collect();
    Ok(Paged::from_rows(apis, page, |api: &Api| api.id.as_str()))
}

pub(super) async fn insert(db: &impl ConnectionTrait, workspace: &WorkspaceId, api: &Api) -> Result<()> {
    let row = api::ActiveModel {
        id: Set(api.id.clone()),
        workspace_id: Set(workspace.clone()),
        keyspace_id: Set(api.keyspace_id.clone()),
        created_at: Set(api.created_at),
        ..settings(api)
    };
    api::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

pub(super) async fn update(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    api: &Api,
    now_ms: i64,
) -> Result<()> {
    let row = api::ActiveModel { updated_at: Set(Some(now_ms)), ..settings(api) };
    save(db, workspace, &api.id, row).await
}

pub(super) async fn mark_deleted(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &ApiId,
    now_ms: i64,
) -> Result<()> {
    save(db, workspace, id, api::ActiveModel { deleted_at: Set(Some(now_ms)), ..Default::default() }).await
}

/// The columns that may change after creation.
fn settings(api: &Api) -> api::ActiveModel {
    api::ActiveModel {
        name: Set(api.name.clone()),
        ip_allowlist: Set(api.ip_allowlist.clone()),
        default_prefix: Set(api.default_prefix.clone()),
        default_bytes: Set(api.default_bytes),
        store_encrypted_keys: Set(api.store_encrypted_keys),
        delete_protection: Set(api.delete_protection),
        ..Default::default()
    }
}

async fn save(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &ApiId,
    row: api::ActiveModel,
) -> Result<()> {
    api::Entity::update_many()
        .set(row)
        .filter(api::Column::Id.eq(id.clone()))
        .filter(api::Column::WorkspaceId.eq(workspace.clone()))
        .exec(db)
        .await?;
    Ok(())
}
