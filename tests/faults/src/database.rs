//! Where keys and settings are stored: a file in the data folder, or a database of the
//! Postgres that `tests/postgres.sh` started, behind a proxy that can fail.

use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::postgres::{self, Proxy};
use serde_json::Value;

pub enum Database {
    File(PathBuf),
    Server(Server),
}

/// A database of its own, and the way there.
pub struct Server {
    pub database: postgres::Database,
    pub proxy: Proxy,
}

impl Database {
    /// For a server on this folder.
    pub fn of(data: &Path) -> Self {
        if !postgres::is_chosen() {
            return Self::File(data.join("app.db"));
        }
        let database = postgres::Database::create();
        let proxy = Proxy::before(&database);
        Self::Server(Server { database, proxy })
    }

    pub fn server(&self) -> Option<&Server> {
        match self {
            Self::File(_) => None,
            Self::Server(server) => Some(server),
        }
    }

    /// The settings by which a server finds it.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let settings = |server: &Server| {
            let url = server.database.url_by(&server.proxy);
            // So that one that stands still is given up within a round.
            vec![("UNKEY_DATABASE_URL", url), ("UNKEY_DATABASE_TIMEOUT_MS", "2000".to_owned())]
        };
        self.server().map(settings).unwrap_or_default()
    }

    /// The rows of some questions. An error is what the database says.
    pub fn rows(&self, selects: &[String]) -> Result<Vec<Value>, String> {
        match self {
            Self::File(path) => query(path, &format!("{};", selects.join(";"))),
            Self::Server(server) => {
                let wrap = |select: &String| format!("SELECT row_to_json(found) FROM ({select}) AS found;");
                let lines = server.database.ask(&selects.iter().map(wrap).collect::<String>());
                lines
                    .lines()
                    .map(|line| serde_json::from_str(line).map_err(|error| error.to_string()))
                    .collect()
            }
        }
    }
}

/// The rows of one or more statements, of a file.
pub fn query(database: &Path, sql: &str) -> Result<Vec<Value>, String> {
    let mut command = Command::new("sqlite3");
    command.args(["-readonly", "-json", "-cmd", ".timeout 10000"]).arg(database).arg(sql);
    let output = command.output().expect("sqlite3 is installed by tests/run.sh");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let lists = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Vec<Value>>();
    let lists: Result<Vec<_>, _> = lists.collect();
    lists.map(|lists| lists.into_iter().flatten().collect()).map_err(|error| error.to_string())
}
