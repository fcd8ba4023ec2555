//! What came of sending events to endpoints: table `webhook_attempts`.

use sea_orm::entity::prelude::*;

use crate::ids::DeliveryId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_attempts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub delivery_id: DeliveryId,
    /// From 1 on.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    pub started_at: i64,
    pub duration_ms: i64,
    /// Of HTTP, if there was an answer.
    pub status: Option<i64>,
    /// What went wrong before there was one.
    pub failure: Option<String>,
    /// The beginning of its body.
    pub answer: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
