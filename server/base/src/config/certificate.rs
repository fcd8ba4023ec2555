//! Settings of HTTPS: whence the server has its certificate, and what follows from
//! a domain that is to have one.
//!
//! Absent on purpose: reading the files. They change while the server runs.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use url::{Host, Url};

use super::values::Given;

/// Whence the certificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateSource {
    /// Files that somebody else renews.
    Files {
        certificate: PathBuf,
        key: PathBuf,
    },
    Acme(Acme),
}

/// An authority that is asked for certificates, and for which name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acme {
    pub domain: String,
    pub directory: String,
    pub contact: Option<String>,
    /// Of who vouches for the authority's own server.
    pub ca_certificate: Option<PathBuf>,
}

/// What a domain stands for where nothing else is set.
const FOLLOWING: [(&str, &str); 3] =
    [("listen", "[::]:443"), ("http_listen", "[::]:80"), ("public_url", "https://")];

/// Sets what follows from a domain and was not given.
pub(super) fn follow_domain(sources: &mut BTreeMap<&'static str, (String, &'static str)>) {
    let domain = sources["domain"].0.trim().to_owned();
    if domain.is_empty() {
        return;
    }
    for (name, value) in FOLLOWING {
        if sources[name].1 == "default" {
            let value = if name == "public_url" { format!("{value}{domain}") } else { value.to_owned() };
            sources.insert(name, (value, "domain"));
        }
    }
}

impl CertificateSource {
    pub(super) fn parse(given: &mut Given<'_>) -> Option<Self> {
        let (certificate, key) = (given.some("tls_certificate"), given.some("tls_key"));
        let domain = given.some("domain");
        let half = certificate.is_some() != key.is_some();
        given.check("tls_key", half.then(|| "tls_certificate and tls_key belong together".to_owned()));
        let twice = domain.is_some() && certificate.is_some();
        given.check(
            "domain",
            twice.then(|| "is to get the certificate that tls_certificate names".to_owned()),
        );
        let source = match (domain, certificate, key) {
            (Some(domain), ..) => Some(Self::Acme(Acme::parse(given, domain))),
            (None, Some(certificate), Some(key)) => {
                Some(Self::Files { certificate: certificate.into(), key: key.into() })
            }
            _ => None,
        };
        check_what_needs_it(given, source.as_ref());
        source
    }
}

impl Acme {
    fn parse(given: &mut Given<'_>, domain: String) -> Self {
        let is_name = matches!(Host::parse(&domain), Ok(Host::Domain(name)) if name == domain);
        let is_name = is_name && domain.len() <= 253 && !domain.contains('*') && !domain.ends_with('.');
        given.check(
            "domain",
            (!is_name)
                .then(|| "must be the name of a host in small letters, such as keys.example.com".to_owned()),
        );
        let directory = given.text("acme_directory").to_owned();
        let is_url = Url::parse(&directory).is_ok_and(|url| url.scheme() == "https" && url.has_host());
        given.check(
            "acme_directory",
            (!is_url).then(|| "must be an address that begins with https://".to_owned()),
        );
        let contact = given.some("acme_contact");
        let is_mail = |contact: &String| {
            contact.contains('@') && contact.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
        };
        let fault = contact.as_ref().filter(|contact| !is_mail(contact)).map(|_| "is no address".to_owned());
        given.check("acme_contact", fault);
        let ca_certificate = given.some("acme_ca_certificate").map(PathBuf::from);
        Self { domain, directory, contact, ca_certificate }
    }
}

/// Settings that mean nothing without HTTPS, or contradict it.
fn check_what_needs_it(given: &mut Given<'_>, source: Option<&CertificateSource>) {
    if source.is_none() {
        let needless = given.some("http_listen").is_some_and(|text| text != "off");
        let cure = || "needs HTTPS to send to: set domain, or tls_certificate and tls_key".to_owned();
        given.check("http_listen", needless.then(cure));
    }
    let is_anywhere =
        given.text("listen").parse().is_ok_and(|address: SocketAddr| address.ip().is_unspecified());
    let leads_nowhere = given.some("http_listen").is_some_and(|text| text != "off")
        && given.some("public_url").is_none()
        && is_anywhere
        && source.is_some();
    let cure = || "needs public_url, to know where to send whoever comes".to_owned();
    given.check("http_listen", leads_nowhere.then(cure));
    if !matches!(source, Some(CertificateSource::Acme(_))) {
        for name in ["acme_contact", "acme_ca_certificate"] {
            given.check(name, given.some(name).map(|_| "needs domain".to_owned()));
        }
    }
    let is_plain = given.some("public_url").is_some_and(|url| url.starts_with("http://"));
    let fault = (source.is_some() && is_plain)
        .then(|| "must be https://, which is what this server speaks".to_owned());
    given.check("public_url", fault);
}
