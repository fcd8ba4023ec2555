//! Rows of users, memberships, sessions and setup links.

use entity::ids::{UserId, WorkspaceId};
use entity::{membership, one_time_link, session, user};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Set, SqlErr};

use super::User;
use crate::error::{Error, Result};
use crate::store::Tx;

const SETUP: &str = "setup";

pub(super) async fn any(db: &impl ConnectionTrait) -> Result<bool> {
    Ok(user::Entity::find().filter(user::Column::DeletedAt.is_null()).limit(1).one(db).await?.is_some())
}

pub(super) async fn of_workspace(db: &impl ConnectionTrait, workspace: &WorkspaceId) -> Result<Vec<User>> {
    let members = membership::Entity::find()
        .filter(membership::Column::WorkspaceId.eq(workspace.as_str()))
        .all(db)
        .await?;
    let ids = members.iter().map(|member| member.user_id.clone());
    let rows = user::Entity::find()
        .filter(user::Column::Id.is_in(ids))
        .filter(user::Column::DeletedAt.is_null())
        .all(db)
        .await?;
    let role_of =
        |id: &UserId| members.iter().find(|member| member.user_id == *id).map(|member| member.role.clone());
    Ok(rows.into_iter().map(|row| view(role_of(&row.id).unwrap_or_default(), row)).collect())
}

pub(super) async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    email: &str,
) -> Result<Option<User>> {
    let folded = email.to_lowercase();
    let row = user::Entity::find()
        .filter(user::Column::EmailFolded.eq(folded))
        .filter(user::Column::DeletedAt.is_null())
        .one(db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let member = membership::Entity::find_by_id((workspace.clone(), row.id.clone())).one(db).await?;
    Ok(member.map(|member| view(member.role, row)))
}

fn view(role: String, row: user::Model) -> User {
    User { id: row.id, email: row.email, name: row.name, role, created_at: row.created_at }
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
    let member = membership::ActiveModel {
        workspace_id: Set(workspace.clone()),
        user_id: Set(user.id.clone()),
        role: Set(user.role.clone()),
        created_at: Set(user.created_at),
    };
    membership::Entity::insert(member).exec_without_returning(tx.db()).await?;
    Ok(())
}

pub(super) async fn set_password(tx: &Tx, user: &UserId, hash: &str, now_ms: i64) -> Result<()> {
    user::Entity::update_many()
        .col_expr(user::Column::PasswordHash, Expr::value(hash))
        .col_expr(user::Column::FailedLogins, Expr::value(0))
        .col_expr(user::Column::LockedUntil, Expr::value(Option::<i64>::None))
        .col_expr(user::Column::UpdatedAt, Expr::value(now_ms))
        .filter(user::Column::Id.eq(user.as_str()))
        .exec(tx.db())
        .await?;
    session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, Expr::value(now_ms))
        .filter(session::Column::UserId.eq(user.as_str()))
        .filter(session::Column::RevokedAt.is_null())
        .exec(tx.db())
        .await?;
    Ok(())
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

pub(super) async fn setup_link_is_open(
    db: &impl ConnectionTrait,
    token_hash: &str,
    now_ms: i64,
) -> Result<bool> {
    let row = one_time_link::Entity::find_by_id(token_hash)
        .filter(one_time_link::Column::Purpose.eq(SETUP))
        .filter(one_time_link::Column::UsedAt.is_null())
        .filter(one_time_link::Column::ExpiresAt.gt(now_ms))
        .one(db)
        .await?;
    Ok(row.is_some())
}
