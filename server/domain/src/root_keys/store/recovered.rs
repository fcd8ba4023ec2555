//! Root keys of a workspace that comes back from a backup.

use base::ids::{RootKeyId, WorkspaceId};
use entity::{root_key, root_key_grant};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};

use base::audit;
use base::error::Result;
use base::store::{Reader, Tx, rows};

/// The root keys that were not revoked, and what they may do. Those that something happened
/// to here after the backup was made stay away: they may have been replaced, or found in public.
pub(crate) async fn copy_live(
    tx: &Tx,
    from: &Reader,
    workspace: &WorkspaceId,
    after: &str,
) -> Result<Option<String>> {
    let live = root_key::Entity::find()
        .filter(root_key::Column::WorkspaceId.eq(workspace.clone()))
        .filter(root_key::Column::DeletedAt.is_null());
    let mut page = rows::page(from, live, root_key::Column::Id, after).await?;
    let ids: Vec<&str> = page.rows.iter().map(|row| row.id.as_str()).collect();
    let beyond = audit::beyond(tx.db(), from).await?;
    let changed = audit::targets_beyond(tx.db(), beyond, &[], &ids).await?;
    page.rows.retain(|row| !changed.contains(row.id.as_str()));
    let ids: Vec<RootKeyId> = page.rows.iter().map(|row| row.id.clone()).collect();
    rows::put::<root_key::Entity, _>(tx, page.rows).await?;
    // One that the environment gives to both servers is here already, elsewhere.
    let put = root_key::Entity::find()
        .select_only()
        .column(root_key::Column::Id)
        .filter(root_key::Column::WorkspaceId.eq(workspace.clone()))
        .filter(root_key::Column::Id.is_in(ids));
    let ids: Vec<RootKeyId> = put.into_tuple().all(tx.db()).await?;
    let of_keys = root_key_grant::Column::RootKeyId.is_in(ids);
    let grants = root_key_grant::Entity::find().filter(of_keys).all(from).await?;
    rows::put::<root_key_grant::Entity, _>(tx, grants).await?;
    Ok(page.next)
}

/// Takes budgets away that are not of the workspace: an id of a backup may be that of another
/// one here.
pub(crate) async fn forget_foreign_budgets(tx: &Tx, workspace: &WorkspaceId) -> Result<()> {
    let own = root_key::Entity::find()
        .select_only()
        .column(root_key::Column::Id)
        .filter(root_key::Column::WorkspaceId.eq(workspace.clone()));
    root_key::Entity::update_many()
        .col_expr(root_key::Column::BudgetKeyId, Expr::value(None::<String>))
        .filter(root_key::Column::WorkspaceId.eq(workspace.clone()))
        .filter(root_key::Column::BudgetKeyId.is_not_null())
        .filter(root_key::Column::BudgetKeyId.not_in_subquery(own.into_query()))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Removes what was copied of a workspace; what they may do goes with them.
pub(crate) async fn remove_copied(tx: &Tx, workspace: &WorkspaceId) -> Result<bool> {
    let own = root_key::Entity::find().filter(root_key::Column::WorkspaceId.eq(workspace.clone()));
    rows::remove(tx, own, root_key::Column::Id).await
}
