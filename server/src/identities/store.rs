//! Rows of identities.

use std::collections::HashMap;

use entity::identity;
use entity::ids::{IdentityId, WorkspaceId};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Select, Set};
use serde_json::{Map, Value};

use super::Identity;
use crate::error::{Code, Error, Result};
use crate::op::OpCtx;
use crate::ratelimit::limits::{self, Limit};
use crate::store::Unique;

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

/// The live identity with this id, else with this external id. Asked one after
/// the other: for an `OR` of the two SQLite walks the whole workspace.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id_or_external_id: &str,
) -> Result<Option<Identity>> {
    let id = IdentityId::from(id_or_external_id);
    if let Some(found) = load(db, workspace, std::slice::from_ref(&id)).await?.remove(&id) {
        return Ok(Some(found));
    }
    let Some(id) = id_of(db, workspace, id_or_external_id).await? else { return Ok(None) };
    Ok(load(db, workspace, std::slice::from_ref(&id)).await?.remove(&id))
}

pub(super) async fn id_of(
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

/// An external id that is taken fails with `identity_already_exists`.
pub(super) async fn insert(
    db: &impl ConnectionTrait,
    cx: &OpCtx,
    id: &IdentityId,
    external_id: &str,
    meta: &Map<String, Value>,
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
    };
    identity::Entity::insert(row).exec_without_returning(db).await.map_err(|error| {
        if EXTERNAL_ID.refused(&error) {
            let detail = format!("An identity with externalId '{external_id}' already exists.");
            return Error::new(Code::IdentityExists, detail);
        }
        error.into()
    })?;
    Ok(())
}

fn live(workspace: &WorkspaceId) -> Select<identity::Entity> {
    identity::Entity::find()
        .filter(identity::Column::WorkspaceId.eq(workspace.clone()))
        .filter(identity::Column::DeletedAt.is_null())
}

fn identity(row: identity::Model, limits: Vec<Limit>) -> Result<Identity> {
    let meta = row.meta.as_deref().map(serde_json::from_str).transpose()?.unwrap_or_default();
    Ok(Identity { id: row.id, external_id: row.external_id, meta, limits })
}
