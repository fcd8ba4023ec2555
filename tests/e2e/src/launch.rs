//! How a server is started: under limits, with libraries loaded into it, with a
//! clock of its own.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;

use super::tls::{Authority, Files};
use super::{ROOT_KEY, Server, agent, binary, folder};

/// libfaketime, for [`preloadable`]; of the Debian package `faketime`.
pub const FAKETIME: &str = "faketime/libfaketimeMT.so.1";

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

    /// Ahead of the real one: the same for all servers, whenever each is started.
    pub fn ahead_by(seconds: u64) -> Self {
        let clock = Self(folder());
        clock.set_ahead_by(seconds);
        clock
    }

    pub fn set(&self, time: &str) {
        self.write(&format!("@{time}\n"));
    }

    pub fn set_ahead_by(&self, seconds: u64) {
        self.write(&format!("+{seconds}\n"));
    }

    fn write(&self, text: &str) {
        // In one step: the server may read it at any moment.
        let next = self.0.path().join("next");
        std::fs::write(&next, text).expect("a file for the time");
        std::fs::rename(next, self.file()).expect("a file for the time");
    }

    /// For [`Launch::clock_file`].
    pub fn file(&self) -> PathBuf {
        self.0.path().join("time")
    }
}

/// How a server is started, for tests to which [`Server::start`] is not enough.
pub struct Launch {
    data: PathBuf,
    listen: String,
    arguments: Vec<String>,
    prelude: String,
    environment: Vec<(String, OsString)>,
    log: Option<PathBuf>,
    agent: ureq::Agent,
}

impl Launch {
    pub fn new(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            listen: "127.0.0.1:0".to_owned(),
            arguments: Vec::new(),
            prelude: String::new(),
            environment: Vec::new(),
            log: None,
            agent: agent(),
        }
    }

    /// More arguments of `serve`.
    #[must_use]
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// On this address and not on a free port.
    #[must_use]
    pub fn listen(mut self, address: &str) -> Self {
        address.clone_into(&mut self.listen);
        self
    }

    /// What a shell runs before it becomes the server.
    #[must_use]
    pub fn prelude(mut self, script: &str) -> Self {
        self.prelude.push_str(script);
        self.prelude.push_str("; ");
        self
    }

    /// With no file allowed to grow past `kib` KiB: writes fail as on a full disk.
    #[must_use]
    pub fn file_limit(self, kib: impl std::fmt::Display) -> Self {
        // The signal a write past the limit raises is ignored: the write fails instead.
        self.prelude(&format!("trap '' XFSZ; ulimit -S -f {kib}"))
    }

    /// By HTTPS, with these files; its authority is trusted by who calls.
    #[must_use]
    pub fn https(mut self, authority: &Authority, files: &Files) -> Self {
        self.agent = authority.agent();
        files.settings().into_iter().fold(self, |launch, (name, value)| launch.env(name, value))
    }

    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Loads libraries into the server, and not into the shell that starts it.
    #[must_use]
    pub fn preload(self, libraries: &[PathBuf]) -> Self {
        let paths: Vec<_> = libraries.iter().map(|path| path.display().to_string()).collect();
        self.prelude(&format!("export LD_PRELOAD='{}'", paths.join(" ")))
    }

    /// What libfaketime, which is to be preloaded, takes for the time: the file is read
    /// again and again. Measured time stays as it is.
    #[must_use]
    pub fn clock_file(self, file: &Path) -> Self {
        self.env("FAKETIME_TIMESTAMP_FILE", file)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    }

    /// On a machine whose clock a test sets.
    #[must_use]
    pub fn clock(self, clock: &MachineClock) -> Self {
        self.preload(&[preloadable(FAKETIME)]).clock_file(&clock.file())
    }

    /// Where the server's log goes, after what is there.
    #[must_use]
    pub fn log(mut self, file: &Path) -> Self {
        self.log = Some(file.to_owned());
        self
    }

    /// The server, when it has said that it listens.
    #[track_caller]
    pub fn start(&self) -> Server {
        self.try_start(Duration::from_secs(120)).unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    /// As [`Launch::start`], with the lines that it says at the start.
    #[track_caller]
    pub fn start_and_read(&self) -> (Server, Vec<String>) {
        let (server, lines) =
            self.try_start_and_read(Duration::from_secs(120)).unwrap_or_else(|refusal| panic!("{refusal}"));
        // What else it has to say follows at once.
        let mut said = Vec::new();
        while let Ok(line) = lines.recv_timeout(Duration::from_millis(500)) {
            said.push(line);
        }
        (server, said)
    }

    /// As [`Launch::start`]; an error says how it ended, or that it did not listen within `patience`.
    pub fn try_start(&self, patience: Duration) -> Result<Server, String> {
        self.try_start_and_read(patience).map(|(server, _)| server)
    }

    fn try_start_and_read(&self, patience: Duration) -> Result<(Server, mpsc::Receiver<String>), String> {
        let mut child = self.spawn();
        let lines = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let (sender, said) = mpsc::channel();
        std::thread::spawn(move || {
            // Goes on reading, so that the server always has somebody to print to.
            for line in lines.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let first = said.recv_timeout(patience);
        let base = first.as_deref().ok().and_then(|line| line.split_whitespace().last());
        match base
            .filter(|base| base.starts_with("http://127.0.0.1:") || base.starts_with("https://127.0.0.1:"))
        {
            Some(base) => Ok((Server { child, base: base.to_owned(), agent: self.agent.clone() }, said)),
            None => {
                let _ = child.kill();
                let ended = child.wait().expect("the server ends");
                Err(format!("the server did not start ({ended}, said {first:?})"))
            }
        }
    }

    /// The server, with its standard output piped and whatever it says first unread.
    pub fn spawn(&self) -> Child {
        let mut command = Command::new("bash");
        command.arg("-c").arg(format!("{}exec \"$0\" \"$@\"", self.prelude)).arg(binary());
        command.arg("serve").args(&self.arguments);
        command.args(["--listen", &self.listen, "--data-dir"]).arg(&self.data);
        command.env("UNKEY_ROOT_KEY", ROOT_KEY).env("TZ", "UTC").env("UNKEY_LOG_LEVEL", "warn");
        // Of the run of tests, and no settings of a server.
        for name in ["UNKEY_TEST_ENGINE", "UNKEY_TEST_POSTGRES", "UNKEY_TEST_POSTGRES_CA"] {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some(log) = &self.log {
            let file = std::fs::File::options().create(true).append(true).open(log);
            command.stderr(file.expect("the log can be written"));
        }
        command.stdout(Stdio::piped()).spawn().expect("the binary is built: run `cargo build` first")
    }
}

/// Where a library to load into the server is.
pub fn preloadable(name: &str) -> PathBuf {
    let mut folders = vec![PathBuf::from("/usr/lib"), PathBuf::from("/usr/local/lib")];
    let below = Path::new("/usr/lib").read_dir().into_iter().flatten().flatten();
    folders.extend(below.map(|entry| entry.path()));
    let found = folders.iter().map(|folder| folder.join(name)).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("there is no {name}: tests/run.sh installs what the tests need"))
}
