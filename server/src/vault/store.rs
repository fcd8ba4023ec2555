//! Sealed data keys of workspaces, and the fingerprint of the master key.

use entity::ids::WorkspaceId;
use entity::{setting, workspace};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Set};

use crate::error::Result;
use crate::store::Tx;

const FINGERPRINT: &str = "master_key_fingerprint";

pub(super) async fn fingerprint(db: &impl ConnectionTrait) -> Result<Option<String>> {
    Ok(setting::Entity::find_by_id(FINGERPRINT).one(db).await?.map(|row| row.value))
}

pub(super) async fn set_fingerprint(tx: &Tx, fingerprint: &str, now_ms: i64) -> Result<()> {
    let row = setting::ActiveModel {
        name: Set(FINGERPRINT.to_owned()),
        value: Set(fingerprint.to_owned()),
        updated_at: Set(now_ms),
    };
    setting::Entity::insert(row)
        .on_conflict(
            OnConflict::column(setting::Column::Name)
                .update_columns([setting::Column::Value, setting::Column::UpdatedAt])
                .to_owned(),
        )
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

pub(super) async fn data_key(db: &impl ConnectionTrait, workspace: &WorkspaceId) -> Result<Option<Vec<u8>>> {
    let sealed: Option<Option<Vec<u8>>> = workspace::Entity::find_by_id(workspace.clone())
        .select_only()
        .column(workspace::Column::DataKey)
        .into_tuple()
        .one(db)
        .await?;
    Ok(sealed.flatten())
}

pub(super) async fn data_keys(db: &impl ConnectionTrait) -> Result<Vec<(WorkspaceId, Vec<u8>)>> {
    Ok(workspace::Entity::find()
        .select_only()
        .columns([workspace::Column::Id, workspace::Column::DataKey])
        .filter(workspace::Column::DataKey.is_not_null())
        .into_tuple()
        .all(db)
        .await?)
}

pub(super) async fn set_data_key(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    sealed: Vec<u8>,
) -> Result<()> {
    workspace::Entity::update_many()
        .col_expr(workspace::Column::DataKey, Expr::value(sealed))
        .filter(workspace::Column::Id.eq(workspace.as_str()))
        .exec(db)
        .await?;
    Ok(())
}
