//! A database in a file, as an appliance uses it: one writer connection, several
//! readers, write-ahead log, small caches.

mod before_upgrade;
mod connection;
mod file;
mod half_made;
mod migrate;
mod writer;

use std::path::{Path, PathBuf};
use std::time::Duration;

use migration::Schema;
use sea_orm::DbErr;
use sea_orm::sqlx::pool::PoolOptions;
use sea_orm::sqlx::sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode};
use sea_orm::sqlx::{ConnectOptions, Sqlite};

use super::db::File;
use super::failure::{OpenError, failed};
use super::{Database, either};
use crate::error::{Code, Error, Result};
use crate::file_fault;
pub(super) use migrate::differing_objects;
pub use writer::{Transaction, Writer};

/// What a commit promises.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// On disk before the commit returns: survives a power cut.
    Full,
    /// In the log: survives a crash of the process, may lose the last moments on a power cut.
    Normal,
}

const READERS: u32 = 4;
/// Pages that each connection keeps, and never gives back.
const WRITER_CACHE_KIB: &str = "-16384";
const READER_CACHE_KIB: &str = "-4096";
/// A log is written at its end, and read once, from its end as well: what is kept of it is
/// seldom asked for, and the system has it at hand.
const LOG_CACHE_KIB: &str = "-1024";

impl Database {
    /// Opens or creates the file and brings its schema up to date.
    ///
    /// Fails, with the name of the file, when it is damaged, is no database, or
    /// was written by a newer version of this program.
    pub async fn open<S: Schema>(path: &Path, durability: Durability) -> Result<Self> {
        open::<S>(path, durability, IfEmpty::Create).await.map_err(|error| unusable(path, error))
    }

    /// As [`Database::open`], for a file that must be there and hold something.
    pub async fn open_existing<S: Schema>(path: &Path, durability: Durability) -> Result<Self> {
        open::<S>(path, durability, IfEmpty::Refuse).await.map_err(|error| unusable(path, error))
    }

    /// Opens a file only to look at it: nothing is changed, whatever its schema.
    pub async fn open_to_look(path: &Path) -> Result<Self> {
        look(path).await.map_err(|error| unusable(path, error.into()))
    }

    /// As [`Database::open`], for a file whose loss is bearable: one that is
    /// damaged is set aside and replaced by a new one. Answers the name it has then.
    pub async fn open_replaceable<S: Schema>(
        path: &Path,
        durability: Durability,
        now_ms: i64,
    ) -> Result<(Self, Option<PathBuf>)> {
        match open::<S>(path, durability, IfEmpty::Create).await {
            Ok(database) => Ok((database, None)),
            Err(error) if error.is_damage => {
                let aside = set_aside(path, now_ms)?;
                tracing::error!(file = %path.display(), kept_as = %aside.display(), cause = error.error.cause_chain(),
                    "a damaged database was set aside and replaced by an empty one");
                Ok((Self::open::<S>(path, durability).await?, Some(aside)))
            }
            Err(error) => Err(unusable(path, error)),
        }
    }
}

/// What to make of a database without tables.
#[derive(Clone, Copy, PartialEq, Eq)]
enum IfEmpty {
    Create,
    Refuse,
}

fn unusable(path: &Path, OpenError { error, is_damage }: OpenError) -> Error {
    if is_damage {
        // Of causes that say the same, the last, without its number.
        let chain = error.cause_chain();
        let why = chain.rsplit(") ").next().unwrap_or_default();
        return Error::invalid(format!(
            "{} cannot be used, it is damaged ({why}): put it back from a backup, or see what `sqlite3 FILE .recover` \
             finds",
            path.display()
        ));
    }
    // Whose a file is, a database does not say.
    for name in ["", "-wal", "-shm"] {
        let part = PathBuf::from(format!("{}{name}", path.display()));
        let opened = std::fs::OpenOptions::new().read(true).write(true).open(&part);
        if let Err(fault) = opened
            && fault.kind() == std::io::ErrorKind::PermissionDenied
        {
            return Error::invalid(format!("cannot use {}", file_fault::describe(&part, &fault)));
        }
    }
    let why = match error.code() {
        Code::InvalidInput => error.detail().to_owned(),
        _ => error.cause_chain(),
    };
    Error::invalid(format!("{} cannot be used: {why}", path.display())).because(error)
}

