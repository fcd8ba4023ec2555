//! The one connection that changes a database.
//!
//! Whoever changes something waits in line for it. A change counts as made only
//! when the connection itself shows that it is outside of a transaction again;
//! the word of the driver is not enough. A connection that failed to begin, to
//! commit or to roll back, or whose user went away half-way, is closed and
//! replaced, so that nothing it was in the middle of reaches the next one.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::sqlx::{ConnectOptions, Connection, SqliteConnection};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::connection::{execute, execute_unprepared, failed, query, refused};
use super::failure::is_refusal;
use super::file::FileIdentity;
use super::health::WriteHealth;
use crate::error::Result;

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

    /// Closes the connection; changes are refused from now on.
    pub(super) async fn close(&self) -> Result<()> {
        self.0.is_closed.store(true, Ordering::Release);
        match self.0.lane.lock().await.take() {
            Some(connection) => Ok(connection.close().await.map_err(failed)?),
            None => Ok(()),
        }
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
        }
        Ok(lease)
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
        let outcome = self.note(outcome);
        if outcome.is_ok() {
            self.is_idle = true;
            self.writer.health.succeeded();
        }
        outcome
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
