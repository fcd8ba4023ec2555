//! The sockets that a server listens on: opened here, or by systemd before it.
//!
//! A socket of systemd takes the place of the setting that names the address. One that
//! its unit calls `redirect` or `metrics` is for that; any other is the one that is served.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};

use listenfd::ListenFd;

use base::config::{Config, Raw};
use base::error::{Error, Result};

/// What systemd opened for this process.
pub struct Sockets {
    sockets: ListenFd,
    names: Vec<String>,
}

/// What a server listens on; non-blocking.
pub(super) struct Listeners {
    pub main: TcpListener,
    pub redirect: Option<TcpListener>,
    pub metrics: Option<TcpListener>,
}

const REDIRECT: &str = "redirect";
const METRICS: &str = "metrics";

impl Sockets {
    /// Call it once, before there are threads: it changes the environment, so that no
    /// child takes the sockets for its own.
    pub fn of_process() -> Self {
        Self { sockets: ListenFd::from_env(), names: Raw::socket_names() }
    }

    /// The only socket for which `is_wanted` says so of its name.
    fn take(&mut self, is_wanted: impl Fn(&str) -> bool) -> Result<Option<TcpListener>> {
        let mut wanted = None;
        for index in 0..self.sockets.len() {
            let name = self.names.get(index).map_or("", String::as_str);
            if !is_wanted(name) {
                continue;
            }
            if wanted.replace(index).is_some() {
                return Err(Error::invalid(format!(
                    "systemd opened more than one socket to serve on: name the others {REDIRECT} or {METRICS} with \
                     FileDescriptorName"
                )));
            }
        }
        let Some(index) = wanted else { return Ok(None) };
        let taken = self.sockets.take_tcp_listener(index).map_err(|error| {
            Error::invalid(format!("the socket that systemd opened cannot be served on: {error}"))
                .because(error)
        })?;
        if let Some(listener) = &taken {
            listener.set_nonblocking(true).map_err(Error::internal)?;
        }
        Ok(taken)
    }
}

impl Listeners {
    pub fn open(config: &Config, mut sockets: Sockets) -> Result<Self> {
        let open = |taken: Option<TcpListener>, address: Option<SocketAddr>| match (taken, address) {
            (Some(taken), _) => Ok(Some(taken)),
            (None, address) => address.map(bind).transpose(),
        };
        let redirect = sockets.take(|name| name == REDIRECT)?;
        let metrics = sockets.take(|name| name == METRICS)?;
        let main = match sockets.take(|name| ![REDIRECT, METRICS].contains(&name))? {
            Some(taken) => taken,
            None => bind(config.listen)?,
        };
        if redirect.is_some() && config.certificate.is_none() {
            return Err(Error::invalid(
                "systemd opened a socket named redirect, and there is no HTTPS to send to: set domain, or tls_certificate \
                 and tls_key",
            ));
        }
        let (redirect, metrics) =
            (open(redirect, config.http_listen)?, open(metrics, config.metrics_listen)?);
        Ok(Self { main, redirect, metrics })
    }
}

fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .map_err(|error| Error::invalid(fault(address, &error)))
}

/// What is wrong, and what helps.
fn fault(address: SocketAddr, error: &io::Error) -> String {
    let port = address.port();
    let reason = match error.kind() {
        ErrorKind::AddrInUse => format!(
            "another program listens there: stop it (`ss -ltnp 'sport = :{port}'` names it), or choose another port"
        ),
        ErrorKind::PermissionDenied => format!(
            "port {port} needs a right that this user does not have: have systemd open it (docs/systemd.md), give the \
             right with `setcap cap_net_bind_service=+ep` on the program, or choose a port from 1024 on"
        ),
        ErrorKind::AddrNotAvailable => {
            format!(
                "this machine has no such address: `ip addr` lists those it has; 0.0.0.0:{port} stands for all"
            )
        }
        _ if address.is_ipv6() => format!("{error}; without IPv6, write 0.0.0.0:{port}"),
        _ => error.to_string(),
    };
    format!("cannot listen on {address}: {reason}")
}
