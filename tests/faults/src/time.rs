//! The one place that reads clocks, and what the server's clock may say.

use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

#[expect(clippy::disallowed_methods, reason = "a harness that waits for another process needs a clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// Unix milliseconds of this machine.
#[expect(clippy::disallowed_methods, reason = "windows and days of the server are those of the clock")]
pub fn unix_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

/// Asks every few milliseconds until there is an answer, for `patience` at most.
pub fn wait_for<T>(patience: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = now() + patience;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if now() > end {
            return None;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What the clock of the server says, which may have been moved.
#[derive(Default)]
pub struct ServerClock(Mutex<Moved>);

#[derive(Default)]
struct Moved {
    offset_ms: i64,
    /// The latest moment it has shown: a server may hold on to it.
    newest_ms: i64,
    /// When it was moved, and what it showed right after.
    moves: Vec<(Instant, i64)>,
}

impl ServerClock {
    /// Notes that the clock is now so far ahead of this machine's.
    pub fn moved_to(&self, offset_ms: i64) {
        let mut moved = self.0.lock().expect("nothing panics with it");
        moved.newest_ms = moved.newest_ms.max(unix_ms() + moved.offset_ms);
        moved.offset_ms = offset_ms;
        moved.moves.push((now(), unix_ms() + offset_ms));
    }

    /// The earliest and the latest that the server may take for the present.
    pub fn bounds_ms(&self) -> (i64, i64) {
        let moved = self.0.lock().expect("nothing panics with it");
        let shown = unix_ms() + moved.offset_ms;
        (shown, shown.max(moved.newest_ms))
    }

    /// The earliest that it was moved to since then.
    pub fn oldest_since(&self, since: Instant) -> Option<i64> {
        let moved = self.0.lock().expect("nothing panics with it");
        moved.moves.iter().filter(|(at, _)| *at >= since).map(|(_, shown_ms)| *shown_ms).min()
    }

    /// Whether it was ever moved.
    pub fn was_moved(&self) -> bool {
        !self.0.lock().expect("nothing panics with it").moves.is_empty()
    }
}
