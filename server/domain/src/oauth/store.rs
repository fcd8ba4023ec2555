//! Rows of clients and codes.

use base::ids::{OauthClientId, RootKeyId, SessionId, WorkspaceId};
use entity::{oauth_client, oauth_code};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Set,
};

use super::{CLIENT_MS, CODE_MS, Client, MAX_UNUSED_CLIENTS, REPLAY_MS, UNUSED_CLIENT_MS};
use crate::root_keys::CreateRootKey;
use base::error::{Error, Result};
use base::store::{Tx, at_most};

/// What somebody allowed a client.
pub(super) struct Grant {
    pub client: OauthClientId,
    pub workspace: WorkspaceId,
    /// Of whoever allowed it.
    pub session: SessionId,
    pub redirect_uri: String,
    pub challenge: String,
    pub resource: String,
    pub rights: CreateRootKey,
    /// What it was exchanged for, once it was.
    pub root_key: Option<RootKeyId>,
    pub expires_at: i64,
}

pub(super) async fn find_client(db: &impl ConnectionTrait, id: &OauthClientId) -> Result<Option<Client>> {
    let row = oauth_client::Entity::find_by_id(id.clone()).one(db).await?;
    row.map(|row| {
        Ok(Client {
            id: row.id,
            name: row.name,
            redirect_uris: serde_json::from_str(&row.redirect_uris).map_err(Error::internal)?,
            created_at: row.created_at,
        })
    })
    .transpose()
}

/// Adds a client, and removes the oldest that nobody allowed anything where there
/// are too many of them.
pub(super) async fn insert_client(tx: &Tx, client: &Client) -> Result<()> {
    let never = || oauth_client::Entity::find().filter(oauth_client::Column::AllowedAt.is_null());
    let more = (never().count(tx.db()).await? + 1).saturating_sub(MAX_UNUSED_CLIENTS);
    if more > 0 {
        let oldest: Vec<String> = never()
            .select_only()
            .column(oauth_client::Column::Id)
            .order_by_asc(oauth_client::Column::CreatedAt)
            .limit(more)
            .into_tuple()
            .all(tx.db())
            .await?;
        let which = oauth_client::Column::Id.is_in(oldest);
        oauth_client::Entity::delete_many().filter(which).exec(tx.db()).await?;
    }
    let row = oauth_client::ActiveModel {
        id: Set(client.id.clone()),
        name: Set(client.name.clone()),
        redirect_uris: Set(serde_json::to_string(&client.redirect_uris).map_err(Error::internal)?),
        created_at: Set(client.created_at),
        allowed_at: Set(None),
    };
    oauth_client::Entity::insert(row).exec_without_returning(tx.db()).await?;
    Ok(())
}

/// Notes that somebody allowed a client something; whether it is still there.
pub(super) async fn note_allowed(tx: &Tx, client: &OauthClientId, now_ms: i64) -> Result<bool> {
    let updated = oauth_client::Entity::update_many()
        .col_expr(oauth_client::Column::AllowedAt, Expr::value(now_ms))
        .filter(oauth_client::Column::Id.eq(client.as_str()))
        .exec(tx.db())
        .await?;
    Ok(updated.rows_affected > 0)
}

pub(super) async fn insert_code(tx: &Tx, hash: &str, grant: &Grant) -> Result<()> {
    let rights = &grant.rights;
    let row = oauth_code::ActiveModel {
        hash: Set(hash.to_owned()),
        client_id: Set(grant.client.clone()),
        workspace_id: Set(grant.workspace.clone()),
        session_id: Set(grant.session.clone()),
        redirect_uri: Set(grant.redirect_uri.clone()),
        code_challenge: Set(grant.challenge.clone()),
        resource: Set(grant.resource.clone()),
        name: Set(rights.name.clone()),
        is_full: Set(rights.full),
        permissions: Set(serde_json::to_string(&rights.permissions).map_err(Error::internal)?),
        key_expires_at: Set(rights.expires_at),
        ip_allowlist: Set(rights.ip_allowlist.clone()),
        limit_per_minute: Set(rights.limit_per_minute),
        root_key_id: Set(grant.root_key.clone()),
        expires_at: Set(grant.expires_at),
    };
    oauth_code::Entity::insert(row).exec_without_returning(tx.db()).await?;
    Ok(())
}

/// What a code is for, used or not, expired or not.
pub(super) async fn find_code(db: &impl ConnectionTrait, hash: &str) -> Result<Option<Grant>> {
    let row = oauth_code::Entity::find_by_id(hash).one(db).await?;
    row.map(|row| {
        Ok(Grant {
            client: row.client_id,
            workspace: row.workspace_id,
            session: row.session_id,
            redirect_uri: row.redirect_uri,
            challenge: row.code_challenge,
            resource: row.resource,
            rights: CreateRootKey {
                name: row.name,
                full: row.is_full,
                permissions: serde_json::from_str(&row.permissions).map_err(Error::internal)?,
                expires_at: row.key_expires_at,
                ip_allowlist: row.ip_allowlist,
                limit_per_minute: row.limit_per_minute,
            },
            root_key: row.root_key_id,
            expires_at: row.expires_at,
        })
    })
    .transpose()
}

pub(super) async fn use_code(tx: &Tx, hash: &str, root_key: &RootKeyId) -> Result<()> {
    oauth_code::Entity::update_many()
        .col_expr(oauth_code::Column::RootKeyId, Expr::value(root_key.as_str()))
        .filter(oauth_code::Column::Hash.eq(hash))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Removes codes that are over, and clients that nobody uses.
pub async fn sweep(tx: &Tx, now_ms: i64) -> Result<()> {
    let over = oauth_code::Column::ExpiresAt.lt(now_ms - REPLAY_MS);
    oauth_code::Entity::delete_many().filter(over).exec(tx.db()).await?;
    let (made, allowed) = (oauth_client::Column::CreatedAt, oauth_client::Column::AllowedAt);
    let unused = Condition::all().add(allowed.is_null()).add(made.lt(now_ms - UNUSED_CLIENT_MS));
    let forgotten = Condition::any().add(unused).add(allowed.lt(now_ms - CLIENT_MS));
    oauth_client::Entity::delete_many().filter(forgotten).exec(tx.db()).await?;
    Ok(())
}

/// Brings times that lie ahead down to what they may be at most; answers how many
/// there were.
pub async fn amend_times(tx: &Tx, now_ms: i64) -> Result<u64> {
    let codes = at_most(tx, oauth_code::Column::ExpiresAt, now_ms + CODE_MS).await?;
    let made = at_most(tx, oauth_client::Column::CreatedAt, now_ms).await?;
    Ok(codes + made + at_most(tx, oauth_client::Column::AllowedAt, now_ms).await?)
}
