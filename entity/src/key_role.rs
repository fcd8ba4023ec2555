//! Roles of a key: table `keys_roles`.

use sea_orm::entity::prelude::*;

use crate::ids::{KeyId, RoleId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "keys_roles")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_id: KeyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub role_id: RoleId,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
