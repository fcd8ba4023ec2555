//! Bringing a database of a server up to the schema of this program.
//!
//! All missing migrations are one transaction, which holds the lane: of several
//! processes that start at once, one applies them and the others find them done.

use std::time::Duration;

use migration::Migration;
use sea_orm::ConnectionTrait;

use super::writer::{Transaction, Writer};
use crate::store::failure::OpenError;
use crate::store::migrate::{done_and_missing, note};
use crate::store::moves::NOT_BEGUN;

/// How long a step may take: a big table is written anew, perhaps.
pub(super) const PATIENCE: Duration = Duration::from_secs(6 * 60 * 60);

/// What to make of a database without tables.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum IfEmpty {
    Refuse,
    Create,
    /// For what is moved there: marked as half of it from the beginning.
    Receive,
}

/// Applies the migrations that are missing. Fails when a newer program has written the database,
/// and when there is none at all and it may not be new.
pub(super) async fn run(
    writer: &Writer,
    migrations: &[Migration],
    if_empty: IfEmpty,
) -> Result<(), OpenError> {
    let tx = writer.begin().await?;
    match bring_up(&tx, migrations, if_empty).await {
        Ok(()) => Ok(tx.commit().await?),
        Err(error) => {
            tx.rollback().await;
            Err(error)
        }
    }
}

async fn bring_up(tx: &Transaction, migrations: &[Migration], if_empty: IfEmpty) -> Result<(), OpenError> {
    tx.execute_unprepared("SET LOCAL statement_timeout = 0").await?;
    let (done, missing) = done_and_missing(tx, migrations).await?;
    let is_empty = done.is_empty();
    if is_empty && if_empty == IfEmpty::Refuse {
        return Err(OpenError::is_empty());
    }
    if !is_empty && !missing.is_empty() {
        tracing::info!(
            "the schema of the database changes; it is not copied before: that is a matter of its server"
        );
    }
    for migration in missing {
        tx.execute_unprepared(migration.sql).await?;
        note(tx, migration.name).await?;
    }
    if is_empty && if_empty == IfEmpty::Receive {
        tx.execute_unprepared(NOT_BEGUN).await?;
    }
    Ok(())
}
