//! What somebody allowed a program, until it is fetched: table `oauth_codes`.

use sea_orm::entity::prelude::*;

use crate::ids::{OauthClientId, RootKeyId, SessionId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oauth_codes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: String,
    pub client_id: OauthClientId,
    pub workspace_id: WorkspaceId,
    /// Of whoever allowed it.
    pub session_id: SessionId,
    pub redirect_uri: String,
    pub code_challenge: String,
    pub resource: String,
    /// Of the root key, as the five below.
    pub name: Option<String>,
    pub is_full: bool,
    /// A list in JSON.
    pub permissions: String,
    pub key_expires_at: Option<i64>,
    pub ip_allowlist: Option<String>,
    pub limit_per_minute: Option<i64>,
    /// What it was exchanged for, once it was.
    pub root_key_id: Option<RootKeyId>,
    pub expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
