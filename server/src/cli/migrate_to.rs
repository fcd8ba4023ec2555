//! `unkey migrate-to`: moves what `app.db` holds to Postgres, or back.
//!
//! Never runs in a server: nothing may change meanwhile.

use std::time::Duration;

use clap::ArgMatches;

use super::output::{Output, table};
use base::clock::{Clock, Stopwatch};
use base::config::{Config, DatabaseServer, Tls};
use base::entropy::Entropy;
use base::error::{Error, Result};
use base::store::DataDir;
use base::store::moves::{self, Move, Moved, Progress};

/// How often a long move says how far it is.
const REPORT: Duration = Duration::from_secs(1);

pub(super) async fn run(config: &Config, given: &ArgMatches) -> Result<Output> {
    let target = given.get_one::<String>("target").map_or("", String::as_str);
    let server = server(config, target)?;
    // What comes back from a server may go into a new folder.
    let folder = match target {
        "sqlite" => DataDir::acquire(&config.data_dir),
        _ => DataDir::acquire_used(&config.data_dir),
    };
    let Some(dir) = folder? else {
        return Err(Error::invalid("a server holds the data folder: stop it first"));
    };
    if server.tls == Tls::Off {
        tracing::warn!("connections to the database are not encrypted, as its address says");
    }
    let now_ms = Clock::system().now_ms();
    let this = Move { id: Entropy::system().id("move", now_ms), now_ms };
    let moved = match target {
        "sqlite" => moves::to_file(&server, &dir, &this, reporter()).await?,
        _ => moves::to_server(&dir, &server, &this, reporter()).await?,
    };
    let next = match &moved.kept_as {
        Some(kept) => format!(
            "Start with database_url from now on. The old app.db is kept as {} and is not used any more.",
            kept.display()
        ),
        None => "Start without database_url from now on. The database of Postgres is left as it is, and no server \
                 starts on it any more."
            .to_owned(),
    };
    Ok(Output::text(summary(&moved)).remark(next))
}

/// The server that is one side of the move.
fn server(config: &Config, target: &str) -> Result<DatabaseServer> {
    match (target, config.database.clone()) {
        ("postgres" | "sqlite", Some(server)) => Ok(server),
        ("postgres" | "sqlite", None) => Err(Error::invalid(
            "database_url is not set, so it is not known which database of Postgres is meant",
        )),
        (address, configured) => {
            let named = DatabaseServer::at(address)?;
            match configured {
                Some(configured) if configured.url.reveal() != address => {
                    Err(Error::invalid("database_url names another database than the one to move to"))
                }
                _ => Ok(named),
            }
        }
    }
}

/// Says on standard error how far a table is, now and then.
fn reporter() -> impl FnMut(&Progress<'_>) {
    let mut said_at = Stopwatch::start();
    move |progress| {
        if said_at.elapsed() >= REPORT {
            eprintln!("{}: {} of {}", progress.table, progress.rows, progress.of);
            said_at = Stopwatch::start();
        }
    }
}

fn summary(moved: &Moved) -> String {
    let row = |moved: &moves::MovedTable| {
        let sha256: String = moved.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        vec![moved.name.clone(), format!("{} rows", moved.rows), sha256]
    };
    table(&moved.tables.iter().map(row).collect::<Vec<_>>())
}
