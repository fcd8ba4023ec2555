//! Whether changes reach a database, for readiness, metrics and pages.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sea_orm::DbErr;

/// Since the start. A failure is remembered until a change gets through again.
#[derive(Default)]
pub struct WriteHealth {
    is_failing: AtomicBool,
    failures: AtomicU64,
}

impl WriteHealth {
    /// Whether the last change could not be stored.
    pub fn is_failing(&self) -> bool {
        self.is_failing.load(Ordering::Relaxed)
    }

    /// Changes that could not be stored.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    pub(super) fn succeeded(&self) {
        if self.is_failing() && self.is_failing.swap(false, Ordering::Relaxed) {
            tracing::info!("changes are stored again");
        }
    }

    pub(super) fn failed(&self, error: &DbErr) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        if !self.is_failing.swap(true, Ordering::Relaxed) {
            tracing::error!(%error, "changes cannot be stored");
        }
    }
}
