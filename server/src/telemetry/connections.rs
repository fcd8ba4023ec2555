//! Connections, counted.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Connections of one listener.
#[derive(Debug, Default)]
pub struct ConnectionCounts {
    open: AtomicUsize,
    refused: AtomicU64,
    overdue: AtomicU64,
    failed_handshakes: AtomicU64,
}

impl ConnectionCounts {
    /// One was accepted.
    pub fn note_opened(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    /// One that was accepted has ended.
    pub fn note_closed(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// One was beyond a bound.
    pub fn note_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// One ends because its client kept the server waiting.
    pub fn note_overdue(&self) {
        self.overdue.fetch_add(1, Ordering::Relaxed);
    }

    /// One began with a handshake that came to nothing.
    pub fn note_failed_handshake(&self) {
        self.failed_handshakes.fetch_add(1, Ordering::Relaxed);
    }

    /// Connections that are open.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Connections that were one too many.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Connections that ended because their client kept the server waiting.
    pub fn overdue(&self) -> u64 {
        self.overdue.load(Ordering::Relaxed)
    }

    /// Handshakes that came to nothing.
    pub fn failed_handshakes(&self) -> u64 {
        self.failed_handshakes.load(Ordering::Relaxed)
    }
}
