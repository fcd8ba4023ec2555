//! APIs that come back: the row that was marked deleted, or that of a backup.

use base::ids::{ApiId, WorkspaceId};
use entity::api::{ActiveModel, Column, Entity, Model};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};

use super::save;
use base::error::{Error, Result};
use base::store::{Reader, Tx, rows};

/// The workspace of a live API of a backup.
pub(crate) async fn in_backup(from: &Reader, id: &ApiId) -> Result<Option<WorkspaceId>> {
    let row = Entity::find_by_id(id.clone()).filter(Column::DeletedAt.is_null()).one(from).await?;
    Ok(row.map(|row| row.workspace_id))
}

/// Makes an API live: its row stays as it was last, and one that is not here comes from
/// the backup. Answers whether it was not live before.
pub(crate) async fn bring_back(tx: &Tx, from: &Reader, workspace: &WorkspaceId, id: &ApiId) -> Result<bool> {
    match Entity::find_by_id(id.clone()).one(tx.db()).await? {
        Some(row) if row.workspace_id != *workspace => {
            return Err(Error::invalid(format!("Another workspace has {id} here.")));
        }
        Some(row) if row.deleted_at.is_none() => return Ok(false),
        Some(_) => {
            let live = ActiveModel { deleted_at: Set(None), ..Default::default() };
            save(tx.db(), workspace, id, live).await?;
        }
        None => {
            let row = Entity::find_by_id(id.clone()).one(from).await?;
            rows::put::<Entity, _>(tx, row.into_iter().map(without_keys).collect()).await?;
        }
    }
    Ok(true)
}

/// Those that are here already stay as they are.
pub(crate) async fn copy_live(
    tx: &Tx,
    from: &Reader,
    workspace: &WorkspaceId,
    after: &str,
) -> Result<Option<String>> {
    let live =
        Entity::find().filter(Column::WorkspaceId.eq(workspace.clone())).filter(Column::DeletedAt.is_null());
    let page = rows::page(from, live, Column::Id, after).await?;
    rows::put::<Entity, _>(tx, page.rows.into_iter().map(without_keys).collect()).await?;
    Ok(page.next)
}

/// Each key counts itself when it comes.
fn without_keys(row: Model) -> Model {
    Model { live_keys: 0, ..row }
}

/// Removes what was copied of a workspace that has no keys and no portals any more.
pub(crate) async fn remove_copied(tx: &Tx, workspace: &WorkspaceId) -> Result<bool> {
    let own = Entity::find().filter(Column::WorkspaceId.eq(workspace.clone()));
    rows::remove(tx, own, Column::Id).await
}
