//! `app.db` on a server: a pool of connections, and the lane for changes.

mod connection;
mod migrate;
mod writer;

use std::str::FromStr;
use std::time::Duration;

use migration::App;
use sea_orm::sqlx::pool::PoolOptions;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::{ConnectOptions, Connection, PgConnection, Postgres};

use super::failure::{OpenError, failed};
use super::{Database, writer as either};
use crate::error::{Error, Result};
pub use writer::{Transaction, Writer};

/// Connections that read, and those that change something.
const READERS: u32 = 8;
const WRITERS: u32 = 4;

/// A connection that was idle for longer is tried before it is used.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// How long a connection may be waited for.
const PATIENCE: Duration = Duration::from_secs(5);

impl Database {
    /// Connects to a server, and brings the schema there up to date.
    ///
    /// Fails when the address is none, when nobody answers there, and when a newer
    /// version of this program has written the database.
    pub async fn connect(url: &str) -> Result<Self> {
        connect(url).await.map_err(|OpenError { error, .. }| error)
    }
}

async fn connect(url: &str) -> std::result::Result<Database, OpenError> {
    let options = options(url)?;
    let writer = Writer::new(pool(WRITERS).connect_with(options.clone()).await.map_err(failed)?);
    migrate::run(&writer, App::POSTGRES_MIGRATIONS).await?;
    let readers = pool(READERS).connect_with(options).await.map_err(failed)?;
    Ok(Database::of_server(either::Writer::Postgres(writer), readers.into()))
}

fn options(url: &str) -> Result<PgConnectOptions> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|error| Error::invalid(format!("the address of the database is none: {error}")))?;
    Ok(options
        .application_name("unkey")
        .options([
            // A bound on what any question may cost.
            ("statement_timeout", "30s"),
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
                if known.idle_for > TRUSTED_FOR {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
}
