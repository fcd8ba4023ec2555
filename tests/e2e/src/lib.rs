//! Starts the built binary on a temporary folder and a free port, and talks to
//! it as anybody would. Nothing here knows the crate.
//!
//! The binary is `UNKEY_BIN`, or the one beside the test's own build.

pub mod http2;
mod launch;
pub mod page;
pub mod pebble;
pub mod postgres;
pub mod proxies;
mod raw;
pub mod recovery;
pub mod tls;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::http::Request;

pub use launch::{FAKETIME, Launch, MachineClock, preloadable};
pub use raw::{Raw, Said};

pub const ROOT_KEY: &str = "unkey_e2e0000000000000000000000";

/// A running server, killed when dropped.
pub struct Server {
    child: Child,
    pub base: String,
    agent: ureq::Agent,
}

/// An answer: status and JSON body.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    #[track_caller]
    pub fn data(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body["data"].clone()
    }
}

/// Path of the binary under test.
pub fn binary() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "a test harness is told its binary by the environment")]
    let named = std::env::var_os("UNKEY_BIN").map(PathBuf::from);
    named.unwrap_or_else(|| {
        let own = std::env::current_exe().expect("a test has a path");
        // target/<profile>/deps/test, or target/<profile>/program.
        let folder = own.parent().expect("a folder");
        let profile = if folder.ends_with("deps") { folder.parent().expect("a profile") } else { folder };
        profile.join("unkey")
    })
}

/// Whether this is a long run.
#[expect(clippy::disallowed_methods, reason = "a test harness is told how long to run by the environment")]
pub fn is_long() -> bool {
    std::env::var_os("LONG_TESTS").is_some_and(|value| value == "1")
}

/// A small generator, so that a run can be repeated.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// kill -9 of whatever has this number.
pub fn kill(pid: u32) {
    let _ = Command::new("kill").args(["-9", &pid.to_string()]).stderr(Stdio::null()).status();
}

/// Asks until there is an answer, for two minutes at most.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "a test that waits for another process needs a clock")]
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(120);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A free port of loopback: what is bound right after it was asked for is rarely taken.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A data folder on which a server was started once, and stopped.
pub fn used_folder() -> TempDir {
    let data = folder();
    assert_eq!(Server::start(data.path()).stop(), Some(0));
    data
}

/// The server, started and killed after `delay`; whether it said that it listens before that.
pub fn start_and_kill(data: &Path, delay: Duration) -> bool {
    let mut child = Command::new(binary())
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(data)
        .env("UNKEY_LOG_LEVEL", "error")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary is built: run `cargo build` first");
    std::thread::sleep(delay);
    let _ = child.kill();
    let said = child.wait_with_output().expect("the server ends").stdout;
    !said.is_empty()
}

