//! Settings: one table that flags, environment, file and documentation share.
//!
//! A setting is its flag `--data-dir`, its variable `UNKEY_DATA_DIR` and its
//! TOML key `data_dir`; a flag beats a variable beats the file beats the
//! default. Secrets have no flag, because command lines are public, but may be
//! read from a file that `UNKEY_<NAME>_FILE` names, or from a credential of systemd.
//! Every problem is reported at
//! once. This is the only file that reads the environment.

mod backup;
mod certificate;
mod database;
mod nearest;
mod network;
mod settings;
mod values;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use p256::ecdsa::VerifyingKey;

use crate::error::{Error, Result};
use crate::file_fault;
use crate::secret::PlainKey;

use values::Given;

pub use backup::{BackupKeep, BackupPlan, BackupSettings};
pub use certificate::{Acme, CertificateSource};
pub use database::{DatabaseServer, Tls};
pub use network::Network;
pub use settings::{SETTINGS, Setting};

/// Whether the v1 API answers, and whom
/// (docs/decisions.md#v1-verifies-without-a-root-key).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum V1 {
    /// As its contract says: anybody who has a key may verify it.
    On,
    Off,
    /// On, but verifying a key takes a root key of its workspace.
    VerifyNeedsRootKey,
}

/// The header in which trusted proxies name the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressHeader {
    XForwardedFor,
    /// RFC 7239.
    Forwarded,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Auto,
    Human,
    Json,
}

/// Which requests the request log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogRequests {
    On,
    /// Failed ones, and verifications of unknown keys.
    Errors,
    Off,
}

/// Resolved and valid settings.
#[derive(Clone)]
pub struct Config {
    pub listen: SocketAddr,
    /// Where plain HTTP is sent on to HTTPS.
    pub http_listen: Option<SocketAddr>,
    /// `None` serves plain HTTP.
    pub certificate: Option<CertificateSource>,
    pub metrics_listen: Option<SocketAddr>,
    pub data_dir: PathBuf,
    /// `None` keeps `app.db` in the data folder.
    pub database: Option<DatabaseServer>,
    pub public_url: Option<String>,
    pub trusted_proxies: Vec<IpNet>,
    pub client_address_header: AddressHeader,
    pub hsts: bool,
    pub members_create_workspaces: bool,
    pub log_format: LogFormat,
    pub log_level: String,
    /// 0 is no cap.
    pub max_body_bytes: usize,
    pub network: Network,
    pub key_cache_bytes: u64,
    pub limiter_max_counters: usize,
    pub limiter_max_counters_per_workspace: u64,
    pub v1: V1,
    /// `None` is any number.
    pub v1_unknown_keys_per_minute: Option<u64>,
    /// Whether proxies may ask at `/auth/verify`.
    pub forward_auth: bool,
    /// Whether endpoints of webhooks may have private addresses.
    pub webhook_private_targets: bool,
    /// Whether assistants find tools at `/mcp`.
    pub mcp: bool,
    /// 0 is one per core.
    pub worker_threads: usize,
    pub request_log: LogRequests,
    /// 0 to 100.
    pub request_log_sample_percent: u8,
    /// 0 is no cap.
    pub events_max_bytes: u64,
    pub analytics_sql: bool,
    pub analytics_seconds: u64,
    pub analytics_memory_bytes: u64,
    pub region: String,
    /// Of the secret scanner that may report root keys.
    pub leak_public_key: Option<VerifyingKey>,
    pub backup: BackupSettings,
    pub admin_email: Option<String>,
    pub admin_password: Option<PlainKey>,
    /// 32 bytes in base64.
    pub master_key: Option<PlainKey>,
    pub root_key: Option<PlainKey>,
    sources: BTreeMap<&'static str, (String, &'static str)>,
}

/// Unresolved settings: name to value, from each source.
#[derive(Default)]
pub struct Raw {
    pub flags: BTreeMap<String, String>,
    pub variables: BTreeMap<String, String>,
    /// Where systemd put secrets, each in a file of the name of its setting.
    pub credentials: Option<PathBuf>,
}

impl Raw {
    /// The variables of this process, beside the given flags.
    #[expect(clippy::disallowed_methods, reason = "this is the file that may read the environment")]
    pub fn of_process(flags: BTreeMap<String, String>) -> Self {
        // Other programs' variables need not be UTF-8; ours are checked like any other text.
        let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
        let variables = std::env::vars_os()
            .map(|(name, value)| (text(name), text(value)))
            .filter(|(name, _)| name.starts_with("UNKEY_"))
            .collect();
        let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        Self { flags, variables, credentials }
    }

    /// How the unit of systemd names the sockets it opened, in their order.
    #[expect(clippy::disallowed_methods, reason = "this is the file that may read the environment")]
    pub fn socket_names() -> Vec<String> {
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        names.split(':').map(ToOwned::to_owned).collect()
    }

    /// Variables that look like settings and are none.
    pub fn unknown_variables(&self) -> Vec<&str> {
        let known = known_variables();
        self.variables
            .keys()
            .map(String::as_str)
            .filter(|name| !known.iter().any(|known| known == name))
            .collect()
    }

