//! Data keys of workspaces, sealed by the vault.

use base::ids::WorkspaceId;
use entity::workspace::{Column, Entity};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use base::error::Result;

/// The sealed data key of a workspace, if it has one.
pub(crate) async fn data_key(db: &impl ConnectionTrait, workspace: &WorkspaceId) -> Result<Option<Vec<u8>>> {
    let sealed: Option<Option<Vec<u8>>> = Entity::find_by_id(workspace.clone())
        .select_only()
        .column(Column::DataKey)
        .into_tuple()
        .one(db)
        .await?;
    Ok(sealed.flatten())
}

/// Those of all workspaces, deleted ones too.
pub(crate) async fn data_keys(db: &impl ConnectionTrait) -> Result<Vec<(WorkspaceId, Vec<u8>)>> {
    let sealed = Entity::find()
        .select_only()
        .columns([Column::Id, Column::DataKey])
        .filter(Column::DataKey.is_not_null())
        .into_tuple()
        .all(db)
        .await?;
    Ok(sealed)
}

pub(crate) async fn set_data_key(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    sealed: Vec<u8>,
) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::DataKey, Expr::value(sealed))
        .filter(Column::Id.eq(workspace.as_str()))
        .exec(db)
        .await?;
    Ok(())
}
