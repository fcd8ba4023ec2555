//! Rows of APIs, as far as events name their keyspaces.

use base::ids::WorkspaceId;
use entity::api;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use base::error::Result;

/// An API and the keyspace behind it.
pub(super) struct ApiKeyspace {
    pub id: String,
    pub keyspace: String,
    pub is_live: bool,
}

/// Of every API of a workspace, also of those whose rows wait to be swept.
pub(super) async fn keyspaces(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
) -> Result<Vec<ApiKeyspace>> {
    let rows = api::Entity::find().filter(api::Column::WorkspaceId.eq(workspace.clone())).all(db).await?;
    let own = |row: api::Model| ApiKeyspace {
        id: row.id.into_string(),
        keyspace: row.keyspace_id.into_string(),
        is_live: row.deleted_at.is_none(),
    };
    Ok(rows.into_iter().map(own).collect())
}
