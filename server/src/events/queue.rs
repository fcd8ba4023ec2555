//! The bounded queue between the hot path and the writer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Event;

/// Events that may wait for the writer before the oldest are dropped.
const CAPACITY: usize = 500_000;

/// Where events are recorded. Cheap to clone.
#[derive(Clone)]
pub struct Recorder(Arc<Shared>);

struct Shared {
    waiting: Mutex<Vec<Event>>,
    capacity: usize,
    filled: Notify,
    closed: AtomicBool,
    failing: AtomicBool,
    lost: AtomicU64,
    stored: AtomicU64,
}

/// How recording fares, for readiness and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Events are being stored.
    pub storing: bool,
    /// Events dropped since the start because they could not be stored.
    pub lost: u64,
    pub stored: u64,
    pub waiting: usize,
}

impl Default for Recorder {
    fn default() -> Self {
        Self::with_capacity(CAPACITY)
    }
}

impl Recorder {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self(Arc::new(Shared {
            waiting: Mutex::default(),
            capacity,
            filled: Notify::new(),
            closed: AtomicBool::new(false),
            failing: AtomicBool::new(false),
            lost: AtomicU64::new(0),
            stored: AtomicU64::new(0),
        }))
    }

    /// Records an event. Never waits: when the queue is full the oldest half is
    /// dropped and counted, because the newest events matter most.
    pub fn record(&self, event: Event) {
        let was_empty = {
            let mut waiting = self.0.waiting.lock();
            if waiting.len() >= self.0.capacity {
                let dropped = waiting.drain(..self.0.capacity / 2).count();
                self.0.lost.fetch_add(dropped as u64, Ordering::Relaxed);
            }
            waiting.push(event);
            waiting.len() == 1
        };
        if was_empty {
            self.0.filled.notify_one();
        }
    }

    pub fn health(&self) -> Health {
        Health {
            storing: !self.0.failing.load(Ordering::Relaxed),
            lost: self.0.lost.load(Ordering::Relaxed),
            stored: self.0.stored.load(Ordering::Relaxed),
            waiting: self.0.waiting.lock().len(),
        }
    }

    /// Waits until something was recorded or the queue was closed.
    pub(super) async fn filled(&self) {
        if !self.is_closed() && self.0.waiting.lock().is_empty() {
            self.0.filled.notified().await;
        }
    }

    pub(super) fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.0.waiting.lock())
    }

    pub(super) fn close(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
        self.0.filled.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::SeqCst)
    }

    pub(super) fn count_stored(&self, events: usize) {
        self.0.failing.store(false, Ordering::Relaxed);
        self.0.stored.fetch_add(events as u64, Ordering::Relaxed);
    }

    pub(super) fn count_lost(&self, events: usize) {
        self.0.lost.fetch_add(events as u64, Ordering::Relaxed);
    }

    pub(super) fn say_failing(&self) {
        self.0.failing.store(true, Ordering::Relaxed);
    }
}
