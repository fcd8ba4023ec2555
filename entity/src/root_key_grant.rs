//! Permissions of a root key: table `root_key_grants`.

use sea_orm::entity::prelude::*;

use crate::ids::RootKeyId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "root_key_grants")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub root_key_id: RootKeyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub permission: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
