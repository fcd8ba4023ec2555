//! Rows of portals and their sessions.

use std::collections::{BTreeMap, HashMap};

use base::ids::{ApiId, KeyspaceId, PortalId, PortalSessionId, WorkspaceId};
use entity::{portal, portal_session};
use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select, Set,
};

use super::{
    CODE_MS, ExternalSessions, Portal, PortalName, PortalSession, SessionInfo, SessionStatus, TOKEN_MS,
};
use crate::apis::{self, Api};
use crate::workspaces;
use base::access::{OpCtx, Scope};
use base::error::{Code, Error, Result};
use base::store::{Page, Paged, Reader, Tx, Unique, at_most, rows};

const SLUG: Unique = Unique { index: "portals_slug", columns: "portals.workspace_id, portals.slug" };
const API: Unique = Unique { index: "portals_api", columns: "portals.api_id" };

pub(super) async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    name: &PortalName,
) -> Result<Option<Portal>> {
    let select = portal::Entity::find().filter(portal::Column::WorkspaceId.eq(workspace.clone()));
    let condition = match name {
        PortalName::IdOrSlug(text) => Condition::any()
            .add(portal::Column::Id.eq(text.as_str()))
            .add(portal::Column::Slug.eq(text.as_str())),
        PortalName::Keyspace(keyspace) => {
            Condition::all().add(portal::Column::ApiId.in_subquery(apis::ids_of_keyspace(keyspace)))
        }
    };
    let rows = select.filter(condition).all(db).await?;
    let by_id = |row: &portal::Model| matches!(name, PortalName::IdOrSlug(text) if row.id.as_str() == text);
    let position = rows.iter().position(by_id).unwrap_or(0);
    let Some(row) = rows.into_iter().nth(position) else { return Ok(None) };
    let keyspace = apis::keyspace_of(db, &row.api_id).await?.unwrap_or_else(|| KeyspaceId::from(""));
    Ok(Some(stored_portal(row, keyspace)))
}

/// The first portals of a workspace, by slug, of which these are the live APIs; those of
/// another have no keyspace. Asks for no grant.
pub(crate) async fn first(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    apis: &[Api],
    limit: u64,
) -> Result<Vec<Portal>> {
    let rows = portal::Entity::find()
        .filter(portal::Column::WorkspaceId.eq(workspace.clone()))
        .order_by_asc(portal::Column::Slug)
        .limit(limit)
        .all(db)
        .await?;
    let keyspaces: HashMap<&ApiId, &KeyspaceId> =
        apis.iter().map(|api| (&api.id, &api.keyspace_id)).collect();
    let of = |row: portal::Model| {
        let keyspace =
            keyspaces.get(&row.api_id).map_or_else(|| KeyspaceId::from(""), |known| (*known).clone());
        stored_portal(row, keyspace)
    };
    Ok(rows.into_iter().map(of).collect())
}

