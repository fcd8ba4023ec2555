//! Identities of a backup whose keys come back.

use std::collections::HashMap;

use base::ids::{IdentityId, WorkspaceId};
use entity::identity::{Column, Entity, Model};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::spending::{copy_months, raise_months};
use super::{id_of, live};
use crate::identities::MAX_MONTHLY_CREDITS;
use crate::ratelimit::limits;
use base::audit::{self, Event};
use base::error::Result;
use base::store::{Reader, Tx, rows};

/// To whom keys that come back belong here, by the identity that they had.
#[derive(Default)]
pub(crate) struct Owners(HashMap<IdentityId, IdentityId>);

impl Owners {
    pub fn of(&self, identity: &IdentityId) -> Option<&IdentityId> {
        self.0.get(identity)
    }

    pub fn into_ids(self) -> impl Iterator<Item = IdentityId> {
        self.0.into_values()
    }
}

/// Which identities keys that come back belong to here: those that are here, or that
/// bear the same external id, and else those of the backup, with their limits. What was
/// deleted here stays so, and its keys belong to nobody.
pub(crate) async fn bring_along(
    tx: &Tx,
    from: &Reader,
    workspace: &WorkspaceId,
    ids: Vec<IdentityId>,
) -> Result<Owners> {
    let there = live(workspace).filter(Column::Id.is_in(ids)).all(from).await?;
    let ids: Vec<&str> = there.iter().map(|row| row.id.as_str()).collect();
    let own = Entity::find().filter(Column::WorkspaceId.eq(workspace.clone()));
    let here: Vec<Model> = own.filter(Column::Id.is_in(ids.iter().copied())).all(tx.db()).await?;
    let here: HashMap<&str, &Model> = here.iter().map(|row| (row.id.as_str(), row)).collect();
    let deleted = audit::targets_of(tx.db(), Event::IdentityDelete, &ids, None).await?;
    let mut found = HashMap::new();
    let mut missing = Vec::new();
    for row in &there {
        let own = match here.get(row.id.as_str()) {
            Some(_) => Some(row.id.clone()),
            None => id_of(tx.db(), workspace, &row.external_id).await?,
        };
        match own {
            Some(own) => _ = found.insert(row.id.clone(), own),
            None if deleted.contains(row.id.as_str()) => {}
            None => missing.push(row.clone()),
        }
    }
    let kept: Vec<IdentityId> = here.keys().map(|id| IdentityId::from(*id)).collect();
    raise_months(tx, from, &kept).await?;
    let put = put(tx, from, workspace, missing).await?;
    found.extend(put.into_iter().map(|id| (id.clone(), id)));
    Ok(Owners(found))
}

/// The live identities of a workspace that is not here.
pub(crate) async fn copy_live(
    tx: &Tx,
    from: &Reader,
    workspace: &WorkspaceId,
    after: &str,
) -> Result<Option<String>> {
    let page = rows::page(from, live(workspace), Column::Id, after).await?;
    put(tx, from, workspace, page.rows).await?;
    Ok(page.next)
}

/// Puts them in, and says which they are. Their keys would lose the limits of those that were
/// left out, so none is.
async fn put(
    tx: &Tx,
    from: &Reader,
    workspace: &WorkspaceId,
    identities: Vec<Model>,
) -> Result<Vec<IdentityId>> {
    if let Some(row) = identities.iter().find(|row| !rows::is_object(row.meta.as_deref())) {
        return Err(rows::damaged(format_args!("the metadata of {} is no object", row.id)));
    }
    let is_cap = |credits: &i64| (0..=MAX_MONTHLY_CREDITS).contains(credits);
    if let Some(row) = identities.iter().find(|row| !row.monthly_credits.as_ref().is_none_or(is_cap)) {
        return Err(rows::damaged(format_args!("the spend cap of {} is none", row.id)));
    }
    let ids: Vec<IdentityId> = identities.iter().map(|row| row.id.clone()).collect();
    rows::put::<Entity, _>(tx, identities).await?;
    let own = live(workspace).filter(Column::Id.is_in(ids.clone())).select_only().column(Column::Id);
    let own: Vec<IdentityId> = own.into_tuple().all(tx.db()).await?;
    if own.len() < ids.len() {
        return Err(rows::damaged("an identity has the id or the external id of another one"));
    }
    limits::copy_of_identities(tx, from, &own).await?;
    copy_months(tx, from, &own).await?;
    Ok(own)
}

/// Removes what was copied of a workspace that has no keys any more.
pub(crate) async fn remove_copied(tx: &Tx, workspace: &WorkspaceId) -> Result<bool> {
    let own = Entity::find().filter(Column::WorkspaceId.eq(workspace.clone()));
    rows::remove(tx, own, Column::Id).await
}
