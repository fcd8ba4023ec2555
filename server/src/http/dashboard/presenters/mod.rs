//! What several areas show of one thing: the states of a key, a row of a log, a
//! rate limit, a month of an identity.
//!
//! Mappings only: what is asked of the domain for them is asked by others.

pub mod audit;
pub mod changes;
pub mod direction_marks;
pub mod key;
pub mod limit;
pub mod spending;
pub mod verification;
