//! Rows of users and setup links.

mod accounts;
mod invitations;
mod query_runs;
mod views;

use base::ids::{UserId, WorkspaceId};
use entity::{one_time_link, user};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set, SqlErr};

pub(crate) use accounts::{Account, account, account_by_email, set_last_step, set_password, set_totp};
pub(super) use invitations::{
    accept_invitation, find_invitation, insert_invitation, invitations, revoke_invitation,
};
pub(super) use query_runs::{query_of_run, runs, save_run, trim_runs};
pub(super) use views::{count_views, delete_view, delete_view_named, insert_view, views};

use super::profile::Profile;
use super::{Role, SETUP_LINK_MS, User};
use crate::workspaces;
use base::error::{Error, Result};
use base::store::{Tx, at_most};

const SETUP: &str = "setup";

pub(super) async fn any(db: &impl ConnectionTrait) -> Result<bool> {
    Ok(user::Entity::find().filter(user::Column::DeletedAt.is_null()).limit(1).one(db).await?.is_some())
}

pub(super) async fn of_workspace(db: &impl ConnectionTrait, workspace: &WorkspaceId) -> Result<Vec<User>> {
    let members = workspaces::members(db, workspace).await?;
    let ids = members.iter().map(|(id, _)| id.clone());
    let rows = user::Entity::find()
        .filter(user::Column::Id.is_in(ids))
        .filter(user::Column::DeletedAt.is_null())
        .order_by_asc(user::Column::Id)
        .all(db)
        .await?;
    let role_of = |id: &UserId| members.iter().find(|(member, _)| member == id).map(|(_, role)| *role);
    Ok(rows.into_iter().filter_map(|row| Some(view(role_of(&row.id)?, row))).collect())
}

/// The member of a workspace with this address, whatever its case.
///
/// Fails with `invalid_input`: an address is typed by an operator.
pub(crate) async fn of_address(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    email: &str,
) -> Result<User> {
    let folded = email.to_lowercase();
    let row = user::Entity::find().filter(user::Column::EmailFolded.eq(folded)).one(db).await?;
    let found = match row {
        Some(row) => member(db, workspace, &row.id).await?,
        None => None,
    };
    found.ok_or_else(|| Error::invalid(format!("There is no user '{email}' in this workspace.")))
}

/// The user as the workspace sees them, if they have a role in it.
pub(super) async fn member(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &UserId,
) -> Result<Option<User>> {
    let Some(role) = workspaces::role_of(db, workspace, id).await? else { return Ok(None) };
    let row = user::Entity::find_by_id(id.clone()).filter(user::Column::DeletedAt.is_null()).one(db).await?;
    Ok(row.map(|row| view(role, row)))
}

fn view(role: Role, row: user::Model) -> User {
    User {
        id: row.id,
        email: row.email,
        name: row.name,
        role,
        second_factor: row.totp_secret.is_some(),
        created_at: row.created_at,
    }
}

pub(super) async fn insert(tx: &Tx, user: &User, password_hash: &str, workspace: &WorkspaceId) -> Result<()> {
    let row = user::ActiveModel {
        id: Set(user.id.clone()),
        email: Set(user.email.clone()),
        email_folded: Set(user.email.to_lowercase()),
        name: Set(user.name.clone()),
        password_hash: Set(password_hash.to_owned()),
        created_at: Set(user.created_at),
        ..Default::default()
    };
    match user::Entity::insert(row).exec_without_returning(tx.db()).await {
        Ok(_) => {}
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
            return Err(Error::invalid(format!("There is already a user '{}'.", user.email)));
        }
        Err(error) => return Err(error.into()),
    }
    workspaces::insert_member(tx, workspace, &user.id, user.role, user.created_at).await
}

pub(super) async fn profile(db: &impl ConnectionTrait, id: &UserId) -> Result<Option<Profile>> {
    let row = user::Entity::find_by_id(id.clone()).one(db).await?;
    Ok(row.map(|row| Profile { name: row.name, time_zone: row.time_zone, theme: row.theme }))
}

pub(super) async fn set_profile(tx: &Tx, id: &UserId, profile: &Profile, now_ms: i64) -> Result<()> {
    let row = user::ActiveModel {
        name: Set(profile.name.clone()),
        time_zone: Set(profile.time_zone.clone()),
        theme: Set(profile.theme.clone()),
        updated_at: Set(Some(now_ms)),
        ..Default::default()
    };
    accounts::save(tx, id, row).await
}

pub(super) async fn insert_setup_link(
    tx: &Tx,
    token_hash: &str,
    workspace: &WorkspaceId,
    now_ms: i64,
    expires_at: i64,
) -> Result<()> {
    let row = one_time_link::ActiveModel {
        token_hash: Set(token_hash.to_owned()),
        purpose: Set(SETUP.to_owned()),
        workspace_id: Set(Some(workspace.to_string().into())),
        created_at: Set(now_ms),
        expires_at: Set(expires_at),
        ..Default::default()
    };
    one_time_link::Entity::insert(row).exec_without_returning(tx.db()).await?;
    Ok(())
}

/// The workspace of an unused setup link that has not expired.
pub(super) async fn open_setup_link(
    db: &impl ConnectionTrait,
    token_hash: &str,
    now_ms: i64,
) -> Result<Option<WorkspaceId>> {
    let row = one_time_link::Entity::find_by_id(token_hash)
        .filter(one_time_link::Column::Purpose.eq(SETUP))
        .filter(one_time_link::Column::UsedAt.is_null())
        .filter(one_time_link::Column::ExpiresAt.gt(now_ms))
        .one(db)
        .await?;
    Ok(row.and_then(|row| row.workspace_id))
}

/// As [`open_setup_link`], and nobody finds it open again.
pub(super) async fn burn_setup_link(tx: &Tx, token_hash: &str, now_ms: i64) -> Result<Option<WorkspaceId>> {
    let workspace = open_setup_link(tx.db(), token_hash, now_ms).await?;
    one_time_link::Entity::update_many()
        .col_expr(one_time_link::Column::UsedAt, Expr::value(now_ms))
        .filter(one_time_link::Column::TokenHash.eq(token_hash))
        .exec(tx.db())
        .await?;
    Ok(workspace)
}

/// Removes invitations that expired before `before_ms`, and setup links that have
/// expired.
pub async fn sweep(tx: &Tx, before_ms: i64, now_ms: i64) -> Result<()> {
    invitations::sweep(tx, before_ms).await?;
    one_time_link::Entity::delete_many()
        .filter(one_time_link::Column::ExpiresAt.lt(now_ms))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Brings ends that lie further ahead than invitations and setup links last down
/// to what they may be at most; answers how many there were.
pub async fn amend_times(tx: &Tx, now_ms: i64) -> Result<u64> {
    let invitations = invitations::amend_times(tx, now_ms).await?;
    Ok(invitations + at_most(tx, one_time_link::Column::ExpiresAt, now_ms + SETUP_LINK_MS).await?)
}
