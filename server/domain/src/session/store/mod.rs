//! Rows of sessions, and of users as far as signing in needs them.

mod factors;

use std::collections::HashMap;

use base::ids::{SessionId, UserId, WorkspaceId};
use entity::{membership, session, user, workspace};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select, Set,
};
use smallvec::SmallVec;

pub(super) use factors::{
    count_recovery_codes, replace_recovery_codes, set_last_step, set_totp, use_recovery_code,
};

use super::{Membership, SESSION_MS, SessionInfo, SignedIn};
use crate::users::Theme;
use base::cache::{Epochs, Loaded};
use base::error::{Error, Result};
use base::grants::Role;
use base::op::OpCtx;
use base::secret::KeyHash;
use base::store::{Change, Tx, at_most};

/// More of a user agent tells nobody anything.
const USER_AGENT_CHARACTERS: usize = 256;

/// A user as signing in sees them.
#[derive(Clone)]
pub(super) struct Account {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub password_hash: String,
    /// Encrypted.
    pub totp_secret: Option<Vec<u8>>,
    pub totp_last_step: Option<i64>,
}

impl Account {
    /// Names the password without telling its hash.
    pub fn binding(&self) -> String {
        KeyHash::of(&self.password_hash).to_base64()
    }
}

impl From<user::Model> for Account {
    fn from(row: user::Model) -> Self {
        Self {
            id: row.id,
            email: row.email,
            name: row.name,
            password_hash: row.password_hash,
            totp_secret: row.totp_secret,
            totp_last_step: row.totp_last_step,
        }
    }
}

fn accounts() -> Select<user::Entity> {
    user::Entity::find().filter(user::Column::DeletedAt.is_null())
}

pub(super) async fn account(db: &impl ConnectionTrait, id: &UserId) -> Result<Option<Account>> {
    let row = accounts().filter(user::Column::Id.eq(id.as_str())).one(db).await?;
    Ok(row.map(Account::from))
}

/// `email` is in lower case.
pub(super) async fn account_by_email(db: &impl ConnectionTrait, email: &str) -> Result<Option<Account>> {
    let row = accounts().filter(user::Column::EmailFolded.eq(email)).one(db).await?;
    Ok(row.map(Account::from))
}

/// A live session with everything a page needs to know of its user.
pub(super) async fn load(
    db: &impl ConnectionTrait,
    epochs: &Epochs,
    id: &SessionId,
) -> Result<Loaded<SignedIn>> {
    let row = session::Entity::find_by_id(id.clone()).one(db).await?;
    let Some(row) = row else { return Ok(Loaded { value: None, subjects: SmallVec::new() }) };
    let mut subjects = SmallVec::new();
    subjects.push(epochs.subject("user", row.user_id.as_str()));
    let owner = accounts().filter(user::Column::Id.eq(row.user_id.as_str())).one(db).await?;
    let Some(owner) = owner.filter(|_| row.revoked_at.is_none()) else {
        return Ok(Loaded { value: None, subjects });
    };
    let memberships = memberships(db, &owner.id).await?;
    subjects.extend(memberships.iter().map(|(_, one)| epochs.subject("workspace", one.workspace.as_str())));
    let home = match memberships.iter().min_by_key(|(joined_at, _)| *joined_at) {
        Some((_, first)) => first.workspace.clone(),
        None => first_workspace(db).await?,
    };
    let signed_in = SignedIn {
        session: row.id,
        user: owner.id,
        email: owner.email,
        name: owner.name,
        time_zone: owner.time_zone,
        theme: Theme::parse(&owner.theme)?,
        second_factor: owner.totp_secret.is_some(),
        expires_at: row.expires_at,
        memberships: memberships.into_iter().map(|(_, membership)| membership).collect(),
        home,
    };
    Ok(Loaded { value: Some(signed_in), subjects })
}

