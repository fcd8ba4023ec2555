//! What several areas show of one thing: the states of a key, a row of a log, a
//! rate limit.
//!
//! Mappings only: nothing here asks the domain.

pub mod audit;
pub mod changes;
pub mod key;
pub mod limit;
pub mod verification;
