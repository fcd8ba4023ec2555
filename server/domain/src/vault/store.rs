//! Sealed data keys of workspaces, and the fingerprint of the master key.

use base::ids::WorkspaceId;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entity::{setting, workspace};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Set};

use base::error::{Error, Result};
use base::store::Tx;

const FINGERPRINT: &str = "master_key_fingerprint";
const SERVER_KEY: &str = "server_data_key";

pub(super) async fn fingerprint(db: &impl ConnectionTrait) -> Result<Option<String>> {
    setting(db, FINGERPRINT).await
}

pub(super) async fn set_fingerprint(tx: &Tx, fingerprint: &str, now_ms: i64) -> Result<()> {
    set_setting(tx, FINGERPRINT, fingerprint, now_ms).await
}

/// The sealed data key of the server itself.
pub(super) async fn server_key(db: &impl ConnectionTrait) -> Result<Option<Vec<u8>>> {
    let sealed = setting(db, SERVER_KEY).await?.map(|text| STANDARD.decode(text));
    sealed.transpose().map_err(Error::internal)
}

pub(super) async fn set_server_key(tx: &Tx, sealed: &[u8], now_ms: i64) -> Result<()> {
    set_setting(tx, SERVER_KEY, &STANDARD.encode(sealed), now_ms).await
}

async fn setting(db: &impl ConnectionTrait, name: &str) -> Result<Option<String>> {
    Ok(setting::Entity::find_by_id(name).one(db).await?.map(|row| row.value))
}

async fn set_setting(tx: &Tx, name: &str, value: &str, now_ms: i64) -> Result<()> {
    let row = setting::ActiveModel {
        name: Set(name.to_owned()),
        value: Set(value.to_owned()),
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
