//! Changing a database that other processes may change as well.
//!
//! A transaction takes the lane, a lock of the database that ends with it, as
//! its first step: under READ COMMITTED each of its later statements sees what
//! those before it have committed, so that reading and then writing means what it
//! means with one writer. Statements outside of a transaction do not take it;
//! those that change what a transaction reads lock their rows.
//!
//! A connection whose user went away half-way, or that failed, never returns to
//! the pool. A commit whose answer is lost is asked for, not guessed.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{PgConnection, PgPool, Postgres, Row};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement, sqlx};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::connection::{execute, execute_unprepared, query};
use crate::store::WriteHealth;
use crate::store::failure::{failed, is_refusal, refused};

/// How long a change waits for those before it in this process.
const PATIENCE: Duration = Duration::from_secs(10);

/// For how long the outcome of a commit is asked for.
const DOUBT: Duration = Duration::from_secs(10);

/// Between two such questions.
const DOUBT_PAUSE: Duration = Duration::from_millis(100);

/// Begins a transaction that holds the lane, and answers its number. The lock is
/// of this database alone; its number is an arbitrary one. Who waits too long for
/// another process gives up.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '10s'; \
     SELECT pg_advisory_xact_lock(8426501); SELECT pg_current_xact_id()::text AS xid";

/// Changes a database. As a [`ConnectionTrait`], each statement is a transaction
/// of its own. Cheap to clone.
#[derive(Clone)]
pub struct Writer(Arc<Shared>);

struct Shared {
    pool: PgPool,
    /// The turn among the transactions of this process: who waits for it takes no
    /// connection meanwhile.
    turn: Arc<Mutex<()>>,
    health: WriteHealth,
}

/// A transaction. Commits by [`Transaction::commit`] alone; dropped, it leaves no trace.
pub struct Transaction {
    lease: Mutex<Lease>,
    writer: Arc<Shared>,
    /// By which the database knows it, also after its end.
    xid: String,
    _turn: OwnedMutexGuard<()>,
}

/// A connection while somebody has it.
struct Lease {
    connection: Option<PoolConnection<Postgres>>,
    /// Known to be outside of a transaction: the next one may have it.
    is_idle: bool,
    /// A statement has failed, and the transaction with it: a COMMIT would be
    /// answered without an error, and roll back.
    is_over: bool,
}

impl Writer {
    pub(super) fn new(pool: PgPool) -> Self {
        Self(Arc::new(Shared { pool, turn: Arc::default(), health: WriteHealth::default() }))
    }

    /// Begins a transaction once those before it have ended, here and elsewhere.
    pub async fn begin(&self) -> Result<Transaction, DbErr> {
        let begun = self.next().await;
        if let Err(error) = &begun {
            self.0.health.failed(error);
        }
        begun
    }

    async fn next(&self) -> Result<Transaction, DbErr> {
        let turn = tokio::time::timeout(PATIENCE, self.0.turn.clone().lock_owned());
        let turn = turn.await.map_err(|_| refused("too many changes wait for their turn"))?;
        let mut lease = self.0.lease().await?;
        let rows = sqlx::raw_sql(BEGIN).fetch_all(lease.connection()?).await.map_err(failed)?;
        let last = rows.last().ok_or_else(|| refused("a transaction has no number"))?;
        let xid = last.try_get("xid").map_err(failed)?;
        Ok(Transaction { lease: Mutex::new(lease), writer: self.0.clone(), xid, _turn: turn })
    }

    /// Whether changes reach the database.
    pub fn health(&self) -> &WriteHealth {
        &self.0.health
    }

    /// Closes the connections; changes are refused from now on.
    pub async fn close(&self) {
        self.0.pool.close().await;
    }

    /// Notes how a statement that is a transaction of its own went.
    fn finish<T>(&self, mut lease: Lease, outcome: Result<T, DbErr>) -> Result<T, DbErr> {
        match &outcome {
            Ok(_) => self.0.health.succeeded(),
            Err(error) if is_refusal(error) => {}
            Err(error) => self.0.health.failed(error),
        }
        lease.is_idle = outcome.as_ref().map_or_else(is_refusal, |_| true);
        outcome
    }

    async fn lease(&self) -> Result<Lease, DbErr> {
        let lease = self.0.lease().await;
        if let Err(error) = &lease {
            self.0.health.failed(error);
        }
        lease
    }
}

