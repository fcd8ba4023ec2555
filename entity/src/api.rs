//! APIs and the defaults of their keyspaces: table `apis`.

use sea_orm::entity::prelude::*;

use crate::ids::{ApiId, KeyspaceId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "apis")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiId,
    pub workspace_id: WorkspaceId,
    pub keyspace_id: KeyspaceId,
    pub name: String,
    pub ip_allowlist: Option<String>,
    pub default_prefix: Option<String>,
    pub default_bytes: Option<i64>,
    pub store_encrypted_keys: bool,
    pub delete_protection: bool,
    /// Kept by triggers on `keys`; never written.
    pub live_keys: i64,
    pub created_at: i64,
    pub updated_at: Option<i64>,
    pub deleted_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