    /// Of these, typing errors: a setting that is not in force is found out too late.
    /// What is like none of them belongs to somebody else, and is only warned of.
    fn misspelled_variables(&self) -> Vec<String> {
        let known = known_variables();
        let fault = |name: &str| {
            let meant = nearest::name(name, &known)?;
            Some(format!("{name}: there is no such setting; {meant} is meant, perhaps"))
        };
        self.unknown_variables().into_iter().filter_map(fault).collect()
    }
}

impl Config {
    /// Resolves and validates; the error lists every problem, one a line.
    pub fn resolve(raw: &Raw) -> Result<Self> {
        let mut problems: Vec<String> = raw.misspelled_variables();
        let file = read_file(raw, &mut problems);
        let mut sources = BTreeMap::new();
        for setting in SETTINGS {
            let found = find(setting, raw, &file, &mut problems);
            if found.0.contains('\0') {
                problems.push(format!("{} (from {}): it has the character U+0000", setting.name, found.1));
            }
            sources.insert(setting.name, found);
        }
        certificate::follow_domain(&mut sources);
        let config = Self::parse(&sources, &mut problems);
        if problems.is_empty() { Ok(config) } else { Err(Error::invalid(problems.join("\n"))) }
    }

    fn parse(sources: &BTreeMap<&'static str, (String, &'static str)>, problems: &mut Vec<String>) -> Self {
        let mut given = Given::new(sources, problems);
        // In this order problems are reported.
        let config = Self {
            listen: given.address("listen"),
            http_listen: given.listener("http_listen"),
            certificate: CertificateSource::parse(&mut given),
            metrics_listen: given.listener("metrics_listen"),
            max_body_bytes: given.parsed("max_body_bytes", 0),
            network: Network::parse(&mut given),
            key_cache_bytes: given.mebibytes("key_cache_mib", 64),
            limiter_max_counters: given.parsed("limiter_max_counters", 0),
            limiter_max_counters_per_workspace: given.parsed("limiter_max_counters_per_workspace", 0),
            worker_threads: given.parsed("worker_threads", 0),
            request_log: given.one_of(
                "request_log",
                &[("on", LogRequests::On), ("errors", LogRequests::Errors), ("off", LogRequests::Off)],
            ),
            request_log_sample_percent: given.percent("request_log_sample_percent", 1),
            events_max_bytes: given.mebibytes("events_max_mib", 0),
            analytics_seconds: given.parsed("analytics_seconds", 10),
            analytics_memory_bytes: given.mebibytes("analytics_memory_mib", 1024),
            analytics_sql: given.switch("analytics_sql"),
            forward_auth: given.switch("forward_auth"),
            webhook_private_targets: given.switch("webhook_private_targets"),
            mcp: given.switch("mcp"),
            hsts: given.switch("hsts"),
            members_create_workspaces: given.switch("members_create_workspaces"),
            trusted_proxies: given.networks("trusted_proxies"),
            client_address_header: given.one_of(
                "client_address_header",
                &[("x-forwarded-for", AddressHeader::XForwardedFor), ("forwarded", AddressHeader::Forwarded)],
            ),
            v1: given.one_of(
                "v1",
                &[("on", V1::On), ("off", V1::Off), ("verify-needs-root-key", V1::VerifyNeedsRootKey)],
            ),
            v1_unknown_keys_per_minute: Some(given.parsed("v1_unknown_keys_per_minute", 0))
                .filter(|limit| *limit > 0),
            log_format: given.one_of(
                "log_format",
                &[("auto", LogFormat::Auto), ("human", LogFormat::Human), ("json", LogFormat::Json)],
            ),
            leak_public_key: given.public_key("leak_public_key"),
            data_dir: PathBuf::from(given.text("data_dir")),
            database: DatabaseServer::parse(&mut given),
            public_url: given.some("public_url"),
            log_level: given.text("log_level").to_owned(),
            region: given.text("region").to_owned(),
            backup: BackupSettings::parse(&mut given),
            admin_email: given.some("admin_email"),
            admin_password: given.secret("admin_password"),
            master_key: given.secret("master_key"),
            root_key: given.secret("root_key"),
            sources: sources.clone(),
        };
        given.check_texts();
        config
    }

    /// The data folder of a process that was started in `folder` with these settings,
    /// whatever else is wrong with them.
    pub fn data_dir_of(mut raw: Raw, folder: &Path) -> PathBuf {
        let named = raw.flags.remove("config").or_else(|| raw.variables.remove("UNKEY_CONFIG"));
        if let Some(named) = named.filter(|named| !named.is_empty()) {
            raw.flags.insert("config".to_owned(), folder.join(named).display().to_string());
        }
        let mut ignored = Vec::new();
        let file = read_file(&raw, &mut ignored);
        let setting = SETTINGS.iter().find(|setting| setting.name == "data_dir");
        let value = setting.map(|setting| find(setting, &raw, &file, &mut ignored).0);
        folder.join(value.unwrap_or_default().trim())
    }

    /// Whether people reach this server by HTTPS: its own, or that of a proxy.
    pub fn is_https(&self) -> bool {
        self.certificate.is_some()
            || self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }

    /// What the server itself speaks.
    pub fn scheme(&self) -> &'static str {
        if self.certificate.is_some() { "https" } else { "http" }
    }

    /// The settings in force and where each came from; secrets are not shown.
    pub fn print(&self) -> String {
        let mut text = String::new();
        for (name, shown, source) in self.settings() {
            let _ = writeln!(text, "{name:<27} {shown:<28} {source}");
        }
        text
    }

    /// Name, value and source of every setting, as [`Config::print`] shows them.
    pub fn settings(&self) -> impl Iterator<Item = (&'static str, &str, &'static str)> {
        SETTINGS.iter().map(|setting| {
            let (value, source) = &self.sources[setting.name];
            let shown = match (value.is_empty(), setting.secret) {
                (true, _) => "(unset)",
                (false, true) => "(hidden)",
                // Of several lines, the first says what it is.
                (false, false) => value.trim().lines().next().unwrap_or_default(),
            };
            (setting.name, shown, *source)
        })
    }

    /// Defaults on a folder, for tests of the whole program.
    #[cfg(any(test, feature = "testing"))]
    pub fn for_tests(data_dir: &Path) -> Self {
        let flags = BTreeMap::from([("data_dir".to_owned(), data_dir.display().to_string())]);
        Self::resolve(&Raw { flags, ..Raw::default() }).expect("the defaults are valid")
    }
}

