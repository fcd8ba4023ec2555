//! The only place that reads the time.
//!
//! There are two times. [`Clock::now_ms`] is that of the wall: Unix
//! milliseconds, for what is stored and for what has to agree with a calendar.
//! It goes where the machine's clock is set, forward and back, so that one that
//! was ahead for a moment leaves nothing waiting for that moment to come again.
//! [`Moment::uptime_ms`] and [`Stopwatch`] measure: no setting of the clock
//! moves them. [`timer_now`] is for deadlines of connections. Sleeping is not
//! offered; schedules store their next run.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Lengths of time, milliseconds.
pub const SECOND_MS: i64 = 1000;
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// A clock set back by no more than this is waited for: time stands still. That
/// is what a leap second and the steps of time daemons come to, and what threads
/// that read the clock at the same moment differ by. Anything more is followed,
/// because nobody should be refused for longer than a second by a wrong clock.
pub const STANDSTILL_MS: i64 = 1000;

/// A source of time, cheap to clone.
#[derive(Clone)]
pub struct Clock(Arc<State>);

struct State {
    source: Source,
    /// The latest time that was told since the clock was set back.
    newest_ms: AtomicI64,
    steps_back: AtomicU64,
}

enum Source {
    System { start: Stopwatch },
    Manual { wall_ms: AtomicI64, uptime_ms: AtomicI64 },
}

/// What the clock says, and what it did so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Unix time in milliseconds.
    pub now_ms: i64,
    /// Milliseconds since this clock was made; never goes back, and knows nothing
    /// of the time that a machine slept.
    pub uptime_ms: i64,
    /// How often the machine's clock was set back by more than [`STANDSTILL_MS`].
    pub steps_back: u64,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::of(Source::System { start: Stopwatch::start() })
    }

    /// A clock that only moves when told to, for tests.
    pub fn manual(now_ms: i64) -> Self {
        Self::of(Source::Manual { wall_ms: AtomicI64::new(now_ms), uptime_ms: AtomicI64::new(0) })
    }

    fn of(source: Source) -> Self {
        Self(Arc::new(State { source, newest_ms: AtomicI64::new(i64::MIN), steps_back: AtomicU64::new(0) }))
    }

    /// Unix time in milliseconds.
    pub fn now_ms(&self) -> i64 {
        let read_ms = self.0.source.wall_ms();
        let newest_ms = self.0.newest_ms.fetch_max(read_ms, Ordering::Relaxed);
        if read_ms >= newest_ms { read_ms } else { self.behind(read_ms, newest_ms) }
    }

    /// The time when the machine's clock is behind what was told before.
    fn behind(&self, read_ms: i64, newest_ms: i64) -> i64 {
        let by_ms = newest_ms.saturating_sub(read_ms);
        if by_ms <= STANDSTILL_MS {
            return newest_ms;
        }
        let State { newest_ms: newest, steps_back, .. } = &*self.0;
        // Of all who notice one says it.
        if newest.compare_exchange(newest_ms, read_ms, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            steps_back.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(by_ms, now_ms = read_ms, "the clock of the machine was set back");
        }
        read_ms
    }

    /// The time with what it can be measured by.
    pub fn moment(&self) -> Moment {
        Moment {
            // First: this may be who notices that the clock was set back.
            now_ms: self.now_ms(),
            uptime_ms: self.0.source.uptime_ms(),
            steps_back: self.0.steps_back.load(Ordering::Relaxed),
        }
    }

    /// Lets time pass on a manual clock; the system clock cannot be moved.
    pub fn advance_ms(&self, by_ms: i64) {
        if let Source::Manual { wall_ms, uptime_ms } = &self.0.source {
            wall_ms.fetch_add(by_ms, Ordering::SeqCst);
            uptime_ms.fetch_add(by_ms, Ordering::SeqCst);
        }
    }

    /// Sets a manual clock forward or back, without time passing.
    pub fn step_ms(&self, by_ms: i64) {
        if let Source::Manual { wall_ms, .. } = &self.0.source {
            wall_ms.fetch_add(by_ms, Ordering::SeqCst);
        }
    }
}

impl Source {
    fn wall_ms(&self) -> i64 {
        match self {
            Source::System { .. } => system_ms(),
            Source::Manual { wall_ms, .. } => wall_ms.load(Ordering::SeqCst),
        }
    }

    fn uptime_ms(&self) -> i64 {
        match self {
            Source::System { start } => i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX),
            Source::Manual { uptime_ms, .. } => uptime_ms.load(Ordering::SeqCst),
        }
    }
}

/// The measured time that timers of the runtime are set by. Tests pause it.
#[expect(clippy::disallowed_methods, reason = "this is the file that may read the clock")]
pub fn timer_now() -> tokio::time::Instant {
    tokio::time::Instant::now()
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_790_000_000_000;
    const YEARS_MS: i64 = 73 * 365 * 86_400_000;

    #[test]
    fn a_clock_that_was_ahead_for_a_moment_is_followed_back() {
        let clock = Clock::manual(NOW_MS);
        clock.step_ms(YEARS_MS);
        assert_eq!(clock.now_ms(), NOW_MS + YEARS_MS);
        clock.step_ms(-YEARS_MS);
        assert_eq!(clock.now_ms(), NOW_MS);
        assert_eq!(clock.moment().steps_back, 1, "one step, however often it is read");
        clock.advance_ms(5);
        assert_eq!(clock.moment(), Moment { now_ms: NOW_MS + 5, uptime_ms: 5, steps_back: 1 });
    }

    #[test]
    fn a_second_back_is_waited_for() {
        let clock = Clock::manual(NOW_MS);
        clock.now_ms();
        clock.step_ms(-STANDSTILL_MS);
        for _ in 0..=STANDSTILL_MS {
            assert_eq!(clock.now_ms(), NOW_MS);
            clock.advance_ms(1);
        }
        assert_eq!(clock.moment(), Moment { now_ms: NOW_MS + 1, uptime_ms: 1001, steps_back: 0 });
    }

    #[test]
    fn small_steps_never_add_up_to_more_than_a_second() {
        let clock = Clock::manual(NOW_MS);
        clock.now_ms();
        for _ in 0..100 {
            clock.step_ms(-400);
            let (told_ms, right_ms) = (clock.now_ms(), clock.0.source.wall_ms());
            assert!((0..=STANDSTILL_MS).contains(&(told_ms - right_ms)), "{told_ms} instead of {right_ms}");
        }
    }

    #[test]
    fn threads_follow_a_step_together() {
        let clock = Clock::manual(NOW_MS + YEARS_MS);
        clock.now_ms();
        clock.step_ms(-YEARS_MS);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_eq!(clock.now_ms(), NOW_MS));
            }
        });
        assert_eq!(clock.moment().steps_back, 1);
    }

    #[test]
    fn the_system_clock_moves() {
        let clock = Clock::system();
        let first = clock.moment();
        assert!(first.now_ms > NOW_MS - YEARS_MS && first.uptime_ms >= 0);
        while clock.moment().uptime_ms == first.uptime_ms {}
        assert!(clock.now_ms() > first.now_ms - STANDSTILL_MS);
    }
}
