//! A database that is open: what reads it, and what changes it.

use std::path::PathBuf;

use migration::Schema;
use sea_orm::{ConnectionTrait, DbErr};

use super::dialect::{Engine, statement};
use super::either::{Reader, Transaction, Writer};
use super::failure::is_damage;
use super::migrate::SchemaState;
use super::postgres::{History, StartLock};
use super::{WriteHealth, migrate, sqlite};
use crate::error::{Error, Result};

/// What changes a database, and a pool of connections that read it.
#[derive(Clone)]
pub struct Database {
    writer: Writer,
    reader: Reader,
    place: Place,
}

#[derive(Clone)]
enum Place {
    File(File),
    Server(History),
}

#[derive(Clone)]
pub(super) struct File {
    pub path: PathBuf,
    /// The process that had it open before closed it.
    pub was_closed: bool,
}

impl Database {
    pub(super) fn of_file(writer: Writer, reader: Reader, file: File) -> Self {
        Self { writer, reader, place: Place::File(file) }
    }

    pub(super) fn of_server(writer: Writer, reader: Reader, history: History) -> Self {
        Self { writer, reader, place: Place::Server(history) }
    }

    /// For what the first start of all makes: another process on the same server
    /// waits until the lock is dropped. A data folder is held by one process anyway.
    pub async fn start_lock(&self) -> Result<Option<StartLock>> {
        match &self.writer {
            Writer::Sqlite(_) => Ok(None),
            Writer::Postgres(writer) => Ok(Some(writer.start_lock().await?)),
        }
    }

    fn file(&self) -> Option<&File> {
        match &self.place {
            Place::File(file) => Some(file),
            Place::Server(_) => None,
        }
    }

    /// What to do when a server turns out to lack what it had: it was put back from
    /// a backup, or a replica took over.
    pub(super) fn when_another_history(&self, forget: impl Fn() + Send + Sync + 'static) {
        if let Place::Server(history) = &self.place {
            history.when_another(forget);
        }
    }

    /// Whether what the database of a server held was moved elsewhere while this
    /// process was cut off from it.
    pub fn is_moved(&self) -> bool {
        matches!(&self.place, Place::Server(history) if history.is_moved())
    }

    pub fn engine(&self) -> Engine {
        Engine::of(&self.writer)
    }

    /// Readers see every commit that was answered before the read began.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// For statements that are transactions of their own.
    pub fn writer(&self) -> &Writer {
        &self.writer
    }

    /// Begins a transaction; see [`Writer::begin`].
    pub async fn begin(&self) -> std::result::Result<Transaction, DbErr> {
        self.writer.begin().await
    }

    pub fn health(&self) -> &WriteHealth {
        self.writer.health()
    }

    /// After changes have failed: changes something that says nothing, to see
    /// whether the next one would be stored.
    pub async fn try_again(&self) -> Result<()> {
        if self.health().is_failing() {
            self.writer.execute_unprepared(migrate::NEUTRAL_CHANGE).await?;
        }
        Ok(())
    }

    /// Whether the process before this one closed the file, rather than dying. A
    /// server keeps its files by itself.
    pub fn was_closed(&self) -> bool {
        self.file().is_none_or(|file| file.was_closed)
    }

    /// Reads the whole file. Fails, with its name, when it is damaged. The files of
    /// a server are not ours to read.
    pub async fn check(&self) -> Result<()> {
        let Some(file) = self.file() else { return Ok(()) };
        let question = statement(&self.reader, "PRAGMA quick_check(3)", []);
        let rows = match self.reader.query_all_raw(question).await {
            // Some damage ends the check instead of being found by it.
            Err(error) if is_damage(&error) => return Err(file.damaged(&error.to_string())),
            rows => rows?,
        };
        let findings: Vec<String> =
            rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, DbErr>>()?;
        match findings.as_slice() {
            [only] if only == "ok" => Ok(()),
            _ => Err(file.damaged(&findings.join("; "))),
        }
    }

    /// How the schema compares with that of this program.
    pub async fn schema_state<S: Schema>(&self) -> Result<SchemaState> {
        let (done, mut state) = migrate::compare(&self.reader, S::MIGRATIONS).await?;
        if self.file().is_some() && state.newer.is_empty() {
            state.differing = sqlite::differing_objects(&self.reader, &done).await?;
        }
        Ok(state)
    }

    /// Bytes of the log that was not folded into the file yet; a server keeps its own.
    pub fn log_bytes(&self) -> Option<u64> {
        let mut log = self.file()?.path.clone().into_os_string();
        log.push("-wal");
        Some(PathBuf::from(log).metadata().map_or(0, |log| log.len()))
    }

    /// Folds what it can of the log into the file without making anybody wait.
    pub async fn checkpoint(&self) -> Result<()> {
        if self.file().is_some() {
            self.writer.execute_unprepared("PRAGMA wal_checkpoint(PASSIVE)").await?;
        }
        Ok(())
    }

    /// Closes every connection, and folds the log into the file.
    pub async fn close(&self) -> Result<()> {
        self.reader.close().await?;
        self.writer.close().await
    }
}

impl File {
    fn damaged(&self, findings: &str) -> Error {
        let name = self.path.file_name().unwrap_or_default().display();
        Error::internal(format!("{name} is damaged: {findings}"))
    }
}
