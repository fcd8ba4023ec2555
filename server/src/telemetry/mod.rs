//! What the server knows of its own traffic: counts of requests and connections,
//! the choice of requests for the log, and the memory it holds meanwhile.
//!
//! The composition root holds it, the doors feed it. How a request is redacted
//! and what the metrics are called is theirs.

mod connections;
pub mod memory;
mod request_log;
mod requests;

pub use connections::ConnectionCounts;
pub use request_log::RequestLog;
pub use requests::{RequestCounts, ResultClass};
