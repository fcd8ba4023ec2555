//! Direct permissions of a key: table `keys_permissions`.

use sea_orm::entity::prelude::*;

use crate::ids::{KeyId, PermissionId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "keys_permissions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_id: KeyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub permission_id: PermissionId,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
