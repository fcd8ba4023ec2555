//! Settings of connections: how many there are, and how long each may keep the
//! server waiting. None can be switched off: a client that is waited for without
//! end costs the others their turn.

use std::time::Duration;

use super::values::Given;

/// How connections are bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    pub max_connections: usize,
    /// Trusted proxies have only the bound of all.
    pub max_connections_per_address: usize,
    /// For the head of a request, from its first byte, or from the start of the connection.
    pub head_timeout: Duration,
    /// From one answer to the next request.
    pub idle_timeout: Duration,
    /// For a pause in a body, and what its least rate is measured over.
    pub body_timeout: Duration,
    /// For an answer that the client does not read.
    pub answer_timeout: Duration,
    /// From the signal to stop until connections are cut.
    pub shutdown_timeout: Duration,
}

impl Network {
    pub(super) fn parse(given: &mut Given<'_>) -> Self {
        let mut positive = |name: &str| {
            let number: u32 = given.parsed(name, 1);
            given.check(name, (number == 0).then(|| "must be 1 or more".to_owned()));
            number
        };
        let mut count = |name: &str| positive(name) as usize;
        let (max_connections, max_connections_per_address) =
            (count("max_connections"), count("max_connections_per_address"));
        let mut time = |name: &str| Duration::from_millis(positive(name).into());
        Self {
            max_connections,
            max_connections_per_address,
            head_timeout: time("head_timeout_ms"),
            idle_timeout: time("idle_timeout_ms"),
            body_timeout: time("body_timeout_ms"),
            answer_timeout: time("answer_timeout_ms"),
            shutdown_timeout: time("shutdown_timeout_ms"),
        }
    }
}
