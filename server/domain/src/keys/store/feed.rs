//! Keys as the index of entities wants them.

use async_trait::async_trait;
use base::ids::IdentityId;
use entity::key::{Column, Entity};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::identities;
use base::error::Result;
use base::store::Reader;
use insight::search::{EntityFeed, EntityRow, Rows};

/// Tells keys.
pub struct KeyFeed;

type KeyRow = (
    String,
    String,
    String,
    String,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<IdentityId>,
);

#[async_trait]
impl EntityFeed for KeyFeed {
    async fn rows(&self, db: &Reader, rows: Rows<'_>) -> Result<Vec<EntityRow>> {
        let columns = [
            Column::Id,
            Column::WorkspaceId,
            Column::ApiId,
            Column::Start,
            Column::Last4,
            Column::Name,
            Column::OwnerId,
            Column::Meta,
            Column::IdentityId,
        ];
        let live = Entity::find().select_only().columns(columns).filter(Column::DeletedAt.is_null());
        let found: Vec<KeyRow> = rows.of(live, Column::Id).into_tuple().all(db).await?;
        let linked = found.iter().filter_map(|row| row.8.clone()).collect();
        let external_ids = identities::external_ids(db, linked).await?;
        let entity = |row: KeyRow| {
            let (id, workspace, api, start, last4, name, owner, meta, identity) = row;
            let mut texts = EntityRow::meta_texts(meta.as_deref());
            texts.extend(owner);
            texts.extend(identity.and_then(|identity| external_ids.get(&identity).cloned()));
            EntityRow {
                detail: EntityRow::key_detail(&start, &last4),
                workspace,
                id,
                parent: Some(api),
                name: name.unwrap_or_default(),
                start,
                last4,
                texts,
            }
        };
        Ok(found.into_iter().map(entity).collect())
    }

    async fn ids_of_owner(&self, db: &Reader, owner: &str, after: &str, limit: u64) -> Result<Vec<String>> {
        let keys = Entity::find().select_only().column(Column::Id);
        let keys = keys.filter(Column::IdentityId.eq(owner)).filter(Column::DeletedAt.is_null());
        Ok(Rows::After(after, limit).of(keys, Column::Id).into_tuple().all(db).await?)
    }
}
