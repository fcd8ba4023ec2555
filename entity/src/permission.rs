//! Permissions: table `permissions`.

use sea_orm::entity::prelude::*;

use crate::ids::{PermissionId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "permissions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PermissionId,
    pub workspace_id: WorkspaceId,
    pub name: String,
    pub slug: String,
    pub slug_folded: String,
    pub description: Option<String>,
    pub created_at: i64,
    pub updated_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
