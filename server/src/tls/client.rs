//! How this program asks others by HTTP: an authority, its own address from outside, or
//! itself. What all of them have in common; each sets its own bounds.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::typestate::AgentScope;

use base::file_fault;

/// Who is believed to be who they say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust<'a> {
    /// Whom the system trusts to vouch for others, and whom this file names.
    System { and: Option<&'a Path> },
    /// Anybody: who is asked is known otherwise, and its certificate is for another name.
    Anybody,
}

/// A client that takes nothing from the environment, and to which no status is an error.
pub fn config(trust: Trust<'_>) -> Result<ConfigBuilder<AgentScope>, String> {
    let tls = TlsConfig::builder().unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()));
    let tls = match trust {
        Trust::System { and } => tls.root_certs(RootCerts::new_with_certs(&trusted(and)?)),
        Trust::Anybody => tls.disable_verification(true),
    };
    Ok(Agent::config_builder().tls_config(tls.build()).proxy(None).http_status_as_error(false))
}

fn trusted(and: Option<&Path>) -> Result<Vec<Certificate<'static>>, String> {
    let system = rustls_native_certs::load_native_certs().certs;
    let mut trusted: Vec<_> =
        system.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
    if let Some(path) = and {
        trusted.extend(named(path)?);
    }
    match trusted.is_empty() {
        true => Err("this system trusts nobody: install its package of CA certificates".to_owned()),
        false => Ok(trusted),
    }
}

fn named(path: &Path) -> Result<Vec<Certificate<'static>>, String> {
    let text =
        std::fs::read(path).map_err(|error| format!("cannot read {}", file_fault::describe(path, &error)))?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .filter_map(|certificate| Some(Certificate::from_der(&certificate.ok()?).to_owned()))
        .collect();
    match found.is_empty() {
        true => Err(format!("{} holds no certificate in PEM", path.display())),
        false => Ok(found),
    }
}
