//! How the index asks the rooms that own what can be found for their rows.
//!
//! Each of them tells its live rows by id or page by page, with the columns that
//! are shown or searched: never a hash, never a secret.

use async_trait::async_trait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::{EntityKind, EntityRow};
use base::error::Result;
use base::store::Reader;

/// Which rows of a table.
#[derive(Clone, Copy)]
pub enum Rows<'a> {
    /// Those with these ids.
    Of(&'a [String]),
    /// After this id, so many, by id.
    After(&'a str, u64),
}

impl Rows<'_> {
    /// Those of a query.
    pub fn of<E: EntityTrait>(&self, select: Select<E>, id: E::Column) -> Select<E> {
        match self {
            Rows::Of(ids) => select.filter(id.is_in(ids.iter().map(String::as_str))),
            Rows::After(after, limit) => select.filter(id.gt(*after)).order_by_asc(id).limit(*limit),
        }
    }
}

/// Rows of one kind, told by the room that owns them.
#[async_trait]
pub trait EntityFeed: Send + Sync {
    /// Those of these rows that are live.
    async fn rows(&self, db: &Reader, rows: Rows<'_>) -> Result<Vec<EntityRow>>;

    /// Ids, page by page, of the rows that change when their owner disappears: of
    /// the keys of an identity, of the overrides of a namespace.
    async fn ids_of_owner(
        &self,
        _db: &Reader,
        _owner: &str,
        _after: &str,
        _limit: u64,
    ) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}

/// Who tells the rows of each kind.
#[derive(Clone, Copy)]
pub struct EntityFeeds {
    pub keys: &'static dyn EntityFeed,
    pub root_keys: &'static dyn EntityFeed,
    pub identities: &'static dyn EntityFeed,
    pub apis: &'static dyn EntityFeed,
    pub roles: &'static dyn EntityFeed,
    pub permissions: &'static dyn EntityFeed,
    pub namespaces: &'static dyn EntityFeed,
    pub overrides: &'static dyn EntityFeed,
}

impl EntityFeeds {
    pub(in crate::search) fn of(&self, kind: EntityKind) -> &'static dyn EntityFeed {
        match kind {
            EntityKind::Key => self.keys,
            EntityKind::RootKey => self.root_keys,
            EntityKind::Identity => self.identities,
            EntityKind::Api => self.apis,
            EntityKind::Role => self.roles,
            EntityKind::Permission => self.permissions,
            EntityKind::Namespace => self.namespaces,
            EntityKind::Override => self.overrides,
        }
    }
}
