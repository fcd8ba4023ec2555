//! A side of a move that is a file: `app.db`, or what becomes one.
//!
//! No other process of this program has it open, as the lock of the data folder says;
//! for other programs it is looked whether any has.

use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params};

use super::line::Page;
use super::note::{Note, Side};
use super::tables::{Kind, Table};
use super::{PAGE_BYTES, PAGE_ROWS, Store};
use crate::error::{Error, Result};

/// A page that is written touches every index of a table.
const CACHE_KIB: &str = "-65536";

pub(super) struct File {
    path: PathBuf,
    connection: Connection,
}

impl File {
    pub fn open(path: &Path) -> Result<Self> {
        let open = || {
            let connection = Connection::open(path)?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "cache_size", CACHE_KIB)?;
            // Without a log beside it, which a rename would leave behind. Another program that
            // has the file open keeps it from changing.
            let mode: String =
                connection.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get(0))?;
            // Both are checked, or done, once at the end.
            connection.pragma_update(None, "foreign_keys", false)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
            Ok((connection, mode))
        };
        let (connection, mode) = open().map_err(|error| unusable(path, error))?;
        if mode != "delete" {
            return Err(in_use(path));
        }
        Ok(Self { path: path.to_owned(), connection })
    }

    /// What is renamed next is whole: there is no log beside it.
    pub fn close(self) -> Result<()> {
        let Self { path, connection } = self;
        connection.close().map_err(|(_, error)| unusable(&path, error))
    }

    fn failed(&self, error: rusqlite::Error) -> Error {
        unusable(&self.path, error)
    }

    fn execute(&self, sql: &str) -> Result<()> {
        self.connection.execute_batch(sql).map_err(|error| self.failed(error))
    }

    fn read(&self, table: &Table, after: Option<&[String]>) -> rusqlite::Result<Result<Page>> {
        let (columns, key) = (table.column_names(), table.key_names());
        let beyond = match after {
            Some(after) => {
                let places: Vec<String> = (1..=after.len()).map(|place| format!("?{place}")).collect();
                format!("WHERE ({key}) > ({})", places.join(", "))
            }
            None => String::new(),
        };
        let sql = format!("SELECT {columns} FROM {} {beyond} ORDER BY {key} LIMIT {PAGE_ROWS}", table.name);
        let mut question = self.connection.prepare(&sql)?;
        let after = after.unwrap_or_default().iter().zip(&table.key);
        let after =
            after.map(|(value, place)| typed(table.columns[*place].kind, Some(value.clone().into_bytes())));
        let after = match after.collect::<Result<Vec<Value>>>() {
            Ok(after) => after,
            Err(error) => return Ok(Err(error)),
        };
        let mut rows = question.query(rusqlite::params_from_iter(after))?;
        let mut page = Page::default();
        while page.lines().len() < PAGE_BYTES
            && let Some(row) = rows.next()?
        {
            if let Err(error) = page.push(table, row) {
                return Ok(Err(error));
            }
        }
        Ok(Ok(page))
    }

    fn store(&self, table: &Table, page: &Page) -> Result<()> {
        let places: Vec<String> = (1..=table.columns.len()).map(|place| format!("?{place}")).collect();
        let (columns, places) = (table.column_names(), places.join(", "));
        let sql = format!("INSERT INTO {} ({columns}) VALUES ({places})", table.name);
        let mut insertion = self.connection.prepare(&sql).map_err(|error| self.failed(error))?;
        for row in page.each() {
            let values = row.into_iter().zip(&table.columns).map(|(value, column)| typed(column.kind, value));
            let values = values.collect::<Result<Vec<Value>>>()?;
            insertion.execute(rusqlite::params_from_iter(values)).map_err(|error| self.failed(error))?;
        }
        Ok(())
    }
}

impl Store for File {
    async fn note(&mut self, side: Side) -> Result<Option<Note>> {
        let sql = "SELECT move_id, finished_at FROM moves WHERE side = ?1";
        let note = |row: &rusqlite::Row<'_>| Ok(Note { move_id: row.get(0)?, finished_at: row.get(1)? });
        let found = self.connection.query_row(sql, [side.name()], note).optional();
        found.map_err(|error| self.failed(error))
    }

