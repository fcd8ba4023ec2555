//! Where workspaces are told of events: table `webhook_endpoints`.

use sea_orm::entity::prelude::*;

use crate::ids::{WebhookId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_endpoints")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookId,
    pub workspace_id: WorkspaceId,
    pub url: String,
    pub description: Option<String>,
    /// A list in JSON.
    pub events: String,
    pub enabled: bool,
    /// Why the server disabled it by itself.
    pub disabled_reason: Option<String>,
    /// Since when nothing but failures came of it.
    pub failing_since: Option<i64>,
    /// Encrypted, bound to workspace and endpoint.
    pub secret: Vec<u8>,
    /// The one before, which signs too until then.
    pub old_secret: Option<Vec<u8>>,
    pub old_secret_ends_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
