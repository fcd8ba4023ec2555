//! Rate limits.

pub mod limiter;
pub mod window;