/// What a server says on standard error that must not start on this folder.
#[track_caller]
pub fn refused_start(data: &Path) -> String {
    let mut child = Command::new(binary())
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary is built: run `cargo build` first");
    let mut first = String::new();
    BufReader::new(child.stdout.take().expect("stdout is piped"))
        .read_line(&mut first)
        .expect("an end or a line");
    let _ = child.kill();
    let output = child.wait_with_output().expect("it ends");
    assert!(first.is_empty(), "it started: {first}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs a command of the binary on a data folder.
pub fn cli(data: &Path, arguments: &[&str]) -> Output {
    Command::new(binary())
        .args(arguments)
        .arg("--data-dir")
        .arg(data)
        .output()
        .expect("the binary is built: run `cargo build` first")
}

/// As [`cli`], with this on the command's standard input.
pub fn cli_with(data: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(binary())
        .args(arguments)
        .arg("--data-dir")
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary is built: run `cargo build` first");
    // A command that does not want it may have ended already.
    let _ = child.stdin.take().expect("stdin is piped").write_all(input.as_bytes());
    child.wait_with_output().expect("the command ends")
}

/// The standard output of a command that must succeed.
#[track_caller]
pub fn cli_ok(data: &Path, arguments: &[&str]) -> String {
    let output = cli(data, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("commands print text").trim().to_owned()
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .into()
}

impl Server {
    pub fn start(data: &Path) -> Self {
        Launch::new(data).start()
    }

    /// With everything it logs in a file.
    pub fn start_with_log(data: &Path, log: &Path) -> Self {
        let launch = Launch::new(data).env("UNKEY_REQUEST_LOG_SAMPLE_PERCENT", "100");
        launch.env("UNKEY_LOG_LEVEL", "trace").log(log).start()
    }

    /// With settings beside the usual, by their variables.
    pub fn start_with_settings(data: &Path, settings: &[(&str, &str)]) -> Self {
        let launch = Launch::new(data);
        settings.iter().fold(launch, |launch, (name, value)| launch.env(name, value)).start()
    }

    /// With so many files it may hold open.
    pub fn start_with_open_files(data: &Path, files: u32) -> Self {
        Launch::new(data).prelude(&format!("ulimit -n {files}")).start()
    }

    /// With more arguments of `serve`.
    pub fn start_with(data: &Path, arguments: &[&str]) -> Self {
        Launch::new(data).arguments(arguments).start()
    }

    /// With this umask, in octal digits.
    pub fn start_with_umask(data: &Path, umask: &str) -> Self {
        Launch::new(data).prelude(&format!("umask {umask}")).start()
    }

    /// Whose writes past a limit of [`Server::limit_files`] fail, as on a full disk.
    pub fn start_limitable(data: &Path) -> Self {
        Self::start_with_file_limit(data, "unlimited")
    }

    /// On a machine whose clock a test sets.
    pub fn start_with_clock(data: &Path, clock: &MachineClock) -> Self {
        Launch::new(data).clock(clock).start()
    }

    /// With no file allowed to grow past `kib` KiB.
    pub fn start_with_file_limit(data: &Path, kib: impl std::fmt::Display) -> Self {
        Launch::new(data).file_limit(kib).start()
    }

    /// A connection of one's own.
    pub fn connect(&self) -> Raw {
        Raw::connect(self.address())
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        self.base.split_once("://").expect("a base is a URL").1
    }

    /// Calls an operation; `Err` when the connection broke.
    pub fn try_call(&self, operation: &str, body: &Value) -> Result<Answer, ureq::Error> {
        self.try_call_as(ROOT_KEY, operation, body)
    }

    fn try_call_as(&self, root_key: &str, operation: &str, body: &Value) -> Result<Answer, ureq::Error> {
        let mut response = self
            .agent
            .post(format!("{}/v2/{operation}", self.base))
            .header("authorization", format!("Bearer {root_key}"))
            .send_json(body)?;
        Ok(Answer { status: response.status().as_u16(), body: response.body_mut().read_json()? })
    }

    /// Calls an operation with another root key.
    #[track_caller]
    pub fn call_as(&self, root_key: &str, operation: &str, body: &Value) -> Answer {
        self.try_call_as(root_key, operation, body).expect("the server answers")
    }

    /// Calls an operation with more headers; a name may come twice.
    #[track_caller]
    pub fn call_with(&self, operation: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let request = self.agent.post(format!("{}/v2/{operation}", self.base));
        let request = request.header("authorization", format!("Bearer {ROOT_KEY}"));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let mut response = request.send_json(body).expect("the server answers");
        Answer { status: response.status().as_u16(), body: response.body_mut().read_json().expect("JSON") }
    }

    #[track_caller]
    pub fn call(&self, operation: &str, body: &Value) -> Answer {
        self.try_call(operation, body).expect("the server answers")
    }

    /// Calls an operation of the first version of the API, and answers what it says.
    #[track_caller]
    pub fn v1(&self, operation: &str, body: &Value) -> Value {
        let request = self.agent.post(format!("{}/v1/{operation}", self.base));
        let request = request.header("authorization", format!("Bearer {ROOT_KEY}"));
        let mut response = request.send_json(body).expect("the server answers");
        assert_eq!(response.status().as_u16(), 200, "{operation}");
        response.body_mut().read_json().expect("JSON")
    }

    /// Sends any request; its status, or `None` when it cannot be sent at all.
    pub fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Option<u16> {
        let mut request = Request::builder().method(method).uri(format!("{}{target}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.agent.run(request.body(body.to_owned()).ok()?).ok()?;
        Some(response.status().as_u16())
    }

    pub fn get(&self, path: &str) -> (u16, String) {
        let mut response = self.agent.get(format!("{}{path}", self.base)).call().expect("the server answers");
        (response.status().as_u16(), response.body_mut().read_to_string().expect("a text body"))
    }

    pub fn api(&self) -> String {
        let data = self.call("apis.createApi", &json!({ "name": "e2e" })).data();
        data["apiId"].as_str().expect("an id").to_owned()
    }

    pub fn key(&self, api: &str, mut options: Value) -> (String, String) {
        options["apiId"] = api.into();
        let data = self.call("keys.createKey", &options).data();
        let text = |name: &str| data[name].as_str().expect("text").to_owned();
        (text("keyId"), text("key"))
    }

    pub fn verify(&self, key: &str) -> String {
        let data = self.call("keys.verifyKey", &json!({ "key": key })).data();
        data["code"].as_str().expect("a code").to_owned()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Lets no file of the server grow past `bytes`, or any (`None`).
    pub fn limit_files(&self, bytes: Option<u64>) {
        let most = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
        let pid = self.pid().to_string();
        let status =
            Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={most}:unlimited")]).status();
        assert!(status.expect("prlimit is part of util-linux").success());
    }

    /// kill -9; fine when it is dead already.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        self.child.wait().expect("the server ends");
    }

    /// Sends a signal by its name, such as `STOP`.
    pub fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("kill runs");
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("it is our child")
    }

    /// SIGTERM, and the exit code.
    pub fn stop(mut self) -> Option<i32> {
        self.terminate();
        self.child.wait().expect("the server ends").code()
    }

    /// SIGTERM, without waiting for the end.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// How long the server takes to end by itself, and its exit code.
    #[expect(clippy::disallowed_methods, reason = "a test that waits for another process needs a clock")]
    pub fn ends(mut self) -> (Duration, Option<i32>) {
        let start = Instant::now();
        let status = self.child.wait().expect("the server ends");
        (start.elapsed(), status.code())
    }

    /// Files that it holds open.
    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).expect("a Linux proc folder").count()
    }

    /// Time of the processors that it has used, in hundredths of a second.
    pub fn cpu_ticks(&self) -> u64 {
        let stat =
            std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("a Linux proc file");
        // After the name, which may contain spaces: utime is the 12th, stime the 13th.
        let after = stat.rsplit(')').next().expect("a name in parentheses");
        let fields: Vec<u64> =
            after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
        fields.iter().sum()
    }

    /// Resident memory in KiB.
    pub fn resident_kib(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a Linux proc file");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
