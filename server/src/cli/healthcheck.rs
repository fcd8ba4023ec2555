//! `unkey healthcheck`: asks `/readyz` of the server at the listen address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::output::Output;
use base::config::Config;
use base::error::{Error, Result};

const TIMEOUT: Duration = Duration::from_secs(5);

pub(super) async fn run(config: &Config) -> Result<Output> {
    let address = reachable(config.listen);
    let answer = tokio::time::timeout(TIMEOUT, ask(address))
        .await
        .map_err(|_| Error::invalid(format!("{address} did not answer in time")))?
        .map_err(|error| Error::invalid(format!("{address} does not answer: {error}")).because(error))?;
    match answer.split(' ').nth(1) {
        Some("200") => Ok(Output::line("ready")),
        _ => Err(Error::invalid(answer.lines().last().unwrap_or("no answer").to_owned())),
    }
}

/// A server that listens everywhere is asked on the loopback address.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(65_536).read_to_string(&mut answer).await?;
    Ok(answer)
}
