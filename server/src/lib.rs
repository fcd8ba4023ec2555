//! `unkey`: API keys, rate limits, RBAC, analytics and audit in one binary.

pub mod clock;
pub mod entropy;
pub mod error;
pub mod patch;
pub mod secret;

pub mod cache;
pub mod grants;
pub mod op;

pub mod audit;
pub mod store;

pub mod ratelimit;
