//! Accepting a bearer token (docs/contract/v2.md#credentials).
//!
//! The checksum of a root key's text is for scanners; it decides nothing here.

use std::net::IpAddr;
use std::sync::Arc;

use base::ids::WorkspaceId;

use super::{Authenticated, RootKeys, store};
use base::access::RootKeyPrincipal;
use base::cache::Weigh;
use base::error::{Code, Error, Result};
use base::events::Noted;
use base::secret::KeyHash;

/// A live root key, decoded once.
pub(super) struct RootKeySnapshot {
    pub principal: Arc<RootKeyPrincipal>,
    pub workspace: WorkspaceId,
    /// Whether there still is one.
    pub workspace_exists: bool,
    pub workspace_enabled: bool,
    pub enabled: bool,
    /// Requests a minute of the workspace, if limited.
    pub workspace_limit: Option<u64>,
    pub noted: Noted,
}

impl Weigh for RootKeySnapshot {
    fn weight_bytes(&self) -> u64 {
        1024
    }
}

impl RootKeys {
    /// As [`RootKeys::authenticate`], if the key is cached.
    pub fn authenticate_cached(
        &self,
        bearer: &str,
        ip: Option<IpAddr>,
        now_ms: i64,
    ) -> Option<Result<Authenticated>> {
        let found = self.snapshots.get(&KeyHash::of(bearer))?;
        Some(self.judge(found, ip, now_ms))
    }

    /// Whom a bearer token stands for, or why it is refused.
    pub async fn authenticate(&self, bearer: &str, ip: Option<IpAddr>, now_ms: i64) -> Result<Authenticated> {
        let hash = KeyHash::of(bearer);
        let load = || store::load(self.store.read(), self.store.epochs(), hash);
        self.judge(self.snapshots.get_or_load(&hash, load).await?, ip, now_ms)
    }

    fn judge(
        &self,
        found: Option<Arc<RootKeySnapshot>>,
        ip: Option<IpAddr>,
        now_ms: i64,
    ) -> Result<Authenticated> {
        let refused = |code, detail: &str| Err(Error::new(code, detail));
        let Some(key) = found else {
            return refused(Code::RootKeyNotFound, "The given root key does not exist.");
        };
        if !key.enabled {
            return refused(Code::KeyDisabled, "The root key is disabled.");
        }
        let principal = &key.principal;
        if principal.expires_at.is_some_and(|expires_at| now_ms > expires_at) {
            return refused(Code::RootKeyExpired, "The root key has expired.");
        }
        if !principal.ip_allowlist.is_empty()
            && !ip.is_some_and(|ip| principal.ip_allowlist.iter().any(|net| net.contains(&ip)))
        {
            return refused(Code::Forbidden, "The root key may not be used from this address.");
        }
        if !key.workspace_exists {
            return Err(Error::absent(Code::WorkspaceNotFound));
        }
        if !key.workspace_enabled {
            return refused(Code::WorkspaceDisabled, "The workspace of the root key is disabled.");
        }
        self.last_used.note_root_key(&key.noted, &principal.id, now_ms);
        Ok(Authenticated {
            principal: principal.clone(),
            workspace: key.workspace.clone(),
            workspace_limit: key.workspace_limit,
            key_limit: principal.limit_per_minute,
        })
    }
}
