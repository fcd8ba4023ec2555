//! Workspaces: table `workspaces`.

use sea_orm::entity::prelude::*;

use crate::ids::WorkspaceId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "workspaces")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WorkspaceId,
    pub slug: String,
    pub name: String,
    pub enabled: bool,
    pub api_limit_per_minute: Option<i64>,
    #[sea_orm(column_type = "Blob", nullable)]
    pub data_key: Option<Vec<u8>>,
    pub created_at: i64,
    pub updated_at: Option<i64>,
    pub deleted_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
