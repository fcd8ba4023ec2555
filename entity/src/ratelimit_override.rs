//! Rate-limit overrides: table `overrides`.

use sea_orm::entity::prelude::*;

use crate::ids::{NamespaceId, OverrideId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "overrides")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OverrideId,
    pub workspace_id: WorkspaceId,
    pub namespace_id: NamespaceId,
    pub identifier: String,
    pub max_count: i64,
    pub duration_ms: i64,
    pub is_async: bool,
    pub created_at: i64,
    pub updated_at: Option<i64>,
    pub deleted_at: Option<i64>,
    /// Unix milliseconds.
    pub expires_at: Option<i64>,
    /// What holds from then on, both or none.
    pub afterwards_max_count: Option<i64>,
    pub afterwards_duration_ms: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
