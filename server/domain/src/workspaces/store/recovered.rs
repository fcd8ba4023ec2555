//! Workspaces that come back: the row that was marked deleted, or that of a backup.

use base::ids::WorkspaceId;
use entity::workspace::{ActiveModel, Column, Entity, Model};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};

use super::taken;
use base::error::Result;
use base::store::{Reader, Tx, rows};

/// What is here of a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Live,
    /// All of it, marked deleted.
    Deleted,
    /// What an interrupted recovery has put here, or nothing.
    Incomplete,
}

pub(crate) async fn presence(db: &Reader, id: &WorkspaceId) -> Result<Presence> {
    Ok(match Entity::find_by_id(id.clone()).one(db).await? {
        None => Presence::Incomplete,
        Some(row) if row.deleted_at.is_none() => Presence::Live,
        Some(row) if row.slug == slug_of_incomplete(id) => Presence::Incomplete,
        Some(_) => Presence::Deleted,
    })
}

/// Whether a workspace of another id has this slug.
pub(crate) async fn is_slug_taken(db: &Reader, id: &WorkspaceId, slug: &str) -> Result<bool> {
    let other = Entity::find().filter(Column::Slug.eq(slug)).filter(Column::Id.ne(id.as_str()));
    Ok(other.one(db).await?.is_some())
}

/// Puts a workspace here that nobody sees until it is [brought back](bring_back). Its
/// data key comes with its first key, if the master key of this server seals it.
pub(crate) async fn begin(tx: &Tx, from: &Reader, id: &WorkspaceId, now_ms: i64) -> Result<()> {
    let row = Entity::find_by_id(id.clone()).one(from).await?;
    let hidden = row.map(|row| Model {
        slug: slug_of_incomplete(id),
        data_key: None,
        deleted_at: Some(now_ms),
        ..row
    });
    rows::put::<Entity, _>(tx, hidden.into_iter().collect()).await
}

/// Makes a workspace live under this slug, which nobody may have taken.
pub(crate) async fn bring_back(tx: &Tx, id: &WorkspaceId, slug: &str, now_ms: i64) -> Result<()> {
    let row = ActiveModel {
        slug: Set(slug.to_owned()),
        updated_at: Set(Some(now_ms)),
        deleted_at: Set(None),
        ..Default::default()
    };
    let live = Entity::update_many().set(row).filter(Column::Id.eq(id.as_str()));
    live.exec(tx.db()).await.map_err(|error| taken(error, slug))?;
    Ok(())
}

fn slug_of_incomplete(id: &WorkspaceId) -> String {
    format!("{id}.part")
}
