//! Which requests are logged, and how: the part of the funnel that remembers.
//!
//! Every door hands in what it knows when a request is answered. The hot path
//! pays for a request that is logged and for no other: nothing is copied or
//! parsed before the decision.

use std::sync::atomic::{AtomicU64, Ordering};

use super::funnel::{Call, Finished};
use super::redact::{self, Exchange};
use base::config::LogRequests;
use base::events::{Recorder, Request};

/// Decides which requests are logged, and logs them.
pub struct RequestLog {
    log: LogRequests,
    /// Of a hundred sampled requests, how many are logged.
    sample_percent: u64,
    /// Sampled requests so far.
    seen: AtomicU64,
    recorder: Recorder,
}

/// Who called, once that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Empty when nobody was authenticated.
    pub workspace: String,
    pub root_key: Option<String>,
}

impl RequestLog {
    pub fn new(log: LogRequests, sample_percent: u8, recorder: Recorder) -> Self {
        Self { log, sample_percent: sample_percent.into(), seen: AtomicU64::new(0), recorder }
    }

    /// Whether this request is logged. Asked once for each, because sampling counts.
    pub(super) fn wants(&self, finished: &Finished<'_>) -> bool {
        let notable = finished.status >= 400 || finished.outcome == Some("NOT_FOUND");
        match self.log {
            LogRequests::Off => false,
            _ if notable => true,
            LogRequests::Errors => false,
            LogRequests::On if finished.sampled => self.sample(),
            LogRequests::On => true,
        }
    }

    /// Evenly: of every hundred, the first so many.
    fn sample(&self) -> bool {
        match self.sample_percent {
            0 => false,
            100.. => true,
            percent => self.seen.fetch_add(1, Ordering::Relaxed) % 100 < percent,
        }
    }

    pub(super) fn write(&self, call: &Call, finished: &Finished<'_>, caller: &Caller, latency_us: u32) {
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
        self.recorder.request(&Request {
            time_ms: call.now_ms,
            request_id: call.request_id.as_str(),
            workspace: &caller.workspace,
            door: finished.door.as_str(),
            method: finished.method,
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::op::Door;

    fn wanted(log: LogRequests, percent: u8, status: u16, outcome: Option<&str>, sampled: bool) -> usize {
        let log = RequestLog::new(log, percent, Recorder::default());
        let finished = Finished { status, outcome, sampled, ..Finished::of(Door::V2, "POST", "/v2/x") };
        (0..1000).filter(|_| log.wants(&finished)).count()
    }

    #[test]
    fn hot_successes_are_sampled_and_all_else_is_logged() {
        assert_eq!(wanted(LogRequests::On, 1, 200, Some("VALID"), true), 10);
        assert_eq!(wanted(LogRequests::On, 0, 200, Some("VALID"), true), 0);
        assert_eq!(wanted(LogRequests::On, 100, 200, Some("VALID"), true), 1000);
        assert_eq!(wanted(LogRequests::On, 0, 200, Some("NOT_FOUND"), true), 1000);
        assert_eq!(wanted(LogRequests::On, 0, 429, None, true), 1000);
        assert_eq!(wanted(LogRequests::On, 0, 200, None, false), 1000);
    }

    #[test]
    fn the_log_can_hold_failures_only_or_nothing() {
        assert_eq!(wanted(LogRequests::Errors, 100, 200, None, false), 0);
        assert_eq!(wanted(LogRequests::Errors, 0, 400, None, false), 1000);
        assert_eq!(wanted(LogRequests::Errors, 0, 200, Some("NOT_FOUND"), true), 1000);
        assert_eq!(wanted(LogRequests::Off, 100, 500, None, false), 0);
    }
}
