//! A real authority that speaks ACME, on loopback: pebble, with a DNS server that leads
//! every name to this machine.
//!
//! Both are programs of the Go module `github.com/letsencrypt/pebble/v2`, in the path or
//! where `go install` puts them; `tests/run.sh --only tls` installs them.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

use super::tls::{Authority, trusting};
use super::{eventually, folder, free_port};

/// The name that certificates are asked for.
pub const DOMAIN: &str = "keys.example.com";

/// An authority, killed when dropped.
pub struct Pebble {
    children: Vec<Child>,
    folder: TempDir,
    authority: Authority,
    /// Where it asks back.
    pub port: u16,
    own: u16,
    management: u16,
    validity_s: u32,
    leads_to: &'static str,
}

impl Pebble {
    /// One that is not started. Its certificates are good for so many seconds.
    pub fn new(validity_s: u32) -> Self {
        Self {
            children: Vec::new(),
            folder: folder(),
            authority: Authority::default(),
            port: free_port(),
            own: free_port(),
            management: free_port(),
            validity_s,
            leads_to: "127.0.0.1",
        }
    }

    #[must_use]
    pub fn started(mut self) -> Self {
        self.start();
        self
    }

    /// From the next start on, names lead to this address.
    pub fn lead_to(&mut self, address: &'static str) {
        self.leads_to = address;
    }

    /// Starts it, with nothing left of what it knew.
    pub fn start(&mut self) {
        self.stop();
        let (certificate, key) = self.authority.sign(2096);
        let path = |name: &str| self.folder.path().join(name);
        std::fs::write(path("certificate.pem"), certificate).expect("a file");
        std::fs::write(path("key.pem"), key).expect("a file");
        std::fs::write(path("ca.pem"), self.authority.pem()).expect("a file");
        let config = json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{}", self.own),
            "managementListenAddress": format!("127.0.0.1:{}", self.management),
            "certificate": path("certificate.pem"),
            "privateKey": path("key.pem"),
            "httpPort": 1,
            "tlsPort": self.port,
            "retryAfter": { "authz": 0, "order": 0 },
            "profiles": { "default": { "description": "of a test", "validityPeriod": self.validity_s } },
        }});
        std::fs::write(path("config.json"), config.to_string()).expect("a file");
        let (dns, control) = (free_port(), free_port());
        let names = Command::new(program("pebble-challtestsrv"))
            .args(["-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "", "-defaultIPv6", ""])
            .args(["-defaultIPv4", self.leads_to, "-dnsserver", &format!("127.0.0.1:{dns}")])
            .args(["-management", &format!("127.0.0.1:{control}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pebble-challtestsrv runs");
        let mut pebble = Command::new(program("pebble"))
            .args(["-config", &path("config.json").display().to_string(), "-dnsserver", &format!("127.0.0.1:{dns}")])
            .env("PEBBLE_VA_NOSLEEP", "1")
            // As an authority may at any time, though hardly ever three times in a row, which ends an attempt.
            .env("PEBBLE_WFE_NONCEREJECT", "3")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("pebble runs");
        let lines = BufReader::new(pebble.stdout.take().expect("stdout is piped"));
        // Read to the end, so that it always has somebody to print to.
        std::thread::spawn(move || lines.lines().map_while(Result::ok).for_each(drop));
        self.children = vec![pebble, names];
        for port in [self.own, self.management, control] {
            eventually("pebble", || TcpStream::connect(("127.0.0.1", port)).ok());
        }
    }

    pub fn stop(&mut self) {
        for mut child in self.children.drain(..) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// The settings of a server that has its certificate from here.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("UNKEY_DOMAIN", DOMAIN.to_owned()),
            ("UNKEY_ACME_DIRECTORY", format!("https://127.0.0.1:{}/dir", self.own)),
            ("UNKEY_ACME_CA_CERTIFICATE", self.folder.path().join("ca.pem").display().to_string()),
            ("UNKEY_HTTP_LISTEN", "off".to_owned()),
        ]
    }

    /// Where a server has to listen to be asked back.
    pub fn listen(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Who vouches for the certificates it gives, PEM. Another one after each start.
    pub fn root(&self) -> String {
        let url = format!("https://127.0.0.1:{}/roots/0", self.management);
        let mut answer = trusting(&self.authority.pem()).get(url).call().expect("pebble answers");
        answer.body_mut().read_to_string().expect("PEM")
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        self.stop();
    }
}

#[expect(clippy::disallowed_methods, reason = "where Go puts programs depends on the environment")]
fn program(name: &str) -> PathBuf {
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join("go/bin"));
    let own = std::env::var_os("GOBIN").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = own.into_iter().chain(std::env::split_paths(&path)).chain(home);
    let found = folders.map(|folder| folder.join(name)).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("there is no {name}: tests/run.sh --only tls installs it"))
}
