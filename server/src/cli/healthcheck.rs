//! `unkey healthcheck`: asks `/readyz` of the running server, wherever and by
//! whichever protocol it listens.
//!
//! The server itself says where that is, over the control socket. One that does not
//! say, because it is of an older version or hangs, is looked for where the settings say.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use ureq::Agent;

use super::dispatch::Request;
use super::output::Output;
use super::{control, running};
use crate::app::App;
use crate::doctor::reachable;
use crate::tls::client::{self, Trust};
use base::config::Config;
use base::error::{Error, Result};

/// For the server to say where it is, and for it to answer there.
const WHERE: Duration = Duration::from_secs(2);
const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_ANSWER_BYTES: u64 = 64 << 10;

/// Where a server is.
#[derive(Serialize, Deserialize)]
struct Whereabouts {
    scheme: String,
    address: SocketAddr,
    /// Why it has no certificate, if it should have one.
    certificate_failure: Option<String>,
}

/// What the server answers to who looks for it.
pub(super) fn whereabouts(app: &App) -> Result<Output> {
    let status = app.tls.get().map(|tls| tls.status());
    let found = Whereabouts {
        scheme: app.config.scheme().to_owned(),
        address: *app.address.get().unwrap_or(&app.config.listen),
        certificate_failure: status.filter(|status| status.validity.is_none()).map(|status| {
            status.failure.unwrap_or_else(|| "it was asked for and is not here yet".to_owned())
        }),
    };
    Ok(Output::text(serde_json::to_string(&found)?))
}

pub(super) async fn run(config: &Config) -> Result<Output> {
    let found = find(config).await?;
    if let Some(failure) = found.certificate_failure {
        return Err(Error::invalid(format!("the server has no certificate: {failure}")));
    }
    let url = format!("{}://{}/readyz", found.scheme, reachable(found.address));
    let asked = url.clone();
    let answer = tokio::task::spawn_blocking(move || ask(&asked)).await.map_err(Error::internal)?;
    match answer {
        Ok((200, _)) => Ok(Output::line("ready")),
        Ok((_, text)) => Err(Error::invalid(text.lines().next().unwrap_or("no answer").to_owned())),
        Err(error) => Err(Error::invalid(format!("{url} does not answer: {error}"))),
    }
}

/// The server of the folder that the settings name; else the only one of this user; else
/// whoever listens where the settings say.
async fn find(config: &Config) -> Result<Whereabouts> {
    if let Some(found) = said(&config.data_dir).await {
        return Ok(found);
    }
    let mut running = Vec::new();
    for data_dir in running::data_dirs() {
        running.extend(said(&data_dir).await.map(|found| (data_dir, found)));
    }
    if running.len() > 1 {
        let folders: Vec<_> = running.iter().map(|(data_dir, _)| data_dir.display().to_string()).collect();
        return Err(Error::invalid(format!(
            "several servers run, on {}: name the folder of one with --data-dir",
            folders.join(" and ")
        )));
    }
    Ok(running.pop().map(|(_, found)| found).unwrap_or_else(|| Whereabouts {
        scheme: config.scheme().to_owned(),
        address: config.listen,
        certificate_failure: None,
    }))
}

/// What the server of a folder says, if there is one that answers.
async fn said(data_dir: &Path) -> Option<Whereabouts> {
    let request = Request { arguments: ["unkey", "healthcheck"].map(str::to_owned).to_vec(), input: None };
    let output = timeout(WHERE, control::send(data_dir, &request)).await.ok()?.ok()?;
    serde_json::from_str(&output.stdout).ok()
}

/// The status, and what is said with it. The certificate is not looked at: the address is
/// from the server itself, and the certificate is for its name.
fn ask(url: &str) -> io::Result<(u16, String)> {
    let config = client::config(Trust::Anybody).map_err(io::Error::other)?;
    let agent = Agent::from(config.timeout_global(Some(TIMEOUT)).build());
    let mut answer = agent.get(url).call().map_err(ureq::Error::into_io)?;
    let text = answer.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_string();
    Ok((answer.status().as_u16(), text.map_err(ureq::Error::into_io)?))
}
