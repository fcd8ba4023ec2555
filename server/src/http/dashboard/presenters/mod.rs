//! What several areas show of one thing: the states of a key, a row of a log, a
//! rate limit, a month of an identity.
//!
//! Mappings only: nothing here asks the domain.

pub mod audit;
pub mod changes;
pub mod direction_marks;
pub mod key;
pub mod limit;
pub mod spending;
pub mod verification;
