//! Copies of databases that are in use, as of one moment, and what such a copy holds.
//!
//! A copy is made by SQLite itself, from within one read transaction: whoever writes
//! meanwhile is neither held up nor seen. A server's database is not copied here; it
//! has tools of its own.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use migration::{Migration, Schema};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::migrate::NOTES;
use crate::clock::Stopwatch;
use crate::error::{Error, Result};

/// Pages that are copied at once, 1 MiB: between two steps others get the disk.
const STEP_PAGES: i32 = 256;

/// Beside a server, so many times as much as a piece of work took passes before the next. What
/// that does for requests: docs/performance.md#a-backup-of-a-million-keys.
const RESTS: u32 = 3;
/// A disk that was stuck for long is not waited for as long again.
const LONGEST_REST: Duration = Duration::from_secs(1);

/// How much of the time work that nobody waits for may take.
pub struct Pace {
    piece: Stopwatch,
    rests: u32,
}

impl Pace {
    /// A quarter of it, for others want the machine. The first piece begins.
    pub fn gentle() -> Self {
        Self { piece: Stopwatch::start(), rests: RESTS }
    }

    /// All of it.
    pub fn full() -> Self {
        Self { piece: Stopwatch::start(), rests: 0 }
    }

    /// A piece is done. Sleeps this thread, then the next one begins.
    pub fn rest(&mut self) {
        let rest = (self.piece.elapsed() * self.rests).min(LONGEST_REST);
        if !rest.is_zero() {
            std::thread::sleep(rest);
        }
        self.begin();
    }

    /// A piece begins now: what passed until here was no work.
    pub fn begin(&mut self) {
        self.piece = Stopwatch::start();
    }
}

/// How long a step that finds the database locked is tried again.
const PATIENCE: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(10);

/// How far a copy has come, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    pub bytes: u64,
    pub of: u64,
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    #[error(transparent)]
    File(#[from] std::io::Error),
    #[error("another program holds the database")]
    Held,
    /// Whoever wanted the copy does not any more.
    #[error("{}", .0.detail())]
    Unwanted(Error),
}

impl CopyError {
    pub(super) fn is_no_room(&self) -> bool {
        match self {
            Self::Database(error) => error.sqlite_error_code() == Some(ErrorCode::DiskFull),
            Self::File(error) => matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded),
            Self::Held | Self::Unwanted(_) => false,
        }
    }
}

/// Copies the database `from`, which may be in use, to the file `to`, of which nothing
/// stays that was there. Page for page: rows keep their numbers, and what is only in the
/// log comes along. It is not on the disk yet. `go_on` is asked after each step; its
/// error ends the copy.
pub fn copy_database(
    from: &Path,
    to: &Path,
    mut pace: Pace,
    mut go_on: impl FnMut(Copied) -> Result<()>,
) -> std::result::Result<(), CopyError> {
    let source = open_source(from)?;
    let page_bytes = source.query_row("PRAGMA page_size", [], |row| row.get::<_, i64>(0))?.unsigned_abs();
    let _ = std::fs::remove_file(to);
    File::options().write(true).create_new(true).mode(0o600).open(to)?;
    let mut target = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // What a crash leaves of it is thrown away.
    target.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")?;
    let backup = Backup::new(&source, &mut target)?;
    let mut locked_since: Option<Stopwatch> = None;
    pace.begin();
    loop {
        match backup.step(STEP_PAGES)? {
            StepResult::Done => break,
            StepResult::More => locked_since = None,
            _ if locked_since.get_or_insert_with(Stopwatch::start).elapsed() < PATIENCE => {
                std::thread::sleep(RETRY);
                pace.begin();
                continue;
            }
            _ => return Err(CopyError::Held),
        }
        let progress = backup.progress();
        let of = u64::from(progress.pagecount.unsigned_abs()) * page_bytes;
        let left = u64::from(progress.remaining.unsigned_abs()) * page_bytes;
        go_on(Copied { bytes: of.saturating_sub(left), of }).map_err(CopyError::Unwanted)?;
        pace.rest();
    }
    drop(backup);
    target.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// With a read transaction begun, in which it stays as of this moment.
fn open_source(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(path, flags)?;
    source.busy_timeout(PATIENCE)?;
    source.execute_batch("BEGIN")?;
    source.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
    Ok(source)
}

/// A file that nobody else has open.
pub struct DatabaseCopy {
    path: PathBuf,
    connection: Connection,
}

impl DatabaseCopy {
    /// Opens a copy and makes it one file: no log lies beside it from now on.
    pub fn open(path: &Path) -> Result<Self> {
        let open = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags)?;
            connection.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
            Ok(connection)
        };
        let connection = open().map_err(|error| unreadable(path, error))?;
        Ok(Self { path: path.to_owned(), connection })
    }

    /// The migrations that it has.
    pub fn migrations(&self) -> Result<Vec<String>> {
        self.texts(&format!("SELECT version FROM {NOTES} ORDER BY version"))
    }

    /// How many rows each table has.
    pub fn row_counts(&self) -> Result<BTreeMap<String, u64>> {
        let tables = self.texts(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
        )?;
        let count = |table: String| {
            let quoted = table.replace('"', "\"\"");
            let rows = self.number(&format!("SELECT count(*) FROM \"{quoted}\""))?.unwrap_or(0);
            Ok((table, rows.unsigned_abs()))
        };
        tables.into_iter().map(count).collect()
    }

    /// Fails when the file is damaged: reads all of it, indexes included.
    pub fn check(&self) -> Result<()> {
        let findings = self.texts("PRAGMA integrity_check(3)")?;
        match findings.as_slice() {
            [only] if only == "ok" => Ok(()),
            _ => Err(Error::invalid(format!("{} is damaged: {}", self.name(), findings.join("; ")))),
        }
    }

    /// The first column of each row.
    pub fn texts(&self, sql: &str) -> Result<Vec<String>> {
        let read = || -> rusqlite::Result<Vec<String>> {
            let mut question = self.connection.prepare(sql)?;
            let rows = question.query_map([], |row| row.get(0))?;
            rows.collect()
        };
        read().map_err(|error| unreadable(&self.path, error))
    }

    /// The only number of a question.
    pub fn number(&self, sql: &str) -> Result<Option<i64>> {
        let read = self.connection.query_row(sql, [], |row| row.get(0));
        read.map_err(|error| unreadable(&self.path, error))
    }

    pub fn close(self) -> Result<()> {
        let Self { path, connection } = self;
        connection.close().map_err(|(_, error)| unreadable(&path, error))
    }

    fn name(&self) -> std::path::Display<'_> {
        Path::new(self.path.file_name().unwrap_or_default()).display()
    }
}

