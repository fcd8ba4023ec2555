//! The only place that reads the time.
//!
//! Unix milliseconds that never go back: when the machine's clock is set back,
//! time stands still until it has caught up, so that windows, expiry and ids
//! keep their order. Sleeping is not offered; schedules store their next run.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A source of time, cheap to clone.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System { newest_ms: Arc<AtomicI64> },
    Manual { now_ms: Arc<AtomicI64> },
}

impl Clock {
    /// The machine's clock, made monotonic.
    pub fn system() -> Self {
        Self(Source::System { newest_ms: Arc::new(AtomicI64::new(0)) })
    }

    /// A clock that only moves when told to, for tests.
    pub fn manual(now_ms: i64) -> Self {
        Self(Source::Manual { now_ms: Arc::new(AtomicI64::new(now_ms)) })
    }

    /// Unix time in milliseconds.
    pub fn now_ms(&self) -> i64 {
        match &self.0 {
            Source::System { newest_ms } => {
                let read = system_ms();
                read.max(newest_ms.fetch_max(read, Ordering::Relaxed))
            }
            Source::Manual { now_ms } => now_ms.load(Ordering::SeqCst),
        }
    }

    /// Moves a manual clock forward; the system clock cannot be moved.
    pub fn advance_ms(&self, by_ms: i64) {
        if let Source::Manual { now_ms } = &self.0 {
            now_ms.fetch_add(by_ms, Ordering::SeqCst);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the file that may read the clock")]
fn system_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

/// Measures how long something took.
#[derive(Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "this is the file that may read the clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    pub fn elapsed_us(&self) -> u32 {
        u32::try_from(self.elapsed().as_micros()).unwrap_or(u32::MAX)
    }
}
