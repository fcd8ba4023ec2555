//! Limits, namespaces and overrides that come back from a backup.

use base::ids::{IdentityId, KeyId, WorkspaceId};
use entity::{limit, namespace, ratelimit_override};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use base::error::Result;
use base::store::{Reader, Tx, rows};

pub(crate) async fn copy_of_keys(tx: &Tx, from: &Reader, keys: &[KeyId]) -> Result<()> {
    let own = limit::Entity::find().filter(limit::Column::KeyId.is_in(keys.iter().cloned()));
    rows::put::<limit::Entity, _>(tx, own.all(from).await?).await
}

pub(crate) async fn copy_of_identities(tx: &Tx, from: &Reader, identities: &[IdentityId]) -> Result<()> {
    let own = limit::Entity::find().filter(limit::Column::IdentityId.is_in(identities.iter().cloned()));
    rows::put::<limit::Entity, _>(tx, own.all(from).await?).await
}

/// The namespaces of a workspace that is not here. Deleted ones too: their names are
/// not free.
pub(crate) async fn copy_namespaces(
    tx: &Tx,
    from: &Reader,
    workspace: &WorkspaceId,
    after: &str,
) -> Result<Option<String>> {
    let own = namespace::Entity::find().filter(namespace::Column::WorkspaceId.eq(workspace.clone()));
    rows::copy(tx, from, own, namespace::Column::Id, after).await
}

pub(crate) async fn copy_overrides(
    tx: &Tx,
    from: &Reader,
    workspace: &WorkspaceId,
    after: &str,
) -> Result<Option<String>> {
    use ratelimit_override::{Column, Entity};
    let own = Entity::find().filter(Column::WorkspaceId.eq(workspace.clone()));
    rows::copy(tx, from, own, Column::Id, after).await
}

/// Removes what was copied of a workspace.
pub(crate) async fn remove_copied(tx: &Tx, workspace: &WorkspaceId) -> Result<bool> {
    use ratelimit_override::{Column, Entity};
    let overrides = Entity::find().filter(Column::WorkspaceId.eq(workspace.clone()));
    if rows::remove(tx, overrides, Column::Id).await? {
        return Ok(true);
    }
    let own = namespace::Entity::find().filter(namespace::Column::WorkspaceId.eq(workspace.clone()));
    rows::remove(tx, own, namespace::Column::Id).await
}
