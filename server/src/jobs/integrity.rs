//! Looking for damage before somebody meets it: every day, and after a crash.
//!
//! Databases are only looked at; a person decides what becomes of a damaged one.
//! Indexes are views: those that are damaged are built again.

use base::error::{Error, Result};
use base::store::Database;
use insight::search::Search;

/// Fails with the names of the files that are damaged, once all were looked at.
pub(super) async fn check(databases: [&Database; 2], search: &Search) -> Result<()> {
    let mut damaged = Vec::new();
    for database in databases {
        if let Err(error) = database.check().await {
            damaged.push(error.cause_chain());
        }
    }
    let search = search.clone();
    tokio::task::spawn_blocking(move || search.mend(true)).await.map_err(Error::internal)??;
    match damaged.is_empty() {
        true => Ok(()),
        false => Err(Error::new(base::error::Code::Unexpected, damaged.join("; "))),
    }
}
