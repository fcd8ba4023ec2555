//! Opening a SQLite database as an appliance uses it: one writer connection,
//! several readers, write-ahead log, small caches.

use std::path::Path;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteAutoVacuum, SqliteJournalMode};
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection};
use sea_orm_migration::MigratorTrait;

use crate::error::{Error, Result};

/// What a commit promises.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// On disk before the commit returns: survives a power cut.
    Full,
    /// In the log: survives a crash of the process, may lose the last moments on a power cut.
    Normal,
}

/// A writer of one and a pool of readers on the same file.
#[derive(Clone)]
pub struct Database {
    writer: DatabaseConnection,
    readers: DatabaseConnection,
}

const READERS: u32 = 4;
const WRITER_CACHE_KIB: &str = "-16384";
const READER_CACHE_KIB: &str = "-4096";

impl Database {
    /// Opens or creates the file and brings its schema up to date.
    ///
    /// Fails when the file was written by a newer version of this program.
    pub async fn open<M: MigratorTrait>(path: &Path, durability: Durability) -> Result<Self> {
        let writer = connect(path, Some(durability)).await?;
        M::up(&writer, None).await.map_err(|error| {
            Error::invalid(format!(
                "{} has a schema this version does not know; it was probably written by a newer one",
                path.display()
            ))
            .because(error)
        })?;
        let readers = connect(path, None).await?;
        Ok(Self { writer, readers })
    }

    /// Readers see every commit that was answered before the read began.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.readers
    }

    pub fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Folds what it can of the log into the file without making anybody wait.
    pub async fn checkpoint(&self) -> Result<()> {
        self.writer.execute_unprepared("PRAGMA wal_checkpoint(PASSIVE)").await?;
        Ok(())
    }

    /// Folds the log into the file and closes every connection.
    pub async fn close(&self) -> Result<()> {
        self.readers.clone().close().await?;
        self.writer.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        self.writer.clone().close().await?;
        Ok(())
    }
}

async fn connect(path: &Path, durability: Option<Durability>) -> Result<DatabaseConnection> {
    let writes = durability.is_some();
    let mut options = ConnectOptions::new(format!(
        "sqlite://{}?mode={}",
        path.display(),
        if writes { "rwc" } else { "ro" }
    ));
    let connections = if writes { 1 } else { READERS };
    options
        .max_connections(connections)
        .min_connections(connections)
        .acquire_timeout(Duration::from_secs(10))
        .sqlx_logging(false)
        .test_before_acquire(false)
        .map_sqlx_sqlite_opts(move |options| {
            let options = options
                .busy_timeout(Duration::from_secs(5))
                .foreign_keys(true)
                .statement_cache_capacity(256)
                .pragma("temp_store", "memory");
            match durability {
                Some(durability) => options
                    // Retention empties whole parts of a log: its file can shrink again.
                    .auto_vacuum(if durability == Durability::Normal {
                        SqliteAutoVacuum::Incremental
                    } else {
                        SqliteAutoVacuum::None
                    })
                    .journal_mode(SqliteJournalMode::Wal)
                    .pragma("synchronous", if durability == Durability::Full { "FULL" } else { "NORMAL" })
                    .pragma("cache_size", WRITER_CACHE_KIB)
                    .pragma("journal_size_limit", "67108864"),
                None => {
                    options.read_only(true).pragma("query_only", "on").pragma("cache_size", READER_CACHE_KIB)
                }
            }
        })
        .map_sqlx_sqlite_pool_opts(|pool| pool.max_lifetime(None).idle_timeout(None));
    Ok(sea_orm::Database::connect(options).await?)
}
