//! A request to one of the doors, as the request log keeps it.
//!
//! Who decides what is logged, and takes the secrets out, is the door; a body
//! here is text that may be shown. Headers are not kept, the user agent excepted.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Longest logged body in bytes; what is longer is cut.
pub const MAX_LOGGED_BODY: usize = 4096;

/// A finished request, borrowed. Order and types of the fields are those of
/// [`StoredRequest`].
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Request<'a> {
    /// Unix milliseconds.
    pub time_ms: i64,
    pub request_id: &'a str,
    /// Empty when nobody was authenticated.
    pub workspace: &'a str,
    pub door: &'a str,
    pub method: &'a str,
    pub path: &'a str,
    pub status: u16,
    pub latency_us: u32,
    pub root_key: Option<&'a str>,
    pub ip: Option<IpAddr>,
    pub user_agent: Option<&'a str>,
    /// A verification's outcome, or the code of the error.
    pub outcome: Option<&'a str>,
    /// Length of the body that came, whether it is kept or not.
    pub request_bytes: u32,
    pub response_bytes: u32,
    /// Redacted JSON of at most [`MAX_LOGGED_BODY`] bytes.
    pub request_body: Option<&'a str>,
    pub response_body: Option<&'a str>,
}

/// Fields as in [`Request`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRequest<S = String> {
    pub time_ms: i64,
    pub request_id: S,
    pub workspace: S,
    pub door: S,
    pub method: S,
    pub path: S,
    pub status: u16,
    pub latency_us: u32,
    pub root_key: Option<S>,
    pub ip: Option<IpAddr>,
    pub user_agent: Option<S>,
    pub outcome: Option<S>,
    pub request_bytes: u32,
    pub response_bytes: u32,
    pub request_body: Option<S>,
    pub response_body: Option<S>,
}
