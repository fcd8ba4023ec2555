//! What the server knows of its own traffic: counts of requests and connections,
//! and the choice of requests for the log.
//!
//! The composition root holds it, the doors feed it. How a request is redacted
//! and what the metrics are called is theirs.

mod connections;
mod request_log;
mod requests;

pub use connections::ConnectionCounts;
pub use request_log::RequestLog;
pub use requests::{RequestCounts, ResultClass};
