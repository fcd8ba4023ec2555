//! `unkey`: API keys, rate limits, RBAC, analytics and audit in one binary.
//!
//! The rooms below stand in reading order; each may import those above it and,
//! but for the exceptions listed in `tests/it/tidy.rs`, none below. What is
//! deliberately absent:
//!
//! * Nothing outside [`http`] knows a status code, a header or a door's names.
//! * Nothing outside a room's `store.rs` knows a table.
//! * Nothing outside [`clock`], [`entropy`] and [`config`] reads the time, draws
//!   randomness or looks at the environment.
//! * No path of [`verification`] waits for the database on a cache hit, except a
//!   spend of credits.
//! * No plaintext of a key is stored, logged or kept longer than its answer.

pub mod address;
pub mod clock;
pub mod config;
pub mod entropy;
pub mod error;
pub mod filter;
pub mod object;
pub mod patch;
pub mod secret;
pub mod version;

pub mod cache;
pub mod grants;
pub mod op;

pub mod store;

pub mod audit;
pub mod events;

pub mod analytics;
pub mod search;

pub mod sql;

pub mod apis;
pub mod credits;
pub mod permissions;
pub mod ratelimit;
pub mod users;
pub mod vault;
pub mod workspaces;

pub mod idempotency;
pub mod identities;

pub mod keys;
pub mod root_keys;

pub mod verification;

pub mod bulk;
pub mod explain;
pub mod leaks;
pub mod portals;
pub mod secret_links;
pub mod session;
pub mod transfer;

pub mod cli;
pub mod jobs;

pub mod app;
pub mod http;
