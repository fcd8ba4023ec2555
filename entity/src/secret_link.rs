//! Secrets waiting behind a one-time link: table `secret_links`.

use sea_orm::entity::prelude::*;

use crate::ids::{SecretLinkId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "secret_links")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SecretLinkId,
    pub workspace_id: WorkspaceId,
    pub token_hash: String,
    /// Of a key or a root key.
    pub key_id: String,
    pub key_name: Option<String>,
    #[sea_orm(column_type = "Blob", nullable)]
    pub ciphertext: Option<Vec<u8>>,
    pub created_at: i64,
    pub expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
