//! The sliding window, as arithmetic: no clock, no storage, no locks.
//!
//! Windows are aligned to the epoch. A counter keeps the tokens of the current
//! window and of the one before, whose weight fades linearly as the current one
//! passes (v2 contract, 9.3; D15). Everything saturates instead of overflowing.

/// Tokens of the newest window a counter has seen, and of the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Number of the window since the epoch.
    pub index: i64,
    pub current: u64,
    pub previous: u64,
}

/// What a request finds in a window before it adds its own cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base {
    /// Tokens that count at this instant.
    pub tokens: u64,
    /// End of the current window, Unix milliseconds.
    pub reset_ms: i64,
}

impl Window {
    /// The window at `now_ms`. Windows that have passed fade; a clock that went
    /// back stays in the newest window, at its start.
    pub fn at(self, now_ms: i64, duration_ms: u64) -> Self {
        let index = index_at(now_ms, duration_ms);
        match index.saturating_sub(self.index) {
            ..=0 => self,
            1 => Self { index, current: 0, previous: self.current },
            _ => Self { index, current: 0, previous: 0 },
        }
    }

    /// What counts at `now_ms`. Call on the window [`at`](Self::at) that time.
    pub fn base(&self, now_ms: i64, duration_ms: u64) -> Base {
        let start_ms = i128::from(self.index) * i128::from(duration_ms);
        let passed_ms = (i128::from(now_ms) - start_ms).clamp(0, i128::from(duration_ms)) as u128;
        let left_ms = u128::from(duration_ms) - passed_ms;
        let faded = u128::from(self.previous) * left_ms / u128::from(duration_ms.max(1));
        let reset_ms = start_ms + i128::from(duration_ms);
        Base {
            tokens: self.current.saturating_add(faded as u64),
            reset_ms: i64::try_from(reset_ms).unwrap_or(i64::MAX),
        }
    }

    /// Whether nothing of it counts any more at `now_ms`.
    pub fn is_dead(&self, now_ms: i64, duration_ms: u64) -> bool {
        index_at(now_ms, duration_ms).saturating_sub(self.index) >= 2
    }

    /// The instant from which nothing of it counts, Unix milliseconds.
    pub fn dead_at_ms(&self, duration_ms: u64) -> i64 {
        let end = (i128::from(self.index) + 2) * i128::from(duration_ms);
        i64::try_from(end).unwrap_or(i64::MAX)
    }
}

/// Number of the window that holds `now_ms`.
pub fn index_at(now_ms: i64, duration_ms: u64) -> i64 {
    let duration = i64::try_from(duration_ms).unwrap_or(i64::MAX).max(1);
    now_ms.div_euclid(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    const D: u64 = 1000;

    #[test]
    fn the_previous_window_fades_linearly() {
        let window = Window { index: 5, current: 3, previous: 10 };
        for (now_ms, tokens) in [(5000, 13), (5001, 12), (5100, 12), (5500, 8), (5999, 3)] {
            assert_eq!(window.base(now_ms, D), Base { tokens, reset_ms: 6000 }, "at {now_ms}");
        }
    }

    #[test]
    fn time_moves_windows_forward_only() {
        let window = Window { index: 5, current: 3, previous: 10 };
        assert_eq!(window.at(5999, D), window);
        assert_eq!(window.at(6000, D), Window { index: 6, current: 0, previous: 3 });
        assert_eq!(window.at(7000, D), Window { index: 7, current: 0, previous: 0 });
        assert_eq!(window.at(1, D), window);
        assert_eq!(window.at(1, D).base(1, D), Base { tokens: 13, reset_ms: 6000 });
    }

    #[test]
    fn a_window_dies_after_the_next_one() {
        let window = Window { index: 5, current: 3, previous: 10 };
        assert!(!window.is_dead(6999, D));
        assert!(window.is_dead(7000, D));
        assert_eq!(window.dead_at_ms(D), 7000);
    }

    #[test]
    fn extremes_saturate() {
        let window = Window { index: i64::MAX, current: u64::MAX, previous: u64::MAX };
        let base = window.at(i64::MAX, u64::MAX).base(i64::MAX, u64::MAX);
        assert_eq!((base.tokens, base.reset_ms), (u64::MAX, i64::MAX));
        assert_eq!(index_at(-1, 1000), -1);
        assert_eq!(index_at(5, 0), 5);
    }
}
