//! Which tables there are, and in what order rows go into them.
//!
//! Read from a database in memory that has every migration, so that neither a table
//! that is new can be forgotten nor one that somebody added is touched.

use fallible_iterator::FallibleIterator as _;
use migration::Schema as _;
use rusqlite::Connection;

use crate::error::{Error, Result};
use crate::store::AppSchema;

/// The notes of moves are of one side each.
const MOVES: &str = "moves";

/// A table whose rows are moved.
pub(super) struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    /// Positions of the primary key's columns, in the order of the key.
    pub key: Vec<usize>,
    /// Those that a statement makes: keys and unique columns have theirs anyway.
    pub indexes: Vec<Index>,
}

pub(super) struct Column {
    pub name: String,
    pub kind: Kind,
}

/// How a value is stored, and written in a line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Boolean,
    Bytes,
}

pub(super) struct Index {
    pub name: String,
    pub sql: String,
}

impl Table {
    /// The names of all columns, for a statement.
    pub fn column_names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        names.join(", ")
    }

    pub fn key_names(&self) -> String {
        let names: Vec<&str> = self.key.iter().map(|place| self.columns[*place].name.as_str()).collect();
        names.join(", ")
    }
}

/// All tables, each after those that its rows refer to.
pub(super) fn tables() -> Result<Vec<Table>> {
    read().map_err(Error::internal)
}

fn read() -> rusqlite::Result<Vec<Table>> {
    let database = Connection::open_in_memory()?;
    for migration in AppSchema::MIGRATIONS {
        database.execute_batch(migration.sql)?;
    }
    let mut names =
        texts(&database, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", [])?;
    names.retain(|name| name != MOVES && !name.starts_with("sqlite_"));
    let mut ordered: Vec<String> = Vec::new();
    while !names.is_empty() {
        let waiting = names.clone();
        for name in &waiting {
            let referred = texts(&database, "SELECT \"table\" FROM pragma_foreign_key_list(?1)", [name])?;
            if !referred.iter().any(|other| other != name && names.contains(other)) {
                ordered.push(name.clone());
            }
        }
        names.retain(|name| !ordered.contains(name));
        debug_assert!(names.len() < waiting.len(), "tables that refer to one another");
    }
    ordered.into_iter().map(|name| table(&database, name)).collect()
}

fn table(database: &Connection, name: String) -> rusqlite::Result<Table> {
    let mut question = database.prepare("SELECT name, type, pk FROM pragma_table_info(?1) ORDER BY cid")?;
    let found: Vec<(String, String, i64)> =
        question.query([&name])?.map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect()?;
    let mut key: Vec<(i64, usize)> = found
        .iter()
        .enumerate()
        .filter_map(|(place, (.., in_key))| (*in_key > 0).then_some((*in_key, place)))
        .collect();
    key.sort_unstable();
    let key = key.into_iter().map(|(_, place)| place).collect();
    let columns = found.into_iter().map(|(name, kind, _)| Column { name, kind: Kind::of(&kind) }).collect();
    let mut question = database.prepare(
        "SELECT name, sql FROM sqlite_schema WHERE tbl_name = ?1 AND type = 'index' AND sql IS NOT NULL",
    )?;
    let indexes =
        question.query([&name])?.map(|row| Ok(Index { name: row.get(0)?, sql: row.get(1)? })).collect()?;
    Ok(Table { name, columns, key, indexes })
}

impl Kind {
    fn of(declared: &str) -> Self {
        match declared {
            "BIGINT" => Self::Integer,
            "BOOLEAN" => Self::Boolean,
            "BLOB" => Self::Bytes,
            _ => Self::Text,
        }
    }
}

fn texts(database: &Connection, sql: &str, values: impl rusqlite::Params) -> rusqlite::Result<Vec<String>> {
    database.prepare(sql)?.query(values)?.map(|row| row.get(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_come_after_those_that_they_refer_to() {
        let tables = tables().unwrap();
        let place = |name: &str| tables.iter().position(|table| table.name == name).unwrap();
        assert!(place("workspaces") < place("apis") && place("apis") < place("keys"));
        assert!(place("keys") < place("keys_roles") && place("roles") < place("keys_roles"));
        assert!(tables.iter().all(|table| !table.key.is_empty() && table.name != MOVES));
        let links = &tables[place("keys_roles")];
        assert_eq!(
            (links.column_names(), links.key_names()),
            ("key_id, role_id, seq".into(), "key_id, role_id".into())
        );
    }
}
