//! A connection to one of the addresses that an endpoint's name has now.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::{Host, Url};

use domain::webhooks::is_public;

/// Addresses of one name that are tried.
const MAX_ADDRESSES: usize = 4;

/// A connection, in the clear or not.
pub(super) enum Connection {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

impl Connection {
    /// Speaks TLS, and believes who it is by the name in the URL.
    pub async fn secure(tls: &TlsConnector, url: &Url, stream: TcpStream) -> Result<Self, String> {
        let name = match url.host() {
            Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).ok(),
            Some(Host::Ipv4(address)) => Some(ServerName::from(IpAddr::V4(address))),
            Some(Host::Ipv6(address)) => Some(ServerName::from(IpAddr::V6(address))),
            None => None,
        };
        let name = name.ok_or_else(|| "its name can have no certificate".to_owned())?;
        let stream = tls.connect(name, stream).await.map_err(|error| format!("TLS failed: {error}"))?;
        Ok(Self::Secure(Box::new(stream)))
    }
}

/// Connects to an address of the URL's host that may be reached.
pub(super) async fn connect(url: &Url, private_targets: bool) -> Result<TcpStream, String> {
    let port = url.port_or_known_default().ok_or("its URL has no port")?;
    let addresses = resolve(url, port).await?;
    let allowed: Vec<SocketAddr> =
        addresses.iter().copied().filter(|address| private_targets || is_public(address.ip())).collect();
    if let (Some(first), true) = (addresses.first(), allowed.is_empty()) {
        return Err(format!("its address {} is private", first.ip()));
    }
    let mut last = "its name has no address".to_owned();
    for address in allowed.into_iter().take(MAX_ADDRESSES) {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = format!("no connection to {address}: {error}"),
        }
    }
    Err(last)
}

async fn resolve(url: &Url, port: u16) -> Result<Vec<SocketAddr>, String> {
    match url.host() {
        Some(Host::Ipv4(address)) => Ok(vec![SocketAddr::from((address, port))]),
        Some(Host::Ipv6(address)) => Ok(vec![SocketAddr::from((address, port))]),
        Some(Host::Domain(name)) => {
            let found = lookup_host((name, port)).await;
            Ok(found.map_err(|error| format!("its name could not be resolved: {error}"))?.collect())
        }
        None => Err("its URL names no host".to_owned()),
    }
}

/// Whom the system trusts to vouch for endpoints.
pub(super) async fn trust() -> Result<TlsConnector, String> {
    let load = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots
    };
    let roots = tokio::task::spawn_blocking(load).await.map_err(|error| error.to_string())?;
    if roots.is_empty() {
        return Err("this system trusts nobody: install its package of CA certificates".to_owned());
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Secure(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Secure(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Secure(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Secure(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
