//! Servers that end: killed or told to at any moment, killed again while they
//! start, and while they make a folder or take one over from an older version.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;

use super::{Fault, some_ms};
use crate::site::{START, Site, spawn_and_kill};

#[derive(Debug)]
pub enum Kill {
    /// The server of the clients.
    Server(Server),
    /// The first start on a folder with so many of the migrations of `app.db`, after
    /// each of these milliseconds.
    FirstStart { migrations: usize, after_ms: Vec<u64> },
}

/// How often and when.
#[derive(Debug)]
pub struct Server {
    /// SIGTERM rather than `kill -9`.
    gently: bool,
    times: u32,
    /// Starts that are killed before one is left alone.
    killed_starts: u32,
}

impl Kill {
    pub fn draw(number: usize, rng: &mut StdRng) -> Self {
        let plain = Server { gently: false, times: rng.random_range(2..=4), killed_starts: 0 };
        Self::Server(match number % 5 {
            0 => plain,
            1 => {
                let migrations = rng.random_range(0..migrations().len());
                let after_ms = (0..3).map(|_| rng.random_range(0..160)).collect();
                return Self::FirstStart { migrations, after_ms };
            }
            2 => Server { gently: true, times: 1, killed_starts: 3 },
            3 => Server { killed_starts: rng.random_range(1..=4), times: 2, ..plain },
            _ => Server { gently: true, times: 2, ..plain },
        })
    }
}

impl Fault for Kill {
    fn strike(&self, site: &Site, rng: &mut StdRng) {
        match self {
            Self::Server(server) => server.kill(site, rng),
            // There is no older version that kept its tables on a server.
            Self::FirstStart { .. } if site.database.server().is_some() => {
                Server { gently: false, times: 1, killed_starts: 4 }.kill(site, rng);
            }
            Self::FirstStart { migrations, after_ms } => {
                // A few folders, as what matters lasts for moments.
                for shift_ms in 0..6 {
                    if !site.journal.violations().is_empty() {
                        break;
                    }
                    kill_first_start(site, *migrations, after_ms, shift_ms * 7);
                }
            }
        }
    }
}

impl Server {
    fn kill(&self, site: &Site, rng: &mut StdRng) {
        for _ in 0..self.times {
            std::thread::sleep(some_ms(rng, 100, 900));
            if self.gently {
                site.stop();
            } else {
                site.kill();
            }
            for _ in 0..self.killed_starts {
                site.start_and_kill(some_ms(rng, 0, 500));
            }
            site.start();
        }
    }
}

/// A first start that is cut short can be repeated.
fn kill_first_start(site: &Site, migrations: usize, after_ms: &[u64], shift_ms: u64) {
    let folder = site.other_folder("first");
    migrate(&folder, migrations);
    let launch = site.launch_on(&folder);
    for after_ms in after_ms {
        spawn_and_kill(&launch, Duration::from_millis(after_ms + shift_ms));
    }
    if let Err(refusal) = launch.try_start(START) {
        let found = format!("{refusal}; its log ends with {}", site.end_of_log());
        site.journal.violation("a first start after one that was killed", "the server starts", found);
    }
    // Kept if something is wrong.
    if site.journal.violations().is_empty() {
        let _ = std::fs::remove_dir_all(folder);
    }
}

/// The migrations of `app.db`, the oldest first.
fn migrations() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migration/src");
    let files = folder.read_dir().expect("the migrations are there").flatten().map(|entry| entry.path());
    let is_app = |file: &PathBuf| {
        let name = file.file_name().and_then(OsStr::to_str).unwrap_or_default();
        name.starts_with('m') && name.ends_with(".sql")
    };
    let mut files: Vec<_> = files.filter(is_app).collect();
    files.sort();
    files
}

/// Makes a folder as an older version left it, which had so many migrations.
fn migrate(folder: &Path, count: usize) {
    if count == 0 {
        return;
    }
    std::fs::create_dir(folder).expect("the folder is new");
    let mut sql =
        "CREATE TABLE seaql_migrations (version varchar NOT NULL PRIMARY KEY, applied_at integer NOT NULL);"
            .to_owned();
    for file in &migrations()[..count] {
        let name = file.file_stem().and_then(OsStr::to_str).unwrap_or_default();
        sql += &std::fs::read_to_string(file).expect("a migration can be read");
        sql += &format!("INSERT INTO seaql_migrations VALUES ('{name}', 0);");
    }
    let run = Command::new("sqlite3").arg("-bail").arg(folder.join("app.db")).arg(&sql).output();
    let output = run.expect("sqlite3 is installed by tests/run.sh");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
