//! The one table of settings, which flags, variables, TOML keys, help pages, `config
//! print` and the documentation are made of.

/// One row of the table.
pub struct Setting {
    /// The TOML key; flag and variable derive from it.
    pub name: &'static str,
    pub default: &'static str,
    pub secret: bool,
    /// One line for `--help`, `config print` and the documentation.
    pub help: &'static str,
}

const fn plain(name: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { name, default, secret: false, help }
}

const fn secret(name: &'static str, help: &'static str) -> Setting {
    Setting { name, default: "", secret: true, help }
}

/// Every setting.
pub const SETTINGS: &[Setting] = &[
    plain("listen", "127.0.0.1:3000", "Address to listen on"),
    plain("metrics_listen", "", "Address and port of the Prometheus metrics; none when empty"),
    plain("http_listen", "", "Address and port that send plain HTTP on to HTTPS; none when empty or off"),
    plain(
        "tls_certificate",
        "",
        "PEM file of the certificate to serve HTTPS with, and those between it and its authority",
    ),
    plain("tls_key", "", "PEM file of its private key"),
    plain("domain", "", "Name to get a certificate for by ACME, and to serve HTTPS under"),
    plain(
        "acme_directory",
        "https://acme-v02.api.letsencrypt.org/directory",
        "Where the authority that gives certificates is asked",
    ),
    plain("acme_contact", "", "E-mail address for that authority to write to"),
    plain(
        "acme_ca_certificate",
        "",
        "PEM file of who vouches for that authority, beside whom the system trusts",
    ),
    plain("data_dir", "./data", "Folder that holds everything"),
    secret("database_url", "Address of a Postgres database to use instead of app.db in the data folder"),
    plain("database_connections", "16", "Most connections to that database"),
    plain("database_timeout_ms", "10000", "Longest time a statement may take there"),
    plain("config", "", "TOML file with settings"),
    plain("public_url", "", "Origin under which clients reach this server, such as https://keys.example.com"),
    plain("trusted_proxies", "", "Comma-separated networks of proxies that say who the client is"),
    plain(
        "client_address_header",
        "x-forwarded-for",
        "Where trusted proxies say it: x-forwarded-for or forwarded",
    ),
    plain("hsts", "on", "Tell browsers to use HTTPS alone, where public_url is https: on or off"),
    plain("members_create_workspaces", "off", "Whether people who own none may make workspaces: on or off"),
    plain("log_format", "auto", "human, json, or auto: human on a terminal"),
    plain("log_level", "info", "error, warn, info, debug or trace"),
    plain("max_body_bytes", "10485760", "Largest request body; 0 for no cap"),
    plain("max_connections", "10000", "Most connections at once; fewer where the system allows fewer files"),
    plain("max_connections_per_address", "2500", "Of these, most from one address that is no trusted proxy"),
    plain("head_timeout_ms", "10000", "Longest time the head of a request may take to arrive"),
    plain("idle_timeout_ms", "75000", "Longest time a connection may wait for its next request"),
    plain("body_timeout_ms", "10000", "Longest pause in a body; a slower one than 1 KiB/s is refused"),
    plain("answer_timeout_ms", "30000", "Longest time a client may leave an answer unread"),
    plain("shutdown_timeout_ms", "5000", "How long requests in flight may take once the server is stopped"),
    plain("key_cache_mib", "64", "Memory for cached keys, in MiB"),
    plain("limiter_max_counters", "1000000", "Rate-limit counters kept in memory"),
    plain(
        "limiter_max_counters_per_workspace",
        "10000000",
        "Rate-limit counters one workspace may have, on disk too",
    ),
    plain("v1", "on", "The v1 API: on, off, or verify-needs-root-key"),
    plain("v1_unknown_keys_per_minute", "600", "Unknown keys an address may verify in a minute; 0 for any"),
    plain("forward_auth", "on", "Let proxies ask about keys at /auth/verify: on or off"),
    plain("webhook_private_targets", "off", "Let webhooks go to private addresses: on or off"),
    plain("mcp", "on", "Tools for assistants at /mcp: on or off"),
    plain("worker_threads", "0", "Threads that serve requests; 0 for one per core"),
    plain("request_log", "on", "Requests to remember: on, errors, or off"),
    plain(
        "request_log_sample_percent",
        "1",
        "Of successful verifications and limit checks, how many to remember",
    ),
    plain(
        "events_max_mib",
        "10240",
        "Disk space for stored events, in MiB, the oldest go first; 0 for no cap",
    ),
    plain("analytics_sql", "on", "Answer SQL queries over events: on or off"),
    plain("analytics_seconds", "10", "Longest time a SQL query may take once it is its turn"),
    plain("analytics_memory_mib", "1024", "Most memory a SQL query may take, in MiB"),
    plain("region", "", "What the column `region` of SQL queries says"),
    plain(
        "leak_public_key",
        "",
        "PEM of the key by which a secret scanner signs; nothing is accepted without",
    ),
    plain(
        "backup_schedule",
        "",
        "When to make a backup, as cron in UTC, such as 30 2 * * *; never when empty",
    ),
    plain(
        "backup_target",
        "",
        "Where backups go: a folder, s3://bucket/prefix, or a file that each one replaces",
    ),
    plain("backup_keep", "daily=7,weekly=4,monthly=12", "How many of the scheduled backups in a folder stay"),
    secret("backup_passphrase", "What the master key in a backup is behind"),
    plain("admin_email", "", "E-mail of the owner made on the first start"),
    secret("admin_password", "Password of that owner"),
    secret(
        "master_key",
        "32 bytes in base64 that encrypt recoverable keys; else master.key in the data folder",
    ),
    secret("root_key", "A root key with every right, 24 characters or more"),
];

impl Setting {
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }

    pub fn variable(&self) -> String {
        format!("UNKEY_{}", self.name.to_uppercase())
    }
}
