//! What the contracts of both doors have in common: shapes of texts, numbers and
//! lists, how limits and refills are spelled, and how a secret is shown.
//!
//! Deliberately absent: whole objects. Each contract names and orders its own.

pub mod borrowed;
pub mod bounded;
pub mod limits;
pub mod revealed;
