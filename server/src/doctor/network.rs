//! Whether the server is reached where it should be, and whom it takes a client's
//! address from.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use super::probe::{self, Answer};
use super::{Finding, Subject};
use base::error::Result;

/// Where a server that is alive says so.
const ALIVE: &str = "/livez";

/// Of a server that runs, whether it answers there; else, whether one could listen.
pub(super) async fn listen(subject: &Subject) -> Result<Vec<Finding>> {
    let Some(address) = subject.address() else { return Ok(vec![may_listen(subject.config.listen)]) };
    let url = format!("http://{}{ALIVE}", reachable(address));
    Ok(vec![match probe::get(&url).await {
        Ok(Answer { status: 200, .. }) => Finding::ok(format!("It answers on {address}.")),
        // Who speaks plain HTTP to the port of HTTPS is told so.
        Ok(Answer { status: 400, .. }) if subject.config.certificate.is_some() => {
            Finding::ok(format!("It answers on {address}, by HTTPS."))
        }
        Ok(Answer { status, .. }) => {
            Finding::error(format!("On {address}, {ALIVE} is answered with status {status}."))
        }
        Err(why) => Finding::error(format!("On {address} nobody answers: {why}.")),
    }])
}

fn may_listen(address: SocketAddr) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Finding::ok(format!("No server runs; one could listen on {address}.")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            Finding::error(format!("Another program listens on {address}."))
                .remedy("end that program, or name another address with --listen")
        }
        Err(error) => Finding::error(format!("Nobody can listen on {address}: {error}."))
            .remedy("name another address with --listen"),
    }
}

/// Where a server that listens there is reached from this machine: one that listens
/// everywhere, on the loopback address.
pub fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// Whether the way that clients take leads here.
pub(super) async fn public_url(subject: &Subject) -> Result<Vec<Finding>> {
    let Some(url) = &subject.config.public_url else {
        return Ok(vec![Finding::ok("public_url is not set: links name the address the server listens on.")]);
    };
    if subject.address().is_none() {
        return Ok(vec![Finding::ok(format!("No server runs that {url} could lead to."))]);
    }
    let asked = format!("{}{ALIVE}", url.trim_end_matches('/'));
    Ok(vec![match probe::get(&asked).await {
        Ok(Answer { status: 200, body }) if body == "ok\n" => Finding::ok(format!("{url} leads here.")),
        Ok(Answer { status, .. }) => Finding::error(format!(
            "{url} leads elsewhere: {ALIVE} is answered with status {status}, and not by this program."
        ))
        .remedy(
            "set public_url to where clients reach this server, or mend the proxy: docs/reverse-proxy.md",
        ),
        // From inside, not every network leads to its own outside.
        Err(why) => Finding::warning(format!("{url} cannot be reached from this machine: {why}."))
            .remedy("if clients cannot reach it either: docs/reverse-proxy.md"),
    }])
}

/// Whose word is taken for a client's address.
pub(super) async fn proxies(subject: &Subject) -> Result<Vec<Finding>> {
    let config = &subject.config;
    let all = config.trusted_proxies.iter().find(|network| network.prefix_len() == 0);
    if let Some(network) = all {
        let text = format!("trusted_proxies has {network}: anybody may say that they are any address.");
        return Ok(vec![
            Finding::error(text).remedy("name the networks of your proxies alone: docs/reverse-proxy.md"),
        ]);
    }
    if config.is_https() && config.certificate.is_none() && config.trusted_proxies.is_empty() {
        let text = "public_url is https, so a proxy is in front, and trusted_proxies does not name it: all \
                    clients have its address.";
        return Ok(vec![Finding::warning(text).remedy("name it in trusted_proxies: docs/reverse-proxy.md")]);
    }
    Ok(vec![match config.trusted_proxies.len() {
        0 => Finding::ok("No proxy is trusted: clients are who connects."),
        _ => Finding::ok("Proxies that are trusted are named by their networks."),
    }])
}