async fn open<S: Schema>(
    path: &Path,
    durability: Durability,
    if_empty: IfEmpty,
) -> std::result::Result<Database, OpenError> {
    if if_empty == IfEmpty::Refuse && !path.exists() {
        return Err(OpenError::is_empty());
    }
    let log = PathBuf::from(format!("{}-wal", path.display()));
    let was_closed = !log.metadata().is_ok_and(|log| log.len() > 0);
    let options = writer_options(path, durability).create_if_missing(if_empty == IfEmpty::Create);
    let writer = Writer::open(path.to_owned(), options).await?;
    migrate::run(&writer, path, S::MIGRATIONS, if_empty == IfEmpty::Create).await?;
    let readers = PoolOptions::<Sqlite>::new()
        .max_connections(READERS)
        .min_connections(READERS)
        .acquire_timeout(Duration::from_secs(10))
        .test_before_acquire(false)
        .max_lifetime(None)
        .idle_timeout(None)
        .connect_with(reader_options(path, durability))
        .await
        .map_err(failed)?;
    let file = File { path: path.to_owned(), was_closed };
    Ok(Database::of_file(either::Writer::Sqlite(writer), either::Reader::Sqlite(readers.into()), file))
}

async fn look(path: &Path) -> std::result::Result<Database, DbErr> {
    let options = || reader_options(path, Durability::Full).create_if_missing(false);
    let writer = Writer::open(path.to_owned(), options()).await?;
    let readers = PoolOptions::<Sqlite>::new().max_connections(2).test_before_acquire(false);
    let readers = readers.connect_with(options()).await.map_err(failed)?;
    let file = File { path: path.to_owned(), was_closed: true };
    Ok(Database::of_file(either::Writer::Sqlite(writer), either::Reader::Sqlite(readers.into()), file))
}

/// Renames a database and its log, which nobody has open.
fn set_aside(path: &Path, now_ms: i64) -> Result<PathBuf> {
    let named = |suffix: &str| PathBuf::from(format!("{}{suffix}", path.display()));
    for log in ["-wal", "-shm"] {
        if named(log).exists() {
            std::fs::rename(named(log), named(&format!(".damaged-{now_ms}{log}")))
                .map_err(Error::internal)?;
        }
    }
    let aside = named(&format!(".damaged-{now_ms}"));
    std::fs::rename(path, &aside).map_err(Error::internal)?;
    Ok(aside)
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(true)
        .statement_cache_capacity(256)
        .pragma("temp_store", "memory")
        .disable_statement_logging()
}

fn writer_options(path: &Path, durability: Durability) -> SqliteConnectOptions {
    let (vacuum, synchronous, cache) = match durability {
        Durability::Full => (SqliteAutoVacuum::None, "FULL", WRITER_CACHE_KIB),
        // Retention empties whole parts of a log: its file can shrink again.
        Durability::Normal => (SqliteAutoVacuum::Incremental, "NORMAL", LOG_CACHE_KIB),
    };
    options(path)
        .auto_vacuum(vacuum)
        .journal_mode(SqliteJournalMode::Wal)
        .pragma("synchronous", synchronous)
        .pragma("cache_size", cache)
        .pragma("journal_size_limit", "67108864")
}

fn reader_options(path: &Path, durability: Durability) -> SqliteConnectOptions {
    let cache = match durability {
        Durability::Full => READER_CACHE_KIB,
        Durability::Normal => LOG_CACHE_KIB,
    };
    options(path).read_only(true).pragma("query_only", "on").pragma("cache_size", cache)
}
