//! What can be asked about the past and found in the present: indexes, counts
//! and SQL.
//!
//! Deliberately absent: changes. These rooms read what the domain commits and what
//! the writer of events stores; losing an index loses no answer for good.

pub mod analytics;
pub mod search;

pub mod sql;
