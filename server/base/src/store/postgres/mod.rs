//! `app.db` on a server: a pool of connections, and the lane for changes.

mod check;
mod connection;
mod migrate;
mod writer;

use std::str::FromStr;
use std::time::Duration;

use migration::App;
use sea_orm::sqlx::pool::PoolOptions;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgSslMode};
use sea_orm::sqlx::{ConnectOptions, Connection, PgConnection, Postgres};

use super::failure::{OpenError, failed};
use super::{Database, writer as either};
use crate::config::{DatabaseServer, Tls};
use crate::error::{Code, Error, Result};
pub use writer::{Transaction, Writer};

/// Of all connections, one in so many changes something: changes take turns.
const SHARE_OF_WRITERS: u32 = 4;

/// A connection that was idle for longer is tried before it is used.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// How long a connection may be waited for.
const PATIENCE: Duration = Duration::from_secs(5);

impl Database {
    /// Connects to a server, and brings the schema there up to date.
    ///
    /// Fails when nobody answers there, when who answers is not who the address
    /// names or cannot do what is needed, and when a newer version of this program
    /// has written the database.
    pub async fn connect(server: &DatabaseServer) -> Result<Self> {
        connect(server).await.map_err(|OpenError { error, .. }| unusable(error))
    }
}

async fn connect(server: &DatabaseServer) -> std::result::Result<Database, OpenError> {
    let options = options(server)?;
    check::run(&options).await?;
    let writers = (server.connections / SHARE_OF_WRITERS).max(2);
    let pool = |connections| pool(connections).connect_with(options.clone());
    let writer = Writer::new(pool(writers).await.map_err(failed)?);
    migrate::run(&writer, App::POSTGRES_MIGRATIONS).await?;
    let readers = pool(server.connections - writers).await.map_err(failed)?;
    Ok(Database::of_server(either::Writer::Postgres(writer), readers.into()))
}

fn unusable(error: Error) -> Error {
    let why = match error.code() {
        Code::InvalidInput => error.detail().to_owned(),
        _ => error.cause_chain(),
    };
    Error::invalid(format!("the database of database_url cannot be used: {why}")).because(error)
}

fn options(server: &DatabaseServer) -> Result<PgConnectOptions> {
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

fn pool(connections: u32) -> PoolOptions<Postgres> {
    PoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .before_acquire(|connection: &mut PgConnection, known| {
            Box::pin(async move {
                // One that fails is replaced, not used.
                Ok(known.idle_for <= TRUSTED_FOR || connection.ping().await.is_ok())
            })
        })
}
