//! What outcomes and states of keys are called, and why they hold. Absent: the codes, which
//! are names of the API, and how a trace of checks words them, see `explain`.

use std::fmt::Display;

// Outcomes: what each is called, and what it means

pub const VALID: &str = "Valid";
pub const UNKNOWN_KEY: &str = "Unknown key";
pub const FORBIDDEN: &str = "Forbidden";
pub const NO_PERMISSION: &str = "No permission";
pub const OUT_OF_CREDITS: &str = "Out of credits";
pub const RATE_LIMITED: &str = "Rate limited";
pub const PASSED: &str = "Passed";
pub const BLOCKED: &str = "Blocked";
pub const SUCCESS: &str = "2xx success";
pub const REDIRECT: &str = "3xx redirect";
pub const CLIENT_ERROR: &str = "4xx client error";
pub const SERVER_ERROR: &str = "5xx server error";
pub const VALID_MEANING: &str = "The key was verified.";
pub const NOT_FOUND_MEANING: &str = "No key with this secret exists here.";
pub const FORBIDDEN_MEANING: &str = "A rule other than a permission refused it, such as the IP list.";
pub const NO_PERMISSION_MEANING: &str = "The permission query was not met.";
pub const RATE_LIMITED_MEANING: &str = "A rate limit was exceeded.";
pub const DISABLED_MEANING: &str = "The key was switched off.";
pub const EXPIRED_MEANING: &str = "The key's expiry had passed.";
pub const PASSED_MEANING: &str = "The request was within its limit.";
pub const BLOCKED_MEANING: &str = "The request exceeded its limit.";
pub const SUCCESS_MEANING: &str = "The request succeeded.";
pub const REDIRECT_MEANING: &str = "The request was sent elsewhere.";
pub const CLIENT_ERROR_MEANING: &str = "The request was refused.";
pub const SERVER_ERROR_MEANING: &str = "The server failed.";

// States of a key, each with its reason

pub const DISABLED_REASON: &str = "Requests with it are refused until it is enabled.";
pub const NOTHING_STANDS_OUT: &str = "Nothing stands out in the last 36 hours.";
pub const DELETED_REASON: &str = "Requests with it are refused. It can still be restored.";
pub const EXPIRED_REASON: &str = "It stopped working by itself. Set a later expiry to use it again.";
pub const EXPIRES_SOON_REASON: &str = "It stops working within a day. Set a later expiry, or rotate it.";
pub const OUT_OF_CREDITS_UNTIL_REFILL: &str =
    "Nothing is left until the next refill. Set the credits to let it work at once.";
pub const OUT_OF_CREDITS_FOR_GOOD: &str =
    "Nothing is left, and nothing comes back by itself. Set its credits.";
pub const LOW_CREDITS: &str = "Low credits";
pub const LOW_CREDITS_REASON: &str = "Less than a tenth of what a refill brings it back to is left.";
pub const RATE_LIMITED_REASON: &str = "More than a tenth of its requests of 36 hours exceeded a rate limit.";
pub const OFTEN_REFUSED: &str = "Often refused";
pub const OFTEN_REFUSED_REASON: &str = "More than a tenth of its requests of 36 hours were refused.";

// The spending of a month

pub fn spent_of(spent: impl Display, cap: impl Display) -> String {
    format!("{spent} of {cap}")
}
