//! What systemd is told, and what it hands over: readiness, the watchdog, sockets,
//! credentials, and the unit itself.

use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use e2e::tls::Authority;
use e2e::{Launch, Raw, binary, cli, eventually, folder, free_port};
use tempfile::TempDir;

/// Who hears what services say, as systemd does.
struct Supervisor {
    socket: UnixDatagram,
    path: PathBuf,
    _folder: TempDir,
}

impl Supervisor {
    fn new() -> Self {
        let folder = folder();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
        Self { socket, path, _folder: folder }
    }

    /// The next that is said.
    fn hear(&self) -> Option<String> {
        let mut said = [0; 4096];
        let length = self.socket.recv(&mut said).ok()?;
        Some(String::from_utf8_lossy(&said[..length]).into_owned())
    }

    /// What is said until this is.
    fn hear_until(&self, state: &str) -> Vec<String> {
        let mut heard = Vec::new();
        while !heard.last().is_some_and(|said: &String| said.contains(state)) {
            heard.push(self.hear().unwrap_or_else(|| panic!("never {state}, only {heard:?}")));
        }
        heard
    }

    fn is_silent_for(&self, time: Duration) -> bool {
        self.socket.set_nonblocking(true).expect("an option");
        while self.hear().is_some() {}
        self.socket.set_nonblocking(false).expect("an option");
        self.socket.set_read_timeout(Some(time)).expect("a timeout");
        self.hear().is_none()
    }
}

#[test]
fn systemd_hears_when_the_server_serves_and_when_it_stops() {
    let (data, supervisor) = (folder(), Supervisor::new());
    let server = Launch::new(data.path()).env("NOTIFY_SOCKET", &supervisor.path).start();
    let ready = supervisor.hear_until("READY=1").pop().expect("it was said");
    assert!(ready.contains(&format!("STATUS=Serving {}", server.base)), "{ready}");
    assert_eq!(server.get("/readyz").0, 200);
    server.terminate();
    let heard = supervisor.hear_until("STOPPING=1");
    assert!(!heard.concat().contains("WATCHDOG"), "nobody asked for it");
    assert_eq!(server.ends().1, Some(0));
}

#[test]
fn the_watchdog_hears_nothing_once_the_server_hangs() {
    for https in [false, true] {
        let (data, files, supervisor, authority) =
            (folder(), folder(), Supervisor::new(), Authority::default());
        let mut launch = Launch::new(data.path())
            .env("NOTIFY_SOCKET", &supervisor.path)
            .env("WATCHDOG_USEC", "600000")
            .prelude("export WATCHDOG_PID=$$");
        if https {
            launch = launch.https(&authority, &authority.write(files.path(), 2096));
        }
        let server = launch.start();
        supervisor.hear_until("WATCHDOG=1");
        supervisor.hear_until("WATCHDOG=1");
        // Somebody else writes and does not end: changes have no turn.
        let held = rusqlite::Connection::open(data.path().join("app.db")).expect("the database");
        held.execute_batch("BEGIN IMMEDIATE").expect("its lock");
        assert!(supervisor.is_silent_for(Duration::from_secs(2)), "https: {https}");
        held.execute_batch("ROLLBACK").expect("its end");
        supervisor.socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
        supervisor.hear_until("WATCHDOG=1");
        assert_eq!(server.stop(), Some(0));
    }
}

#[test]
fn a_full_server_is_no_hanging_one() {
    let (data, supervisor) = (folder(), Supervisor::new());
    let launch = Launch::new(data.path())
        .env("NOTIFY_SOCKET", &supervisor.path)
        .env("WATCHDOG_USEC", "600000")
        .prelude("export WATCHDOG_PID=$$");
    let server = launch.env("UNKEY_MAX_CONNECTIONS", "4").start();
    let crowd: Vec<Raw> = (0..60).map(|_| server.connect()).collect();
    for _ in 0..5 {
        supervisor.hear_until("WATCHDOG=1");
    }
    drop(crowd);
}

/// `systemd-socket-activate` with these arguments before the server's.
fn activated(data: &Path, before: &[&str], settings: &[(&str, String)]) -> Activated {
    let child = Command::new("systemd-socket-activate")
        .args(before)
        // Of its own environment it hands on little.
        .args(settings.iter().map(|(name, value)| format!("--setenv={name}={value}")))
        .arg("--setenv=UNKEY_LOG_LEVEL=warn")
        .arg(binary())
        .args(["serve", "--data-dir"])
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("systemd-socket-activate is part of systemd");
    Activated(child)
}

struct Activated(Child);

