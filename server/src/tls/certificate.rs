//! A certificate with its key, checked as far as a server can check its own.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_cert::der::Decode;

/// What is served, and for how long it is good.
#[derive(Debug)]
pub struct Certificate {
    pub key: Arc<CertifiedKey>,
    pub validity: Validity,
}

/// From when to when a certificate is good, Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    pub not_before_ms: i64,
    pub not_after_ms: i64,
}

impl Certificate {
    /// Reads PEM: the certificate, those between it and its authority, and its key.
    /// `Err` says in one line which of the two is wrong, and how.
    pub fn parse(chain: &[u8], key: &[u8]) -> Result<Self, Fault> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|error| Fault::Chain(format!("is no PEM file: {error}")))?;
        let Some(leaf) = chain.first() else {
            return Err(Fault::Chain("holds no certificate in PEM".to_owned()));
        };
        let validity = Validity::of(leaf).map_err(Fault::Chain)?;
        // A client that cannot read one of those behind it ends the handshake.
        chain.iter().try_for_each(|link| Validity::of(link).map(drop)).map_err(Fault::Chain)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| {
            Fault::Key("holds no private key in PEM; one that has a password cannot be used".to_owned())
        })?;
        let key =
            CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => {
                    Fault::Key("is not the key of the certificate".to_owned())
                }
                error => Fault::Key(format!("cannot be used: {error}")),
            })?;
        Ok(Self { key: Arc::new(key), validity })
    }
}

/// What is wrong with which half.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    Chain(String),
    Key(String),
}

impl Validity {
    fn of(certificate: &CertificateDer<'_>) -> Result<Self, String> {
        let read = x509_cert::Certificate::from_der(certificate)
            .map_err(|error| format!("holds a certificate that cannot be read: {error}"))?;
        let validity = read.tbs_certificate.validity;
        let ms = |time: x509_cert::time::Time| {
            i64::try_from(time.to_unix_duration().as_millis()).unwrap_or(i64::MAX)
        };
        Ok(Self { not_before_ms: ms(validity.not_before), not_after_ms: ms(validity.not_after) })
    }

    pub fn length_ms(self) -> u64 {
        u64::try_from(self.not_after_ms.saturating_sub(self.not_before_ms)).unwrap_or(0)
    }

    pub fn contains(self, now_ms: i64) -> bool {
        (self.not_before_ms..=self.not_after_ms).contains(&now_ms)
    }
}

impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from {} to {}", date(self.not_before_ms), date(self.not_after_ms))
    }
}

/// A time as people write it, in UTC.
pub fn date(time_ms: i64) -> String {
    let time = chrono::DateTime::from_timestamp_millis(time_ms);
    time.map(|time| time.format("%Y-%m-%d %H:%M:%S UTC").to_string()).unwrap_or_default()
}
