//! The server below the routes: connections, their bounds and their deadlines.
//!
//! In place of poem's own server, which waits for clients without end, accepts as
//! many as come and stops when they please. Every wait for a client has a deadline
//! here, every resource that one can take has a bound in all and by address, and
//! the server ends in time whatever clients do. TLS is a part of the stream: a
//! handshake is a wait like any other.

mod accept;
mod activity;
mod admission;
mod body;
mod connection;
mod deadlines;
mod exchange;
mod lifecycle;
mod stream;
mod transport;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use poem::Response;
use poem::endpoint::BoxEndpoint;
use poem::http::uri::Scheme;
use poem::web::LocalAddr;
use rustls::ServerConfig;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use self::admission::Slots;
use self::connection::Protocol;
use self::deadlines::Times;
use self::lifecycle::Lifecycle;
use crate::telemetry::ConnectionCounts;
use base::config::Network;
use base::error::{Error, Result};

pub use admission::Bounds;
pub use body::BodyFault;

/// A listener and what answers on it.
pub struct Server {
    /// Non-blocking.
    pub listener: TcpListener,
    /// `None` speaks plain HTTP.
    pub tls: Option<Arc<ServerConfig>>,
    pub endpoint: BoxEndpoint<'static, Response>,
    /// Answers what comes too late or is too much.
    pub unavailable: BoxEndpoint<'static, Response>,
    pub bounds: Bounds,
    pub network: Network,
    /// 0 is no cap.
    pub max_body_bytes: usize,
    /// Whether bodies to a path go to disk as they come, and need no room in memory.
    pub goes_to_disk: fn(&str) -> bool,
    pub counts: Arc<ConnectionCounts>,
}

/// What the connections of a server have in common.
struct Shared {
    endpoint: BoxEndpoint<'static, Response>,
    unavailable: BoxEndpoint<'static, Response>,
    local: LocalAddr,
    tls: Option<TlsAcceptor>,
    scheme: Scheme,
    protocol: Protocol,
    times: Times,
    /// Longest pause in a body.
    pause: Duration,
    /// For large bodies.
    room: Arc<Semaphore>,
    goes_to_disk: fn(&str) -> bool,
    lifecycle: Arc<Lifecycle>,
    slots: Slots,
    counts: Arc<ConnectionCounts>,
}

impl Server {
    /// Serves until `shutdown` resolves; then lets requests in flight finish, and
    /// cuts what is left after the time for that.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<()> {
        let Self {
            listener,
            tls,
            endpoint,
            unavailable,
            bounds,
            network,
            max_body_bytes,
            goes_to_disk,
            counts,
        } = self;
        let local = listener.local_addr().map_err(Error::internal)?;
        let listener = tokio::net::TcpListener::from_std(listener).map_err(Error::internal)?;
        let Network { head_timeout, idle_timeout, body_timeout, answer_timeout, shutdown_timeout, .. } =
            network;
        let shared = Shared {
            endpoint,
            unavailable,
            local: LocalAddr(local.into()),
            scheme: if tls.is_some() { Scheme::HTTPS } else { Scheme::HTTP },
            tls: tls.map(TlsAcceptor::from),
            protocol: connection::protocol(),
            times: Times { head: head_timeout, request: idle_timeout, answer: answer_timeout },
            pause: body_timeout,
            room: body::room(max_body_bytes),
            goes_to_disk,
            lifecycle: Lifecycle::new(),
            slots: Slots::new(bounds),
            counts,
        };
        let connections = accept::until(shutdown, &listener, Arc::new(shared)).await;
        connections.drain(listener, shutdown_timeout).await;
        Ok(())
    }
}
