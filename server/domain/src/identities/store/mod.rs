//! Rows of identities.

mod feed;
mod lines;
mod recovered;
mod spending;

use std::collections::HashMap;

use base::ids::{IdentityId, WorkspaceId};
use entity::identity;
use sea_orm::sea_query::{ExprTrait, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select, Set,
};
use serde_json::{Map, Value};

pub use feed::IdentityFeed;
pub(crate) use feed::external_ids;
pub(super) use lines::{ids_beginning, lines_of, page_of_lines};
pub(crate) use recovered::{Owners, bring_along, copy_live, remove_copied};
pub(crate) use spending::{MonthAccount, month_accounts, remove_months_before, save_month_accounts};
pub(super) use spending::{near_cap, set_cap, spending_of};

use super::{Identity, IdentityName};
use crate::ratelimit::limits::{self, Limit};
use base::access::OpCtx;
use base::error::{Code, Error, Result};
use base::store::{Engine, Page, Paged, Tx, Unique, begins, holds};

const EXTERNAL_ID: Unique = Unique {
    index: "identities_live_external_id",
    columns: "identities.workspace_id, identities.external_id",
};

/// The live ones among these identities, with their limits, in two queries.
pub async fn load(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    ids: &[IdentityId],
) -> Result<HashMap<IdentityId, Identity>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = live(workspace).filter(identity::Column::Id.is_in(ids.iter().cloned())).all(db).await?;
    let mut limits = limits::of_identities(db, ids).await?;
    rows.into_iter()
        .map(|row| {
            let limits = limits.remove(&row.id).unwrap_or_default();
            Ok((row.id.clone(), identity(row, limits)?))
        })
        .collect()
}

pub(super) async fn external_ids_of(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    ids: &[&str],
) -> Result<HashMap<String, String>> {
    let named = live(workspace).filter(identity::Column::Id.is_in(ids.iter().copied()));
    let columns = [identity::Column::Id, identity::Column::ExternalId];
    let found: Vec<(String, String)> = named.select_only().columns(columns).into_tuple().all(db).await?;
    Ok(found.into_iter().collect())
}

/// The live identity of this name. Id and external id are asked for one after
/// the other: for an `OR` of the two SQLite walks the whole workspace.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    name: &IdentityName,
) -> Result<Option<Identity>> {
    if let IdentityName::Id(id) | IdentityName::Either(id) = name {
        let id = IdentityId::from(id.as_str());
        if let Some(found) = load(db, workspace, std::slice::from_ref(&id)).await?.remove(&id) {
            return Ok(Some(found));
        }
    }
    let (IdentityName::ExternalId(external_id) | IdentityName::Either(external_id)) = name else {
        return Ok(None);
    };
    let Some(id) = id_of(db, workspace, external_id).await? else { return Ok(None) };
    Ok(load(db, workspace, std::slice::from_ref(&id)).await?.remove(&id))
}

pub(super) async fn count(db: &impl ConnectionTrait, workspace: &WorkspaceId) -> Result<u64> {
    Ok(live(workspace).count(db).await?)
}

/// The live identity with this external id.
pub(crate) async fn id_of(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    external_id: &str,
) -> Result<Option<IdentityId>> {
    let id = live(workspace)
        .filter(identity::Column::ExternalId.eq(external_id))
        .select_only()
        .column(identity::Column::Id)
        .into_tuple()
        .one(db)
        .await?;
    Ok(id)
}

/// Ids of the live identity with this external id, as a part of a query.
pub(crate) fn ids_named(workspace: &WorkspaceId, external_id: &str) -> SelectStatement {
    let named = live(workspace).filter(identity::Column::ExternalId.eq(external_id));
    named.select_only().column(identity::Column::Id).into_query()
}

