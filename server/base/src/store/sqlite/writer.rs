//! The one connection that changes a database.
//!
//! Whoever changes something waits in line for it. A change counts as made only
//! when the connection itself shows that it is outside of a transaction again;
//! the word of the driver is not enough. A connection that failed to begin, to
//! commit or to roll back, or whose user went away half-way, is closed and
//! replaced, so that nothing it was in the middle of reaches the next one.
//!
//! Nothing is written into files that nobody will find again: those of the
//! database are looked at before and after each change.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::sqlx::{ConnectOptions, Connection, SqliteConnection};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::connection::{execute, execute_unprepared, query};
use super::file::{FileIdentity, LogFiles};
use crate::error::{Error, Result};
use crate::store::WriteHealth;
use crate::store::failure::{failed, is_refusal, refused};

/// How long a change waits for those before it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Refused inside a transaction, and outside of one without any effect: SQLite
/// has no other word for where it is.
const PROOF: &str = "BEGIN; ROLLBACK";

/// Changes a database, one after the other. As a [`ConnectionTrait`], each
/// statement is a transaction of its own. Cheap to clone.
#[derive(Clone)]
pub struct Writer(Arc<Shared>);

struct Shared {
    options: SqliteConnectOptions,
    path: PathBuf,
    identity: FileIdentity,
    lane: Arc<Mutex<Option<SqliteConnection>>>,
    /// Of the connection in the lane, once it has written.
    log: parking_lot::Mutex<Option<LogFiles>>,
    /// Why nothing is written any more until the process starts anew.
    log_is_lost: OnceLock<String>,
    is_closed: AtomicBool,
    health: WriteHealth,
}

/// A transaction. Commits by [`Transaction::commit`] alone; dropped, it leaves no trace.
pub struct Transaction(Mutex<Lease>);

/// The connection while somebody has it.
struct Lease {
    connection: OwnedMutexGuard<Option<SqliteConnection>>,
    writer: Arc<Shared>,
    /// Known to be outside of a transaction: the next one may have it.
    is_idle: bool,
    /// The database has ended the transaction by itself: what follows would be
    /// stored statement by statement.
    is_over: bool,
}

impl Writer {
    /// Opens the file; the options say what becomes of one that is missing.
    pub(super) async fn open(
        path: PathBuf,
        options: SqliteConnectOptions,
    ) -> std::result::Result<Self, DbErr> {
        let connection = options.connect().await.map_err(failed)?;
        let identity = FileIdentity::of(&path)?;
        let shared = Shared {
            options: options.create_if_missing(false),
            path,
            identity,
            lane: Arc::new(Mutex::new(Some(connection))),
            log: parking_lot::Mutex::default(),
            log_is_lost: OnceLock::new(),
            is_closed: AtomicBool::new(false),
            health: WriteHealth::default(),
        };
        Ok(Self(Arc::new(shared)))
    }

    /// Begins a transaction once those before it have ended. It holds the lock
    /// on the database from its start, so what it reads is what it changes.
    pub async fn begin(&self) -> std::result::Result<Transaction, DbErr> {
        let mut lease = self.lease().await?;
        let began = execute_unprepared(lease.connection()?, "BEGIN IMMEDIATE").await;
        lease.note(began)?;
        Ok(Transaction(Mutex::new(lease)))
    }

    /// Whether changes reach the database.
    pub fn health(&self) -> &WriteHealth {
        &self.0.health
    }

    /// Folds the log into the file and closes the connection; changes are refused
    /// from now on.
    pub async fn close(&self) -> Result<()> {
        let folded = self.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await;
        self.0.is_closed.store(true, Ordering::Release);
        if let Some(connection) = self.0.lane.lock().await.take() {
            connection.close().await.map_err(failed)?;
        }
        // What stays in the log is read from there at the next start.
        folded.map(|_| ()).map_err(Error::from)
    }

