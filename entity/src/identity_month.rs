//! What the keys of an identity spent in a month: table `identity_months`.

use sea_orm::entity::prelude::*;

use crate::ids::{IdentityId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "identity_months")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub identity_id: IdentityId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub month_ms: i64,
    pub workspace_id: WorkspaceId,
    pub spent_credits: i64,
    pub near_cap: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
