//! The sliding window, as arithmetic: no clock, no storage, no locks.
//!
//! Windows are aligned to the epoch. A counter keeps the tokens of the current
//! window and of the one before, whose weight fades linearly as the current one
//! passes (docs/contract/v2.md#rate-limit-window). Everything saturates instead
//! of overflowing.
//!
//! A window never moves back by itself: a request that took long to arrive knows
//! an older time than those before it, and must find no fresh window there. When
//! the machine's clock is set back, [`Window::rebased`] says what becomes of the
//! windows that it had counted ahead: nothing they counted is given back, and
//! two windows later it is forgotten.

use base::clock::STANDSTILL_MS;

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
    /// The window at `now_ms`. Windows that have passed fade; who comes with an
    /// older time stays in the newest window, at its start.
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

    /// Whether it was counted by a clock that has been set back since: it begins
    /// after now, by more than clocks that were read at the same time differ.
    pub fn is_ahead(&self, now_ms: i64, duration_ms: u64) -> bool {
        let start_ms = i128::from(self.index) * i128::from(duration_ms);
        start_ms > i128::from(now_ms) + i128::from(STANDSTILL_MS)
    }

    /// A window that is ahead becomes the current one, with all it counted, that
    /// of the window before included: how much of that had faded when the clock
    /// was set back is not known. So setting a clock back gives nothing back, and
    /// from there it passes as any window does: it counts until the current one
    /// ends, fades in the next, and is forgotten after that. Others are returned
    /// as they are.
    ///
    /// `now_ms` must be fresh from the clock, not that of a request.
    pub fn rebased(self, now_ms: i64, duration_ms: u64) -> Self {
        if !self.is_ahead(now_ms, duration_ms) {
            return self;
        }
        let index = index_at(now_ms, duration_ms);
        Self { index, current: self.current.saturating_add(self.previous), previous: 0 }
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
mod tests;