    /// The connection, for one transaction.
    async fn lease(&self) -> std::result::Result<Lease, DbErr> {
        let lease = self.next_lease().await;
        if let Err(error) = &lease {
            self.0.health.failed(error);
        }
        lease
    }

    async fn next_lease(&self) -> std::result::Result<Lease, DbErr> {
        let turn = tokio::time::timeout(PATIENCE, self.0.lane.clone().lock_owned());
        let connection = turn.await.map_err(|_| refused("too many changes wait for their turn"))?;
        if self.0.is_closed.load(Ordering::Acquire) {
            return Err(refused("the database is closed"));
        }
        self.0.identity.check(&self.0.path)?;
        let mut lease = Lease { connection, writer: self.0.clone(), is_idle: false, is_over: false };
        if lease.connection.is_none() {
            *lease.connection = Some(self.0.options.connect().await.map_err(failed)?);
            *self.0.log.lock() = None;
        }
        match lease.check_log().await {
            Ok(()) => Ok(lease),
            Err(error) => {
                lease.fold_log().await;
                Err(error)
            }
        }
    }
}

impl Shared {
    /// Notes where the log is, or finds that what was just committed went into one
    /// that is gone.
    fn note_log(&self) -> std::result::Result<(), DbErr> {
        let mut log = self.log.lock();
        if let Some(known) = *log {
            known.check(&self.path).map_err(|error| self.lose_log(&error))?;
        }
        // Without one there is nothing to compare with the next time.
        *log = LogFiles::of(&self.path).ok();
        Ok(())
    }

    fn lose_log(&self, error: &DbErr) -> DbErr {
        refused(self.log_is_lost.get_or_init(|| format!("{error}; start the server anew")).clone())
    }
}

/// The statement, and the proof that it was not part of a transaction.
fn proved(mut statement: Statement) -> Statement {
    statement.sql.push_str("; ");
    statement.sql.push_str(PROOF);
    statement
}

#[async_trait::async_trait]
impl ConnectionTrait for Writer {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Sqlite
    }

    async fn execute_raw(&self, statement: Statement) -> std::result::Result<ExecResult, DbErr> {
        let mut lease = self.lease().await?;
        let outcome = execute(lease.connection()?, proved(statement)).await;
        lease.finish(outcome)
    }

    async fn execute_unprepared(&self, sql: &str) -> std::result::Result<ExecResult, DbErr> {
        let mut lease = self.lease().await?;
        let outcome = execute_unprepared(lease.connection()?, &format!("{sql}; {PROOF}")).await;
        lease.finish(outcome)
    }

    async fn query_one_raw(&self, statement: Statement) -> std::result::Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> std::result::Result<Vec<QueryResult>, DbErr> {
        let mut lease = self.lease().await?;
        let outcome = query(lease.connection()?, proved(statement)).await;
        lease.finish(outcome)
    }
}

impl Transaction {
    /// Makes the changes durable.
    ///
    /// After an error they may or may not be stored: the connection is gone, and
    /// only what the next one reads tells.
    pub async fn commit(self) -> std::result::Result<(), DbErr> {
        let mut lease = self.0.into_inner();
        let sql = format!("COMMIT; {PROOF}");
        let committed = execute_unprepared(lease.connection()?, &sql).await;
        if let Err(error) = &committed
            && is_refusal(error)
        {
            // By a rule that is only held at the end: nobody meant that.
            lease.writer.health.failed(error);
        }
        lease.finish(committed).map(|_| ())
    }

    /// Takes every change back.
    pub async fn rollback(self) {
        let mut lease = self.0.into_inner();
        let Ok(connection) = lease.connection() else { return };
        match execute_unprepared(connection, &format!("ROLLBACK; {PROOF}")).await {
            Ok(_) => lease.is_idle = true,
            Err(error) => tracing::warn!(%error, "rolling back failed; the connection is replaced"),
        }
    }
}

