//! Identities as the index of entities wants them.

use async_trait::async_trait;
use std::collections::HashMap;

use base::ids::IdentityId;
use entity::identity::{Column, Entity};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use base::error::Result;
use base::store::Reader;
use insight::search::{EntityFeed, EntityRow, Rows};

/// Tells identities.
pub struct IdentityFeed;

#[async_trait]
impl EntityFeed for IdentityFeed {
    async fn rows(&self, db: &Reader, rows: Rows<'_>) -> Result<Vec<EntityRow>> {
        let columns = [Column::Id, Column::WorkspaceId, Column::ExternalId, Column::Meta];
        let live = Entity::find().select_only().columns(columns).filter(Column::DeletedAt.is_null());
        let found: Vec<(String, String, String, Option<String>)> =
            rows.of(live, Column::Id).into_tuple().all(db).await?;
        let entity =
            |(id, workspace, external_id, meta): (String, String, String, Option<String>)| EntityRow {
                workspace,
                id,
                name: external_id,
                texts: EntityRow::meta_texts(meta.as_deref()),
                ..EntityRow::default()
            };
        Ok(found.into_iter().map(entity).collect())
    }
}

/// The external ids of those identities that are alive, whose they may be.
pub(crate) async fn external_ids(
    db: &impl ConnectionTrait,
    mut ids: Vec<IdentityId>,
) -> Result<HashMap<IdentityId, String>> {
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<(IdentityId, String)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::ExternalId])
        .filter(Column::Id.is_in(ids))
        .filter(Column::DeletedAt.is_null())
        .into_tuple()
        .all(db)
        .await?;
    Ok(found.into_iter().collect())
}
