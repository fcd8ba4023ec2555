//! Rows of workspaces and of memberships.

mod data_keys;
mod members;
mod recovered;

use std::collections::HashSet;

use base::ids::{UserId, WorkspaceId};
use entity::workspace::{self, Column, Entity};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    SqlErr,
};

pub(crate) use data_keys::{data_key, data_keys, set_data_key};
pub(crate) use members::{
    count_owners, insert_member, joined_by, member_ids, members, remove_member, role_of, set_role,
};

pub(crate) use recovered::{Presence, begin, bring_back, is_slug_taken, presence};

use super::{MyWorkspace, Workspace};
use base::access::Role;
use base::error::{Code, Error, Field, Result};
use base::store::Tx;

/// In the order in which they were made: ids tell it by the second only.
fn oldest_first(of: impl sea_orm::sea_query::IntoCondition) -> Select<Entity> {
    Entity::find().filter(of).order_by_asc(Column::CreatedAt).order_by_asc(Column::Id)
}

pub(super) async fn all(db: &impl ConnectionTrait) -> Result<Vec<Workspace>> {
    let rows = oldest_first(Column::DeletedAt.is_null()).all(db).await?;
    Ok(rows.into_iter().map(Workspace::from).collect())
}

pub(super) async fn deleted(db: &impl ConnectionTrait) -> Result<Vec<Workspace>> {
    let rows = oldest_first(Column::DeletedAt.is_not_null()).all(db).await?;
    Ok(rows.into_iter().map(Workspace::from).collect())
}

/// The workspace with this id, unless it was deleted.
pub(crate) async fn find(db: &impl ConnectionTrait, id: &WorkspaceId) -> Result<Option<Workspace>> {
    let row = Entity::find_by_id(id.clone()).filter(Column::DeletedAt.is_null()).one(db).await?;
    Ok(row.map(Workspace::from))
}

/// The one that was made first, of those that were not deleted.
pub(crate) async fn first(db: &impl ConnectionTrait) -> Result<WorkspaceId> {
    let row = oldest_first(Column::DeletedAt.is_null()).one(db).await?;
    row.map(|row| row.id).ok_or_else(|| Error::internal("there is no workspace"))
}

/// Those with these ids that were not deleted.
pub(crate) async fn live_among(
    db: &impl ConnectionTrait,
    ids: impl Iterator<Item = &WorkspaceId>,
) -> Result<HashSet<WorkspaceId>> {
    let live: Vec<WorkspaceId> = Entity::find()
        .filter(Column::Id.is_in(ids.map(WorkspaceId::as_str)))
        .filter(Column::DeletedAt.is_null())
        .select_only()
        .column(Column::Id)
        .into_tuple()
        .all(db)
        .await?;
    Ok(live.into_iter().collect())
}

/// Makes sure that a workspace serves, for work that goes on behind a call.
///
/// Fails with `workspace_not_found` or `workspace_disabled`.
pub async fn require_enabled(db: &impl ConnectionTrait, id: &WorkspaceId) -> Result<()> {
    match find(db, id).await? {
        Some(workspace) if workspace.enabled => Ok(()),
        Some(_) => Err(Error::new(Code::WorkspaceDisabled, "This workspace is disabled.")),
        None => Err(Error::absent(Code::WorkspaceNotFound)),
    }
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
    let inserted = Entity::insert(row).exec_without_returning(tx.db()).await;
    inserted.map_err(|error| taken(error, &workspace.slug))?;
    Ok(())
}

fn taken(error: DbErr, slug: &str) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => {
            Error::invalid(format!("The slug '{slug}' is taken.")).at(Field::Slug)
        }
        _ => error.into(),
    }
}

/// Whether a user owns a workspace that serves.
pub(super) async fn owns_one(db: &impl ConnectionTrait, user: &UserId) -> Result<bool> {
    let mine = of_user(db, user).await?;
    Ok(mine.iter().any(|mine| mine.role == Role::Owner && mine.workspace.enabled))
}

/// Those in which a user has a role, by name.
pub(super) async fn of_user(db: &impl ConnectionTrait, user: &UserId) -> Result<Vec<MyWorkspace>> {
    Ok(joined_by(db, user).await?.into_iter().map(|(_, mine)| mine).collect())
}

/// Marks a workspace deleted. Its slug, which nobody can choose any more, is its id.
pub(super) async fn delete(tx: &Tx, id: &WorkspaceId, now_ms: i64) -> Result<()> {
    let row = workspace::ActiveModel {
        slug: Set(id.to_string()),
        updated_at: Set(Some(now_ms)),
        deleted_at: Set(Some(now_ms)),
        ..Default::default()
    };
    Entity::update_many().set(row).filter(Column::Id.eq(id.as_str())).exec(tx.db()).await?;
    Ok(())
}

/// Writes the settings of a workspace; those of a deleted one stay, its slug above all.
pub(super) async fn update(tx: &Tx, workspace: &Workspace, now_ms: i64) -> Result<()> {
    let row = workspace::ActiveModel {
        slug: Set(workspace.slug.clone()),
        name: Set(workspace.name.clone()),
        enabled: Set(workspace.enabled),
        api_limit_per_minute: Set(workspace.api_limit_per_minute),
        updated_at: Set(Some(now_ms)),
        ..Default::default()
    };
    let updated = Entity::update_many()
        .set(row)
        .filter(Column::Id.eq(workspace.id.as_str()))
        .filter(Column::DeletedAt.is_null());
    updated.exec(tx.db()).await.map_err(|error| taken(error, &workspace.slug))?;
    Ok(())
}