impl Lease {
    fn connection(&mut self) -> std::result::Result<&mut SqliteConnection, DbErr> {
        if self.is_over {
            return Err(refused("the transaction has failed"));
        }
        self.connection.as_mut().ok_or_else(|| refused("the connection was closed"))
    }

    /// Fails when the log is gone, or was cut while it held something.
    async fn check_log(&mut self) -> std::result::Result<(), DbErr> {
        if let Some(why) = self.writer.log_is_lost.get() {
            return Err(refused(why.clone()));
        }
        let Some(log) = *self.writer.log.lock() else { return Ok(()) };
        let writer = self.writer.clone();
        let bytes = log.check(&writer.path).map_err(|error| writer.lose_log(&error))?;
        if log.is_cut(bytes) && !self.is_log_whole(bytes).await {
            let path = writer.path.display();
            return Err(writer.lose_log(&refused(format!("the log beside {path} was cut short"))));
        }
        Ok(())
    }

    /// Whether a log of so many bytes has room for the pages it is said to hold.
    async fn is_log_whole(&mut self, bytes: u64) -> bool {
        let Ok(connection) = self.connection() else { return false };
        let ask = |sql: &str| Statement::from_string(DbBackend::Sqlite, sql);
        let mut numbers = Vec::new();
        for (sql, column) in [("PRAGMA wal_checkpoint(PASSIVE)", 1), ("PRAGMA page_size", 0)] {
            let rows = query(connection, ask(sql)).await.unwrap_or_default();
            let number = rows.first().and_then(|row| row.try_get_by_index::<i64>(column).ok());
            numbers.extend(number.and_then(|number| u64::try_from(number).ok()));
        }
        match numbers[..] {
            [0, _] => true,
            // As the file format has it: a head, and a head for each page.
            [pages, page_bytes] => bytes >= 32 + pages * (24 + page_bytes),
            _ => false,
        }
    }

    /// Brings what the log holds into the database, where it is found again. The
    /// connection stays: it is the last that can read a log that was removed.
    async fn fold_log(mut self) {
        let Ok(connection) = self.connection() else { return };
        match execute_unprepared(connection, "PRAGMA wal_checkpoint(PASSIVE)").await {
            Ok(_) => self.is_idle = true,
            Err(error) => tracing::warn!(%error, "what the log of a database holds could not be saved"),
        }
    }

    /// Notes how a statement within a transaction went.
    fn note<T>(&mut self, outcome: std::result::Result<T, DbErr>) -> std::result::Result<T, DbErr> {
        if let Err(error) = &outcome
            && !is_refusal(error)
        {
            self.is_over = true;
            self.writer.health.failed(error);
        }
        outcome
    }

    /// Ends what the connection was taken for. Anything but a success closes it.
    fn finish<T>(mut self, outcome: std::result::Result<T, DbErr>) -> std::result::Result<T, DbErr> {
        let outcome = self.note(outcome)?;
        self.is_idle = true;
        match self.writer.note_log() {
            Ok(()) => {
                self.writer.health.succeeded();
                Ok(outcome)
            }
            Err(error) => {
                self.writer.health.failed(&error);
                Err(error)
            }
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.is_idle {
            // Closing it rolls back whatever it was in the middle of.
            self.connection.take();
        }
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Sqlite
    }

    async fn execute_raw(&self, statement: Statement) -> std::result::Result<ExecResult, DbErr> {
        let mut lease = self.0.lock().await;
        let outcome = execute(lease.connection()?, statement).await;
        lease.note(outcome)
    }

    async fn execute_unprepared(&self, sql: &str) -> std::result::Result<ExecResult, DbErr> {
        let mut lease = self.0.lock().await;
        let outcome = execute_unprepared(lease.connection()?, sql).await;
        lease.note(outcome)
    }

    async fn query_one_raw(&self, statement: Statement) -> std::result::Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> std::result::Result<Vec<QueryResult>, DbErr> {
        let mut lease = self.0.lock().await;
        let outcome = query(lease.connection()?, statement).await;
        lease.note(outcome)
    }
}
