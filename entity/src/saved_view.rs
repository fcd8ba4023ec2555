//! Filters of lists that people keep: table `saved_views`.

use sea_orm::entity::prelude::*;

use crate::ids::{SavedViewId, UserId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "saved_views")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SavedViewId,
    pub workspace_id: WorkspaceId,
    pub user_id: UserId,
    pub page: String,
    pub name: String,
    pub query: String,
    pub shared: bool,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
