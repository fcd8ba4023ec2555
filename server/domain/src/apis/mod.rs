//! APIs: what keys belong to, and the defaults new keys take from them.
//!
//! Each API has one keyspace, minted with it; grants and analytics name the
//! keyspace. Names are not unique (docs/contract/v2.md#apis). Keys are not
//! touched from here: every lookup of a key asks for its live API, so the keys
//! of a deleted one vanish with it.

pub mod allowlist;

mod create;
mod delete;
mod find;
mod read;
mod set;
mod store;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use base::ids::{ApiId, KeyspaceId};
use tokio::sync::Notify;

pub use create::CreateApi;
pub use find::FindApis;
pub use set::{Part, SetApi};
pub use store::{ApiFeed, all_live, find_live, find_live_by_keyspace};
pub(crate) use store::{
    LIVE_IDS, LIVE_NAMES, bring_back, copy_live, deleted_ids, first_live, ids_of_keyspace, in_backup,
    keyspace_of, live_ids, live_keys, remove_copied,
};

use base::audit::Target;
use base::entropy::Entropy;
use base::store::Store;

/// A live API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    pub id: ApiId,
    pub keyspace_id: KeyspaceId,
    pub name: String,
    /// See [`allowlist`]; `None` lets every address in.
    pub ip_allowlist: Option<String>,
    /// Prefix of new keys that name none.
    pub default_prefix: Option<String>,
    /// Random bytes of new keys that name no length.
    pub default_bytes: Option<i64>,
    /// Whether recoverable keys may be made here and read back.
    pub store_encrypted_keys: bool,
    pub delete_protection: bool,
    /// Keys that are not deleted, disabled and expired ones included.
    pub live_keys: i64,
    /// Unix milliseconds.
    pub created_at: i64,
}

impl Api {
    pub(crate) fn audit_target(&self) -> Target {
        Target::new("api", self.id.as_str(), Some(&self.name))
    }
}

/// The operations on APIs.
#[derive(Clone)]
pub struct Apis {
    store: Store,
    entropy: Entropy,
    /// An API was deleted, and its keys were not yet.
    deleted: Arc<Notify>,
}

impl Apis {
    pub fn new(store: Store, entropy: Entropy) -> Self {
        Self { store, entropy, deleted: Arc::default() }
    }

    /// Waits until an API was deleted since this resolved last: there are keys to
    /// delete.
    pub async fn deleted(&self) {
        self.deleted.notified().await;
    }
}
