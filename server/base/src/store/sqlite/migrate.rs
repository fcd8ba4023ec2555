//! Bringing a database up to the schema of this program.
//!
//! All missing migrations and the notes of them are one transaction: whatever
//! interrupts an upgrade leaves the database as it was. There is no way down; what was
//! there before is kept as a copy.

use std::path::Path;

use migration::Migration;
use sea_orm::{ConnectionTrait, DbErr, Statement};

use super::before_upgrade;
use super::half_made::{self, OBJECTS, Schema, SchemaObject};
use super::writer::{Transaction, Writer};
use crate::error::{Error, Result as OurResult};
use crate::store::failure::OpenError;
use crate::store::migrate::{NOTES, VERSION, done_and_missing, note};

/// Applies the migrations that are missing.
///
/// Fails when a newer program has written the database, when its schema is none
/// that our programs make, and when there is none at all and it may not be new.
pub(super) async fn run(
    writer: &Writer,
    path: &Path,
    migrations: &[Migration],
    may_be_new: bool,
) -> Result<(), OpenError> {
    let tx = writer.begin().await?;
    match bring_up(&tx, path, migrations, may_be_new).await {
        Ok(outcome) => {
            tx.commit().await?;
            if outcome == Outcome::Upgraded {
                before_upgrade::remove_old(path);
            }
            Ok(())
        }
        Err(error) => {
            tx.rollback().await;
            Err(error)
        }
    }
}

#[derive(PartialEq, Eq)]
enum Outcome {
    New,
    UpToDate,
    Upgraded,
}

async fn bring_up(
    tx: &Transaction,
    path: &Path,
    migrations: &[Migration],
    may_be_new: bool,
) -> Result<Outcome, OpenError> {
    let found = schema(tx).await?;
    if found.is_empty() && !may_be_new {
        return Err(OpenError::is_empty());
    }
    let (done, missing) = done_and_missing(tx, migrations).await?;
    let mut steps = Vec::with_capacity(missing.len());
    for (position, migration) in missing.iter().enumerate() {
        // Only the first one can have been begun before.
        steps.push(match position {
            0 if !found.is_empty() => half_made::remaining(&done, migration, &found)?,
            _ => migration.sql.to_owned(),
        });
    }
    let outcome = match (missing.is_empty(), done.is_empty()) {
        (true, _) => Outcome::UpToDate,
        (false, true) => Outcome::New,
        (false, false) => Outcome::Upgraded,
    };
    if outcome == Outcome::Upgraded {
        keep(path).await?;
    }
    for (migration, sql) in missing.iter().zip(steps) {
        tx.execute_unprepared(&sql).await?;
        note(tx, migration.name).await?;
    }
    Ok(outcome)
}

/// Copies what is committed. The transaction that waits meanwhile keeps others from
/// changing it.
async fn keep(path: &Path) -> OurResult<()> {
    let path = path.to_owned();
    let kept = tokio::task::spawn_blocking(move || before_upgrade::keep(&path, VERSION));
    kept.await.map_err(Error::internal)?
}

/// What is missing, or other than the migrations of `done` make it.
pub(in crate::store) async fn differing_objects(
    db: &impl ConnectionTrait,
    done: &[&Migration],
) -> crate::error::Result<Vec<String>> {
    half_made::differing(done, &schema(db).await?)
}

