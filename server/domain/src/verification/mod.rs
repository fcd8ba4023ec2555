//! Verification: may this key do this, now? The hot path.
//!
//! [`verify`](Verifier::verify) reads top to bottom and has one exit. A denial is
//! an [`Outcome`], never an error; an error means that it could not be decided.
//! Nothing here awaits the database on a cache hit, except a spend of credits.

mod limits;
mod rules;
mod snapshot;
mod store;
mod unknown;
mod verify;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::ids::{ApiId, KeyspaceId, MigrationId};

use crate::credits::Ledger;
use crate::keys::Keys;
use crate::ratelimit::RateLimiter;
use base::cache::Cache;
use base::error::Result;
use base::events::Recorder;
use base::secret::{KeyHash, PlainKey};
use base::store::Store;

pub use limits::{CheckedLimit, MAX_REQUESTED};
pub(crate) use limits::{Selected, select};
pub use rules::{PermissionQuery, Rules};
pub use snapshot::{KeySnapshot, StoredLimit};

/// What events say was missing where the month of an identity is used up.
pub const SPEND_CAP: &str = "spend_cap";

/// The result of a verification (docs/contract/v2.md#verify-order).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Valid,
    NotFound,
    Forbidden,
    InsufficientPermissions,
    UsageExceeded,
    RateLimited,
    Disabled,
    Expired,
}

impl Outcome {
    pub const ALL: [Outcome; 8] = [
        Outcome::Valid,
        Outcome::NotFound,
        Outcome::Forbidden,
        Outcome::InsufficientPermissions,
        Outcome::UsageExceeded,
        Outcome::RateLimited,
        Outcome::Disabled,
        Outcome::Expired,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::Valid => "VALID",
            Outcome::NotFound => "NOT_FOUND",
            Outcome::Forbidden => "FORBIDDEN",
            Outcome::InsufficientPermissions => "INSUFFICIENT_PERMISSIONS",
            Outcome::UsageExceeded => "USAGE_EXCEEDED",
            Outcome::RateLimited => "RATE_LIMITED",
            Outcome::Disabled => "DISABLED",
            Outcome::Expired => "EXPIRED",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// What to verify.
pub struct VerifyKey {
    pub key: PlainKey,
    pub permissions: Option<PermissionQuery>,
    /// Credits to spend; 1 when absent. 0 always passes.
    pub cost: Option<i64>,
    pub limits: Vec<RequestedLimit>,
    /// Free-form labels for analytics.
    pub tags: Vec<String>,
    /// Where an unknown key may be waiting under a foreign hash.
    pub migration_id: Option<MigrationId>,
    /// Keys of other keyspaces do not exist; empty means any.
    pub keyspaces: Vec<KeyspaceId>,
    /// Keys of other APIs are forbidden; `None` means any.
    pub api: Option<ApiId>,
    /// What a limit called `default` costs where it applies by itself; 1 when absent.
    pub default_cost: Option<u64>,
    /// Unknown keys that the address of the caller may ask about in a minute;
    /// `None` is any number.
    pub unknown_keys_per_minute: Option<u64>,
    /// How the contract of the door decides where they differ.
    pub rules: Rules,
}

impl VerifyKey {
    /// A verification of this key and nothing else.
    pub fn new(key: PlainKey, rules: Rules) -> Self {
        Self {
            key,
            permissions: None,
            cost: None,
            limits: Vec::new(),
            tags: Vec::new(),
            migration_id: None,
            keyspaces: Vec::new(),
            api: None,
            default_cost: None,
            unknown_keys_per_minute: None,
            rules,
        }
    }

    fn is_among(&self, key: &KeySnapshot) -> bool {
        self.keyspaces.is_empty() || self.keyspaces.contains(&key.facts.keyspace)
    }
}

/// A limit named in a verification: a reference to a stored one, or, with both
/// `limit` and `duration_ms`, one of its own.
pub struct RequestedLimit {
    pub name: String,
    pub cost: u64,
    pub limit: Option<u64>,
    pub duration_ms: Option<u64>,
}

/// What a verification found.
pub struct Verification {
    pub outcome: Outcome,
    /// Absent exactly when the outcome is `NotFound`.
    pub key: Option<Arc<KeySnapshot>>,
    /// Balance after the call, of a key with finite credits.
    pub credits: Option<i64>,
    /// The limits that were checked.
    pub limits: Vec<CheckedLimit>,
}

/// Verifies keys. Cheap to clone.
#[derive(Clone)]
pub struct Verifier {
    snapshots: Arc<Cache<KeyHash, KeySnapshot>>,
    store: Store,
    limiter: RateLimiter,
    ledger: Ledger,
    recorder: Recorder,
    keys: Keys,
    counts: Arc<VerifyCounts>,
}

/// What happened since the start, for metrics.
#[derive(Default)]
struct VerifyCounts {
    outcomes: [AtomicU64; Outcome::ALL.len()],
    loads: AtomicU64,
}

impl Verifier {
    /// `cache_bytes` bounds the memory of cached keys.
    pub fn new(
        store: Store,
        limiter: RateLimiter,
        ledger: Ledger,
        recorder: Recorder,
        keys: Keys,
        cache_bytes: u64,
    ) -> Self {
        let snapshots = Arc::new(Cache::new(store.epochs().clone(), cache_bytes));
        Self { snapshots, store, limiter, ledger, recorder, keys, counts: Arc::default() }
    }

    /// The live key with this hash as its next verification would see it.
    pub async fn find(&self, hash: KeyHash) -> Result<Option<Arc<KeySnapshot>>> {
        match self.snapshots.get(&hash) {
            Some(hit) => Ok(hit),
            None => self.load(hash).await,
        }
    }

    fn count(&self, outcome: Outcome) {
        self.counts.outcomes[outcome as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Verifications with this outcome since the start.
    pub fn count_of(&self, outcome: Outcome) -> u64 {
        self.counts.outcomes[outcome as usize].load(Ordering::Relaxed)
    }

    /// Keys that were read from the database since the start.
    pub fn loads(&self) -> u64 {
        self.counts.loads.load(Ordering::Relaxed)
    }

    /// How many keys are cached, for metrics.
    pub fn cached_keys(&self) -> usize {
        self.snapshots.len()
    }

    /// About what these take, in bytes, and what is remembered of keys that do not exist.
    pub fn cached_bytes(&self) -> u64 {
        self.snapshots.weight_bytes()
    }
}
