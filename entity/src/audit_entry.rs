//! Audit log entries: table `audit_log`.

use sea_orm::entity::prelude::*;

use crate::ids::{AuditId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_log")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditId,
    pub workspace_id: WorkspaceId,
    pub time: i64,
    pub event: String,
    pub description: String,
    pub actor_type: String,
    pub actor_id: String,
    pub actor_name: String,
    pub door: String,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: String,
    pub correlation_id: Option<String>,
    pub changes: Option<String>,
    /// The order in which entries were committed.
    pub seq: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
