//! Rows of saved views.

use base::ids::{SavedViewId, UserId, WorkspaceId};
use entity::saved_view::{self, Column, Entity};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, Set,
};

use crate::users::SavedView;
use base::error::Result;
use base::store::Tx;

pub(in crate::users) async fn insert_view(tx: &Tx, workspace: &WorkspaceId, view: &SavedView) -> Result<()> {
    let row = saved_view::ActiveModel {
        id: Set(view.id.clone()),
        workspace_id: Set(workspace.clone()),
        user_id: Set(view.user.clone()),
        page: Set(view.page.clone()),
        name: Set(view.name.clone()),
        query: Set(view.query.clone()),
        shared: Set(view.shared),
        created_at: Set(view.created_at),
    };
    Entity::insert(row).exec_without_returning(tx.db()).await?;
    Ok(())
}

/// What a user sees, by name.
pub(in crate::users) async fn views(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    user: &UserId,
    page: Option<&str>,
) -> Result<Vec<SavedView>> {
    let visible = Condition::any().add(Column::UserId.eq(user.as_str())).add(Column::Shared.eq(true));
    let mut select = Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str())).filter(visible);
    if let Some(page) = page {
        select = select.filter(Column::Page.eq(page));
    }
    let rows =
        select.order_by_asc(Column::Page).order_by_asc(Column::Name).order_by_asc(Column::Id).all(db).await?;
    let views = rows.into_iter().map(|row| SavedView {
        id: row.id,
        user: row.user_id,
        page: row.page,
        name: row.name,
        query: row.query,
        shared: row.shared,
        created_at: row.created_at,
    });
    Ok(views.collect())
}

pub(in crate::users) async fn count_views(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    user: &UserId,
) -> Result<u64> {
    Ok(Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(Column::UserId.eq(user.as_str()))
        .count(db)
        .await?)
}

/// Makes room for a view of the same user, page and name.
pub(in crate::users) async fn delete_view_named(
    tx: &Tx,
    workspace: &WorkspaceId,
    view: &SavedView,
) -> Result<()> {
    Entity::delete_many()
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(Column::UserId.eq(view.user.as_str()))
        .filter(Column::Page.eq(view.page.as_str()))
        .filter(Column::Name.eq(view.name.as_str()))
        .exec(tx.db())
        .await?;
    Ok(())
}

pub(in crate::users) async fn delete_view(tx: &Tx, id: &SavedViewId) -> Result<()> {
    Entity::delete_by_id(id.clone()).exec(tx.db()).await?;
    Ok(())
}
