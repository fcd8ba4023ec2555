//! `unkey`: API keys, rate limits, RBAC, analytics and audit in one binary.

pub mod error;
pub mod clock;
pub mod entropy;
pub mod secret;

pub mod cache;
pub mod grants;
pub mod op;
pub mod patch;

pub mod audit;
pub mod store;

pub mod permissions;
pub mod ratelimit;
pub mod vault;
pub mod apis;
pub mod identities;
pub mod keys;
