//! Claims of `Idempotency-Key`s: which of them name a change that was made, and
//! what the change was answered with.
//!
//! A key is claimed in the transaction of the change that it names
//! ([`crate::audit`]), so that the change happens once whatever fails after it.
//! Deliberately absent: what an answer holds. It is sealed by whoever keeps it.

mod store;
#[cfg(test)]
mod tests;

pub use store::{Claim, amend_times, claim, find, forget, is_claimed, remove_before, set_response};
