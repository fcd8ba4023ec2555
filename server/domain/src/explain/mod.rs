//! Why a key is refused: the checks of a verification one by one, with the
//! values they look at and what would make each of them pass.
//!
//! A dry run takes the steps of `verification` in its order and consumes
//! nothing: no credit, no token of a limit, no event. It judges every check, so
//! that whoever mends the first fault sees the next one at once. Tests hold its
//! answer against that of a real verification. Nothing here decides anything.

mod dry_run;
mod past;
mod sentence;

use std::net::IpAddr;

use base::ids::{ApiId, IdentityId, KeyId};
use ipnet::IpNet;

use crate::identities::{Identities, Spending};
use crate::keys::{DeletedKey, Keys};
use crate::permissions::query::Part;
use crate::ratelimit::RateLimiter;
use crate::verification::{Outcome, RequestedLimit, Verifier};
use base::secret::PlainKey;
use insight::analytics::Analytics;

pub use past::{Recorded, Then};

/// The key to explain.
pub enum Subject {
    Secret(PlainKey),
    Id(KeyId),
}

/// A verification to go through without carrying it out.
pub struct ExplainKey {
    pub subject: Subject,
    /// The API the key is expected to belong to, as `apiId` of v1
    /// (docs/contract/v1.md#verify-key).
    pub api: Option<ApiId>,
    /// A permission query in the string language.
    pub permissions: Option<String>,
    /// Credits to spend; 1 when absent.
    pub cost: Option<i64>,
    pub limits: Vec<RequestedLimit>,
    /// The address the verification would come from; the caller's own if absent.
    pub ip: Option<IpAddr>,
}

impl ExplainKey {
    /// A verification without demands of its own.
    pub fn new(subject: Subject) -> Self {
        Self { subject, api: None, permissions: None, cost: None, limits: Vec::new(), ip: None }
    }
}

/// The trace of a verification.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// What a verification would answer now.
    pub outcome: Outcome,
    /// Absent exactly when the outcome is `NotFound`.
    pub key: Option<Explained>,
    /// In the order of a verification.
    pub steps: Vec<Step>,
    /// The verification that is explained, if it is one of the past.
    pub recorded: Option<Recorded>,
}

/// The key that was found.
#[derive(Clone, Debug)]
pub struct Explained {
    pub id: KeyId,
    pub api: ApiId,
    pub name: Option<String>,
    pub identity: Option<IdentityId>,
}

/// One check.
#[derive(Clone, Debug)]
pub struct Step {
    pub check: Check,
    pub verdict: Verdict,
    /// How it went in the verification of the past.
    pub then: Option<Then>,
    /// What would make it pass.
    pub fix: Option<Fix>,
}

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    /// The one that decides the outcome.
    Failed,
    /// After the one that decided: a verification does not come here.
    Later {
        would_pass: bool,
    },
    /// Nothing is asked for.
    NotAsked,
}

/// What is checked, with the values it is checked on.
#[derive(Clone, Debug)]
pub enum Check {
    Found {
        /// Of a key that is gone: what became of it.
        deleted: Option<DeletedKey>,
    },
    Workspace {
        enabled: bool,
    },
    Enabled {
        enabled: bool,
    },
    Api {
        asked: Option<ApiId>,
        of_key: ApiId,
    },
    Expiry {
        /// Unix milliseconds.
        expires_at: Option<i64>,
        now_ms: i64,
    },
    Address {
        ip: Option<IpAddr>,
        allowlist: Vec<IpNet>,
    },
    Permissions {
        query: Vec<Part>,
        /// The permission whose absence settles the query.
        missing: Option<String>,
    },
    Limits(Vec<LimitState>),
    Credits {
        /// `None` is unlimited.
        balance: Option<i64>,
        cost: i64,
    },
    /// The month of the identity.
    SpendCap {
        /// `None` has no cap.
        month: Option<Spending>,
        /// When the next month begins, Unix milliseconds.
        resets_at: i64,
        cost: i64,
    },
}

/// A limit as the verification would find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitState {
    pub name: String,
    pub limit: u64,
    pub duration_ms: u64,
    pub cost: u64,
    /// Tokens that count now.
    pub used: u64,
    pub exceeded: bool,
    /// End of the current window, Unix milliseconds.
    pub reset_ms: i64,
    /// Stored on the identity, so that its keys share it.
    pub of_identity: bool,
}

/// What would make a check pass; the doors say where to do it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fix {
    EnableWorkspace,
    EnableKey,
    UseKeyOf(ApiId),
    ExtendExpiry,
    AllowAddress(IpAddr),
    Grant {
        slug: String,
    },
    RaiseLimit {
        name: String,
        of_identity: bool,
    },
    /// Credits that are missing.
    TopUp {
        missing: i64,
    },
    /// Credits of the month that are missing.
    RaiseCap {
        missing: i64,
    },
}

/// Explains verifications. Cheap to clone.
#[derive(Clone)]
pub struct Explainer {
    keys: Keys,
    identities: Identities,
    verifier: Verifier,
    limiter: RateLimiter,
    analytics: Analytics,
}

impl Explainer {
    pub fn new(
        keys: Keys,
        identities: Identities,
        verifier: Verifier,
        limiter: RateLimiter,
        analytics: Analytics,
    ) -> Self {
        Self { keys, identities, verifier, limiter, analytics }
    }
}

impl Check {
    /// Its name in documents: stable, lower case.
    pub fn as_str(&self) -> &'static str {
        match self {
            Check::Found { .. } => "found",
            Check::Workspace { .. } => "workspace",
            Check::Enabled { .. } => "enabled",
            Check::Api { .. } => "api",
            Check::Expiry { .. } => "expiry",
            Check::Address { .. } => "address",
            Check::Permissions { .. } => "permissions",
            Check::Limits(_) => "ratelimits",
            Check::Credits { .. } => "credits",
            Check::SpendCap { .. } => "spend_cap",
        }
    }

    /// The outcome of a verification that fails here.
    fn denial(&self) -> Outcome {
        match self {
            Check::Found { .. } => Outcome::NotFound,
            Check::Workspace { .. } | Check::Api { .. } | Check::Address { .. } => Outcome::Forbidden,
            Check::Enabled { .. } => Outcome::Disabled,
            Check::Expiry { .. } => Outcome::Expired,
            Check::Permissions { .. } => Outcome::InsufficientPermissions,
            Check::Limits(_) => Outcome::RateLimited,
            Check::Credits { .. } | Check::SpendCap { .. } => Outcome::UsageExceeded,
        }
    }
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::Later { would_pass: true } => "would_pass",
            Verdict::Later { would_pass: false } => "would_fail",
            Verdict::NotAsked => "not_asked",
        }
    }
}
