//! What systemd is told about this process, where it wants to know: that it serves,
//! that it stops, and, again and again, that it still answers.
//!
//! Absent on purpose: saying so from a timer alone. Each time the server is asked as a
//! client would, and whether changes still get their turn; a server that hangs in either
//! falls silent, and is started again.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::app::App;
use crate::doctor::reachable;

/// Nobody who listens there is no reason not to serve.
pub(super) fn tell(states: &[NotifyState]) {
    if let Err(error) = sd_notify::notify(false, states) {
        tracing::warn!(%error, "the supervisor cannot be told how the server is");
    }
}

/// Serving, and how people get there.
pub(super) fn tell_ready(origin: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(&format!("Serving {origin}"))]);
}

pub(super) fn tell_stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("Finishing requests")]);
}

/// Says that the server answers for as long as it does, where systemd watches it.
/// Without end.
pub(super) async fn watch(app: &App, address: SocketAddr) {
    let mut period_us = 0;
    if !sd_notify::watchdog_enabled(false, &mut period_us) || period_us == 0 {
        return std::future::pending().await;
    }
    // Three times in the time after which silence is taken for the end.
    let every = Duration::from_micros(period_us) / 3;
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match timeout(every, answers(app, reachable(address))).await {
            Ok(Ok(())) => tell(&[NotifyState::Watchdog]),
            Ok(Err(error)) => tracing::error!(%error, "the server does not answer itself"),
            Err(_) => tracing::error!("the server takes too long to answer itself"),
        }
    }
}

/// Whether connections are accepted and answered, and changes get their turn. That they
/// fail, as on a full disk, is an answer: starting again would not help.
async fn answers(app: &App, address: SocketAddr) -> io::Result<()> {
    if let Ok(transaction) = app.store.database().begin().await {
        transaction.rollback().await;
    }
    let mut stream = match TcpStream::connect(address).await {
        // Too few descriptors: for asking, and for most of what else there is.
        Err(error) if matches!(error.raw_os_error(), Some(EMFILE | ENFILE)) => return Ok(()),
        stream => stream?,
    };
    // Where HTTPS is spoken, the answer is that this is none.
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    match stream.read(&mut [0; 64]).await? {
        0 if app.tls.get().is_some() => Ok(()),
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

const EMFILE: i32 = rustix::io::Errno::MFILE.raw_os_error();
const ENFILE: i32 = rustix::io::Errno::NFILE.raw_os_error();
