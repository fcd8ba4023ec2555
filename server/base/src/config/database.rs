//! Settings of a database server, for who keeps `app.db` on Postgres.
//!
//! Whether the server has to prove who it is follows from where it is: over a
//! network it must, unless the address says `sslmode=disable`. The half measures
//! between the two, which encrypt for whoever answers, are refused: they look like
//! protection.

use std::net::IpAddr;
use std::time::Duration;

use url::Url;

use super::values::Given;
use crate::error::{Error, Result};
use crate::secret::PlainKey;

/// A server of Postgres, and what may be asked of it.
#[derive(Clone)]
pub struct DatabaseServer {
    /// With the password, perhaps.
    pub url: PlainKey,
    pub tls: Tls,
    /// At most, those that write included.
    pub connections: u32,
    /// For one statement.
    pub timeout: Duration,
}

/// How connections to the server are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// The certificate is checked, and that it is of this host.
    Verified,
    /// Within this machine.
    Local,
    /// Off, because the address says so.
    Off,
}

/// What an address may say after its question mark: anything else would be left out
/// in silence.
const PARAMETERS: [&str; 6] = ["host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey"];

const CONNECTIONS: u32 = 16;
const FEWEST_CONNECTIONS: u32 = 4;
const MOST_CONNECTIONS: u32 = 1000;
const TIMEOUT_MS: u32 = 10_000;

impl DatabaseServer {
    pub(super) fn parse(given: &mut Given<'_>) -> Option<Self> {
        let connections: u32 = given.parsed("database_connections", CONNECTIONS);
        let is_within = (FEWEST_CONNECTIONS..=MOST_CONNECTIONS).contains(&connections);
        let bounds = format!("must be {FEWEST_CONNECTIONS} to {MOST_CONNECTIONS}");
        given.check("database_connections", (!is_within).then_some(bounds));
        let timeout_ms: u32 = given.parsed("database_timeout_ms", TIMEOUT_MS);
        given.check("database_timeout_ms", (timeout_ms == 0).then(|| "must be 1 or more".to_owned()));
        let url = given.secret("database_url")?;
        let tls = tls(url.reveal());
        given.check("database_url", tls.as_ref().err().cloned());
        let timeout = Duration::from_millis(timeout_ms.into());
        Some(Self { url, tls: tls.unwrap_or(Tls::Verified), connections, timeout })
    }

    /// One that a command names. Fails as a setting would, without saying the address.
    pub fn at(address: &str) -> Result<Self> {
        let tls =
            tls(address).map_err(|fault| Error::invalid(format!("the address of the database {fault}")))?;
        let url = PlainKey::new(address.to_owned());
        Ok(Self { url, tls, connections: CONNECTIONS, timeout: Duration::from_millis(TIMEOUT_MS.into()) })
    }
}

#[cfg(any(test, feature = "testing"))]
impl DatabaseServer {
    /// A server of a run of tests, with few connections.
    pub fn for_tests(url: String) -> Self {
        let tls = tls(&url).expect("an address");
        Self {
            url: PlainKey::new(url),
            tls,
            connections: FEWEST_CONNECTIONS,
            timeout: Duration::from_secs(30),
        }
    }
}

/// What the address asks for, or what is wrong with it. Never says the address: it
/// may have a password.
fn tls(address: &str) -> std::result::Result<Tls, String> {
    let form = "must be postgres://user:password@host:port/database";
    let url = Url::parse(address).map_err(|error| format!("{form}: {error}"))?;
    if !["postgres", "postgresql"].contains(&url.scheme()) || url.path().trim_matches('/').is_empty() {
        return Err(form.to_owned());
    }
    let (mut host, mut mode) = (url.host_str().unwrap_or_default().replace("%2F", "/"), None);
    for (name, value) in url.query_pairs() {
        match &*name {
            "host" => host = value.into_owned(),
            "sslmode" => mode = Some(value.into_owned()),
            known if PARAMETERS.contains(&known) => {}
            // Its name is not said: a password that is not escaped may end up here.
            _ => {
                return Err(format!(
                    "has a parameter other than {}: take it out; in a password, write / ? # @ : as %2F %3F %23 %40 %3A",
                    PARAMETERS.join(", ")
                ));
            }
        }
    }
    if url.fragment().is_some() {
        return Err(format!("{form}: it has a #, which a password writes as %23"));
    }
    if host.is_empty() {
        return Err(format!("{form}: it names no host"));
    }
    match mode.as_deref() {
        None if is_local(&host) => Ok(Tls::Local),
        None | Some("verify-full") => Ok(Tls::Verified),
        Some("disable") => Ok(Tls::Off),
        Some(_) => Err("has an sslmode that does not check who answers: leave it out or write verify-full, with the file \
                        of your authority as sslrootcert if it is not one that the system trusts; disable does \
                        without TLS"
            .to_owned()),
    }
}

/// A socket, or an address of this machine.
fn is_local(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.starts_with('/')
        || host == "localhost"
        || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_answers_over_a_network_is_checked() {
        for (address, expected) in [
            ("postgres://u:p@db.example.com/unkey", Tls::Verified),
            ("postgresql://u@10.0.0.7:6432/unkey?sslmode=verify-full&sslrootcert=/ca.pem", Tls::Verified),
            ("postgres://u:p@db/unkey?sslmode=disable", Tls::Off),
            ("postgres://u@127.0.0.1:5433/unkey", Tls::Local),
            ("postgres://u@[::1]/unkey", Tls::Local),
            ("postgres://u@localhost/unkey", Tls::Local),
            ("postgres://u@%2Fvar%2Frun%2Fpostgresql/unkey", Tls::Local),
            ("postgres://u@localhost/unkey?host=db.example.com", Tls::Verified),
            ("postgres://u@127.0.0.1.example.com/unkey", Tls::Verified),
        ] {
            assert_eq!(tls(address), Ok(expected), "{address}");
        }
    }

    #[test]
    fn half_measures_and_what_is_not_understood_are_refused() {
        for (address, named) in [
            ("postgres://u@db/unkey?sslmode=require", "an sslmode"),
            ("postgres://u@localhost/unkey?sslmode=prefer", "an sslmode"),
            ("postgres://u@db/unkey?sslmode=verify-ca", "an sslmode"),
            ("postgres://u@db/unkey?channel_binding=require", "a parameter other"),
            ("postgres://u:12/x?secret@db/unkey", "a parameter other"),
            ("postgres://u@db/unkey#secret", "a #"),
            ("mysql://u@db/unkey", "postgres://"),
            ("postgres://u@db", "/database"),
            ("postgres:///unkey", "host"),
            ("secret", "postgres://"),
        ] {
            let fault = tls(address).unwrap_err();
            assert!(fault.contains(named) && !fault.contains("secret"), "{address}: {fault}");
        }
    }
}