/// The variables of all settings, those that name files of secrets included.
fn known_variables() -> Vec<String> {
    let file = |setting: &Setting| setting.secret.then(|| format!("{}_FILE", setting.variable()));
    SETTINGS.iter().flat_map(|setting| std::iter::once(setting.variable()).chain(file(setting))).collect()
}

fn read_file(raw: &Raw, problems: &mut Vec<String>) -> toml::Table {
    let named = raw.flags.get("config").or_else(|| raw.variables.get("UNKEY_CONFIG"));
    let Some(path) = named.filter(|path| !path.is_empty()) else { return toml::Table::new() };
    let table = match std::fs::read_to_string(path).map(|text| text.parse::<toml::Table>()) {
        Ok(Ok(table)) => table,
        Ok(Err(error)) => {
            problems.push(format!("{path}: {error}"));
            toml::Table::new()
        }
        Err(error) => {
            problems.push(format!("config: cannot read {}", file_fault::describe(path.as_ref(), &error)));
            toml::Table::new()
        }
    };
    let known = |name: &str| name != "config" && SETTINGS.iter().any(|setting| setting.name == name);
    for name in table.keys().filter(|name| !known(name)) {
        let names: Vec<String> = SETTINGS.iter().map(|setting| setting.name.to_owned()).collect();
        let meant = nearest::name(name, &names).map(|meant| format!("; {meant} is meant, perhaps"));
        problems.push(format!("{path}: there is no setting '{name}'{}", meant.unwrap_or_default()));
    }
    table
}

fn find(
    setting: &Setting,
    raw: &Raw,
    file: &toml::Table,
    problems: &mut Vec<String>,
) -> (String, &'static str) {
    if let Some(value) = raw.flags.get(setting.name) {
        return (value.clone(), "flag");
    }
    if let Some(value) = raw.variables.get(&setting.variable()) {
        return (value.clone(), "environment");
    }
    if setting.secret
        && let Some(path) = raw.variables.get(&format!("{}_FILE", setting.variable()))
    {
        match std::fs::read_to_string(path) {
            Ok(text) => return (text.trim().to_owned(), "secret file"),
            Err(error) => problems.push(format!(
                "{}_FILE: cannot read {}",
                setting.variable(),
                file_fault::describe(path.as_ref(), &error)
            )),
        }
    }
    if setting.secret
        && let Some(path) = raw.credentials.as_ref().map(|folder| folder.join(setting.name))
    {
        match std::fs::read_to_string(&path) {
            Ok(text) => return (text.trim().to_owned(), "credential"),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => problems.push(format!(
                "{}: cannot read the credential {}",
                setting.name,
                file_fault::describe(&path, &error)
            )),
        }
    }
    match file.get(setting.name) {
        Some(toml::Value::String(text)) => (text.clone(), "file"),
        Some(toml::Value::Array(items)) => {
            let texts: Option<Vec<_>> = items.iter().map(toml::Value::as_str).collect();
            if texts.is_none() {
                problems.push(format!("{}: expected a list of texts in the file", setting.name));
            }
            (texts.unwrap_or_default().join(","), "file")
        }
        Some(toml::Value::Integer(number)) => (number.to_string(), "file"),
        Some(_) => {
            problems.push(format!("{}: expected a text or a number in the file", setting.name));
            (setting.default.to_owned(), "default")
        }
        None => (setting.default.to_owned(), "default"),
    }
}

#[cfg(test)]
mod tests;
