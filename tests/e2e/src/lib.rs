//! Starts the built binary on a temporary folder and a free port, and talks to
//! it as anybody would. Nothing here knows the crate.
//!
//! The binary is `UNKEY_BIN`, or the one beside the test's own build.

mod raw;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::http::Request;

pub use raw::{Raw, Said};

pub const ROOT_KEY: &str = "unkey_e2e0000000000000000000000";
const LOG_LEVEL: &str = "UNKEY_LOG_LEVEL";

/// The clock of a machine, which a test sets and which goes on from there, for
/// servers that are started with it. Measured time is not touched.
pub struct MachineClock(TempDir);

impl MachineClock {
    /// `time` is like `2027-03-01 14:00:00`, UTC.
    pub fn at(time: &str) -> Self {
        let clock = Self(folder());
        clock.set(time);
        clock
    }

    pub fn set(&self, time: &str) {
        // In one step: the server may read it at any moment.
        let next = self.0.path().join("next");
        std::fs::write(&next, format!("@{time}\n")).expect("a file for the time");
        std::fs::rename(next, self.file()).expect("a file for the time");
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("time")
    }

    /// Comes with the Debian package `faketime`, which `tests/run.sh` installs.
    fn library(&self) -> PathBuf {
        const NAME: &str = "faketime/libfaketimeMT.so.1";
        let below = |folder: &str| std::fs::read_dir(folder).into_iter().flatten().flatten();
        below("/usr/lib")
            .chain(below("/usr/local/lib"))
            .map(|entry| entry.path().join(NAME))
            .chain(["/usr/lib", "/usr/local/lib"].map(|folder| Path::new(folder).join(NAME)))
            .find(|path| path.exists())
            .expect("libfaketimeMT is there: tests/run.sh installs it")
    }
}

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
        let beside = std::env::current_exe().expect("a test has a path");
        beside.parent().and_then(Path::parent).expect("target/<profile>/deps/test").join("unkey")
    })
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

pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
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

/// The standard output of a command that must succeed.
#[track_caller]
pub fn cli_ok(data: &Path, arguments: &[&str]) -> String {
    let output = cli(data, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("commands print text").trim().to_owned()
}

impl Server {
    pub fn start(data: &Path) -> Self {
        Self::run(Command::new(binary()), data)
    }

    /// With everything it logs in a file.
    pub fn start_with_log(data: &Path, log: &Path) -> Self {
        let mut command = Command::new(binary());
        command.stderr(File::create(log).expect("the folder of the log is there"));
        command.env("UNKEY_REQUEST_LOG_SAMPLE_PERCENT", "100").env(LOG_LEVEL, "trace");
        Self::run(command, data)
    }

    /// With settings beside the usual, by their variables.
    pub fn start_with_settings(data: &Path, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(binary());
        command.envs(settings.iter().copied());
        Self::run(command, data)
    }

    /// With so many files it may hold open.
    pub fn start_with_open_files(data: &Path, files: u32) -> Self {
        let mut shell = Command::new("bash");
        shell.arg("-c").arg(format!("ulimit -n {files}; exec \"$0\" \"$@\"")).arg(binary());
        Self::run(shell, data)
    }

    /// With more arguments of `serve`.
    pub fn start_with(data: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(binary());
        command.arg("serve").args(arguments);
        Self::spawn(command, data)
    }

    /// With this umask, in octal digits.
    pub fn start_with_umask(data: &Path, umask: &str) -> Self {
        let mut shell = Command::new("bash");
        shell.arg("-c").arg(format!("umask {umask}; exec \"$0\" \"$@\"")).arg(binary());
        Self::run(shell, data)
    }

    /// Whose writes past a limit of [`Server::limit_files`] fail, as on a full disk.
    pub fn start_limitable(data: &Path) -> Self {
        Self::start_with_file_limit(data, "unlimited")
    }

    /// On a machine whose clock a test sets.
    pub fn start_with_clock(data: &Path, clock: &MachineClock) -> Self {
        let mut command = Command::new(binary());
        command
            .env("LD_PRELOAD", clock.library())
            .env("FAKETIME_TIMESTAMP_FILE", clock.file())
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        Self::run(command, data)
    }

    /// With no file allowed to grow past `kib` KiB.
    pub fn start_with_file_limit(data: &Path, kib: impl std::fmt::Display) -> Self {
        let mut shell = Command::new("bash");
        // The signal a write past the limit raises is ignored: the write fails instead.
        let script = format!("trap '' XFSZ; ulimit -S -f {kib}; exec \"$0\" \"$@\"");
        shell.arg("-c").arg(script).arg(binary());
        Self::run(shell, data)
    }

    fn run(mut command: Command, data: &Path) -> Self {
        command.arg("serve");
        Self::spawn(command, data)
    }

    fn spawn(mut command: Command, data: &Path) -> Self {
        if !command.get_envs().any(|(name, _)| name == LOG_LEVEL) {
            command.env(LOG_LEVEL, "warn");
        }
        let mut child = command
            .args(["--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data)
            .env("UNKEY_ROOT_KEY", ROOT_KEY)
            .env("TZ", "UTC")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary is built: run `cargo build` first");
        let mut first = String::new();
        BufReader::new(child.stdout.take().expect("stdout is piped"))
            .read_line(&mut first)
            .expect("a first line");
        let base = first.split_whitespace().last().unwrap_or_default().to_owned();
        assert!(base.starts_with("http://127.0.0.1:"), "unexpected first line: {first:?}");
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .into();
        Self { child, base, agent }
    }

    /// A connection of one's own.
    pub fn connect(&self) -> Raw {
        Raw::connect(self.address())
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        self.base.strip_prefix("http://").expect("a base is a URL")
    }

    /// Calls an operation; `Err` when the connection broke.
    pub fn try_call(&self, operation: &str, body: &Value) -> Result<Answer, ureq::Error> {
        let mut response = self
            .agent
            .post(format!("{}/v2/{operation}", self.base))
            .header("authorization", format!("Bearer {ROOT_KEY}"))
            .send_json(body)?;
        Ok(Answer { status: response.status().as_u16(), body: response.body_mut().read_json()? })
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

    /// SIGTERM, and the exit code.
    pub fn stop(mut self) -> Option<i32> {
        self.terminate();
        self.child.wait().expect("the server ends").code()
    }

    /// SIGTERM, without waiting for the end.
    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
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
