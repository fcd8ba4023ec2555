//! Sealed data keys of workspaces, and the fingerprint of the master key.

use base::ids::WorkspaceId;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entity::workspace;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use base::error::{Error, Result};
use base::settings;
use base::store::Tx;

const FINGERPRINT: &str = "master_key_fingerprint";
const SERVER_KEY: &str = "server_data_key";

pub(super) async fn fingerprint(db: &impl ConnectionTrait) -> Result<Option<String>> {
    settings::get(db, FINGERPRINT).await
}

pub(super) async fn set_fingerprint(tx: &Tx, fingerprint: &str, now_ms: i64) -> Result<()> {
    settings::set(tx, FINGERPRINT, fingerprint, now_ms).await
}

/// The sealed data key of the server itself.
pub(super) async fn server_key(db: &impl ConnectionTrait) -> Result<Option<Vec<u8>>> {
    let sealed = settings::get(db, SERVER_KEY).await?.map(|text| STANDARD.decode(text));
    sealed.transpose().map_err(Error::internal)
}

pub(super) async fn set_server_key(tx: &Tx, sealed: &[u8], now_ms: i64) -> Result<()> {
    settings::set(tx, SERVER_KEY, &STANDARD.encode(sealed), now_ms).await
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
