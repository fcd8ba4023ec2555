//! Connections of a server, each lent to one user at a time, and for how long
//! anybody waits for one.
//!
//! A connection whose user went away half-way, that failed or took too long never
//! returns to the pool. While the server is away nobody waits for it: who asks has
//! somebody look again, and is refused at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, PgConnection, PgPool, Postgres};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement, Values};
use sea_query_sqlx::SqlxValues;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

use super::History;
use crate::clock::Stopwatch;
use crate::store::failure::{failed, is_answer, is_refusal, refused};

/// How long a turn is waited for, while others have all connections.
const TURN_PATIENCE: Duration = Duration::from_secs(10);

/// How long the server is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much longer than the server's own bound an answer is waited for.
const GRACE: Duration = Duration::from_secs(1);

pub(super) struct Connections {
    pool: PgPool,
    /// One for each connection: who waits for others does not take them for a server
    /// that is away.
    turns: Arc<Semaphore>,
    history: History,
    deadline: Duration,
    server: Arc<Server>,
}

/// What is known of the server at the other end, by all pools together.
#[derive(Default)]
pub(super) struct Server {
    is_away: AtomicBool,
    /// Since a connection was last found to be cut.
    since_cut: parking_lot::Mutex<Option<Stopwatch>>,
    /// Held by the one who looks whether it is back: it may take connections without
    /// ever letting anybody in, and has room for so many.
    probe: Arc<Mutex<()>>,
}

impl Server {
    /// Notes whether it lets somebody in, and answers, be it by an error. A connection
    /// that was cut says nothing: the next one tells.
    fn note<T>(&self, outcome: &Result<T, DbErr>) {
        let error = outcome.as_ref().err().filter(|error| !is_answer(error));
        if self.is_away.load(Ordering::Relaxed) == error.is_some() {
            return;
        }
        self.is_away.store(error.is_some(), Ordering::Relaxed);
        match error {
            Some(error) => tracing::error!(%error, "the database is away"),
            None => tracing::info!("the database answers again"),
        }
    }

    fn is_away(&self) -> bool {
        self.is_away.load(Ordering::Relaxed)
    }

    fn note_cut(&self) {
        *self.since_cut.lock() = Some(Stopwatch::start());
    }

    /// Whether a connection has done nothing since another one was cut: whatever cut
    /// that one may have cut this one as well.
    pub fn may_have_cut(&self, idle_for: Duration) -> bool {
        self.since_cut.lock().as_ref().is_some_and(|since_cut| since_cut.elapsed() <= idle_for)
    }
}

/// A connection while somebody has it.
pub(super) struct Lease {
    connection: Option<PoolConnection<Postgres>>,
    _turn: OwnedSemaphorePermit,
    deadline: Duration,
    server: Arc<Server>,
    /// Known to be outside of a transaction: the next one may have it.
    is_idle: bool,
    /// A statement has failed, and the transaction with it: a COMMIT would be
    /// answered without an error, and roll back.
    is_over: bool,
}

impl Connections {
    /// `timeout` is what the server allows a statement.
    pub fn new(pool: PgPool, history: History, server: Arc<Server>, timeout: Duration) -> Self {
        let turns = Arc::new(Semaphore::new(pool.options().get_max_connections() as usize));
        Self { pool, turns, history, deadline: timeout + GRACE, server }
    }

    pub async fn lease(&self) -> Result<Lease, DbErr> {
        let turn = tokio::time::timeout(TURN_PATIENCE, self.turns.clone().acquire_owned()).await;
        let turn = turn.map_err(|_| refused("too many wait for a connection to the database"))?;
        let turn = turn.map_err(|_| refused("the database is closed"))?;
        if self.are_away() {
            self.look_again();
            return Err(refused("the database is away"));
        }
        let acquired = acquire(&self.pool).await;
        if acquired.is_err() {
            self.server.note(&acquired);
        }
        let (connection, deadline, server) = (Some(acquired?), self.deadline, self.server.clone());
        Ok(Lease { connection, _turn: turn, deadline, server, is_idle: false, is_over: false })
    }

    /// Has one task see whether the server is back.
    fn look_again(&self) {
        let Ok(probe) = self.server.probe.clone().try_lock_owned() else { return };
        let (pool, server) = (self.pool.clone(), self.server.clone());
        tokio::spawn(async move {
            server.note(&acquire(&pool).await);
            drop(probe);
        });
    }

    /// The history of the server, as its connections found it.
    pub fn history(&self) -> Option<String> {
        self.history.known()
    }

