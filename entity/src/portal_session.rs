//! Sessions of end users; code and token are only here as hashes: table
//! `portal_sessions`.

use sea_orm::entity::prelude::*;

use crate::ids::{ApiId, PortalId, PortalSessionId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "portal_sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PortalSessionId,
    pub portal_id: PortalId,
    pub workspace_id: WorkspaceId,
    pub api_id: ApiId,
    pub external_id: String,
    /// Separated by spaces.
    pub scopes: String,
    pub return_url: Option<String>,
    pub code_hash: String,
    pub code_expires_at: i64,
    pub token_hash: Option<String>,
    pub expires_at: Option<i64>,
    pub revoked_at: Option<i64>,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
