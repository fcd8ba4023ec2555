//! Whether a server, and what may stand in front of it, can do what is needed: said
//! at the start in a sentence, not later by an error that nobody understands.

use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::{self, ConnectOptions, Connection, PgConnection, Row};

use crate::error::{Error, Result};

/// By version number as the server has it: 14.0.
const OLDEST: i32 = 140_000;

/// How a server says that it knows another statement by this name, or none.
const CONFUSED: [&str; 2] = ["42P05", "26000"];

/// Fails with what is missing.
pub(super) async fn run(options: &PgConnectOptions) -> Result<()> {
    let mut connection = options.connect().await.map_err(refused)?;
    server(&mut connection).await?;
    let mut other = options.connect().await.map_err(refused)?;
    prepared_statements(&mut connection, &mut other).await?;
    for connection in [connection, other] {
        // It has answered; how it ends does not matter.
        let _ = connection.close().await;
    }
    Ok(())
}

async fn server(connection: &mut PgConnection) -> Result<()> {
    let sql = "SELECT current_setting('server_version_num')::int AS version, \
               current_setting('server_version') AS name, pg_is_in_recovery() AS is_replica, \
               current_setting('statement_timeout') AS timeout, \
               current_setting('synchronous_commit') AS durability, \
               getdatabaseencoding()::text AS encoding";
    let row = sqlx::raw_sql(sql).fetch_one(connection).await.map_err(refused)?;
    let text = |column: &str| row.try_get::<String, _>(column).map_err(Error::internal);
    if row.try_get::<i32, _>("version").map_err(Error::internal)? < OLDEST {
        return Err(Error::invalid(format!("it is Postgres {}, and 14 or newer is needed", text("name")?)));
    }
    if row.try_get::<bool, _>("is_replica").map_err(Error::internal)? {
        return Err(Error::invalid("it is a replica, which changes nothing: name the primary"));
    }
    if text("encoding")? != "UTF8" {
        return Err(Error::invalid("its encoding is not UTF8: make a database with that encoding"));
    }
    if text("durability")? == "off" {
        return Err(Error::invalid(
            "it answers commits before they are stored: set synchronous_commit to on for this database",
        ));
    }
    if text("timeout")? == "0" {
        return Err(Error::invalid(
            "a pooler in front of it drops the bound on statements: have it pass the parameter `options` on",
        ));
    }
    Ok(())
}

/// Whether two connections may each have a statement of the same name: through a
/// pooler that lends one connection of the server to both, and does not know of
/// statements, they cannot.
async fn prepared_statements(one: &mut PgConnection, other: &mut PgConnection) -> Result<()> {
    for round in 0..2 {
        for (connection, sql) in [(&mut *one, "SELECT $1::int"), (&mut *other, "SELECT $1::bigint::int")] {
            let asked = sqlx::query_scalar::<_, i32>(sql).bind(round).fetch_one(connection).await;
            match asked {
                Ok(answer) if answer == round => {}
                Ok(_) => return Err(no_statements()),
                Err(error) if is_confused(&error) => return Err(no_statements()),
                Err(error) => return Err(refused(error)),
            }
        }
    }
    Ok(())
}

fn is_confused(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| CONFUSED.contains(&&*code))
}

fn no_statements() -> Error {
    Error::invalid(
        "a pooler in front of it mixes up prepared statements: use PgBouncer 1.21 or newer with \
         max_prepared_statements, or its session mode, or the server itself",
    )
}

/// Why nobody answered, or not as hoped. The driver says it without the address.
fn refused(error: sqlx::Error) -> Error {
    Error::invalid(error.to_string()).because(error)
}