    async fn set_note(&mut self, side: Side, note: &Note) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO moves (side, move_id, finished_at) VALUES (?1, ?2, ?3)";
        let stored = self.connection.execute(sql, params![side.name(), note.move_id, note.finished_at]);
        stored.map(|_| ()).map_err(|error| self.failed(error))
    }

    async fn close_to_servers(&mut self, note: &Note) -> Result<()> {
        self.set_note(Side::Source, note).await
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }

    async fn count(&mut self, table: &Table) -> Result<u64> {
        let sql = format!("SELECT COUNT(*) FROM {}", table.name);
        let count = self.connection.query_row(&sql, [], |row| row.get::<_, i64>(0));
        count.map(i64::unsigned_abs).map_err(|error| self.failed(error))
    }

    async fn page(&mut self, table: &Table, after: Option<&[String]>) -> Result<Page> {
        self.read(table, after).map_err(|error| self.failed(error))?
    }

    async fn last_key(&mut self, table: &Table) -> Result<Option<Vec<String>>> {
        let order: Vec<String> =
            table.key.iter().map(|place| format!("{} DESC", table.columns[*place].name)).collect();
        let casts: Vec<String> =
            table.key.iter().map(|place| format!("CAST({} AS TEXT)", table.columns[*place].name)).collect();
        let sql =
            format!("SELECT {} FROM {} ORDER BY {} LIMIT 1", casts.join(", "), table.name, order.join(", "));
        let key = |row: &rusqlite::Row<'_>| (0..table.key.len()).map(|place| row.get(place)).collect();
        self.connection.query_row(&sql, [], key).optional().map_err(|error| self.failed(error))
    }

    async fn prepare(&mut self, tables: &[Table]) -> Result<()> {
        for index in tables.iter().flat_map(|table| &table.indexes) {
            self.execute(&format!("DROP INDEX IF EXISTS {}", index.name))?;
        }
        Ok(())
    }

    async fn write(&mut self, table: &Table, page: &Page) -> Result<()> {
        self.execute("BEGIN IMMEDIATE")?;
        match self.store(table, page) {
            Ok(()) => self.execute("COMMIT"),
            Err(error) => {
                // The first error is the one to tell.
                let _ = self.execute("ROLLBACK");
                Err(error)
            }
        }
    }

    async fn empty(&mut self, tables: &[Table]) -> Result<()> {
        tables.iter().try_for_each(|table| self.execute(&format!("DELETE FROM {}", table.name)))
    }

    async fn complete(&mut self, tables: &[Table]) -> Result<()> {
        let is_there = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?1)";
        for index in tables.iter().flat_map(|table| &table.indexes) {
            let found = self.connection.query_row(is_there, [&index.name], |row| row.get(0));
            if !found.map_err(|error| self.failed(error))? {
                self.execute(&index.sql)?;
            }
        }
        let orphan = "SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1";
        let orphan = self.connection.query_row(orphan, [], |row| row.get::<_, String>(0)).optional();
        match orphan.map_err(|error| self.failed(error))? {
            Some(table) => Err(Error::invalid(format!("a row of {table} refers to one that is not there"))),
            None => Ok(()),
        }
    }
}

/// A value as SQLite stores it.
fn typed(kind: Kind, value: Option<Vec<u8>>) -> Result<Value> {
    let Some(value) = value else { return Ok(Value::Null) };
    let text = |value| String::from_utf8(value).map_err(Error::internal);
    Ok(match kind {
        Kind::Text => Value::Text(text(value)?),
        Kind::Integer => Value::Integer(text(value)?.parse().map_err(Error::internal)?),
        Kind::Boolean => Value::Integer(i64::from(value == b"t")),
        Kind::Bytes => Value::Blob(bytes(&value)?),
    })
}

/// Of the form `\x` and two digits for each.
fn bytes(text: &[u8]) -> Result<Vec<u8>> {
    let digits = text.strip_prefix(b"\\x").ok_or_else(|| Error::internal("bytes without their prefix"))?;
    let pair = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).map_err(Error::internal)?;
        u8::from_str_radix(pair, 16).map_err(Error::internal)
    };
    digits.chunks(2).map(pair).collect()
}

fn unusable(path: &Path, error: rusqlite::Error) -> Error {
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) {
        return in_use(path);
    }
    Error::invalid(format!("{} cannot be used: {error}", path.display())).because(error)
}

fn in_use(path: &Path) -> Error {
    Error::invalid(format!("another program has {} open: close it first", path.display()))
}
