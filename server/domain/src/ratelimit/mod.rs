//! Rate limiting: stored limits, namespaces with their overrides, and the
//! decision whether a request passes.
//!
//! Whether a key is valid is none of its business; `verification` asks it.

mod limit_call;
pub mod limiter;
pub mod limits;
pub mod namespace_admin;
pub mod namespaces;
mod override_ends;
pub mod overrides;
mod pattern;
pub mod quota;
mod rate_limiter;
mod store;
pub mod window;

use std::sync::Arc;

use base::ids::OverrideId;

pub use limit_call::Ratelimits;
use namespaces::NamespaceSnapshot;
pub use rate_limiter::RateLimiter;
pub use store::{NamespaceFeed, OverrideFeed, sweep};
pub(crate) use store::{copy_namespaces, copy_overrides, remove_copied};
pub(crate) use store::{first_namespaces, first_overrides};

/// A limit to check and the units to take from it (docs/contract/v2.md#limit).
#[derive(Clone, Debug)]
pub struct LimitRequest {
    /// Name or id; a namespace of this name is made if there is none.
    pub namespace: String,
    /// Who is limited; any characters.
    pub identifier: String,
    pub limit: u64,
    /// At least 1000.
    pub duration_ms: u64,
    /// 0 looks without taking.
    pub cost: u64,
}

/// The verdict on one limit.
#[derive(Clone, Debug)]
pub struct LimitOutcome {
    pub passed: bool,
    /// The limit that applied, an override's if there is one.
    pub limit: u64,
    pub remaining: u64,
    /// End of the current window, Unix milliseconds.
    pub reset_ms: i64,
    /// Set when an override applied.
    pub override_id: Option<OverrideId>,
    pub namespace: Arc<NamespaceSnapshot>,
}

/// The verdict on several limits: all of their costs were taken, or none.
#[derive(Clone, Debug)]
pub struct MultiOutcome {
    pub passed: bool,
    /// In the order of the requests.
    pub limits: Vec<LimitOutcome>,
}

#[cfg(test)]
mod override_tests;
#[cfg(test)]
mod tests;