/// Roles in workspaces that were not deleted, by name, and since when.
async fn memberships(db: &impl ConnectionTrait, user: &UserId) -> Result<Vec<(i64, Membership)>> {
    let roles =
        membership::Entity::find().filter(membership::Column::UserId.eq(user.as_str())).all(db).await?;
    let rows = workspace::Entity::find()
        .filter(workspace::Column::Id.is_in(roles.iter().map(|role| role.workspace_id.as_str())))
        .filter(workspace::Column::DeletedAt.is_null())
        .order_by_asc(workspace::Column::Name)
        .order_by_asc(workspace::Column::Id)
        .all(db)
        .await?;
    let known = rows.into_iter().filter_map(|row| {
        let held = roles.iter().find(|held| held.workspace_id == row.id)?;
        Some((held, row))
    });
    known
        .map(|(held, row)| {
            let role = Role::parse(&held.role)?;
            let membership =
                Membership { workspace: row.id, slug: row.slug, name: row.name, enabled: row.enabled, role };
            Ok((held.created_at, membership))
        })
        .collect()
}

/// The workspace a user joined first and their role in it, or the first one of
/// the server.
pub(super) async fn home(db: &impl ConnectionTrait, user: &UserId) -> Result<(WorkspaceId, Option<Role>)> {
    let first = memberships(db, user).await?.into_iter().min_by_key(|(joined_at, _)| *joined_at);
    match first {
        Some((_, membership)) => Ok((membership.workspace, Some(membership.role))),
        None => Ok((first_workspace(db).await?, None)),
    }
}

pub(super) async fn first_workspace(db: &impl ConnectionTrait) -> Result<WorkspaceId> {
    let row = workspace::Entity::find()
        .filter(workspace::Column::DeletedAt.is_null())
        .order_by_asc(workspace::Column::Id)
        .one(db)
        .await?;
    row.map(|row| row.id).ok_or_else(|| Error::internal("there is no workspace"))
}

pub(super) async fn role(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    user: &UserId,
) -> Result<Option<Role>> {
    let row = membership::Entity::find_by_id((workspace.clone(), user.clone())).one(db).await?;
    row.map(|row| Role::parse(&row.role)).transpose()
}

pub(super) async fn insert_session(
    tx: &Tx,
    cx: &OpCtx,
    id: &SessionId,
    user: &UserId,
    expires_at: i64,
) -> Result<()> {
    let user_agent = cx.user_agent.as_ref().map(|text| text.chars().take(USER_AGENT_CHARACTERS).collect());
    let row = session::ActiveModel {
        id: Set(id.clone()),
        user_id: Set(user.clone()),
        ip: Set(cx.address.known().map(|ip| ip.to_string())),
        user_agent: Set(user_agent),
        created_at: Set(cx.now_ms),
        expires_at: Set(expires_at),
        last_seen_at: Set(Some(cx.now_ms)),
        revoked_at: Set(None),
    };
    session::Entity::insert(row).exec_without_returning(tx.db()).await?;
    Ok(())
}

/// Live sessions of a user, the newest first; none of them is the current one yet.
pub(super) async fn sessions(
    db: &impl ConnectionTrait,
    user: &UserId,
    now_ms: i64,
) -> Result<Vec<SessionInfo>> {
    let rows = session::Entity::find()
        .filter(session::Column::UserId.eq(user.as_str()))
        .filter(session::Column::RevokedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(now_ms))
        .order_by_desc(session::Column::CreatedAt)
        .order_by_desc(session::Column::Id)
        .limit(500)
        .all(db)
        .await?;
    let sessions = rows.into_iter().map(|row| SessionInfo {
        id: row.id,
        ip: row.ip,
        user_agent: row.user_agent,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        expires_at: row.expires_at,
        current: false,
    });
    Ok(sessions.collect())
}

/// Addresses from which a user signed in since, the latest first.
pub(super) async fn addresses(
    db: &impl ConnectionTrait,
    user: &UserId,
    since_ms: i64,
) -> Result<Vec<String>> {
    let addresses = session::Entity::find()
        .select_only()
        .column(session::Column::Ip)
        .filter(session::Column::UserId.eq(user.as_str()))
        .filter(session::Column::CreatedAt.gte(since_ms))
        .filter(session::Column::Ip.is_not_null())
        .order_by_desc(session::Column::CreatedAt)
        .limit(500)
        .into_tuple()
        .all(db)
        .await?;
    Ok(addresses)
}