async fn schema(tx: &impl ConnectionTrait) -> Result<Schema, DbErr> {
    let rows = tx.query_all_raw(Statement::from_string(tx.get_database_backend(), OBJECTS)).await?;
    let object = |row: &sea_orm::QueryResult| -> Result<SchemaObject, DbErr> {
        Ok(SchemaObject {
            kind: row.try_get("", "type")?,
            name: row.try_get("", "name")?,
            sql: row.try_get("", "sql")?,
        })
    };
    let mut objects: Schema = rows.iter().map(object).collect::<Result<_, DbErr>>()?;
    objects.retain(|object| object.name != NOTES);
    Ok(objects)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use fallible_iterator::FallibleIterator;
    use migration::{App, Events, Schema as _};
    use rusqlite::{Batch, Connection};

    use super::*;
    use crate::store::{Database, Durability};

    /// The dump of a database that has every migration.
    fn dump(path: &Path) -> Vec<(String, String)> {
        let database = Connection::open(path).unwrap();
        let mut rows =
            database.prepare("SELECT name, COALESCE(sql, '') FROM sqlite_schema ORDER BY name").unwrap();
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(|row| row.unwrap()).filter(|(name, _): &(String, String)| !name.contains(NOTES)).collect()
    }

    /// A database as an older build leaves it that is killed after `statements`
    /// statements of the migration at `position`; `None` when it has fewer.
    fn cut_short(path: &Path, migrations: &[Migration], position: usize, statements: usize) -> Option<()> {
        let database = Connection::open(path).unwrap();
        database.pragma_update(None, "journal_mode", "wal").unwrap();
        database.pragma_update(None, "synchronous", "off").unwrap();
        database
            .execute_batch(&format!(
                r#"CREATE TABLE "{NOTES}" ( "version" varchar NOT NULL PRIMARY KEY, "applied_at" integer NOT NULL )"#
            ))
            .unwrap();
        for done in &migrations[..position] {
            database.execute_batch(done.sql).unwrap();
            database.execute(&format!("INSERT INTO {NOTES} VALUES (?1, 1)"), [done.name]).unwrap();
        }
        let mut batch = Batch::new(&database, migrations[position].sql);
        for _ in 0..statements {
            batch.next().unwrap()?.execute([]).unwrap();
        }
        Some(())
    }

    async fn every_place_is_mended<M: migration::Schema>() {
        let dir = tempfile::tempdir().unwrap();
        let fresh = dir.path().join("fresh.db");
        Database::open::<M>(&fresh, Durability::Normal).await.unwrap().close().await.unwrap();
        for position in 0..M::MIGRATIONS.len() {
            for statements in 0.. {
                let path = dir.path().join(format!("{position}-{statements}.db"));
                if cut_short(&path, M::MIGRATIONS, position, statements).is_none() {
                    assert!(statements > 1, "{} was cut nowhere", M::MIGRATIONS[position].name);
                    break;
                }
                let opened = Database::open::<M>(&path, Durability::Normal).await;
                opened
                    .unwrap_or_else(|error| panic!("{position} {statements}: {error}"))
                    .close()
                    .await
                    .unwrap();
                assert_eq!(dump(&path), dump(&fresh), "{} after {statements}", M::MIGRATIONS[position].name);
            }
        }
    }

    #[tokio::test]
    async fn an_older_build_killed_at_any_statement_leaves_what_is_mended() {
        every_place_is_mended::<App>().await;
        every_place_is_mended::<Events>().await;
    }

    #[tokio::test]
    async fn an_index_of_somebody_else_does_not_stop_an_upgrade() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("app.db");
        cut_short(&path, App::MIGRATIONS, 4, 0).unwrap();
        Connection::open(&path).unwrap().execute_batch("CREATE INDEX mine ON keys (name)").unwrap();
        Database::open::<App>(&path, Durability::Normal).await.unwrap();
        assert!(dump(&path).iter().any(|(name, _)| name == "mine"));
    }

    #[tokio::test]
    async fn a_schema_of_nobody_is_refused_by_name_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("app.db");
        cut_short(&path, App::MIGRATIONS, 4, 0).unwrap();
        Connection::open(&path).unwrap().execute_batch("DROP INDEX keys_by_workspace").unwrap();
        let before = dump(&path);
        let refused = Database::open::<App>(&path, Durability::Normal).await.err().unwrap();
        assert!(refused.to_string().contains("index keys_by_workspace"), "{refused}");
        assert_eq!(dump(&path), before);
    }
}
