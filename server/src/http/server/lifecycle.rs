//! From serving to stopped, as every connection hears of it.
//!
//! While the server drains, requests in flight finish and their connections end
//! with them. Connections without a request linger: a request that comes on one
//! is told to come again, rather than finding the connection closed; so is one on
//! a new connection. Once nothing is in flight they are closed too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use tokio::sync::Notify;

/// How far the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Stage {
    Serving,
    /// No new request is carried out.
    Draining,
    /// Connections without a request in flight end.
    Closing,
}

/// The stage, for all connections to see.
#[derive(Debug)]
pub(super) struct Lifecycle {
    stage: AtomicU8,
    pub changed: Notify,
    lingering: AtomicUsize,
    pub lingers: Notify,
}

impl Lifecycle {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            stage: AtomicU8::new(Stage::Serving as u8),
            changed: Notify::new(),
            lingering: AtomicUsize::new(0),
            lingers: Notify::new(),
        })
    }

    pub fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Acquire) {
            0 => Stage::Serving,
            1 => Stage::Draining,
            _ => Stage::Closing,
        }
    }

    pub fn enter(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Release);
        self.changed.notify_waiters();
    }

    /// Connections that wait for the end without a request in flight.
    pub fn lingering(&self) -> usize {
        self.lingering.load(Ordering::Acquire)
    }
}

/// A connection that lingers.
pub(super) struct Lingering(Arc<Lifecycle>);

impl Lingering {
    pub fn begin(lifecycle: &Arc<Lifecycle>) -> Self {
        lifecycle.lingering.fetch_add(1, Ordering::AcqRel);
        lifecycle.lingers.notify_one();
        Self(lifecycle.clone())
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        self.0.lingering.fetch_sub(1, Ordering::AcqRel);
    }
}
