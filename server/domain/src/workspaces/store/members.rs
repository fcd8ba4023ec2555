//! Rows of memberships: who has which role in which workspace.

use base::ids::{UserId, WorkspaceId};
use entity::membership::{ActiveModel, Column, Entity};
use entity::workspace;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Set,
};

use crate::workspaces::{MyWorkspace, Workspace};
use base::access::Role;
use base::error::Result;
use base::store::Tx;

/// Roles of a user in workspaces that were not deleted, by name, and since when,
/// Unix milliseconds.
pub(crate) async fn joined_by(db: &impl ConnectionTrait, user: &UserId) -> Result<Vec<(i64, MyWorkspace)>> {
    let roles = Entity::find().filter(Column::UserId.eq(user.as_str())).all(db).await?;
    let rows = workspace::Entity::find()
        .filter(workspace::Column::Id.is_in(roles.iter().map(|role| role.workspace_id.as_str())))
        .filter(workspace::Column::DeletedAt.is_null())
        .order_by_asc(workspace::Column::Name)
        .order_by_asc(workspace::Column::Id)
        .all(db)
        .await?;
    let known = rows.into_iter().filter_map(|row| {
        let held = roles.iter().find(|held| held.workspace_id == row.id)?;
        Some((held, Workspace::from(row)))
    });
    known
        .map(|(held, workspace)| {
            Ok((held.created_at, MyWorkspace { workspace, role: Role::parse(&held.role)? }))
        })
        .collect()
}

/// Ids of the users who have a role in a workspace, as a part of a query.
pub(crate) fn member_ids(workspace: &WorkspaceId) -> SelectStatement {
    Entity::find()
        .select_only()
        .column(Column::UserId)
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .into_query()
}

/// Everybody who has a role in a workspace.
pub(crate) async fn members(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
) -> Result<Vec<(UserId, Role)>> {
    let rows = Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str())).all(db).await?;
    rows.into_iter().map(|row| Ok((row.user_id, Role::parse(&row.role)?))).collect()
}

/// The role of a user in a workspace, deleted or not.
pub(crate) async fn role_of(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    user: &UserId,
) -> Result<Option<Role>> {
    let row = Entity::find_by_id((workspace.clone(), user.clone())).one(db).await?;
    row.map(|row| Role::parse(&row.role)).transpose()
}

pub(crate) async fn count_owners(db: &impl ConnectionTrait, workspace: &WorkspaceId) -> Result<u64> {
    Ok(Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(Column::Role.eq(Role::Owner.as_str()))
        .count(db)
        .await?)
}

pub(crate) async fn insert_member(
    tx: &Tx,
    workspace: &WorkspaceId,
    user: &UserId,
    role: Role,
    now_ms: i64,
) -> Result<()> {
    let row = ActiveModel {
        workspace_id: Set(workspace.clone()),
        user_id: Set(user.clone()),
        role: Set(role.as_str().to_owned()),
        created_at: Set(now_ms),
    };
    Entity::insert(row).exec_without_returning(tx.db()).await?;
    Ok(())
}

pub(crate) async fn set_role(tx: &Tx, workspace: &WorkspaceId, user: &UserId, role: Role) -> Result<()> {
    let row = ActiveModel { role: Set(role.as_str().to_owned()), ..Default::default() };
    Entity::update_many()
        .set(row)
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(Column::UserId.eq(user.as_str()))
        .exec(tx.db())
        .await?;
    Ok(())
}

pub(crate) async fn remove_member(tx: &Tx, workspace: &WorkspaceId, user: &UserId) -> Result<()> {
    Entity::delete_by_id((workspace.clone(), user.clone())).exec(tx.db()).await?;
    Ok(())
}
