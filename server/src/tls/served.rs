//! Which certificate a connection is shown: ours, or the answer to a challenge.

use std::sync::Arc;

use parking_lot::RwLock;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// What an authority speaks that looks whether a domain is ours (RFC 8737).
pub const CHALLENGE_PROTOCOL: &[u8] = b"acme-tls/1";

/// The certificate in use, and the one for a challenge that is open.
#[derive(Debug, Default)]
pub struct Served {
    certificate: RwLock<Option<Arc<CertifiedKey>>>,
    challenge: RwLock<Option<Arc<CertifiedKey>>>,
}

/// A challenge is answered while this lives.
pub struct Answering<'a>(&'a Served);

impl Served {
    /// From the next connection on.
    pub fn serve(&self, certificate: Option<Arc<CertifiedKey>>) {
        *self.certificate.write() = certificate;
    }

    pub fn answer(&self, challenge: CertifiedKey) -> Answering<'_> {
        *self.challenge.write() = Some(Arc::new(challenge));
        Answering(self)
    }
}

impl Drop for Answering<'_> {
    fn drop(&mut self) {
        *self.0.challenge.write() = None;
    }
}

impl ResolvesServerCert for Served {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // An authority offers this protocol and no other.
        let asks = hello.alpn().is_some_and(|mut offered| offered.any(|name| name == CHALLENGE_PROTOCOL));
        if asks { self.challenge.read().clone() } else { self.certificate.read().clone() }
    }
}
