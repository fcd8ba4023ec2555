//! Announced migrations of foreign keys: table `key_migrations`.

use sea_orm::entity::prelude::*;

use crate::ids::{MigrationId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "key_migrations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MigrationId,
    pub workspace_id: WorkspaceId,
    pub algorithm: String,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
