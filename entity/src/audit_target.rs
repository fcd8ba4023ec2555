//! Resources an audit entry touched: table `audit_targets`.

use sea_orm::entity::prelude::*;

use crate::ids::AuditId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_targets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub audit_id: AuditId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    pub kind: String,
    pub target_id: String,
    pub name: Option<String>,
    pub meta: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
