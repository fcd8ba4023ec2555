//! Bringing a database of a server up to the schema of this program.
//!
//! All missing migrations are one transaction, which holds the lane: of several
//! processes that start at once, one applies them and the others find them done.

use migration::Migration;
use sea_orm::ConnectionTrait;

use super::writer::{Transaction, Writer};
use crate::store::failure::OpenError;
use crate::store::migrate::{done_and_missing, note};

/// Applies the migrations that are missing. Fails when a newer program has written the database.
pub(super) async fn run(writer: &Writer, migrations: &[Migration]) -> Result<(), OpenError> {
    let tx = writer.begin().await?;
    match bring_up(&tx, migrations).await {
        Ok(()) => Ok(tx.commit().await?),
        Err(error) => {
            tx.rollback().await;
            Err(error)
        }
    }
}

async fn bring_up(tx: &Transaction, migrations: &[Migration]) -> Result<(), OpenError> {
    let (_, missing) = done_and_missing(tx, migrations).await?;
    for migration in missing {
        tx.execute_unprepared(migration.sql).await?;
        note(tx, migration.name).await?;
    }
    Ok(())
}
