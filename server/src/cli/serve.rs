//! `unkey serve`: the server, from the folder's lock to the last flush.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::listeners::{Listeners, Sockets};
use super::output::Output;
use super::{control, file_limit, setup, supervisor};
use crate::app::App;
use crate::backup::remove_unpacked;
use crate::http;
use crate::tls::Tls;
use base::access::{Door, Principal, Task};
use base::clock::Clock;
use base::config::Config;
use base::entropy::Entropy;
use base::error::{Error, Result};
use base::store::DataDir;

/// How long everything may take that is left when no request is in flight any
/// more: jobs to end, memory to be stored, databases to close.
const CLOSE: Duration = Duration::from_millis(3500);

/// Serves until SIGTERM or SIGINT, then drains and stores everything.
pub(super) async fn run(mut config: Config, sockets: Sockets) -> Result<Output> {
    let was_there = config.data_dir.exists();
    let dir = DataDir::acquire(&config.data_dir)?.ok_or_else(|| {
        Error::invalid(format!("{} is in use by another unkey process", config.data_dir.display()))
    })?;
    if let Err(error) = remove_unpacked(dir.path()) {
        tracing::warn!(?error, "what is left of a restore cannot be removed");
    }
    config.network.max_connections = file_limit::connections(config.network.max_connections);
    let clock = Clock::system();
    let (tls, listeners) = match open_doors(&config, sockets, &dir, &clock) {
        Ok(doors) => doors,
        Err(error) => {
            if !was_there {
                dir.take_away_unused();
            }
            return Err(error);
        }
    };
    let address = listeners.main.local_addr().map_err(Error::internal)?;
    let app = App::open(config, clock, Entropy::system(), dir).await?;
    let (stop, stopped) = watch::channel(false);
    let mut beside = JoinSet::new();
    let commands = control::open(app.data_dir())?;
    beside.spawn(control::listen(app.clone(), commands, wait(stopped.clone())));
    app.address.get_or_init(|| address);
    if let Some(tls) = tls {
        app.tls.get_or_init(|| tls);
    }
    // Before the address is known to anyone: a supervisor may stop us at once.
    let signals = Signals::catch()?;
    announce(&app, address).await?;
    tokio::spawn({
        let app = app.clone();
        async move {
            signals.wait(&app).await;
            supervisor::tell_stopping();
            stop.send_replace(true);
        }
    });
    let Listeners { main, redirect, metrics } = listeners;
    begin_beside(&mut beside, &app, redirect, metrics, &stopped)?;
    supervisor::tell_ready(&app.origin());
    let served = http::serve(&app, main, wait(stopped)).await;
    let closed = tokio::time::timeout(CLOSE, close(&app, beside)).await;
    served?;
    closed.unwrap_or_else(|_| Err(Error::internal("the databases could not be closed in time")))?;
    tracing::info!("stopped");
    Ok(Output::default())
}

/// Waits for what runs beside the requests, and closes the folder.
async fn close(app: &App, mut beside: JoinSet<()>) -> Result<()> {
    if tokio::time::timeout(CLOSE / 2, async { while beside.join_next().await.is_some() {} }).await.is_err() {
        tracing::warn!("jobs and commands took too long to end and are cut off");
    }
    beside.shutdown().await;
    app.close().await
}

/// What the server is reached through, and with which certificate.
fn open_doors(
    config: &Config,
    sockets: Sockets,
    dir: &DataDir,
    clock: &Clock,
) -> Result<(Option<Arc<Tls>>, Listeners)> {
    let certificate = config.certificate.as_ref();
    let tls = certificate.map(|source| Tls::open(source, dir.path(), clock.clone())).transpose()?;
    Ok((tls, Listeners::open(config, sockets)?))
}

/// Begins what runs beside the requests until the server stops.
fn begin_beside(
    beside: &mut JoinSet<()>,
    app: &Arc<App>,
    redirect: Option<TcpListener>,
    metrics: Option<TcpListener>,
    stopped: &watch::Receiver<bool>,
) -> Result<()> {
    let shared = || (app.clone(), stopped.clone());
    beside.spawn({
        let (app, stopped) = shared();
        async move { app.tend(wait(stopped)).await }
    });
    beside.spawn({
        let (app, stopped) = shared();
        async move {
            let Some(address) = app.address.get().copied() else { return };
            tokio::select! {
                () = wait(stopped) => {}
                () = supervisor::watch(&app, address) => {}
            }
        }
    });
    if let Some(redirect) = redirect {
        let address = redirect.local_addr().map_err(Error::internal)?;
        say(&format!("Plain HTTP on {address} is sent on to {}\n", app.origin()));
        let (app, stopped) = shared();
        beside.spawn(async move {
            if let Err(error) = http::serve_redirects(&app, redirect, wait(stopped)).await {
                tracing::error!(?error, "plain HTTP is not sent on to HTTPS");
            }
        });
    }
    if let Some(metrics) = metrics {
        let address = metrics.local_addr().map_err(Error::internal)?;
        say(&format!("Metrics are on http://{address}/metrics\n"));
        let (app, stopped) = shared();
        beside.spawn(async move {
            if let Err(error) = http::serve_metrics(&app, metrics, wait(stopped)).await {
                tracing::error!(?error, "metrics are not served");
            }
        });
    }
    Ok(())
}

/// The first lines on standard output: where the server listens, and how to
/// begin while nobody can sign in.
async fn announce(app: &Arc<App>, address: SocketAddr) -> Result<()> {
    let mut lines = format!("unkey is listening on {}://{address}\n", app.config.scheme());
    if !app.users.exist().await? {
        let workspace = app.workspaces.list().await?.remove(0);
        let cx = app.cx(workspace.id, Principal::Job(Task::FirstStart), Door::Job);
        let link = setup::new_link(app, &cx).await?;
        lines.push_str(&format!("Set this server up within an hour: {link}\n"));
    }
    tracing::info!(%address, data_dir = %app.data_dir().display(), version = env!("CARGO_PKG_VERSION"), "listening");
    say(&lines);
    Ok(())
}

/// A closed standard output is no reason not to serve.
fn say(lines: &str) {
    let mut stdout = std::io::stdout();
    let _ = stdout.write_all(lines.as_bytes()).and_then(|()| stdout.flush());
}

async fn wait(mut stopped: watch::Receiver<bool>) {
    // A sender that is gone means stop, too.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// The signals that ask for an orderly end, or for a look at the certificate.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn catch() -> Result<Self> {
        let catch = |kind| signal(kind).map_err(Error::internal);
        Ok(Self {
            terminate: catch(SignalKind::terminate())?,
            interrupt: catch(SignalKind::interrupt())?,
            hang_up: catch(SignalKind::hangup())?,
        })
    }

    /// Until one asks for the end. SIGHUP has the certificate looked at again; without
    /// one it means nothing.
    async fn wait(mut self, app: &App) {
        let name = loop {
            tokio::select! {
                _ = self.terminate.recv() => break "SIGTERM",
                _ = self.interrupt.recv() => break "SIGINT",
                _ = self.hang_up.recv() => {
                    tracing::info!(signal = "SIGHUP", "looking at the certificate again, if there is one");
                    if let Some(tls) = app.tls.get() {
                        tls.reload();
                    }
                }
            }
        };
        tracing::info!(signal = name, "stopping: requests in flight may finish");
    }
}
