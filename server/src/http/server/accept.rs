//! Accepting connections, and bringing all of them to an end.

use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};

use super::admission::Admission;
use super::lifecycle::Stage;
use super::{Shared, connection};

/// How long nothing is accepted after the system had nothing left to accept with.
const SHORTEST_REST: Duration = Duration::from_millis(10);
const LONGEST_REST: Duration = Duration::from_secs(1);
/// How long a request may still come on a connection that waited for one when the
/// server stopped.
const LINGER: Duration = Duration::from_millis(250);
/// How long connections without a request in flight may take to close.
const CLOSE: Duration = Duration::from_millis(250);

/// What a connection hears that is too many even to be asked for its request.
const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\n\
    content-type: text/plain; charset=utf-8\r\ncontent-length: 22\r\n\r\nToo many connections.\n";

/// The connections that are served.
pub(super) struct Connections {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

/// Accepts and serves connections until `shutdown` resolves.
pub(super) async fn until(
    shutdown: impl Future<Output = ()>,
    listener: &TcpListener,
    shared: Arc<Shared>,
) -> Connections {
    let mut connections = Connections { shared, tasks: JoinSet::new() };
    let mut rest = SHORTEST_REST;
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => return connections,
            Some(ended) = connections.tasks.join_next() => ended_well(ended),
            accepted = listener.accept() => match accepted {
                Ok((tcp, remote)) => {
                    rest = SHORTEST_REST;
                    connections.begin(tcp, remote);
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    if rest == SHORTEST_REST {
                        tracing::warn!(%error, "no connection can be accepted for now");
                    }
                    tokio::select! {
                        () = &mut shutdown => return connections,
                        () = sleep(rest) => rest = (2 * rest).min(LONGEST_REST),
                    }
                }
            },
        }
    }
}

/// Whether a failure to accept concerns nobody but who tried to connect.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::Interrupted
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::TimedOut
    )
}

fn ended_well(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a connection panicked");
    }
}

impl Connections {
    fn begin(&mut self, tcp: TcpStream, remote: SocketAddr) {
        let shared = self.shared.clone();
        let admission = shared.slots.admit(remote.ip());
        if !matches!(admission, Admission::Served(_)) {
            shared.counts.note_refused();
        }
        let (slot, health_only) = match admission {
            Admission::Served(slot) => (slot, false),
            Admission::HealthOnly(slot) => (slot, true),
            Admission::Refused => {
                // As much as goes without waiting. Who begins with TLS would not understand it.
                if shared.tls.is_some() {
                    return;
                }
                let _ = tcp.into_std().and_then(|mut tcp| tcp.write(TOO_MANY));
                return;
            }
        };
        // Answers are written whole; what is left for a second packet shall not wait.
        let _ = tcp.set_nodelay(true);
        shared.counts.note_opened();
        let counted = Counted(shared.clone());
        self.tasks.spawn(async move {
            let _held = (slot, counted);
            connection::serve(shared, tcp, remote, health_only).await;
        });
    }

    /// Ends all of them: requests in flight within `time`, the rest after that. Who
    /// connects meanwhile is told to come again.
    pub async fn drain(mut self, listener: TcpListener, time: Duration) {
        self.shared.lifecycle.enter(Stage::Draining);
        if timeout(time, self.settle(&listener)).await.is_err() {
            tracing::warn!(
                connections = self.tasks.len(),
                "requests in flight took too long and are cut off"
            );
        }
        drop(listener);
        self.shared.lifecycle.enter(Stage::Closing);
        let _ = timeout(CLOSE, async { while self.tasks.join_next().await.is_some() {} }).await;
        self.tasks.shutdown().await;
    }

    /// Waits until no request is in flight.
    async fn settle(&mut self, listener: &TcpListener) {
        let lifecycle = self.shared.lifecycle.clone();
        // Who connected before and was not looked at yet.
        while let Some(Ok((tcp, remote))) = listener.accept().now_or_never() {
            self.begin(tcp, remote);
        }
        while self.tasks.len() > lifecycle.lingering() {
            tokio::select! {
                Some(ended) = self.tasks.join_next() => ended_well(ended),
                () = lifecycle.lingers.notified() => {}
                (tcp, remote) = next(listener) => self.begin(tcp, remote),
            }
        }
        if !self.tasks.is_empty() {
            let _ = timeout(LINGER, self.receive(listener)).await;
        }
    }

    /// Takes new connections, without end.
    async fn receive(&mut self, listener: &TcpListener) {
        loop {
            tokio::select! {
                Some(ended) = self.tasks.join_next() => ended_well(ended),
                (tcp, remote) = next(listener) => self.begin(tcp, remote),
            }
        }
    }
}

/// The next connection; one that cannot be accepted is waited for.
async fn next(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_one_connection(&error) => {}
            Err(_) => sleep(SHORTEST_REST).await,
        }
    }
}

/// A connection that is open.
struct Counted(Arc<Shared>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.counts.note_closed();
    }
}
