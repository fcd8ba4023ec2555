//! From texts to values: what each setting may be, with a problem noted for each
//! that it is not.

use std::collections::BTreeMap;
use std::net::{Ipv6Addr, SocketAddr};
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ipnet::IpNet;
use p256::ecdsa::VerifyingKey;
use url::Url;

use crate::address::parse_network;
use crate::secret::{MIN_PASSWORD_CHARACTERS, PlainKey};

/// The text of every setting and where it came from, and what is wrong with them.
pub(super) struct Given<'a> {
    sources: &'a BTreeMap<&'static str, (String, &'static str)>,
    problems: &'a mut Vec<String>,
}

impl<'a> Given<'a> {
    pub fn new(
        sources: &'a BTreeMap<&'static str, (String, &'static str)>,
        problems: &'a mut Vec<String>,
    ) -> Self {
        Self { sources, problems }
    }

    pub fn text(&self, name: &str) -> &'a str {
        self.sources[name].0.trim()
    }

    /// Nothing, if the text is empty.
    pub fn some(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|value| !value.is_empty()).map(ToOwned::to_owned)
    }

    pub fn secret(&self, name: &str) -> Option<PlainKey> {
        self.some(name).map(PlainKey::new)
    }

    pub fn check(&mut self, name: &str, fault: Option<String>) {
        if let Some(fault) = fault {
            self.problems.push(format!("{name} (from {}): {fault}", self.sources[name].1));
        }
    }

    pub fn parsed<T: FromStr<Err: std::fmt::Display>>(&mut self, name: &str, otherwise: T) -> T {
        let text = self.text(name);
        text.parse().unwrap_or_else(|error| {
            self.check(name, Some(format!("'{text}': {error}")));
            otherwise
        })
    }

    /// An address and port to listen on, unless there is to be none.
    pub fn listener(&mut self, name: &str) -> Option<SocketAddr> {
        self.some(name).filter(|text| text != "off").map(|_| self.address(name))
    }

    /// An address and port; a free port of loopback stands in for what is none.
    pub fn address(&mut self, name: &str) -> SocketAddr {
        let text = self.text(name);
        let address = text.parse().ok();
        self.check(name, address.is_none().then(|| listener_fault(text)));
        address.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// A number of MiB, in bytes.
    pub fn mebibytes(&mut self, name: &str, otherwise: u64) -> u64 {
        self.parsed(name, otherwise).saturating_mul(1 << 20)
    }

    pub fn percent(&mut self, name: &str, otherwise: u8) -> u8 {
        let percent: u8 = self.parsed(name, otherwise);
        self.check(name, (percent > 100).then(|| "must be 0 to 100".to_owned()));
        percent
    }

    /// One of a few words, the first of which stands in for any other.
    pub fn one_of<T: Copy, const N: usize>(&mut self, name: &str, words: &[(&str, T); N]) -> T {
        const { assert!(N > 1, "a choice") };
        let text = self.text(name);
        let known = words.iter().find(|(word, _)| *word == text);
        if known.is_none() {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let (others, last) = (words[..N - 1].join(", "), words[N - 1]);
            self.check(name, Some(format!("must be {others} or {last}")));
        }
        known.unwrap_or(&words[0]).1
    }

    pub fn switch(&mut self, name: &str) -> bool {
        self.one_of(name, &[("on", true), ("off", false)])
    }

    pub fn networks(&mut self, name: &str) -> Vec<IpNet> {
        let entries = self.text(name).split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let read = |entry: &str| {
            let network = parse_network(entry);
            self.check(name, network.is_none().then(|| format!("'{entry}' is no address or network")));
            network
        };
        entries.filter_map(read).collect()
    }

    /// A `\n` for each line's end is how GitHub lists its keys, and all that some
    /// environment files can hold.
    pub fn public_key(&mut self, name: &str) -> Option<VerifyingKey> {
        let pem = self.some(name)?;
        let key = pem.replace("\\n", "\n").trim().parse().ok();
        let fault = key.is_none().then(|| "must be an ECDSA P-256 public key in PEM".to_owned());
        self.check(name, fault);
        key
    }

    /// What is kept as it was given, or belongs together.
    pub fn check_texts(&mut self) {
        let levels = ["error", "warn", "info", "debug", "trace"];
        let fault = (!levels.contains(&self.text("log_level")))
            .then(|| format!("must be one of {}", levels.join(", ")));
        self.check("log_level", fault);
        self.check("public_url", self.some("public_url").and_then(|url| origin_fault(&url)));
        self.check("master_key", self.some("master_key").and_then(|key| master_key_fault(&key)));
        self.check("root_key", self.some("root_key").and_then(|key| root_key_fault(&key)));
        let email = self.some("admin_email");
        let password = self.some("admin_password");
        let half = email.is_some() != password.is_some();
        self.check(
            "admin_email",
            email.filter(|email| !email.contains('@')).map(|_| "is no address".to_owned()),
        );
        self.check(
            "admin_password",
            half.then(|| "admin_email and admin_password belong together".to_owned()),
        );
        let short = password.filter(|text| text.chars().count() < MIN_PASSWORD_CHARACTERS);
        self.check(
            "admin_password",
            short.map(|_| format!("needs {MIN_PASSWORD_CHARACTERS} characters or more")),
        );
    }
}

/// Why an address cannot be listened on, and what to write instead.
fn listener_fault(text: &str) -> String {
    let (host, port) = text.rsplit_once(':').unwrap_or(("localhost", text));
    let Ok(port) = port.parse::<u16>() else {
        return format!("'{text}' must be an address and a port, such as 127.0.0.1:3000");
    };
    let address = match host {
        "localhost" => "127.0.0.1",
        "" | "*" => "0.0.0.0",
        bare if bare.parse::<Ipv6Addr>().is_ok() => return format!("'{text}': write [{bare}]:{port}"),
        _ => return format!("'{text}' names a host: write its address, or 0.0.0.0:{port} to listen on all"),
    };
    format!("'{text}': write {address}:{port}")
}

/// What is wrong with an address that people are to use. Browsers name the place a
/// form comes from in one way of writing; forms of any other would all be refused.
fn origin_fault(text: &str) -> Option<String> {
    let fault = || Some("must be http:// or https:// and a host, without a path".to_owned());
    let Ok(url) = Url::parse(text) else { return fault() };
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let is_anonymous = url.username().is_empty() && url.password().is_none();
    if !["http", "https"].contains(&url.scheme()) || !is_bare || !is_anonymous {
        return fault();
    }
    // What URLs may have and no host is called.
    let is_named = url.host_str().is_some_and(|host| !host.contains(['*', '%', '_', ',', ';', '\'', '"']));
    if !is_named {
        return Some("must name a host: one, and no pattern".to_owned());
    }
    let origin = url.origin().ascii_serialization();
    (text.trim_end_matches('/') != origin)
        .then(|| format!("must be written as browsers do, or they cannot send a form: {origin}"))
}

fn master_key_fault(key: &str) -> Option<String> {
    let length = STANDARD.decode(key).map(|bytes| bytes.len());
    (length != Ok(32))
        .then(|| "must be 32 bytes in base64, as `openssl rand -base64 32` prints them".to_owned())
}

fn root_key_fault(key: &str) -> Option<String> {
    // A header carries it.
    let well_formed = key.len() >= 24 && key.bytes().all(|byte| byte.is_ascii_graphic());
    (!well_formed).then(|| "must be 24 characters or more, of ASCII without spaces".to_owned())
}
