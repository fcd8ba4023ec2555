//! `unkey serve`: the server, from the folder's lock to the last flush.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::{Output, control, setup};
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::entropy::Entropy;
use crate::error::{Error, Result};
use crate::http;
use crate::op::{Door, Principal};
use crate::store::DataDir;

/// Serves until SIGTERM or SIGINT, then drains and stores everything.
pub(super) async fn run(config: Config) -> Result<Output> {
    let dir = DataDir::acquire(&config.data_dir)?.ok_or_else(|| {
        Error::invalid(format!("{} is in use by another unkey process", config.data_dir.display()))
    })?;
    let listener = listen(config.listen)?;
    let metrics = config.metrics_listen.map(listen).transpose()?;
    let address = listener.local_addr().map_err(Error::internal)?;
    let app = App::open(config, Clock::system(), Entropy::system(), dir).await?;
    let commands = tokio::spawn(control::listen(app.clone(), control::open(app.data_dir())?));
    app.address.get_or_init(|| address);
    let (stop, stopped) = watch::channel(false);
    // Before the address is known to anyone: a supervisor may stop us at once.
    let signals = Signals::catch()?;
    announce(&app, address).await?;
    tokio::spawn(async move {
        signals.wait().await;
        stop.send_replace(true);
    });
    let tending = tokio::spawn({
        let (app, stopped) = (app.clone(), stopped.clone());
        async move { app.tend(wait(stopped)).await }
    });
    if let Some(metrics) = metrics {
        let address = metrics.local_addr().map_err(Error::internal)?;
        say(&format!("Metrics are on http://{address}/metrics\n"));
        let (app, stopped) = (app.clone(), stopped.clone());
        tokio::spawn(async move { http::serve_metrics(&app, metrics, wait(stopped)).await });
    }
    http::serve(&app, listener, wait(stopped)).await?;

    commands.abort();
    tending.await.map_err(Error::internal)?;
    app.close().await?;
    tracing::info!("stopped");
    Ok(Output::default())
}

fn listen(address: SocketAddr) -> Result<std::net::TcpListener> {
    std::net::TcpListener::bind(address)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .map_err(|error| Error::invalid(format!("cannot listen on {address}: {error}")).because(error))
}

/// The first lines on standard output: where the server listens, and how to
/// begin while nobody can sign in.
async fn announce(app: &Arc<App>, address: SocketAddr) -> Result<()> {
    let mut lines = format!("unkey is listening on http://{address}\n");
    if !app.users.exist().await? {
        let workspace = app.workspaces.list().await?.remove(0);
        let cx = app.cx(workspace.id, Principal::Job("first start"), Door::Job);
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

/// The signals that ask for an orderly end.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn catch() -> Result<Self> {
        let catch = |kind| signal(kind).map_err(Error::internal);
        Ok(Self { terminate: catch(SignalKind::terminate())?, interrupt: catch(SignalKind::interrupt())? })
    }

    async fn wait(mut self) {
        let name = tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        };
        tracing::info!(signal = name, "stopping: requests in flight may finish");
    }
}
