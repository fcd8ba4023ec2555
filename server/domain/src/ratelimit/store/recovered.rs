//! Limits, namespaces and overrides that come back from a backup.

use std::collections::HashSet;

use base::ids::{IdentityId, KeyId, NamespaceId, WorkspaceId};
use entity::{limit, namespace, ratelimit_override};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use base::error::Result;
use base::store::{Reader, Tx, rows};

pub(crate) async fn copy_of_keys(tx: &Tx, from: &Reader, keys: &[KeyId]) -> Result<()> {
    let own = limit::Entity::find()
        .filter(limit::Column::KeyId.is_in(keys.iter().cloned()))
        .filter(limit::Column::IdentityId.is_null());
    put_sound(tx, own.all(from).await?).await
}

pub(crate) async fn copy_of_identities(tx: &Tx, from: &Reader, identities: &[IdentityId]) -> Result<()> {
    let own = limit::Entity::find()
        .filter(limit::Column::IdentityId.is_in(identities.iter().cloned()))
        .filter(limit::Column::KeyId.is_null());
    put_sound(tx, own.all(from).await?).await
}

async fn put_sound(tx: &Tx, limits: Vec<limit::Model>) -> Result<()> {
    for row in &limits {
        check(&row.id, row.max_count, row.duration_ms)?;
    }
    rows::put::<limit::Entity, _>(tx, limits).await
}

/// Fails for a limit that does not limit.
fn check(id: impl std::fmt::Display, max_count: i64, duration_ms: i64) -> Result<()> {
    match max_count >= 0 && duration_ms >= 1 {
        true => Ok(()),
        false => Err(rows::damaged(format_args!("{id} admits less than nothing, or lasts no time"))),
    }
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
    let page = rows::page(from, own, Column::Id, after).await?;
    // The id of a namespace may be one of another workspace here.
    let namespaces = page.rows.iter().map(|row| row.namespace_id.clone());
    let here: HashSet<NamespaceId> = namespace::Entity::find()
        .select_only()
        .column(namespace::Column::Id)
        .filter(namespace::Column::WorkspaceId.eq(workspace.clone()))
        .filter(namespace::Column::Id.is_in(namespaces))
        .into_tuple::<NamespaceId>()
        .all(tx.db())
        .await?
        .into_iter()
        .collect();
    for row in &page.rows {
        check(&row.id, row.max_count, row.duration_ms)?;
        match (row.afterwards_max_count, row.afterwards_duration_ms) {
            (None, None) => {}
            (Some(max_count), Some(duration_ms)) => check(&row.id, max_count, duration_ms)?,
            _ => return Err(rows::damaged(format_args!("{} has half of what holds after it", row.id))),
        }
        if !here.contains(&row.namespace_id) {
            return Err(rows::damaged(format_args!("{} is of a namespace of another workspace", row.id)));
        }
    }
    rows::put::<Entity, _>(tx, page.rows).await?;
    Ok(page.next)
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
