//! How both contracts spell limits and refills, and what the domain makes of them.

use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::bounded::{Cost, Integer};
use domain::keys::Interval;
use domain::ratelimit::LimitRequest;
use domain::ratelimit::limits::NewLimit;
use domain::verification::RequestedLimit;

/// How much a limit lets through in a window.
pub type Allowance = Integer<1>;

/// The length of a window that is stored, in milliseconds.
pub type Window = Integer<1000>;

/// A cost that is left out.
pub fn default_cost() -> Cost {
    Cost::ONE
}

/// A limit to be stored.
pub fn new_limit(name: String, limit: Allowance, duration: Window, auto_apply: bool) -> NewLimit {
    NewLimit { name, limit: limit.get(), duration_ms: duration.get(), auto_apply, is_async: false }
}

/// A limit that a verification names. With `limit` and `duration_ms` it is of the
/// request's own.
pub fn requested_limit(
    name: String,
    cost: Cost,
    limit: Option<Integer<0>>,
    duration_ms: Option<Integer<0>>,
) -> RequestedLimit {
    RequestedLimit {
        name,
        cost: cost.count(),
        limit: limit.map(Integer::count),
        duration_ms: duration_ms.map(Integer::count),
    }
}

/// A limit in a namespace. `MAX_MS` is the longest window of the contract.
pub fn limit_request<const MAX_MS: i64>(
    namespace: String,
    identifier: String,
    limit: Allowance,
    duration: Integer<1000, MAX_MS>,
    cost: Cost,
) -> LimitRequest {
    LimitRequest {
        namespace,
        identifier,
        limit: limit.count(),
        duration_ms: duration.count(),
        cost: cost.count(),
    }
}

/// What the request log calls the verdict on limits.
pub fn verdict(passed: bool) -> &'static str {
    if passed { "passed" } else { "denied" }
}

#[serde_schema]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[oai(rename = "RefillInterval")]
#[serde(rename_all = "lowercase")]
pub enum IntervalName {
    Daily,
    Monthly,
}

impl From<IntervalName> for Interval {
    fn from(name: IntervalName) -> Self {
        match name {
            IntervalName::Daily => Interval::Daily,
            IntervalName::Monthly => Interval::Monthly,
        }
    }
}

impl From<Interval> for IntervalName {
    fn from(interval: Interval) -> Self {
        match interval {
            Interval::Daily => IntervalName::Daily,
            Interval::Monthly => IntervalName::Monthly,
        }
    }
}