pub(super) async fn last_seen(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
) -> Result<HashMap<UserId, i64>> {
    let members = membership::Entity::find()
        .select_only()
        .column(membership::Column::UserId)
        .filter(membership::Column::WorkspaceId.eq(workspace.as_str()));
    let rows: Vec<(UserId, Option<i64>)> = session::Entity::find()
        .select_only()
        .column(session::Column::UserId)
        .column_as(session::Column::LastSeenAt.max(), "seen")
        .filter(session::Column::UserId.in_subquery(members.into_query()))
        .group_by(session::Column::UserId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(|(user, seen)| Some((user, seen?))).collect())
}

/// Ends one session of a user.
pub(super) async fn revoke(tx: &Tx, user: &UserId, id: &SessionId, now_ms: i64) -> Result<()> {
    session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, Expr::value(now_ms))
        .filter(session::Column::Id.eq(id.as_str()))
        .filter(session::Column::UserId.eq(user.as_str()))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Ends all sessions of a user but one, those included that are over by the clock:
/// it may be ahead, and once it is right they would go on. Answers how many were live.
pub(super) async fn revoke_all(
    tx: &Tx,
    user: &UserId,
    except: Option<&SessionId>,
    now_ms: i64,
) -> Result<u64> {
    let mut open = Condition::all()
        .add(session::Column::UserId.eq(user.as_str()))
        .add(session::Column::RevokedAt.is_null());
    if let Some(except) = except {
        open = open.add(session::Column::Id.ne(except.as_str()));
    }
    let live = session::Column::ExpiresAt.gt(now_ms);
    let ended = session::Entity::find().filter(open.clone()).filter(live).count(tx.db()).await?;
    session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, Expr::value(now_ms))
        .filter(open)
        .exec(tx.db())
        .await?;
    Ok(ended)
}

pub(super) async fn save_seen(tx: &Tx, seen: &HashMap<SessionId, i64>) -> Result<()> {
    for (id, at_ms) in seen {
        session::Entity::update_many()
            .col_expr(session::Column::LastSeenAt, Expr::value(*at_ms))
            .filter(session::Column::Id.eq(id.as_str()))
            .exec(tx.db())
            .await?;
    }
    Ok(())
}

pub(super) async fn set_password(tx: &Tx, user: &UserId, hash: &str, now_ms: i64) -> Result<()> {
    let row = user::ActiveModel {
        password_hash: Set(hash.to_owned()),
        updated_at: Set(Some(now_ms)),
        ..Default::default()
    };
    save(tx, user, row).await
}

async fn save(tx: &Tx, user: &UserId, row: user::ActiveModel) -> Result<()> {
    user::Entity::update_many().set(row).filter(user::Column::Id.eq(user.as_str())).exec(tx.db()).await?;
    Ok(())
}

/// Removes sessions that ended before `before_ms`.
pub async fn sweep(tx: &Tx, before_ms: i64) -> Result<()> {
    session::Entity::delete_many().filter(session::Column::ExpiresAt.lt(before_ms)).exec(tx.db()).await?;
    Ok(())
}

/// Brings ends that lie further ahead than sessions last, and times at which they
/// were seen that lie ahead, down to what they may be at most; answers how many
/// there were.
pub async fn amend_times(tx: &Tx, now_ms: i64) -> Result<u64> {
    let latest = now_ms + SESSION_MS;
    // Cached sessions are told their end anew.
    let users: Vec<UserId> = session::Entity::find()
        .select_only()
        .column(session::Column::UserId)
        .distinct()
        .filter(session::Column::ExpiresAt.gt(latest))
        .into_tuple()
        .all(tx.db())
        .await?;
    users.into_iter().for_each(|user| tx.changed(Change::User(user)));
    let ends = at_most(tx, session::Column::ExpiresAt, latest).await?;
    Ok(ends + at_most(tx, session::Column::LastSeenAt, now_ms).await?)
}
