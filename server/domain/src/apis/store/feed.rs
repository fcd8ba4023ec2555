//! APIs as the index of entities and queries in SQL want them.

use async_trait::async_trait;
use base::ids::WorkspaceId;
use entity::api::{self, Column, Entity};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use base::error::Result;
use base::store::Reader;
use insight::search::{EntityFeed, EntityRow, Rows};
use insight::sql::{ApiKeyspace, KeyspaceFeed};

/// Tells APIs.
pub struct ApiFeed;

#[async_trait]
impl EntityFeed for ApiFeed {
    async fn rows(&self, db: &Reader, rows: Rows<'_>) -> Result<Vec<EntityRow>> {
        let columns = [Column::Id, Column::WorkspaceId, Column::Name, Column::KeyspaceId];
        let live = Entity::find().select_only().columns(columns).filter(Column::DeletedAt.is_null());
        let found: Vec<(String, String, String, String)> =
            rows.of(live, Column::Id).into_tuple().all(db).await?;
        let entity = |(id, workspace, name, keyspace): (String, String, String, String)| EntityRow {
            workspace,
            id,
            name,
            texts: vec![keyspace],
            ..EntityRow::default()
        };
        Ok(found.into_iter().map(entity).collect())
    }
}

#[async_trait]
impl KeyspaceFeed for ApiFeed {
    async fn keyspaces(&self, db: &Reader, workspace: &WorkspaceId) -> Result<Vec<ApiKeyspace>> {
        let rows = Entity::find().filter(Column::WorkspaceId.eq(workspace.clone())).all(db).await?;
        let own = |row: api::Model| ApiKeyspace {
            id: row.id.into_string(),
            keyspace: row.keyspace_id.into_string(),
            is_live: row.deleted_at.is_none(),
        };
        Ok(rows.into_iter().map(own).collect())
    }
}
