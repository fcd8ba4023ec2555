//! A row of a job, and how it went: table `bulk_rows`.

use sea_orm::entity::prelude::*;

use crate::ids::BulkJobId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bulk_rows")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub job_id: BulkJobId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    /// Id of the key, or what names the row of a file.
    pub subject: String,
    /// The row of a file, as JSON.
    pub payload: Option<String>,
    pub state: String,
    pub message: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
