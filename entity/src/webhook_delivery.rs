//! Events on their way to endpoints, and those that arrived: table `webhook_deliveries`.

use sea_orm::entity::prelude::*;

use crate::ids::{AuditId, DeliveryId, WebhookId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_deliveries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeliveryId,
    pub workspace_id: WorkspaceId,
    pub endpoint_id: WebhookId,
    /// The entry of the audit log that it tells of.
    pub audit_id: AuditId,
    pub event: String,
    pub created_at: i64,
    /// When it is tried next; of those that have ended there is none.
    pub due_at: Option<i64>,
    /// After this it is not tried again.
    pub give_up_at: i64,
    /// Attempts that are noted.
    pub attempts: i64,
    /// Of these, failures in a row, by which the next wait is measured.
    pub failures: i64,
    pub delivered: bool,
    pub ended_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
