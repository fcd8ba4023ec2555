//! Portals for end users: table `portals`.

use sea_orm::entity::prelude::*;

use crate::ids::{ApiId, PortalId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "portals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PortalId,
    pub workspace_id: WorkspaceId,
    pub slug: String,
    pub display_name: String,
    pub api_id: ApiId,
    pub enabled: bool,
    pub logo_url: Option<String>,
    pub primary_color: Option<String>,
    pub created_at: i64,
    pub updated_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
