//! A Postgres for black-box tests, and what may come between it and a server.
//!
//! `tests/postgres.sh` starts one and says where it is.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How often a connection that is held up looks whether it may go on.
const PAUSE: Duration = Duration::from_millis(5);

/// An empty database, removed when dropped.
pub struct Database {
    server: String,
    pub name: String,
}

/// A setting of the run of tests.
#[expect(clippy::disallowed_methods, reason = "a test harness is told of its server by the environment")]
fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this by tests/postgres.sh"))
}

/// Whether the run is one on Postgres.
#[expect(clippy::disallowed_methods, reason = "a test harness is told of its server by the environment")]
pub fn is_chosen() -> bool {
    std::env::var("UNKEY_TEST_ENGINE").is_ok_and(|engine| engine == "postgres")
}

/// Where the files of the server's certificate are.
pub fn authority() -> String {
    setting("UNKEY_TEST_POSTGRES_CA")
}

impl Database {
    pub fn create() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let server = setting("UNKEY_TEST_POSTGRES");
        let name = format!("e2e_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        psql(&server, &format!("CREATE DATABASE {name}"));
        Self { server, name }
    }

    /// Its address, as it is.
    pub fn url(&self) -> String {
        format!("{}/{}", self.server.rsplit_once('/').expect("a path").0, self.name)
    }

    /// Its address through somebody else.
    pub fn url_by(&self, proxy: &Proxy) -> String {
        format!("postgres://postgres@{}/{}", proxy.address, self.name)
    }

    /// The answer to a question, a line for each row.
    pub fn ask(&self, sql: &str) -> String {
        psql(&self.url(), sql)
    }

    /// Runs a file of statements.
    pub fn run_file(&self, file: &Path) {
        let mut command = Command::new("psql");
        command.args(["-qX", "-v", "ON_ERROR_STOP=1", "-f"]).arg(file).arg(self.url());
        let output = command.output().expect("psql is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn upstream(&self) -> String {
        let (_, place) = self.server.split_once('@').expect("a user");
        place.split('/').next().expect("a place").to_owned()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        psql(&self.server, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

fn psql(url: &str, sql: &str) -> String {
    let output = Command::new("psql").args(["-qAtX", "-v", "ON_ERROR_STOP=1", "-c", sql, url]).output();
    let output = output.expect("psql is installed");
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Stands between a server and its database.
pub struct Proxy {
    pub address: SocketAddr,
    state: Arc<State>,
}

struct State {
    refuses: AtomicBool,
    stalls: AtomicBool,
    /// Bytes that pass until everything is cut, once; `usize::MAX` for never.
    left: AtomicUsize,
    open: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    pub fn before(database: &Database) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = State {
            refuses: AtomicBool::new(false),
            stalls: AtomicBool::new(false),
            left: AtomicUsize::new(usize::MAX),
            open: Mutex::default(),
        };
        let (state, upstream) = (Arc::new(state), database.upstream());
        let shared = state.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                shared.connect(client, &upstream);
            }
        });
        Self { address, state }
    }

    /// As if the server had been killed: what is open is cut, and nothing answers.
    pub fn refuse(&self) {
        self.state.refuses.store(true, Ordering::SeqCst);
        self.state.cut();
    }

    /// As if the server stood still.
    pub fn stall(&self) {
        self.state.stalls.store(true, Ordering::SeqCst);
    }

    /// Cuts what is open after so many more bytes, within what is being said; who
    /// connects then is let in.
    pub fn cut_after(&self, bytes: usize) {
        self.state.left.store(bytes, Ordering::SeqCst);
    }

    /// Everything passes again.
    pub fn pass(&self) {
        self.state.refuses.store(false, Ordering::SeqCst);
        self.state.stalls.store(false, Ordering::SeqCst);
        self.state.left.store(usize::MAX, Ordering::SeqCst);
    }
}

impl State {
    fn connect(self: &Arc<Self>, client: TcpStream, upstream: &str) {
        if self.refuses.load(Ordering::SeqCst) {
            return;
        }
        let Ok(server) = TcpStream::connect(upstream) else { return };
        let copy = |stream: &TcpStream| stream.try_clone().expect("a handle");
        self.open.lock().expect("nobody panicked").extend([copy(&client), copy(&server)]);
        for (from, to) in [(copy(&client), copy(&server)), (server, client)] {
            let _ = from.set_nodelay(true);
            let state = self.clone();
            std::thread::spawn(move || state.pump(from, to));
        }
    }

    fn cut(&self) {
        for stream in self.open.lock().expect("nobody panicked").drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// How many of these bytes may pass.
    fn take(&self, bytes: usize) -> usize {
        let rest = |left: usize| if left == usize::MAX { None } else { Some(left.saturating_sub(bytes)) };
        self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, rest).map_or(bytes, |left| left.min(bytes))
    }

    fn pump(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = [0; 4096];
        while let Ok(read) = from.read(&mut buffer) {
            while self.stalls.load(Ordering::SeqCst) {
                std::thread::sleep(PAUSE);
            }
            let may = self.take(read);
            if read == 0 || to.write_all(&buffer[..may]).is_err() {
                break;
            }
            if may < read {
                self.left.store(usize::MAX, Ordering::SeqCst);
                self.cut();
                break;
            }
        }
        for stream in [from, to] {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}
