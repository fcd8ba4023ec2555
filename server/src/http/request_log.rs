//! What the request log keeps of a request that was answered.
//!
//! Every door hands in what it knows; which requests are kept is decided in
//! [`crate::telemetry`], before anything is copied or parsed.

use super::redact::{self, Exchange};
use super::request_lifecycle::{RequestStart, ResponseSummary};
use crate::telemetry::RequestLog;
use base::events::Request;

/// Who called, once that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Empty when nobody was authenticated.
    pub workspace: String,
    pub root_key: Option<String>,
}

/// The method, if HTTP has it: a client may send any word as one, a secret or one of 60 KB.
fn known_method(sent: &str) -> &str {
    const METHODS: [&str; 9] =
        ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"];
    METHODS.into_iter().find(|method| *method == sent).unwrap_or("other")
}

/// Writes a request and its answer, redacted.
pub(super) fn write(
    log: &RequestLog,
    call: &RequestStart,
    finished: &ResponseSummary<'_>,
    caller: &Caller,
    latency_us: u32,
) {
    let bodies = if finished.hide_bodies {
        (None, None)
    } else {
        let exchange = Exchange {
            request: finished.request_body,
            response: finished.response_body,
            schema: finished.request_schema,
            target: finished.target,
        };
        exchange.redacted()
    };
    let bytes = |body: &[u8]| u32::try_from(body.len()).unwrap_or(u32::MAX);
    log.record(&Request {
        time_ms: call.now_ms,
        request_id: call.request_id.as_str(),
        workspace: &caller.workspace,
        door: finished.door.as_str(),
        method: known_method(finished.method),
        path: redact::text(finished.path),
        status: finished.status,
        latency_us,
        root_key: caller.root_key.as_deref(),
        ip: call.address.known(),
        user_agent: finished.user_agent.map(redact::text),
        outcome: finished.outcome.or_else(|| finished.error.map(|error| error.code().as_str())),
        request_bytes: bytes(finished.request_body),
        response_bytes: bytes(finished.response_body),
        request_body: bodies.0.as_deref(),
        response_body: bodies.1.as_deref(),
    });
}