/// Ids of the live identities whose external id begins with the text, whatever
/// its case, as a part of a query.
pub(crate) fn ids_beginning_with(engine: Engine, workspace: &WorkspaceId, text: &str) -> SelectStatement {
    let named = live(workspace).filter(begins(engine, identity::Column::ExternalId, text));
    named.select_only().column(identity::Column::Id).into_query()
}

/// An external id that is taken fails with `identity_already_exists`.
pub(super) async fn insert(
    db: &impl ConnectionTrait,
    cx: &OpCtx,
    id: &IdentityId,
    external_id: &str,
    meta: &Map<String, Value>,
    monthly_credits: Option<i64>,
) -> Result<()> {
    let meta = if meta.is_empty() { None } else { Some(serde_json::to_string(meta)?) };
    let row = identity::ActiveModel {
        id: Set(id.clone()),
        workspace_id: Set(cx.workspace.clone()),
        external_id: Set(external_id.to_owned()),
        meta: Set(meta),
        environment: Set("default".to_owned()),
        created_at: Set(cx.now_ms),
        updated_at: Set(None),
        deleted_at: Set(None),
        monthly_credits: Set(monthly_credits),
    };
    identity::Entity::insert(row).exec_without_returning(db).await.map_err(|error| {
        if EXTERNAL_ID.refused(&error) {
            let detail = format!("An identity with the external id '{external_id}' already exists.");
            return Error::new(Code::IdentityExists, detail);
        }
        error.into()
    })?;
    Ok(())
}

/// Writes the metadata of an identity.
pub(super) async fn save_meta(
    tx: &Tx,
    id: &IdentityId,
    meta: &Map<String, Value>,
    now_ms: i64,
) -> Result<()> {
    let meta = if meta.is_empty() { None } else { Some(serde_json::to_string(meta)?) };
    let row = identity::ActiveModel { meta: Set(meta), updated_at: Set(Some(now_ms)), ..Default::default() };
    identity::Entity::update_many()
        .set(row)
        .filter(identity::Column::Id.eq(id.clone()))
        .exec(tx.db())
        .await?;
    Ok(())
}

pub(super) async fn mark_deleted(tx: &Tx, id: &IdentityId, now_ms: i64) -> Result<()> {
    let row = identity::ActiveModel { deleted_at: Set(Some(now_ms)), ..Default::default() };
    identity::Entity::update_many()
        .set(row)
        .filter(identity::Column::Id.eq(id.clone()))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// A page of live identities whose id or external id holds the text, whatever
/// its case.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    search: Option<&str>,
    page: &Page,
) -> Result<Paged<Identity>> {
    let mut select = live(workspace);
    if let Some(text) = search {
        let held = |column| holds(Engine::of(db), column, text);
        select = select.filter(held(identity::Column::Id).or(held(identity::Column::ExternalId)));
    }
    if let Some(cursor) = &page.cursor {
        select = select.filter(identity::Column::Id.gte(cursor.as_str()));
    }
    let rows = select.order_by_asc(identity::Column::Id).limit(page.limit + 1).all(db).await?;
    let ids: Vec<IdentityId> = rows.iter().map(|row| row.id.clone()).collect();
    let mut limits = limits::of_identities(db, &ids).await?;
    let items = rows
        .into_iter()
        .map(|row| {
            let limits = limits.remove(&row.id).unwrap_or_default();
            identity(row, limits)
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Paged::from_rows(items, page, |identity| identity.id.as_str()))
}

fn live(workspace: &WorkspaceId) -> Select<identity::Entity> {
    identity::Entity::find()
        .filter(identity::Column::WorkspaceId.eq(workspace.clone()))
        .filter(identity::Column::DeletedAt.is_null())
}

fn identity(row: identity::Model, limits: Vec<Limit>) -> Result<Identity> {
    let meta = row.meta.as_deref().map(serde_json::from_str).transpose()?.unwrap_or_default();
    Ok(Identity {
        id: row.id,
        external_id: row.external_id,
        meta,
        limits,
        monthly_credits: row.monthly_credits,
        created_at: row.created_at,
    })
}