fn unreadable(path: &Path, error: rusqlite::Error) -> Error {
    let name = path.file_name().unwrap_or_default().display();
    Error::invalid(format!("{name} cannot be read: {error}"))
}

/// The first of these migrations that this program does not have.
pub fn unknown_migration<S: Schema>(migrations: &[String]) -> Option<&str> {
    let is_known = |name: &str| S::MIGRATIONS.iter().any(|Migration { name: known, .. }| *known == name);
    migrations.iter().map(String::as_str).find(|name| !is_known(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer(path: &Path) -> Connection {
        let writer = Connection::open(path).unwrap();
        writer.pragma_update(None, "journal_mode", "wal").unwrap();
        writer.execute_batch("CREATE TABLE entries (id INTEGER PRIMARY KEY, body BLOB)").unwrap();
        writer
    }

    fn fill(writer: &Connection, rows: usize) {
        for _ in 0..rows {
            writer.execute_batch("INSERT INTO entries (body) VALUES (randomblob(3000))").unwrap();
        }
    }

    #[test]
    fn a_copy_is_of_one_moment_and_holds_nobody_up() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from.db"), dir.path().join("to.db"));
        let writer = writer(&from);
        fill(&writer, 2000);
        let mut steps = 0;
        copy_database(&from, &to, Pace::full(), |copied| {
            assert!(copied.bytes <= copied.of);
            steps += 1;
            // Each is a commit while the copy is under way.
            fill(&writer, 20);
            Ok(())
        })
        .unwrap();
        assert!(steps > 3, "{steps}");
        let copy = DatabaseCopy::open(&to).unwrap();
        copy.check().unwrap();
        assert_eq!(copy.row_counts().unwrap()["entries"], 2000);
        copy.close().unwrap();
        let beside: Vec<_> = dir.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(!beside.iter().any(|name| name.to_string_lossy().starts_with("to.db-")), "{beside:?}");
    }

    #[test]
    fn what_a_process_that_died_left_in_its_log_is_copied() {
        let dir = tempfile::tempdir().unwrap();
        let (living, dead) = (dir.path().join("living.db"), dir.path().join("dead.db"));
        let writer = writer(&living);
        writer.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
        fill(&writer, 10);
        for end in ["", "-wal"] {
            let named = |path: &Path| format!("{}{end}", path.display());
            std::fs::copy(named(&living), named(&dead)).unwrap();
        }
        let to = dir.path().join("to.db");
        copy_database(&dead, &to, Pace::full(), |_| Ok(())).unwrap();
        assert_eq!(DatabaseCopy::open(&to).unwrap().row_counts().unwrap()["entries"], 10);
    }

    #[test]
    fn a_copy_ends_when_it_is_told_to() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from.db"), dir.path().join("to.db"));
        fill(&writer(&from), 2000);
        let ended = copy_database(&from, &to, Pace::full(), |_| Err(Error::invalid("enough"))).unwrap_err();
        assert_eq!(ended.to_string(), "enough");
    }
}
