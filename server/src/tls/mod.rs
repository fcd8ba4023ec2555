//! The certificate that HTTPS is served with: read from files, or given by an
//! authority; followed when it changes, while connections go on.
//!
//! What cannot be used is never served and never ends the server: the certificate
//! before it stays, and what is wrong is logged, measured and shown. Absent on
//! purpose: more than one certificate, those of clients, and session tickets that
//! outlive the process.

mod acme;
mod certificate;
pub mod client;
mod files;
mod served;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use tokio::sync::Notify;
use tokio::time::timeout;

use base::clock::Clock;
use base::config::CertificateSource;
use base::error::{Error, Result};

use acme::Authority;
use files::Files;
use served::Served;

pub use certificate::Validity;
pub use served::CHALLENGE_PROTOCOL;

/// How often is looked whether something is to be done, at most and at least.
const OFTEN: Duration = Duration::from_secs(1);
const SELDOM: Duration = Duration::from_secs(60);

/// The certificate of this server, and who looks after it.
pub struct Tls {
    clock: Clock,
    source: Source,
    served: Arc<Served>,
    config: Arc<ServerConfig>,
    status: Mutex<Status>,
    /// Somebody wants it looked at now.
    asked: Notify,
}

enum Source {
    Files(Files),
    Authority(Box<Authority>),
}

/// What is known about the certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Of the one that is served.
    pub validity: Option<Validity>,
    /// Why there is no newer one, if there should be.
    pub failure: Option<String>,
    /// Since the start.
    pub failures: u64,
    /// Certificates that took the place of another, since the start.
    pub replaced: u64,
}

impl Tls {
    /// Fails where files that are named cannot be used. An authority is asked later,
    /// by [`Tls::keep`]: it asks back, and for that the server has to listen.
    pub fn open(source: &CertificateSource, data_dir: &Path, clock: Clock) -> Result<Arc<Self>> {
        let served = Arc::new(Served::default());
        let config = config(served.clone(), &clock)?;
        let (source, first) = match source {
            CertificateSource::Files { certificate, key } => {
                let files = Files::new(certificate.clone(), key.clone());
                let first = files.load().map_err(Error::invalid)?;
                (Source::Files(files), Some(first))
            }
            CertificateSource::Acme(acme) => {
                let authority = Authority::open(acme.clone(), data_dir, clock.moment())?;
                let first = authority.stored();
                (Source::Authority(Box::new(authority)), first)
            }
        };
        let status = Status { validity: first.as_ref().map(|first| first.validity), ..Status::default() };
        served.serve(first.map(|first| first.key));
        Ok(Arc::new(Self { clock, source, served, config, status: Mutex::new(status), asked: Notify::new() }))
    }

    /// What connections are accepted with.
    pub fn config(&self) -> Arc<ServerConfig> {
        self.config.clone()
    }

    pub fn status(&self) -> Status {
        self.status.lock().clone()
    }

    /// Has the certificate looked at now: files read, an authority asked again even if
    /// it failed just before.
    pub fn reload(&self) {
        self.asked.notify_one();
    }

    /// Keeps the certificate fresh, without end.
    pub async fn keep(&self) {
        let mut is_asked = false;
        loop {
            self.look(is_asked).await;
            is_asked = timeout(self.pause(), self.asked.notified()).await.is_ok();
        }
    }

    /// Sees whether something is to be done, and does it.
    async fn look(&self, is_asked: bool) {
        match &self.source {
            Source::Files(files) => self.follow(files, is_asked),
            Source::Authority(authority) => self.renew(authority, is_asked).await,
        }
    }

    /// Short-lived certificates are looked at more often.
    fn pause(&self) -> Duration {
        let validity = self.status.lock().validity;
        let part = validity.map_or(SELDOM, |validity| Duration::from_millis(validity.length_ms() / 60));
        part.clamp(OFTEN, SELDOM)
    }

    /// Reads the files again if they changed, or could not be used last time.
    fn follow(&self, files: &Files, is_asked: bool) {
        let has_failed = self.status.lock().failure.is_some();
        if !(is_asked || has_failed || files.have_changed()) {
            return;
        }
        match files.load() {
            Ok(certificate) => self.replace(certificate),
            Err(failure) => self.note_failure(failure),
        }
    }

    async fn renew(&self, authority: &Authority, is_asked: bool) {
        let validity = self.status.lock().validity;
        if !authority.is_due(self.clock.moment(), validity, is_asked) {
            return;
        }
        match authority.obtain(&self.served, &self.clock).await {
            Ok(certificate) => {
                let validity = certificate.validity;
                self.replace(certificate);
                let now_ms = self.clock.now_ms();
                if !validity.contains(now_ms) {
                    let failure = format!(
                        "the certificate that {} just gave is good {validity}, which is not now by the clock of this \
                         machine: is that clock right?",
                        authority.name()
                    );
                    self.note_failure(failure);
                }
            }
            Err(failure) => self.note_failure(failure),
        }
    }

    fn replace(&self, certificate: certificate::Certificate) {
        let validity = certificate.validity;
        self.served.serve(Some(certificate.key));
        let mut status = self.status.lock();
        if status.validity.is_some() {
            status.replaced += 1;
        }
        status.validity = Some(validity);
        status.failure = None;
        tracing::info!(%validity, "another certificate is served from now on");
    }

    /// Says what is wrong, once for as long as it is the same.
    fn note_failure(&self, failure: String) {
        let mut status = self.status.lock();
        status.failures += 1;
        if status.failure.as_deref() != Some(&failure) {
            match status.validity {
                Some(validity) => {
                    tracing::error!(failure, %validity, "there is no new certificate, the one before it is served on");
                }
                None => tracing::error!(failure, "there is no certificate yet: nobody can connect"),
            }
        }
        status.failure = Some(failure);
    }
}

/// HTTP/2 and HTTP/1.1 over TLS 1.3 and 1.2.
fn config(served: Arc<Served>, clock: &Clock) -> Result<Arc<ServerConfig>> {
    let provider = Arc::new(ring::default_provider());
    let time = Arc::new(Time(clock.clone()));
    let mut config = ServerConfig::builder_with_details(provider, time)
        .with_safe_default_protocol_versions()
        .map_err(Error::internal)?
        .with_no_client_auth()
        .with_cert_resolver(served);
    config.alpn_protocols = [&b"h2"[..], b"http/1.1", CHALLENGE_PROTOCOL].map(<[u8]>::to_vec).to_vec();
    config.ticketer = ring::Ticketer::new().map_err(Error::internal)?;
    Ok(Arc::new(config))
}

/// The clock, for what is sent to clients with a time in it.
struct Time(Clock);

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Time(..)")
    }
}

impl TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        let now_ms = u64::try_from(self.0.now_ms()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_millis(now_ms)))
    }
}

#[cfg(test)]
mod tests;
