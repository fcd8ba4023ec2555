//! Rows of sessions.

mod factors;

use std::collections::HashMap;

use base::ids::{SessionId, UserId, WorkspaceId};
use entity::session;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Set,
};
use smallvec::SmallVec;

pub(super) use factors::{count_recovery_codes, replace_recovery_codes, use_recovery_code};

use super::{Membership, SESSION_MS, SessionInfo, SignedIn};
use crate::users::{self, Theme};
use crate::workspaces::{self, MyWorkspace, Workspace};
use base::access::{OpCtx, Role};
use base::cache::{Epochs, Loaded};
use base::error::Result;
use base::store::{Change, Tx, at_most};

/// More of a user agent tells nobody anything.
const USER_AGENT_CHARACTERS: usize = 256;

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
    let owner = users::account(db, &row.user_id).await?;
    let Some(owner) = owner.filter(|_| row.revoked_at.is_none()) else {
        return Ok(Loaded { value: None, subjects });
    };
    let memberships = memberships(db, &owner.id).await?;
    subjects.extend(memberships.iter().map(|(_, one)| epochs.subject("workspace", one.workspace.as_str())));
    let home = match memberships.iter().min_by_key(|(joined_at, _)| *joined_at) {
        Some((_, first)) => first.workspace.clone(),
        None => workspaces::first(db).await?,
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
    let joined = workspaces::joined_by(db, user).await?;
    let membership = |(at_ms, mine): (i64, MyWorkspace)| {
        let MyWorkspace { workspace: Workspace { id, slug, name, enabled, .. }, role } = mine;
        (at_ms, Membership { workspace: id, slug, name, enabled, role })
    };
    Ok(joined.into_iter().map(membership).collect())
}

/// The workspace a user joined first and their role in it, or the first one of
/// the server.
pub(super) async fn home(db: &impl ConnectionTrait, user: &UserId) -> Result<(WorkspaceId, Option<Role>)> {
    let first = memberships(db, user).await?.into_iter().min_by_key(|(joined_at, _)| *joined_at);
    match first {
        Some((_, membership)) => Ok((membership.workspace, Some(membership.role))),
        None => Ok((workspaces::first(db).await?, None)),
    }
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
    let rows: Vec<(UserId, Option<i64>)> = session::Entity::find()
        .select_only()
        .column(session::Column::UserId)
        .column_as(session::Column::LastSeenAt.max(), "seen")
        .filter(session::Column::UserId.in_subquery(workspaces::member_ids(workspace)))
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
