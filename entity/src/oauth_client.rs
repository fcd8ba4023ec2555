//! Programs that may ask people for a root key: table `oauth_clients`.

use sea_orm::entity::prelude::*;

use crate::ids::OauthClientId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oauth_clients")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OauthClientId,
    /// As the program calls itself; empty if it does not.
    pub name: String,
    /// A list in JSON.
    pub redirect_uris: String,
    pub created_at: i64,
    /// When somebody last allowed it something.
    pub allowed_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
