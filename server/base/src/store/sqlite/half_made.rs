//! Recognising a migration that was cut short.
//!
//! The first releases applied the statements of a migration one by one, each in
//! a transaction of its own, so a kill left the first few of them. SQLite itself
//! says which: the migration is replayed in memory, and after each statement the
//! schema is compared with the one found.

use std::collections::BTreeSet;

use fallible_iterator::FallibleIterator;
use migration::Migration;
use rusqlite::{Batch, Connection};

use crate::error::{Error, Result};

/// A table, index, trigger or view, with the statement that makes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SchemaObject {
    pub kind: String,
    pub name: String,
    pub sql: String,
}

pub(super) type Schema = BTreeSet<SchemaObject>;

/// All objects but SQLite's own.
pub(super) const OBJECTS: &str = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

/// What is left to run of `migration`, in a database that has those of `done`
/// and in which `found` is the schema.
///
/// Of several possible places the earliest counts, which repeats statements that
/// change no schema: migrations may not contain one that cannot be repeated.
/// Fails with the objects that differ when the schema is at no place.
pub(super) fn remaining(done: &[&Migration], migration: &Migration, found: &Schema) -> Result<String> {
    let replay = Replay::of(done, migration).map_err(Error::internal)?;
    let place = (0..replay.schemas.len()).find(|place| replay.is_at(*place, found));
    match place {
        Some(0) => Ok(migration.sql.to_owned()),
        Some(place) => {
            tracing::warn!(
                migration = migration.name,
                statements = place,
                "a migration was cut short by an older version; it is carried on"
            );
            Ok(replay.statements[place..].join(";\n"))
        }
        None => Err(Error::invalid(format!(
            "the schema is not one that this program makes before the migration {}: look at {}",
            migration.name,
            replay.differing(found).join(", ")
        ))),
    }
}

/// The objects that the migrations of `done` make and `found` lacks, or has otherwise.
/// What somebody else added does not matter.
pub(super) fn differing(done: &[&Migration], found: &Schema) -> Result<Vec<String>> {
    let made = || -> rusqlite::Result<Schema> {
        let database = Connection::open_in_memory()?;
        done.iter().try_for_each(|migration| database.execute_batch(migration.sql))?;
        schema(&database)
    };
    let made = made().map_err(Error::internal)?;
    Ok(made.difference(found).map(|object| format!("{} {}", object.kind, object.name)).collect())
}

/// A migration, statement by statement.
struct Replay {
    statements: Vec<String>,
    /// The schema before the first statement and after each of them.
    schemas: Vec<Schema>,
}

impl Replay {
    fn of(done: &[&Migration], migration: &Migration) -> rusqlite::Result<Self> {
        let database = Connection::open_in_memory()?;
        for earlier in done {
            database.execute_batch(earlier.sql)?;
        }
        let mut replay = Self { statements: Vec::new(), schemas: vec![schema(&database)?] };
        let mut batch = Batch::new(&database, migration.sql);
        while let Some(mut statement) = batch.next()? {
            replay.statements.push(statement.expanded_sql().unwrap_or_default());
            statement.execute([])?;
            drop(statement);
            replay.schemas.push(schema(&database)?);
        }
        Ok(replay)
    }

    /// Whether `found` has what there is after `place` statements, and nothing of
    /// what comes later. Objects that somebody else added do not matter.
    fn is_at(&self, place: usize, found: &Schema) -> bool {
        let expected = &self.schemas[place];
        let ours: BTreeSet<&str> = self.schemas.iter().flatten().map(|object| object.name.as_str()).collect();
        found.iter().filter(|object| ours.contains(object.name.as_str())).eq(expected)
    }

    fn differing(&self, found: &Schema) -> Vec<String> {
        let expected = &self.schemas[0];
        let names = expected.difference(found).map(|object| format!("{} {}", object.kind, object.name));
        let mut names: Vec<String> = names.collect();
        if names.is_empty() {
            names.push("objects of later migrations".to_owned());
        }
        names
    }
}

fn schema(database: &Connection) -> rusqlite::Result<Schema> {
    let mut objects = database.prepare(OBJECTS)?;
    let objects = objects
        .query_map([], |row| Ok(SchemaObject { kind: row.get(0)?, name: row.get(1)?, sql: row.get(2)? }))?;
    objects.collect()
}
