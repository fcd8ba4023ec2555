//! Named rate limits stored on a key or an identity: table `limits`.

use sea_orm::entity::prelude::*;

use crate::ids::{IdentityId, KeyId, LimitId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "limits")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LimitId,
    pub workspace_id: WorkspaceId,
    pub key_id: Option<KeyId>,
    pub identity_id: Option<IdentityId>,
    pub name: String,
    pub max_count: i64,
    pub duration_ms: i64,
    pub auto_apply: bool,
    pub is_async: bool,
    pub created_at: i64,
    pub updated_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
