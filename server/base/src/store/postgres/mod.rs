//! `app.db` on a server: a pool of connections, and the lane for changes.

mod check;
mod connections;
mod history;
mod migrate;
mod writer;

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use migration::App;
use sea_orm::sqlx::pool::PoolOptions;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgSslMode};
use sea_orm::sqlx::{ConnectOptions, Connection, PgConnection, Postgres};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use self::connections::{Connections, Server};
pub(in crate::store) use self::history::History;
use super::failure::{OpenError, failed};
use super::{Database, either};
use crate::config::{DatabaseServer, Tls};
use crate::error::{Code, Error, Result};
pub use migrate::IfEmpty;
pub use writer::{StartLock, Transaction, Writer};

/// Of all connections, one in so many changes something: changes take turns.
const SHARE_OF_WRITERS: u32 = 4;

/// A connection that was idle for longer is tried before it is used.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// How long the first connection may be waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads a database. Cheap to clone.
#[derive(Clone)]
pub struct Reader(Arc<Connections>);

impl Database {
    /// Connects to a server, and brings the schema there up to date.
    ///
    /// Fails when nobody answers there, when who answers is not who the address
    /// names or cannot do what is needed, and when a newer version of this program
    /// has written the database.
    pub async fn connect(server: &DatabaseServer, if_empty: IfEmpty) -> Result<Self> {
        connect(server, Some(if_empty)).await.map_err(|OpenError { error, .. }| unusable(error))
    }

    /// Connects to a server only to look at it: nothing is changed there.
    pub async fn connect_to_look(server: &DatabaseServer) -> Result<Self> {
        connect(server, None).await.map_err(|OpenError { error, .. }| unusable(error))
    }
}

/// `None` leaves the schema as it is.
async fn connect(
    server: &DatabaseServer,
    if_empty: Option<IfEmpty>,
) -> std::result::Result<Database, OpenError> {
    let options = options(server)?;
    check::run(&options).await?;
    let writers = (server.connections / SHARE_OF_WRITERS).max(2);
    let history = History::default();
    let known = Arc::new(Server::default());
    let open = async |most| {
        let pool = pool(most, history.clone(), known.clone());
        pool.connect_with(options.clone()).await.map_err(failed)
    };
    let pool = open(writers).await?;
    let connections = |pool, timeout| Connections::new(pool, history.clone(), known.clone(), timeout);
    if let Some(if_empty) = if_empty {
        let patient = Writer::new(connections(pool.clone(), migrate::PATIENCE));
        migrate::run(&patient, App::POSTGRES_MIGRATIONS, if_empty).await?;
    }
    let writer = Writer::new(connections(pool, server.timeout));
    let pool = open(server.connections - writers).await?;
    let reader = Reader(Arc::new(connections(pool, server.timeout)));
    Ok(Database::of_server(either::Writer::Postgres(writer), either::Reader::Postgres(reader), history))
}

fn unusable(error: Error) -> Error {
    let why = match error.code() {
        Code::InvalidInput => error.detail().to_owned(),
        _ => error.cause_chain(),
    };
    Error::invalid(format!("the database of database_url cannot be used: {why}")).because(error)
}

/// Every connection is made with these.
pub(in crate::store) fn options(server: &DatabaseServer) -> Result<PgConnectOptions> {
    let options = PgConnectOptions::from_str(server.url.reveal())
        .map_err(|error| Error::invalid(format!("its address cannot be read: {error}")))?;
    let mode = match server.tls {
        Tls::Verified => PgSslMode::VerifyFull,
        Tls::Local | Tls::Off => PgSslMode::Disable,
    };
    let timeout_ms = server.timeout.as_millis().to_string();
    Ok(options
        .ssl_mode(mode)
        .application_name("unkey")
        .options([
            // What any question may cost.
            ("statement_timeout", timeout_ms.as_str()),
            // A process that stands still gives the lane back.
            ("idle_in_transaction_session_timeout", "30s"),
            // Of a process that is gone, what it waits for is given up.
            ("client_connection_check_interval", "1s"),
        ])
        .statement_cache_capacity(256)
        .disable_statement_logging())
}

fn pool(connections: u32, history: History, server: Arc<Server>) -> PoolOptions<Postgres> {
    PoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .after_connect(move |connection: &mut PgConnection, _| {
            let history = history.clone();
            Box::pin(async move { history.ask(connection).await })
        })
        .before_acquire(move |connection: &mut PgConnection, known| {
            let is_trusted = known.idle_for <= TRUSTED_FOR && !server.may_have_cut(known.idle_for);
            Box::pin(async move {
                // One that fails is replaced, not used.
                Ok(is_trusted || connection.ping().await.is_ok())
            })
        })
}

impl Reader {
    /// Whether the server did not answer when it was last asked.
    pub fn is_away(&self) -> bool {
        self.0.are_away()
    }

    pub(super) async fn close(&self) {
        self.0.close().await;
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Reader {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> std::result::Result<ExecResult, DbErr> {
        self.0.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> std::result::Result<ExecResult, DbErr> {
        self.0.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> std::result::Result<Option<QueryResult>, DbErr> {
        self.0.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> std::result::Result<Vec<QueryResult>, DbErr> {
        self.0.query_all_raw(statement).await
    }
}
