//! Everything a verification needs to know of a key, decoded once.
//!
//! Immutable but for the balance last seen, which is shown, never decided on.

use std::sync::atomic::{AtomicI64, Ordering};

use base::ids::{IdentityId, KeyId, LimitId};
use ipnet::IpNet;
use serde_json::value::RawValue;

use base::cache::Weigh;
use base::events::KeyFacts;

/// A live key, as its verification sees it.
pub struct KeySnapshot {
    /// Ids of the key and of what it belongs to.
    pub facts: KeyFacts,
    pub workspace_enabled: bool,
    pub enabled: bool,
    /// Unix milliseconds.
    pub expires_at: Option<i64>,
    pub name: Option<String>,
    /// v1 shows these two.
    pub owner_id: Option<Box<str>>,
    pub environment: Option<Box<str>>,
    /// A JSON object that is not empty.
    pub meta: Option<Box<RawValue>>,
    /// Slugs held directly or through a role, sorted and unique.
    pub permissions: Vec<Box<str>>,
    pub roles: Vec<String>,
    pub identity: Option<IdentitySnapshot>,
    /// Limits of the key, and those of its identity that it does not hide.
    pub limits: Vec<StoredLimit>,
    /// Addresses that may verify keys of this API; empty means any.
    pub ip_allowlist: Vec<IpNet>,
    balance: Option<AtomicI64>,
}

/// The identity behind a key.
pub struct IdentitySnapshot {
    pub id: IdentityId,
    pub external_id: String,
    pub meta: Option<Box<RawValue>>,
    /// Whether what its keys spend in a month has a cap.
    pub is_capped: bool,
}

/// A named limit as it applies to the key.
pub struct StoredLimit {
    pub id: LimitId,
    pub name: String,
    pub limit: u64,
    pub duration_ms: u64,
    /// Checked on every verification, named or not.
    pub auto_apply: bool,
    /// Counted per identity, not per key: where it is stored
    /// (docs/decisions.md#a-limit-counts-where-it-is-stored).
    pub of_identity: bool,
}

/// The parts of a snapshot as the store reads them.
pub(super) struct Parts {
    pub facts: KeyFacts,
    pub workspace_enabled: bool,
    pub enabled: bool,
    pub expires_at: Option<i64>,
    pub name: Option<String>,
    pub owner_id: Option<String>,
    pub environment: Option<String>,
    pub meta: Option<String>,
    pub permissions: Vec<Box<str>>,
    pub roles: Vec<String>,
    pub identity_meta: Option<String>,
    pub is_capped: bool,
    pub limits: Vec<StoredLimit>,
    pub ip_allowlist: Vec<IpNet>,
    pub remaining: Option<i64>,
}

impl KeySnapshot {
    pub(super) fn new(mut parts: Parts) -> Self {
        parts.permissions.sort_unstable();
        parts.permissions.dedup();
        let hidden: Vec<String> =
            parts.limits.iter().filter(|limit| !limit.of_identity).map(|limit| limit.name.clone()).collect();
        parts.limits.retain(|limit| !limit.of_identity || !hidden.contains(&limit.name));
        let identity = parts.facts.identity.clone().map(|id| IdentitySnapshot {
            id,
            external_id: parts.facts.external_id.clone().unwrap_or_default(),
            meta: parts.identity_meta.and_then(raw),
            is_capped: parts.is_capped,
        });
        Self {
            facts: parts.facts,
            workspace_enabled: parts.workspace_enabled,
            enabled: parts.enabled,
            expires_at: parts.expires_at,
            name: parts.name,
            owner_id: parts.owner_id.map(String::into_boxed_str),
            environment: parts.environment.map(String::into_boxed_str),
            meta: parts.meta.and_then(raw),
            permissions: parts.permissions,
            roles: parts.roles,
            identity,
            limits: parts.limits,
            ip_allowlist: parts.ip_allowlist,
            balance: parts.remaining.map(AtomicI64::new),
        }
    }

    /// Whether a verification spends anything: credits of the key, or of the month of
    /// its identity.
    pub fn is_charged(&self) -> bool {
        self.balance.is_some() || self.capped_identity().is_some()
    }

    /// The identity whose month a spend counts in.
    pub fn capped_identity(&self) -> Option<&IdentityId> {
        self.identity.as_ref().filter(|identity| identity.is_capped).map(|identity| &identity.id)
    }

    /// The key whose credits a verification spends.
    pub fn balance_key(&self) -> &KeyId {
        self.facts.balance.as_ref().unwrap_or(&self.facts.key)
    }

    /// The balance last seen. Spends by others may not show yet.
    pub fn balance(&self) -> Option<i64> {
        self.balance.as_ref().map(|balance| balance.load(Ordering::Relaxed))
    }

    pub(super) fn saw_balance(&self, seen: Option<i64>) {
        if let (Some(balance), Some(seen)) = (&self.balance, seen) {
            balance.store(seen, Ordering::Relaxed);
        }
    }

    pub fn holds(&self, slug: &str) -> bool {
        self.permissions.binary_search_by(|held| (**held).cmp(slug)).is_ok()
    }
}

fn raw(json: String) -> Option<Box<RawValue>> {
    RawValue::from_string(json).ok().filter(|raw| raw.get() != "{}")
}

impl Weigh for KeySnapshot {
    fn weight_bytes(&self) -> u64 {
        let raw_len = |raw: &Option<Box<RawValue>>| raw.as_ref().map_or(0, |raw| raw.get().len());
        let strings = self.permissions.iter().map(|slug| slug.len() + 16).sum::<usize>()
            + self.roles.iter().map(|role| role.len() + 24).sum::<usize>()
            + self.limits.iter().map(|limit| limit.name.len() + 96).sum::<usize>()
            + self.name.as_ref().map_or(0, String::len)
            + self.owner_id.as_ref().map_or(0, |text| text.len())
            + self.environment.as_ref().map_or(0, |text| text.len())
            + raw_len(&self.meta)
            + self
                .identity
                .as_ref()
                .map_or(0, |identity| identity.external_id.len() + 64 + raw_len(&identity.meta))
            + self.ip_allowlist.len() * size_of::<IpNet>();
        // The snapshot itself, its facts with their ids, allocator overhead.
        (size_of::<Self>() + 480 + strings) as u64
    }
}
