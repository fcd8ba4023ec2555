//! A Postgres for black-box tests, and what may come between it and a server.
//!
//! `tests/postgres.sh` starts one and says where it is.

use std::fs::Permissions;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;

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

/// A PgBouncer before a database, in transaction mode.
pub struct Pooler {
    child: Child,
    port: u16,
    name: String,
    _folder: TempDir,
}

impl Pooler {
    /// `settings` are lines of its configuration.
    pub fn before(database: &Database, settings: &str) -> Self {
        let folder = super::folder();
        let upstream = database.upstream();
        let (host, upstream_port) = upstream.split_once(':').expect("a port");
        // It takes no 0 for a port.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = port.expect("a free port").port();
        let file = folder.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\n{} = host={host} port={upstream_port} user=postgres\n[pgbouncer]\nauth_type = any\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\npool_mode = transaction\n{settings}\n",
            database.name
        );
        std::fs::write(&file, text).expect("a file can be written");
        for path in [folder.path(), &file] {
            // It refuses to run as root, and reads this as another user.
            std::fs::set_permissions(path, Permissions::from_mode(0o755)).expect("they are ours");
        }
        let mut command = Command::new("pgbouncer");
        if std::fs::metadata("/proc/self").expect("a process of this system").uid() == 0 {
            command.args(["-u", "postgres"]);
        }
        let child =
            command.arg("-q").arg(&file).stderr(Stdio::null()).spawn().expect("pgbouncer is installed");
        let pooler = Self { child, port, name: database.name.clone(), _folder: folder };
        super::eventually("the pooler", || TcpStream::connect(("127.0.0.1", port)).ok());
        pooler
    }

    /// Major and minor number of the release.
    pub fn release() -> (u32, u32) {
        let output = Command::new("pgbouncer").arg("--version").output().expect("pgbouncer is installed");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let numbers = text.split_whitespace().nth(1).and_then(|release| {
            let mut numbers = release.split('.').map(|number| number.parse().ok());
            Some((numbers.next()??, numbers.next()??))
        });
        numbers.unwrap_or_else(|| panic!("no release: {text}"))
    }

    /// The database's address through it.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{}", self.port, self.name)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
