//! Keys; the secret itself is never here: table `keys`.

use sea_orm::entity::prelude::*;

use crate::ids::{ApiId, IdentityId, KeyId, MigrationId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: KeyId,
    pub workspace_id: WorkspaceId,
    pub api_id: ApiId,
    pub hash: String,
    pub start: String,
    pub last4: String,
    pub prefix: Option<String>,
    pub byte_length: Option<i64>,
    pub name: Option<String>,
    pub identity_id: Option<IdentityId>,
    pub owner_id: Option<String>,
    pub meta: Option<String>,
    pub environment: Option<String>,
    pub enabled: bool,
    pub expires_at: Option<i64>,
    pub remaining: Option<i64>,
    pub refill_amount: Option<i64>,
    pub refill_day: Option<i64>,
    pub last_refill_at: Option<i64>,
    pub migration_id: Option<MigrationId>,
    pub rotated_from: Option<KeyId>,
    /// The key whose credits this one spends; its own when absent.
    pub balance_key_id: Option<KeyId>,
    /// The first key of a chain of rerolls; itself when absent.
    pub lineage_id: Option<KeyId>,
    pub created_by: Option<String>,
    pub deleted_by: Option<String>,
    pub last_used_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: Option<i64>,
    pub deleted_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
