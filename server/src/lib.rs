//! `unkey`: API keys, rate limits, RBAC, analytics and audit in one binary.
//!
//! The doors, the work by the clock and the composition root; what they open
//! stands in the crates `domain`, `insight` and `base`. Deliberately absent:
//! rules. A door holds the bounds, names and masking of its contract only, and
//! nothing outside [`http`] knows a status code or a header, but the [`courier`], which
//! sends them.

pub mod backup;

pub mod jobs;
pub mod telemetry;
pub mod tls;

pub mod courier;
pub mod doctor;

pub mod app;
pub mod http;

pub mod cli;