impl Drop for Activated {
    fn drop(&mut self) {
        let pid = self.0.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let _ = self.0.wait();
    }
}

/// Asks until the activator listens.
fn asked(port: u16, request: &str) -> e2e::Said {
    eventually("the socket", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    let mut client = Raw::connect(&format!("127.0.0.1:{port}"));
    client.send(request);
    client.answer().expect("an answer")
}

#[test]
fn sockets_of_systemd_take_the_place_of_settings() {
    let (data, port) = (folder(), free_port());
    // In passing, on data that it would not have without the socket: `listen` cannot be served on.
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let _activated =
        activated(data.path(), &["-l", &format!("127.0.0.1:{port}")], &[("UNKEY_LISTEN", address)]);
    let ready = asked(port, "GET /readyz HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_eq!((ready.status, ready.body.as_str()), (200, "ready\n"));
    let health = cli(data.path(), &["healthcheck"]);
    assert!(health.status.success(), "it is found though its settings say another address: {health:?}");
}

#[test]
fn sockets_are_told_apart_by_their_names() {
    let (data, files, authority) = (folder(), folder(), Authority::default());
    let settings = authority.write(files.path(), 2096).settings();
    let [https, redirect] = [free_port(), free_port()];
    let sockets = [format!("127.0.0.1:{redirect}"), format!("127.0.0.1:{https}")];
    let before = ["-l", &sockets[0], "-l", &sockets[1], "--fdname=redirect:https"];
    let _activated = activated(data.path(), &before, &settings);
    let sent_on = asked(redirect, "GET /x HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_eq!(sent_on.status, 308);
    assert_eq!(sent_on.header("location"), format!("https://127.0.0.1:{https}/x"));
    let mut page =
        authority.agent().get(format!("https://127.0.0.1:{https}/livez")).call().expect("an answer");
    assert_eq!(page.body_mut().read_to_string().expect("text"), "ok\n");

    let (data, port) = (folder(), free_port());
    let sockets = [format!("127.0.0.1:{port}"), format!("127.0.0.1:{}", free_port())];
    let mut twice = activated(data.path(), &["-l", &sockets[0], "-l", &sockets[1]], &[]);
    eventually("the socket", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    assert!(!twice.0.wait().expect("it ends").success(), "two sockets without a name");
}

#[test]
fn secrets_are_taken_from_credentials() {
    let (data, credentials) = (folder(), folder());
    let key = "unkey_of_a_credential_0123456789";
    std::fs::write(credentials.path().join("root_key"), format!("{key}\n")).expect("a file");
    let launch = Launch::new(data.path()).prelude("unset UNKEY_ROOT_KEY");
    let server = launch.env("CREDENTIALS_DIRECTORY", credentials.path()).start();
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    assert_eq!(server.send("POST", "/v2/apis.createApi", &headers, r#"{"name":"credential"}"#), Some(200));
}

#[test]
fn systemd_accepts_the_unit_and_the_sockets_of_the_documentation() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = Command::new("sh")
        .arg(root.join("install.sh"))
        .args(["--dry-run", "--prefix", "/staged"])
        .output()
        .expect("sh runs");
    let said = String::from_utf8(output.stdout).expect("text");
    let unit = said
        .split("unkey.service (mode 0644)\n")
        .nth(1)
        .unwrap_or_else(|| panic!("without systemd in charge, the unit is shown all the same: {said}"));
    let lines = unit.lines().map_while(|line| line.strip_prefix("    | "));
    let unit: String = lines.map(|line| format!("{line}\n")).collect();
    assert!(unit.contains("Type=notify") && unit.contains("WatchdogSec="), "{unit}");
    let folder = folder();
    let here = unit.replace("/usr/local/bin/unkey", &binary().display().to_string());
    std::fs::write(folder.path().join("unkey.service"), here).expect("a file");
    let page = std::fs::read_to_string(root.join("docs/systemd.md")).expect("the page");
    for name in ["unkey.socket", "unkey-redirect.socket"] {
        let text = page.split(&format!("# /etc/systemd/system/{name}\n")).nth(1).expect("a socket");
        std::fs::write(folder.path().join(name), text.split("```").next().expect("its end")).expect("a file");
    }
    for name in ["unkey.service", "unkey.socket", "unkey-redirect.socket"] {
        let verified = Command::new("systemd-analyze").arg("verify").arg(folder.path().join(name)).output();
        let verified = verified.expect("systemd-analyze is part of systemd");
        let complaints = String::from_utf8_lossy(&verified.stderr).into_owned();
        assert!(verified.status.success() && complaints.is_empty(), "{name}: {complaints}");
    }
}