impl Shared {
    async fn lease(&self) -> Result<Lease, DbErr> {
        let connection = self.pool.acquire().await.map_err(failed)?;
        Ok(Lease { connection: Some(connection), is_idle: false, is_over: false })
    }

    /// Whether the transaction of this number was committed, however long the
    /// database takes to say so, within [`DOUBT`].
    async fn was_committed(&self, xid: &str) -> Result<bool, DbErr> {
        let asking = async {
            loop {
                match self.outcome(xid).await {
                    Ok(Some(outcome)) if outcome != "in progress" => return Ok(outcome == "committed"),
                    // Of long ago, or of a history that this database does not have.
                    Ok(None) => return Ok(false),
                    Err(error) if is_refusal(&error) => return Err(error),
                    Ok(Some(_)) | Err(_) => tokio::time::sleep(DOUBT_PAUSE).await,
                }
            }
        };
        let unknown = || refused("the connection was lost while a change was committed");
        tokio::time::timeout(DOUBT, asking).await.unwrap_or_else(|_| Err(unknown()))
    }

    async fn outcome(&self, xid: &str) -> Result<Option<String>, DbErr> {
        let mut lease = self.lease().await?;
        let sql = "SELECT pg_xact_status($1::text::xid8)";
        let asked = sqlx::query_scalar(sql).bind(xid).fetch_one(lease.connection()?).await;
        lease.is_idle = asked.is_ok();
        asked.map_err(failed)
    }
}

impl Transaction {
    /// Makes the changes durable.
    ///
    /// After an error they may or may not be stored, where the database did not
    /// say within ten seconds.
    pub async fn commit(self) -> Result<(), DbErr> {
        let mut lease = self.lease.into_inner();
        let committed = execute_unprepared(lease.connection()?, "COMMIT").await;
        let committed = match committed {
            Ok(_) => {
                lease.is_idle = true;
                Ok(())
            }
            // A rule that is held at the end only, say: the database has spoken.
            Err(error) if is_refusal(&error) => Err(error),
            Err(error) => match self.writer.was_committed(&self.xid).await {
                Ok(true) => Ok(()),
                Ok(false) | Err(_) => Err(error),
            },
        };
        match &committed {
            Ok(()) => self.writer.health.succeeded(),
            Err(error) => self.writer.health.failed(error),
        }
        committed
    }

    /// Takes every change back.
    pub async fn rollback(self) {
        let mut lease = self.lease.into_inner();
        let Some(connection) = lease.connection.as_mut() else { return };
        match execute_unprepared(connection, "ROLLBACK").await {
            Ok(_) => lease.is_idle = true,
            Err(error) => tracing::warn!(%error, "rolling back failed; the connection is replaced"),
        }
    }
}

impl Lease {
    fn connection(&mut self) -> Result<&mut PgConnection, DbErr> {
        if self.is_over {
            return Err(refused("the transaction has failed"));
        }
        self.connection.as_deref_mut().ok_or_else(|| refused("the connection was closed"))
    }

    /// Notes how a statement within a transaction went.
    fn note<T>(&mut self, writer: &Shared, outcome: Result<T, DbErr>) -> Result<T, DbErr> {
        if let Err(error) = &outcome {
            self.is_over = true;
            if !is_refusal(error) {
                writer.health.failed(error);
            }
        }
        outcome
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.is_idle {
            // Closing it at once rolls back whatever it was in the middle of, and
            // gives the lane to the next.
            drop(self.connection.take().map(PoolConnection::detach));
        }
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Writer {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut lease = self.lease().await?;
        let outcome = execute(lease.connection()?, statement).await;
        self.finish(lease, outcome)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut lease = self.lease().await?;
        let outcome = execute_unprepared(lease.connection()?, sql).await;
        self.finish(lease, outcome)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut lease = self.lease().await?;
        let outcome = query(lease.connection()?, statement).await;
        self.finish(lease, outcome)
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut lease = self.lease.lock().await;
        let outcome = execute(lease.connection()?, statement).await;
        lease.note(&self.writer, outcome)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut lease = self.lease.lock().await;
        let outcome = execute_unprepared(lease.connection()?, sql).await;
        lease.note(&self.writer, outcome)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut lease = self.lease.lock().await;
        let outcome = query(lease.connection()?, statement).await;
        lease.note(&self.writer, outcome)
    }
}
