//! Root keys: table `root_keys`.

use sea_orm::entity::prelude::*;

use crate::ids::{OauthClientId, RootKeyId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "root_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RootKeyId,
    pub workspace_id: WorkspaceId,
    pub name: Option<String>,
    pub hash: String,
    pub start: String,
    pub last4: String,
    pub is_full: bool,
    pub enabled: bool,
    pub ip_allowlist: Option<String>,
    pub expires_at: Option<i64>,
    pub created_by: Option<String>,
    pub limit_per_minute: Option<i64>,
    pub budget_key_id: Option<RootKeyId>,
    pub rotated_from: Option<RootKeyId>,
    pub last_used_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: Option<i64>,
    pub deleted_at: Option<i64>,
    /// The program that somebody gave it to.
    pub oauth_client_id: Option<OauthClientId>,
    pub oauth_client_name: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
