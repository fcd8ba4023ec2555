//! Which requests are logged.
//!
//! The hot path pays for a request that is logged and for no other: the choice
//! needs nothing but a status and an outcome. What an entry says is made after
//! it, by whoever answered.

use std::sync::atomic::{AtomicU64, Ordering};

use base::config::LogRequests;
use base::events::{Recorder, Request};
use domain::verification::Outcome;

/// Decides which requests are logged, and logs them.
pub struct RequestLog {
    log: LogRequests,
    /// Of a hundred sampled requests, how many are logged.
    sample_percent: u64,
    /// Sampled requests so far.
    seen: AtomicU64,
    recorder: Recorder,
}

impl RequestLog {
    pub fn new(log: LogRequests, sample_percent: u8, recorder: Recorder) -> Self {
        Self { log, sample_percent: sample_percent.into(), seen: AtomicU64::new(0), recorder }
    }

    /// Whether a request is logged that was answered with `status`. Of those that
    /// are `sampled` a part of the successes is enough. Asked once for each,
    /// because sampling counts.
    pub fn wants(&self, status: u16, outcome: Option<&str>, sampled: bool) -> bool {
        let notable = status >= 400 || outcome == Some(Outcome::NotFound.as_str());
        match self.log {
            LogRequests::Off => false,
            _ if notable => true,
            LogRequests::Errors => false,
            LogRequests::On if sampled => self.sample(),
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

    /// Logs a request, redacted by the caller.
    pub fn record(&self, request: &Request<'_>) {
        self.recorder.request(request);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(log: LogRequests, percent: u8, status: u16, outcome: Option<&str>, sampled: bool) -> usize {
        let log = RequestLog::new(log, percent, Recorder::default());
        (0..1000).filter(|_| log.wants(status, outcome, sampled)).count()
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
