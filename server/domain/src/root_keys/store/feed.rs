//! Root keys as the index of entities wants them.

use async_trait::async_trait;
use entity::root_key::{Column, Entity};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use base::error::Result;
use base::store::Reader;
use insight::search::{EntityFeed, EntityRow, Rows};

/// Tells root keys.
pub struct RootKeyFeed;

#[async_trait]
impl EntityFeed for RootKeyFeed {
    async fn rows(&self, db: &Reader, rows: Rows<'_>) -> Result<Vec<EntityRow>> {
        let columns = [Column::Id, Column::WorkspaceId, Column::Start, Column::Last4, Column::Name];
        let live = Entity::find().select_only().columns(columns).filter(Column::DeletedAt.is_null());
        let found: Vec<(String, String, String, String, Option<String>)> =
            rows.of(live, Column::Id).into_tuple().all(db).await?;
        let entity =
            |(id, workspace, start, last4, name): (String, String, String, String, Option<String>)| {
                EntityRow {
                    detail: EntityRow::key_detail(&start, &last4),
                    name: name.unwrap_or_default(),
                    workspace,
                    id,
                    start,
                    last4,
                    ..EntityRow::default()
                }
            };
        Ok(found.into_iter().map(entity).collect())
    }
}
