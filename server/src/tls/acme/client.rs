//! How the authority is reached: HTTPS alone, checked against whom the system trusts
//! and whom the operator names, with a bound on every wait and every answer.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, http};

use base::file_fault;

/// For one request and its answer.
const TIMEOUT: Duration = Duration::from_secs(30);
const MAX_ANSWER_BYTES: u64 = 1 << 20;

#[derive(Clone)]
pub struct Client(Agent);

impl Client {
    /// `ca_certificate` is trusted beside the system's.
    pub fn new(ca_certificate: Option<&Path>) -> Result<Self, String> {
        let mut trusted: Vec<Certificate<'static>> = rustls_native_certs::load_native_certs()
            .certs
            .iter()
            .map(|certificate| Certificate::from_der(certificate).to_owned())
            .collect();
        if let Some(path) = ca_certificate {
            trusted.extend(named(path)?);
        }
        if trusted.is_empty() {
            return Err("this system trusts nobody: install its package of CA certificates".to_owned());
        }
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&trusted))
            .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
            .build();
        let config = Agent::config_builder()
            .https_only(true)
            .tls_config(tls)
            // Of the environment nothing is taken but settings.
            .proxy(None)
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .build();
        Ok(Self(config.into()))
    }
}

fn named(path: &Path) -> Result<Vec<Certificate<'static>>, String> {
    let text = std::fs::read(path).map_err(|error| {
        format!("acme_ca_certificate: cannot read {}", file_fault::describe(path, &error))
    })?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .filter_map(|certificate| Some(Certificate::from_der(&certificate.ok()?).to_owned()))
        .collect();
    if found.is_empty() {
        return Err(format!("acme_ca_certificate: {} holds no certificate in PEM", path.display()));
    }
    Ok(found)
}

type Answer = Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>>;

impl HttpClient for Client {
    fn request(&self, request: http::Request<BodyWrapper<Bytes>>) -> Answer {
        let agent = self.0.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let Ok(body) = body.collect().await;
            let body = body.to_bytes().to_vec();
            let asked = tokio::task::spawn_blocking(move || ask(&agent, head, body)).await;
            asked.unwrap_or_else(|error| Err(Error::Other(error.into())))
        })
    }
}

fn ask(agent: &Agent, head: http::request::Parts, body: Vec<u8>) -> Result<BytesResponse, Error> {
    let failed = |error: ureq::Error| Error::Other(error.into());
    let answer = if head.method == http::Method::POST {
        agent.run(http::Request::from_parts(head, body))
    } else {
        agent.run(http::Request::from_parts(head, ()))
    };
    let (head, mut body) = answer.map_err(failed)?.into_parts();
    let bytes = body.with_config().limit(MAX_ANSWER_BYTES).read_to_vec().map_err(failed)?;
    Ok(BytesResponse { parts: head, body: Box::new(Bytes::from(bytes)) })
}
