//! Changing a database that other processes may change as well.
//!
//! A transaction takes the lane, a lock of the database that ends with it, as
//! its first step: under READ COMMITTED each of its later statements sees what
//! those before it have committed, so that reading and then writing means what it
//! means with one writer. Statements outside of a transaction do not take it;
//! those that change what a transaction reads lock their rows.
//!
//! A commit whose answer is lost is asked for, not guessed.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::connections::{Connections, Lease};
use super::history::HISTORY;
use crate::store::failure::{is_refusal, refused};
use crate::store::migrate::NEUTRAL_CHANGE;
use crate::store::{WriteHealth, statement};

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
    connections: Connections,
    /// The turn among the transactions of this process: who waits for it takes no
    /// connection meanwhile.
    turn: Arc<Mutex<()>>,
    health: WriteHealth,
}

/// A transaction. Commits by [`Transaction::commit`] alone; dropped, it leaves no trace.
pub struct Transaction {
    lease: Mutex<Lease>,
    writer: Arc<Shared>,
    identity: Identity,
    _turn: OwnedMutexGuard<()>,
}

/// By which a server knows a transaction, also after its end. Another history
/// gives the number to another one.
struct Identity {
    history: Option<String>,
    xid: String,
}

/// See [`Writer::start_lock`]. Its connection ends with it.
pub struct StartLock {
    _lease: Lease,
}

impl Writer {
    pub(super) fn new(connections: Connections) -> Self {
        Self(Arc::new(Shared { connections, turn: Arc::default(), health: WriteHealth::default() }))
    }

    /// Begins a transaction once those before it have ended, here and elsewhere.
    pub async fn begin(&self) -> Result<Transaction, DbErr> {
        let begun = self.next().await;
        self.0.noted(begun)
    }

    async fn next(&self) -> Result<Transaction, DbErr> {
        let turn = tokio::time::timeout(PATIENCE, self.0.turn.clone().lock_owned());
        let turn = turn.await.map_err(|_| refused("too many changes wait for their turn"))?;
        let mut lease = self.0.connections.lease().await?;
        let history = self.0.connections.history();
        let rows = lease.query_unprepared(BEGIN).await?;
        let xid = rows.last().ok_or_else(|| refused("a transaction has no number"))?.try_get("", "xid")?;
        let identity = Identity { history, xid };
        Ok(Transaction { lease: Mutex::new(lease), writer: self.0.clone(), identity, _turn: turn })
    }

    /// A lock that one process of all has at a time, until it is dropped.
    pub async fn start_lock(&self) -> Result<StartLock, DbErr> {
        let mut lease = self.0.connections.lease().await?;
        lease.execute_unprepared("BEGIN; SELECT pg_advisory_xact_lock(8426503)").await?;
        Ok(StartLock { _lease: lease })
    }

    /// Whether changes reach the database.
    pub fn health(&self) -> &WriteHealth {
        &self.0.health
    }

    /// Closes the connections; changes are refused from now on.
    pub async fn close(&self) {
        self.0.connections.close().await;
    }

    /// Notes how a statement that is a transaction of its own went.
    fn finish<T>(&self, outcome: Result<T, DbErr>) -> Result<T, DbErr> {
        if outcome.is_ok() {
            self.0.health.succeeded();
        }
        self.0.noted(outcome)
    }
}

impl Shared {
    /// Notes a failure that is not the statement's own.
    fn noted<T>(&self, outcome: Result<T, DbErr>) -> Result<T, DbErr> {
        if let Err(error) = &outcome
            && !is_refusal(error)
        {
            self.health.failed(error);
        }
        outcome
    }

    /// Whether a transaction was committed, however long the database takes to say
    /// so, within [`DOUBT`].
    async fn was_committed(&self, identity: &Identity) -> Result<bool, DbErr> {
        let asking = async {
            loop {
                match self.outcome(identity).await {
                    Ok(Some(outcome)) if outcome == "committed" => {
                        // It may be so here alone, where a replica has to have it as well:
                        // the next commit waits until that has all before it.
                        return self.connections.execute_unprepared(NEUTRAL_CHANGE).await.map(|_| true);
                    }
                    Ok(Some(outcome)) if outcome != "in progress" => return Ok(false),
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

    async fn outcome(&self, identity: &Identity) -> Result<Option<String>, DbErr> {
        let sql =
            format!("SELECT pg_xact_status($1::text::xid8) AS outcome, history FROM ({HISTORY}) AS asked");
        let question = statement(&self.connections, sql, [identity.xid.as_str().into()]);
        let Some(row) = self.connections.query_one_raw(question).await? else { return Ok(None) };
        let is_same = identity.history == row.try_get("", "history")?;
        if is_same { row.try_get("", "outcome") } else { Ok(None) }
    }
}

impl Transaction {
    /// Makes the changes durable.
    ///
    /// After an error they may or may not be stored, where the database did not
    /// say within ten seconds.
    pub async fn commit(self) -> Result<(), DbErr> {
        let Self { lease, writer, identity, _turn } = self;
        let mut lease = lease.into_inner();
        // Nothing is sent then, so there is nothing to ask for.
        let was_over = lease.is_over();
        let committed = match lease.execute_unprepared("COMMIT").await {
            Ok(_) => {
                lease.give_back();
                Ok(())
            }
            // A rule that is held at the end only, say: the database has spoken.
            Err(error) if was_over || is_refusal(&error) => Err(error),
            Err(error) => match writer.was_committed(&identity).await {
                Ok(true) => Ok(()),
                Ok(false) | Err(_) => Err(error),
            },
        };
        match &committed {
            Ok(()) => writer.health.succeeded(),
            Err(error) => writer.health.failed(error),
        }
        committed
    }

    /// Takes every change back.
    pub async fn rollback(self) {
        self.lease.into_inner().roll_back().await;
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Writer {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.finish(self.0.connections.execute_raw(statement).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.finish(self.0.connections.execute_unprepared(sql).await)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.finish(self.0.connections.query_one_raw(statement).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.finish(self.0.connections.query_all_raw(statement).await)
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let outcome = self.lease.lock().await.execute(statement).await;
        self.writer.noted(outcome)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let outcome = self.lease.lock().await.execute_unprepared(sql).await;
        self.writer.noted(outcome)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let outcome = self.lease.lock().await.query(statement).await;
        self.writer.noted(outcome)
    }
}
