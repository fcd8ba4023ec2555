//! The ground of every crate: settings, errors, time, rights, the databases, the
//! record of changes and the queue of events.
//!
//! The rooms stand in reading order; each may import those above it. Deliberately
//! absent: everything a customer would name. A table is known to one room only,
//! and none of these rooms knows a key, a limit or a page.

pub mod address;
pub mod clock;
pub mod config;
pub mod durable;
pub mod duration;
pub mod edit_version;
pub mod entropy;
pub mod error;
pub mod file_fault;
pub mod filter;
pub mod ids;
pub mod json_object;
pub mod month;
pub mod patch;
pub mod secret;

pub mod access;
pub mod cache;

pub mod store;

pub mod claims;
pub mod schedules;
pub mod settings;

pub mod audit;
pub mod events;
