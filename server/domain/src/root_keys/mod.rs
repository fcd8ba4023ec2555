//! Root keys: the credentials of the management API.
//!
//! A root key belongs to one workspace and holds permissions, or all of them.
//! A key never exceeds its creator. Its secret is shown once.

mod authenticate;
mod bootstrap;
mod bounded_by_maker;
mod budget;
mod change;
mod create;
pub mod permission;
mod read;
mod revoke;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use base::ids::{OauthClientId, RootKeyId, WorkspaceId};

use crate::keys::label;
use crate::ratelimit::RateLimiter;
use base::access::RootKeyPrincipal;
use base::cache::Cache;
use base::entropy::Entropy;
use base::events::LastUsed;
use base::secret::KeyHash;
use base::store::Store;

pub use budget::Budget;
pub use change::{RerollRootKey, UpdateRootKey};
pub(crate) use create::{NewRootKey, check};
pub use read::{FindRootKeys, FoundRootKeys, RootKeyOrder, STALE_DAYS};
pub use store::{RootKeyFeed, amend_times, note_used, sweep};
pub(crate) use store::{copy_live, forget_foreign_budgets, remove_copied};

use authenticate::RootKeySnapshot;

/// Memory for cached root keys: a server has few.
const CACHE_BYTES: u64 = 4 << 20;

/// Creates a root key in the workspace of the context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateRootKey {
    pub name: Option<String>,
    pub permissions: Vec<String>,
    /// Every permission, those of later versions included.
    pub full: bool,
    /// Unix milliseconds.
    pub expires_at: Option<i64>,
    /// Comma-separated addresses and networks it may be used from; `None` is as
    /// its maker, or anywhere.
    pub ip_allowlist: Option<String>,
    /// Requests it may make in a minute; `None` is as its maker, or any number.
    pub limit_per_minute: Option<i64>,
}

/// A root key as lists show it.
#[derive(Clone, Debug)]
pub struct RootKey {
    pub id: RootKeyId,
    pub name: Option<String>,
    pub start: String,
    pub last4: String,
    pub full: bool,
    /// Sorted; a full root key needs none.
    pub permissions: Vec<String>,
    pub enabled: bool,
    pub expires_at: Option<i64>,
    pub last_used_at: Option<i64>,
    pub created_at: i64,
    /// The program that somebody gave it to; `None` where a person or another root
    /// key made it.
    pub client: Option<AuthorizedClient>,
}

/// A program that got a root key by OAuth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizedClient {
    pub id: OauthClientId,
    /// As it called itself: text of a stranger.
    pub name: String,
}

impl RootKey {
    /// How people are shown it ([`label`]).
    pub fn label(&self) -> String {
        label(&self.id, self.name.as_deref(), &self.start, &self.last4)
    }
}

/// A root key with what lists do not show.
#[derive(Clone, Debug)]
pub struct RootKeyDetails {
    pub key: RootKey,
    /// Comma-separated addresses and networks.
    pub ip_allowlist: Option<String>,
    /// Requests a minute.
    pub limit_per_minute: Option<i64>,
    /// Id of whoever made it.
    pub created_by: Option<String>,
}

/// A root key that was found by its secret.
#[derive(Clone, Debug)]
pub struct HeldRootKey {
    pub id: RootKeyId,
    pub name: Option<String>,
    pub workspace: WorkspaceId,
}

/// Root keys that nobody used for long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unused {
    pub keys: i64,
    /// Those among them that may do everything.
    pub full: i64,
}

/// A root key that was presented and accepted.
#[derive(Clone)]
pub struct Authenticated {
    pub principal: Arc<RootKeyPrincipal>,
    pub workspace: WorkspaceId,
    /// Requests a minute of the whole workspace, if limited.
    workspace_limit: Option<u64>,
    /// Requests a minute of this root key, if limited.
    key_limit: Option<u64>,
}

impl Authenticated {
    /// Whether [`RootKeys::charge`] has anything to charge.
    pub fn is_limited(&self) -> bool {
        self.workspace_limit.is_some() || self.key_limit.is_some()
    }
}

/// The root keys of this server. Cheap to clone.
#[derive(Clone)]
pub struct RootKeys {
    store: Store,
    entropy: Entropy,
    snapshots: Arc<Cache<KeyHash, RootKeySnapshot>>,
    last_used: LastUsed,
    limiter: RateLimiter,
}

impl RootKeys {
    pub fn new(store: Store, entropy: Entropy, last_used: LastUsed, limiter: RateLimiter) -> Self {
        let snapshots = Arc::new(Cache::new(store.epochs().clone(), CACHE_BYTES));
        Self { store, entropy, snapshots, last_used, limiter }
    }
}