fn stored_portal(row: portal::Model, keyspace: KeyspaceId) -> Portal {
    Portal {
        id: row.id,
        slug: row.slug,
        display_name: row.display_name,
        api: row.api_id,
        keyspace,
        enabled: row.enabled,
        logo_url: row.logo_url,
        primary_color: row.primary_color,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

fn columns(portal: &Portal) -> portal::ActiveModel {
    portal::ActiveModel {
        slug: Set(portal.slug.clone()),
        display_name: Set(portal.display_name.clone()),
        api_id: Set(portal.api.clone()),
        enabled: Set(portal.enabled),
        logo_url: Set(portal.logo_url.clone()),
        primary_color: Set(portal.primary_color.clone()),
        ..Default::default()
    }
}

fn taken(portal: &Portal, error: sea_orm::DbErr) -> Error {
    let detail = if SLUG.refused(&error) {
        format!("A portal with slug '{}' already exists.", portal.slug)
    } else if API.refused(&error) {
        format!("The keyspace '{}' already has a portal.", portal.keyspace)
    } else {
        return error.into();
    };
    Error::new(Code::PortalExists, detail)
}

pub(super) async fn insert(tx: &Tx, cx: &OpCtx, portal: &Portal) -> Result<()> {
    let row = portal::ActiveModel {
        id: Set(portal.id.clone()),
        workspace_id: Set(cx.workspace.clone()),
        created_at: Set(portal.created_at),
        updated_at: Set(None),
        ..columns(portal)
    };
    portal::Entity::insert(row)
        .exec_without_returning(tx.db())
        .await
        .map_err(|error| taken(portal, error))?;
    Ok(())
}

pub(super) async fn update(tx: &Tx, portal: &Portal, now_ms: i64) -> Result<()> {
    let row = portal::ActiveModel { updated_at: Set(Some(now_ms)), ..columns(portal) };
    portal::Entity::update_many()
        .set(row)
        .filter(portal::Column::Id.eq(portal.id.clone()))
        .exec(tx.db())
        .await
        .map_err(|error| taken(portal, error))?;
    Ok(())
}

pub(super) async fn remove(tx: &Tx, id: &PortalId) -> Result<()> {
    portal_session::Entity::delete_many()
        .filter(portal_session::Column::PortalId.eq(id.clone()))
        .exec(tx.db())
        .await?;
    portal::Entity::delete_by_id(id.clone()).exec(tx.db()).await?;
    Ok(())
}

pub(super) async fn insert_session(
    tx: &Tx,
    session: &PortalSession,
    code_hash: &str,
    now_ms: i64,
    code_expires_at: i64,
) -> Result<()> {
    let scopes: Vec<&str> = session.scopes.iter().map(|scope| scope.as_str()).collect();
    let row = portal_session::ActiveModel {
        id: Set(session.id.clone()),
        portal_id: Set(session.portal.clone()),
        workspace_id: Set(session.workspace.clone()),
        api_id: Set(session.api.clone()),
        external_id: Set(session.external_id.clone()),
        scopes: Set(scopes.join(" ")),
        return_url: Set(session.return_url.clone()),
        code_hash: Set(code_hash.to_owned()),
        code_expires_at: Set(code_expires_at),
        token_hash: Set(None),
        expires_at: Set(None),
        revoked_at: Set(None),
        created_at: Set(now_ms),
    };
    portal_session::Entity::insert(row).exec_without_returning(tx.db()).await?;
    Ok(())
}

/// Gives the session of an unused code its token.
pub(super) async fn redeem(
    tx: &Tx,
    code_hash: &str,
    token_hash: &str,
    expires_at: i64,
    now_ms: i64,
) -> Result<Option<PortalSession>> {
    let waiting = portal_session::Entity::find()
        .filter(portal_session::Column::CodeHash.eq(code_hash))
        .filter(portal_session::Column::TokenHash.is_null())
        .filter(portal_session::Column::RevokedAt.is_null())
        .filter(portal_session::Column::CodeExpiresAt.gte(now_ms))
        .one(tx.db())
        .await?;
    let Some(waiting) = waiting else { return Ok(None) };
    let row = portal_session::ActiveModel {
        token_hash: Set(Some(token_hash.to_owned())),
        expires_at: Set(Some(expires_at)),
        ..Default::default()
    };
    portal_session::Entity::update_many()
        .set(row)
        .filter(portal_session::Column::Id.eq(waiting.id.clone()))
        .exec(tx.db())
        .await?;
    Ok(Some(session(waiting)))
}

/// The active session of this token, of an API and a workspace that are there. Fails
/// with `workspace_disabled` where that is not served.
pub(super) async fn by_token(
    db: &impl ConnectionTrait,
    token_hash: &str,
    now_ms: i64,
) -> Result<Option<PortalSession>> {
    let row = portal_session::Entity::find()
        .filter(portal_session::Column::TokenHash.eq(token_hash))
        .filter(portal_session::Column::RevokedAt.is_null())
        .filter(portal_session::Column::ExpiresAt.gte(now_ms))
        .one(db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    if apis::find_live(db, &row.workspace_id, &row.api_id).await?.is_none() {
        return Ok(None);
    }
    let Some(owner) = workspaces::find(db, &row.workspace_id).await? else { return Ok(None) };
    if !owner.enabled {
        return Err(Error::new(Code::WorkspaceDisabled, "The workspace of this portal is disabled."));
    }
    Ok(Some(session(row)))
}

fn scopes(text: &str) -> Vec<Scope> {
    text.split(' ').filter_map(Scope::parse).collect()
}

fn session(row: portal_session::Model) -> PortalSession {
    PortalSession {
        id: row.id,
        portal: row.portal_id,
        workspace: row.workspace_id,
        api: row.api_id,
        external_id: row.external_id,
        scopes: scopes(&row.scopes),
        return_url: row.return_url,
    }
}

/// Sessions that can be used, now or once their code is redeemed.
fn live(portal: &PortalId, now_ms: i64) -> Select<portal_session::Entity> {
    use portal_session::Column;
    let pending = Column::TokenHash.is_null().and(Column::CodeExpiresAt.gte(now_ms));
    let active = Column::TokenHash.is_not_null().and(Column::ExpiresAt.gte(now_ms));
    portal_session::Entity::find()
        .filter(Column::PortalId.eq(portal.clone()))
        .filter(Column::RevokedAt.is_null())
        .filter(pending.or(active))
}

pub(super) async fn count_live(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    portal: &PortalId,
    now_ms: i64,
) -> Result<u64> {
    let own = portal_session::Column::WorkspaceId.eq(workspace.clone());
    Ok(live(portal, now_ms).filter(own).count(db).await?)
}

/// Ends one session; says whether it was live.
pub(super) async fn revoke_one(tx: &Tx, id: &PortalSessionId, now_ms: i64) -> Result<bool> {
    let row = portal_session::ActiveModel { revoked_at: Set(Some(now_ms)), ..Default::default() };
    let ended = portal_session::Entity::update_many()
        .set(row)
        .filter(portal_session::Column::Id.eq(id.clone()))
        .filter(portal_session::Column::RevokedAt.is_null())
        .exec(tx.db())
        .await?;
    Ok(ended.rows_affected > 0)
}

/// A page of end users by external id, each with all of their live sessions.
pub(super) async fn sessions(
    db: &impl ConnectionTrait,
    portal: &PortalId,
    prefix: &str,
    page: &Page,
    now_ms: i64,
) -> Result<Paged<ExternalSessions>> {
    use portal_session::Column;
    let length = Expr::value(prefix.chars().count() as i32);
    let beginning = Func::cust("substr").arg(Expr::col(Column::ExternalId)).arg(1).arg(length);
    let mut names =
        live(portal, now_ms).filter(Column::ExternalId.gte(prefix)).filter(Expr::from(beginning).eq(prefix));
    if let Some(cursor) = &page.cursor {
        names = names.filter(Column::ExternalId.gte(cursor.as_str()));
    }
    let users: Vec<String> = names
        .select_only()
        .column(Column::ExternalId)
        .distinct()
        .order_by_asc(Column::ExternalId)
        .limit(page.limit + 1)
        .into_tuple()
        .all(db)
        .await?;
    let rows = live(portal, now_ms)
        .filter(Column::ExternalId.is_in(users.iter().cloned()))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .all(db)
        .await?;
    let mut of_user: BTreeMap<String, Vec<SessionInfo>> =
        users.into_iter().map(|user| (user, Vec::new())).collect();
    for row in rows {
        of_user.entry(row.external_id.clone()).or_default().push(info(row));
    }
    let items = of_user
        .into_iter()
        .map(|(external_id, sessions)| ExternalSessions { external_id, sessions })
        .collect();
    Ok(Paged::from_rows(items, page, |user: &ExternalSessions| &user.external_id))
}

fn info(row: portal_session::Model) -> SessionInfo {
    SessionInfo {
        status: if row.token_hash.is_some() { SessionStatus::Active } else { SessionStatus::Pending },
        expires_at: row.expires_at.unwrap_or(row.code_expires_at),
        scopes: scopes(&row.scopes),
        id: row.id,
        created_at: row.created_at,
    }
}

pub(super) async fn revoke_all(tx: &Tx, portal: &PortalId, now_ms: i64) -> Result<()> {
    revoke_where(tx, portal, None, now_ms).await.map(|_| ())
}

/// Answers how many live sessions there were.
pub(super) async fn revoke_of(tx: &Tx, portal: &PortalId, external_id: &str, now_ms: i64) -> Result<u64> {
    revoke_where(tx, portal, Some(external_id), now_ms).await
}

/// Ends sessions, those included that are over by the clock: it may be ahead, and
/// once it is right they would go on. Answers how many were live.
async fn revoke_where(tx: &Tx, portal: &PortalId, external_id: Option<&str>, now_ms: i64) -> Result<u64> {
    use portal_session::Column;
    let mut open = Condition::all().add(Column::PortalId.eq(portal.clone())).add(Column::RevokedAt.is_null());
    if let Some(external_id) = external_id {
        open = open.add(Column::ExternalId.eq(external_id));
    }
    let ended = live(portal, now_ms).filter(open.clone()).count(tx.db()).await?;
    let row = portal_session::ActiveModel { revoked_at: Set(Some(now_ms)), ..Default::default() };
    portal_session::Entity::update_many().set(row).filter(open).exec(tx.db()).await?;
    Ok(ended)
}

/// Removes sessions whose code expired before `before_ms`.
pub async fn sweep(tx: &Tx, before_ms: i64) -> Result<()> {
    portal_session::Entity::delete_many()
        .filter(portal_session::Column::CodeExpiresAt.lt(before_ms))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Brings ends that lie further ahead than codes and tokens last down to what
/// they may be at most; answers how many there were.
pub async fn amend_times(tx: &Tx, now_ms: i64) -> Result<u64> {
    let codes = at_most(tx, portal_session::Column::CodeExpiresAt, now_ms + CODE_MS).await?;
    Ok(codes + at_most(tx, portal_session::Column::ExpiresAt, now_ms + TOKEN_MS).await?)
}

/// The portals of APIs that are live in a workspace of a backup, which are here by now.
pub(crate) async fn copy_of_live(
    tx: &Tx,
    from: &Reader,
    workspace: &WorkspaceId,
    after: &str,
) -> Result<Option<String>> {
    let own = portal::Entity::find()
        .filter(portal::Column::WorkspaceId.eq(workspace.clone()))
        .filter(portal::Column::ApiId.in_subquery(apis::live_ids(workspace)));
    rows::copy(tx, from, own, portal::Column::Id, after).await
}

/// Removes what was copied of a workspace.
pub(crate) async fn remove_copied(tx: &Tx, workspace: &WorkspaceId) -> Result<bool> {
    let own = portal::Entity::find().filter(portal::Column::WorkspaceId.eq(workspace.clone()));
    rows::remove(tx, own, portal::Column::Id).await
}
