//! Rows of invitations.

use base::ids::{InvitationId, WorkspaceId};
use entity::invitation::{self, Column, Entity};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Select, Set};

use crate::users::{Invitation, LONGEST_INVITATION_MS, Role};
use crate::workspaces;
use base::error::Result;
use base::store::{Tx, at_most};

/// The workspace an invitation leads to.
pub(in crate::users) struct Inviting {
    pub id: WorkspaceId,
    pub name: String,
}

pub(in crate::users) async fn insert_invitation(
    tx: &Tx,
    workspace: &WorkspaceId,
    new: &Invitation,
    token_hash: &str,
) -> Result<()> {
    let row = invitation::ActiveModel {
        id: Set(new.id.clone()),
        workspace_id: Set(workspace.clone()),
        token_hash: Set(token_hash.to_owned()),
        role: Set(new.role.as_str().to_owned()),
        email: Set(new.email.clone()),
        created_by: Set(new.created_by.clone()),
        created_at: Set(new.created_at),
        expires_at: Set(new.expires_at),
        ..Default::default()
    };
    Entity::insert(row).exec_without_returning(tx.db()).await?;
    Ok(())
}

fn open() -> Select<Entity> {
    Entity::find().filter(Column::AcceptedAt.is_null()).filter(Column::RevokedAt.is_null())
}

/// Neither accepted nor revoked, the newest first.
pub(in crate::users) async fn invitations(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
) -> Result<Vec<Invitation>> {
    let rows = open()
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(view).collect()
}

/// An invitation that can be accepted.
pub(in crate::users) async fn find_invitation(
    db: &impl ConnectionTrait,
    token_hash: &str,
    now_ms: i64,
) -> Result<Option<(Inviting, Invitation)>> {
    let row =
        open().filter(Column::TokenHash.eq(token_hash)).filter(Column::ExpiresAt.gt(now_ms)).one(db).await?;
    let Some(row) = row else { return Ok(None) };
    let Some(workspace) = workspaces::find(db, &row.workspace_id).await? else { return Ok(None) };
    Ok(Some((Inviting { id: workspace.id, name: workspace.name }, view(row)?)))
}

fn view(row: invitation::Model) -> Result<Invitation> {
    Ok(Invitation {
        id: row.id,
        role: Role::parse(&row.role)?,
        email: row.email,
        created_by: row.created_by,
        created_at: row.created_at,
        expires_at: row.expires_at,
    })
}

pub(in crate::users) async fn accept_invitation(tx: &Tx, id: &InvitationId, now_ms: i64) -> Result<()> {
    save(tx, id, invitation::ActiveModel { accepted_at: Set(Some(now_ms)), ..Default::default() }).await
}

pub(in crate::users) async fn revoke_invitation(tx: &Tx, id: &InvitationId, now_ms: i64) -> Result<()> {
    save(tx, id, invitation::ActiveModel { revoked_at: Set(Some(now_ms)), ..Default::default() }).await
}

async fn save(tx: &Tx, id: &InvitationId, row: invitation::ActiveModel) -> Result<()> {
    Entity::update_many().set(row).filter(Column::Id.eq(id.as_str())).exec(tx.db()).await?;
    Ok(())
}

pub(super) async fn sweep(tx: &Tx, before_ms: i64) -> Result<()> {
    Entity::delete_many().filter(Column::ExpiresAt.lt(before_ms)).exec(tx.db()).await?;
    Ok(())
}

pub(super) async fn amend_times(tx: &Tx, now_ms: i64) -> Result<u64> {
    at_most(tx, Column::ExpiresAt, now_ms + LONGEST_INVITATION_MS).await
}
