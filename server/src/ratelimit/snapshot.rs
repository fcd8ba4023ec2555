//! The limiter as the rest of the program sees it.

use std::sync::Arc;

use super::limiter::{Attempt, Check, Limiter, Taken};
use crate::error::{Error, Result};

/// Decides on limits. Cheap to clone.
#[derive(Clone)]
pub struct RateLimiter(Arc<Limiter>);

impl RateLimiter {
    pub fn new(limiter: Arc<Limiter>) -> Self {
        Self(limiter)
    }

    /// See [`Limiter::take_many`].
    pub async fn take_many(&self, checks: &[Check<'_>], now_ms: i64) -> Result<Taken> {
        match self.0.take_many(checks, now_ms) {
            Attempt::Taken(taken) => Ok(taken),
            Attempt::NeedsLoad(_) => Err(Error::internal("counters on disk are not restored here")),
        }
    }
}
