//! Rows of workspaces.

use entity::ids::WorkspaceId;
use entity::workspace::{self, Column, Entity};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set, SqlErr};

use super::Workspace;
use crate::error::{Error, Result};
use crate::store::Tx;

pub(super) async fn all(db: &impl ConnectionTrait) -> Result<Vec<Workspace>> {
    let rows = Entity::find().filter(Column::DeletedAt.is_null()).order_by_asc(Column::Id).all(db).await?;
    Ok(rows.into_iter().map(Workspace::from).collect())
}

pub(super) async fn find(db: &impl ConnectionTrait, id: &WorkspaceId) -> Result<Option<Workspace>> {
    let row = Entity::find_by_id(id.clone()).filter(Column::DeletedAt.is_null()).one(db).await?;
    Ok(row.map(Workspace::from))
}

impl From<workspace::Model> for Workspace {
    fn from(row: workspace::Model) -> Self {
        Self {
            id: row.id,
            slug: row.slug,
            name: row.name,
            enabled: row.enabled,
            api_limit_per_minute: row.api_limit_per_minute,
            created_at: row.created_at,
        }
    }
}

pub(super) async fn insert(tx: &Tx, workspace: &Workspace) -> Result<()> {
    let row = workspace::ActiveModel {
        id: Set(workspace.id.clone()),
        slug: Set(workspace.slug.clone()),
        name: Set(workspace.name.clone()),
        enabled: Set(workspace.enabled),
        created_at: Set(workspace.created_at),
        ..Default::default()
    };
    match Entity::insert(row).exec_without_returning(tx.db()).await {
        Ok(_) => Ok(()),
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
            Err(Error::invalid(format!("The slug '{}' is taken.", workspace.slug)))
        }
        Err(error) => Err(error.into()),
    }
}

/// Marks a workspace deleted, and disabled for whoever reads only that.
pub(super) async fn mark_deleted(tx: &Tx, id: &WorkspaceId, now_ms: i64) -> Result<()> {
    let row = workspace::ActiveModel {
        enabled: Set(false),
        deleted_at: Set(Some(now_ms)),
        updated_at: Set(Some(now_ms)),
        ..Default::default()
    };
    Entity::update_many().set(row).filter(Column::Id.eq(id.as_str())).exec(tx.db()).await?;
    Ok(())
}

/// Writes the name and the settings of a workspace.
pub(super) async fn update(tx: &Tx, workspace: &Workspace, now_ms: i64) -> Result<()> {
    let row = workspace::ActiveModel {
        name: Set(workspace.name.clone()),
        enabled: Set(workspace.enabled),
        api_limit_per_minute: Set(workspace.api_limit_per_minute),
        updated_at: Set(Some(now_ms)),
        ..Default::default()
    };
    Entity::update_many().set(row).filter(Column::Id.eq(workspace.id.as_str())).exec(tx.db()).await?;
    Ok(())
}
