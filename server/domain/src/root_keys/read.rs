//! Looking root keys up: all of them, one of them, and those that match.
//!
//! A workspace has few root keys, a service each: they are read whole and
//! chosen from in memory.

use std::collections::HashMap;

use base::clock::DAY_MS;
use base::ids::RootKeyId;

use super::{HeldRootKey, RootKey, RootKeyDetails, RootKeys, Unused, store};
use base::access::{OpCtx, Operation, Target};
use base::error::{Code, Error, Result};
use base::secret::KeyHash;

/// A root key that was not used for so long probably need not exist.
pub const STALE_DAYS: i64 = 90;

/// Which root keys, and in which order.
#[derive(Clone, Debug, Default)]
pub struct FindRootKeys {
    /// Text that the name, the id, the start, the end or a permission holds,
    /// whatever its case.
    pub search: Option<String>,
    pub order: RootKeyOrder,
    pub descending: bool,
    /// How many to pass over.
    pub offset: usize,
    pub limit: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RootKeyOrder {
    #[default]
    Name,
    LastUsed,
    Expires,
    Created,
}

/// A part of the root keys that match.
#[derive(Clone, Debug)]
pub struct FoundRootKeys {
    pub items: Vec<RootKey>,
    /// Of all that match.
    pub total: usize,
}

impl RootKeys {
    /// Root keys of the workspace of the context that were not revoked.
    pub async fn list(&self, cx: &OpCtx) -> Result<Vec<RootKey>> {
        cx.require(Operation::RootKeyRead, Target::NONE)?;
        store::of_workspace(self.store.read(), &cx.workspace).await
    }

    /// Enabled root keys that are older than `before_ms` and were not used since.
    pub async fn unused(&self, cx: &OpCtx, before_ms: i64) -> Result<Unused> {
        cx.require(Operation::RootKeyRead, Target::NONE)?;
        store::unused(self.store.read(), &cx.workspace, cx.now_ms, before_ms).await
    }

    /// Those of [`RootKeys::list`] that match.
    pub async fn find(&self, cx: &OpCtx, wanted: &FindRootKeys) -> Result<FoundRootKeys> {
        let mut items = self.list(cx).await?;
        if let Some(search) = wanted.search.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            let search = search.to_lowercase();
            items.retain(|key| key.holds(&search));
        }
        items.sort_by(|a, b| wanted.order.compare(a, b).then_with(|| a.id.cmp(&b.id)));
        if wanted.descending {
            items.reverse();
        }
        let total = items.len();
        Ok(FoundRootKeys { items: items.into_iter().skip(wanted.offset).take(wanted.limit).collect(), total })
    }

    /// One root key that was not revoked.
    pub async fn get(&self, cx: &OpCtx, id: &RootKeyId) -> Result<RootKeyDetails> {
        cx.require(Operation::RootKeyRead, Target::root_key(id))?;
        let found = store::find(self.store.read(), &cx.workspace, id).await?;
        let found = found.ok_or_else(|| Error::absent(Code::KeyNotFound))?;
        Ok(found.into())
    }

    /// What people call these root keys, revoked ones too: the name, else the
    /// start.
    pub async fn names(&self, cx: &OpCtx, ids: &[&str]) -> Result<HashMap<String, String>> {
        cx.require(Operation::RootKeyRead, Target::NONE)?;
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        store::names(self.store.read(), &cx.workspace, ids).await
    }

    /// As [`RootKeys::names`], of those that were not revoked.
    pub async fn live_names(&self, cx: &OpCtx, ids: &[&str]) -> Result<HashMap<String, String>> {
        cx.require(Operation::RootKeyRead, Target::NONE)?;
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        store::live_names(self.store.read(), &cx.workspace, ids).await
    }

    /// Which of these hashes are of root keys, of whatever workspace, that were
    /// neither revoked nor have expired. Disabled ones count: they may be enabled
    /// again. Asks for no grant: whoever has the hash has had the key.
    pub async fn held(&self, hashes: &[KeyHash], now_ms: i64) -> Result<HashMap<KeyHash, HeldRootKey>> {
        store::held(self.store.read(), hashes, now_ms).await
    }
}

impl RootKey {
    fn holds(&self, text: &str) -> bool {
        let texts = [self.name.as_deref().unwrap_or_default(), self.id.as_str(), &self.start, &self.last4];
        let permissions = self.permissions.iter().map(String::as_str);
        texts.into_iter().chain(permissions).any(|own| own.to_lowercase().contains(text))
    }

    /// Whether its time was over at an instant.
    pub fn is_expired(&self, now_ms: i64) -> bool {
        self.expires_at.is_some_and(|expires_at| now_ms > expires_at)
    }

    /// Whether nobody used it for [`STALE_DAYS`].
    pub fn is_stale(&self, now_ms: i64) -> bool {
        now_ms - self.last_used_at.unwrap_or(self.created_at) >= STALE_DAYS * DAY_MS
    }
}

impl RootKeyOrder {
    /// Without a name, a use or an expiry comes last.
    fn compare(self, a: &RootKey, b: &RootKey) -> std::cmp::Ordering {
        let name =
            |key: &RootKey| (key.name.is_none(), key.name.as_deref().unwrap_or_default().to_lowercase());
        match self {
            RootKeyOrder::Name => name(a).cmp(&name(b)),
            RootKeyOrder::LastUsed => a.last_used_at.cmp(&b.last_used_at),
            RootKeyOrder::Expires => a.expires_at.unwrap_or(i64::MAX).cmp(&b.expires_at.unwrap_or(i64::MAX)),
            RootKeyOrder::Created => a.created_at.cmp(&b.created_at),
        }
    }
}

impl From<store::StoredRootKey> for RootKeyDetails {
    fn from(found: store::StoredRootKey) -> Self {
        let store::StoredRootKey { key, ip_allowlist, limit_per_minute, created_by, .. } = found;
        Self { key, ip_allowlist, limit_per_minute, created_by }
    }
}
