//! Namespaces and overrides as the index of entities wants them.

use async_trait::async_trait;
use entity::{namespace, ratelimit_override};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use base::error::Result;
use base::store::Reader;
use insight::search::{EntityFeed, EntityRow, Rows};

/// Tells namespaces.
pub struct NamespaceFeed;

/// Tells overrides.
pub struct OverrideFeed;

#[async_trait]
impl EntityFeed for NamespaceFeed {
    async fn rows(&self, db: &Reader, rows: Rows<'_>) -> Result<Vec<EntityRow>> {
        use namespace::Column;
        let columns = [Column::Id, Column::WorkspaceId, Column::Name];
        let live = namespace::Entity::find().select_only().columns(columns);
        let live = live.filter(Column::DeletedAt.is_null());
        let found: Vec<(String, String, String)> = rows.of(live, Column::Id).into_tuple().all(db).await?;
        let entity = |(id, workspace, name)| EntityRow { workspace, id, name, ..EntityRow::default() };
        Ok(found.into_iter().map(entity).collect())
    }
}

#[async_trait]
impl EntityFeed for OverrideFeed {
    async fn rows(&self, db: &Reader, rows: Rows<'_>) -> Result<Vec<EntityRow>> {
        use ratelimit_override::Column;
        let columns =
            [Column::Id, Column::WorkspaceId, Column::NamespaceId, Column::Identifier, Column::MaxCount];
        let live = ratelimit_override::Entity::find().select_only().columns(columns);
        let live = live.filter(Column::DeletedAt.is_null());
        let found: Vec<(String, String, String, String, i64)> =
            rows.of(live, Column::Id).into_tuple().all(db).await?;
        let entity =
            |(id, workspace, namespace, identifier, limit): (String, String, String, String, i64)| {
                EntityRow {
                    workspace,
                    id,
                    parent: Some(namespace),
                    name: identifier,
                    detail: limit.to_string(),
                    ..EntityRow::default()
                }
            };
        Ok(found.into_iter().map(entity).collect())
    }

    async fn ids_of_owner(&self, db: &Reader, owner: &str, after: &str, limit: u64) -> Result<Vec<String>> {
        use ratelimit_override::Column;
        let rows = ratelimit_override::Entity::find().select_only().column(Column::Id);
        let rows = rows.filter(Column::NamespaceId.eq(owner));
        Ok(Rows::After(after, limit).of(rows, Column::Id).into_tuple().all(db).await?)
    }
}
