//! Root keys: the credentials of the management API.
//!
//! A root key belongs to one workspace and holds permissions, or all of them.
//! A key never grants more than its creator has. Its secret is shown once.

mod authenticate;
mod bootstrap;
mod create;
mod permission;
mod revoke;
mod store;

use std::sync::Arc;

use entity::ids::{RootKeyId, WorkspaceId};

use crate::cache::Cache;
use crate::entropy::Entropy;
use crate::error::Result;
use crate::events::LastUsed;
use crate::op::{OpCtx, RootKeyPrincipal};
use crate::secret::KeyHash;
use crate::store::Store;

use authenticate::RootKeySnapshot;

/// Memory for cached root keys: a server has few.
const CACHE_BYTES: u64 = 4 << 20;

/// Creates a root key in the workspace of the context.
pub struct CreateRootKey {
    pub name: Option<String>,
    pub permissions: Vec<String>,
    /// Every permission, those of later versions included.
    pub full: bool,
    /// Unix milliseconds.
    pub expires_at: Option<i64>,
    /// Comma-separated addresses and networks it may be used from.
    pub ip_allowlist: Option<String>,
}

/// A root key as lists show it.
#[derive(Clone, Debug)]
pub struct RootKey {
    pub id: RootKeyId,
    pub name: Option<String>,
    pub start: String,
    pub last4: String,
    pub full: bool,
    pub enabled: bool,
    pub expires_at: Option<i64>,
    pub last_used_at: Option<i64>,
    pub created_at: i64,
}

/// A root key that was presented and accepted.
#[derive(Clone)]
pub struct Authenticated {
    pub principal: Arc<RootKeyPrincipal>,
    pub workspace: WorkspaceId,
}

/// The root keys of this server. Cheap to clone.
#[derive(Clone)]
pub struct RootKeys {
    store: Store,
    entropy: Entropy,
    snapshots: Arc<Cache<KeyHash, RootKeySnapshot>>,
    last_used: LastUsed,
}

impl RootKeys {
    pub fn new(store: Store, entropy: Entropy, last_used: LastUsed) -> Self {
        let snapshots = Arc::new(Cache::new(store.epochs().clone(), CACHE_BYTES));
        Self { store, entropy, snapshots, last_used }
    }

    /// Root keys of the workspace of the context that were not revoked.
    pub async fn list(&self, cx: &OpCtx) -> Result<Vec<RootKey>> {
        store::of_workspace(self.store.read(), &cx.workspace).await
    }
}
