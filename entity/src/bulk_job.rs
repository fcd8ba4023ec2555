//! Work on many rows: table `bulk_jobs`.

use sea_orm::entity::prelude::*;

use crate::ids::{BulkJobId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bulk_jobs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BulkJobId,
    pub workspace_id: WorkspaceId,
    /// What to do, as JSON.
    pub work: String,
    /// Which keys, as JSON, while they are still being collected.
    pub selection: Option<String>,
    pub actor_type: String,
    pub actor_id: String,
    pub session_id: Option<String>,
    pub state: String,
    pub total: i64,
    pub done: i64,
    pub failed: i64,
    pub error: Option<String>,
    pub created_at: i64,
    pub finished_at: Option<i64>,
    /// The order in which jobs were started.
    pub seq: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
