//! Roles and permissions as the index of entities wants them.

use async_trait::async_trait;
use entity::{permission, role};
use sea_orm::{EntityTrait, QuerySelect};

use base::error::Result;
use base::store::Reader;
use insight::search::{EntityFeed, EntityRow, Rows};

/// Tells roles.
pub struct RoleFeed;

/// Tells permissions.
pub struct PermissionFeed;

#[async_trait]
impl EntityFeed for RoleFeed {
    async fn rows(&self, db: &Reader, rows: Rows<'_>) -> Result<Vec<EntityRow>> {
        use role::Column;
        let columns = [Column::Id, Column::WorkspaceId, Column::Name, Column::Description];
        let all = role::Entity::find().select_only().columns(columns);
        let found: Vec<(String, String, String, Option<String>)> =
            rows.of(all, Column::Id).into_tuple().all(db).await?;
        let entity =
            |(id, workspace, name, description): (String, String, String, Option<String>)| EntityRow {
                workspace,
                id,
                name,
                texts: description.into_iter().collect(),
                ..EntityRow::default()
            };
        Ok(found.into_iter().map(entity).collect())
    }
}

#[async_trait]
impl EntityFeed for PermissionFeed {
    async fn rows(&self, db: &Reader, rows: Rows<'_>) -> Result<Vec<EntityRow>> {
        use permission::Column;
        let columns = [Column::Id, Column::WorkspaceId, Column::Name, Column::Slug, Column::Description];
        let all = permission::Entity::find().select_only().columns(columns);
        let found: Vec<(String, String, String, String, Option<String>)> =
            rows.of(all, Column::Id).into_tuple().all(db).await?;
        let entity =
            |(id, workspace, name, slug, description): (String, String, String, String, Option<String>)| {
                let texts = description.into_iter().chain([slug.clone()]).collect();
                EntityRow { workspace, id, name, detail: slug, texts, ..EntityRow::default() }
            };
        Ok(found.into_iter().map(entity).collect())
    }
}