    /// Whether the server did not answer when it was last asked.
    pub fn are_away(&self) -> bool {
        self.server.is_away()
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}

impl Lease {
    /// Runs a statement that answers nothing.
    pub async fn execute(&mut self, statement: Statement) -> Result<ExecResult, DbErr> {
        let (deadline, connection) = self.parts()?;
        let Statement { sql, values, .. } = statement;
        let query = sqlx::query_with(AssertSqlSafe(sql), bound(values));
        let outcome = in_time(deadline, query.execute(connection)).await;
        self.note(outcome).map(Into::into)
    }

    /// Runs a statement to its end and answers all of its rows.
    pub async fn query(&mut self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let (deadline, connection) = self.parts()?;
        let Statement { sql, values, .. } = statement;
        let query = sqlx::query_with(AssertSqlSafe(sql), bound(values));
        let outcome = in_time(deadline, query.fetch_all(connection)).await;
        Ok(self.note(outcome)?.into_iter().map(Into::into).collect())
    }

    /// Runs statements without values one after the other, up to the first that
    /// fails, and answers the rows of all.
    pub async fn query_unprepared(&mut self, sql: &str) -> Result<Vec<QueryResult>, DbErr> {
        let (deadline, connection) = self.parts()?;
        let outcome = in_time(deadline, sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(connection)).await;
        Ok(self.note(outcome)?.into_iter().map(Into::into).collect())
    }

    /// As [`Lease::query_unprepared`], for statements that answer nothing.
    pub async fn execute_unprepared(&mut self, sql: &str) -> Result<ExecResult, DbErr> {
        let (deadline, connection) = self.parts()?;
        let outcome = in_time(deadline, sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection)).await;
        self.note(outcome).map(Into::into)
    }

    /// Takes back what a transaction changed, after a refusal too.
    pub async fn roll_back(mut self) {
        self.is_over = false;
        // After any other error the connection is closed already, and that is that.
        if self.execute_unprepared("ROLLBACK").await.is_ok() {
            self.give_back();
        }
    }

    /// Whether a statement has failed, and the transaction with it.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Gives the connection back: it is outside of a transaction.
    pub fn give_back(mut self) {
        self.is_idle = true;
    }

    /// Ends what is a transaction of its own: after a success, or a refusal of the
    /// statement alone, the connection is as it was.
    fn finish<T>(self, outcome: Result<T, DbErr>) -> Result<T, DbErr> {
        if outcome.as_ref().map_or_else(is_refusal, |_| true) {
            self.give_back();
        }
        outcome
    }

    fn parts(&mut self) -> Result<(Duration, &mut PgConnection), DbErr> {
        if self.is_over {
            return Err(refused("the transaction has failed"));
        }
        let connection = self.connection.as_deref_mut();
        Ok((self.deadline, connection.ok_or_else(|| refused("the connection was closed"))?))
    }

    fn note<T>(&mut self, outcome: Result<T, DbErr>) -> Result<T, DbErr> {
        if matches!(outcome, Ok(_) | Err(DbErr::Conn(_))) {
            self.server.note(&outcome);
        }
        if let Err(error) = &outcome {
            self.is_over = true;
            if !is_refusal(error) {
                self.server.note_cut();
                self.close();
            }
        }
        outcome
    }

    /// At once, which rolls back whatever it was in the middle of, and gives the
    /// lane to the next.
    fn close(&mut self) {
        drop(self.connection.take().map(PoolConnection::detach));
    }
}

async fn acquire(pool: &PgPool) -> Result<PoolConnection<Postgres>, DbErr> {
    match tokio::time::timeout(PATIENCE, pool.acquire()).await {
        Ok(acquired) => acquired.map_err(failed),
        Err(_) => Err(refused("the database let nobody connect in time")),
    }
}

async fn in_time<T>(
    deadline: Duration,
    statement: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, DbErr> {
    match tokio::time::timeout(deadline, statement).await {
        Ok(outcome) => outcome.map_err(failed),
        Err(_) => Err(refused("the database did not answer in time")),
    }
}

fn bound(values: Option<Values>) -> SqlxValues {
    SqlxValues(values.unwrap_or(Values(Vec::new())))
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.is_idle {
            self.close();
        }
    }
}

/// Each statement is a transaction of its own.
#[async_trait::async_trait]
impl ConnectionTrait for Connections {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut lease = self.lease().await?;
        let outcome = lease.execute(statement).await;
        lease.finish(outcome)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut lease = self.lease().await?;
        let outcome = lease.execute_unprepared(sql).await;
        lease.finish(outcome)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut lease = self.lease().await?;
        let outcome = lease.query(statement).await;
        lease.finish(outcome)
    }
}
