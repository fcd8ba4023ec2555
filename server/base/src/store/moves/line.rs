//! Rows as lines of text, the way Postgres copies them to and from a file
//! (<https://www.postgresql.org/docs/current/sql-copy.html>, "Text Format").
//!
//! It is the language between the two sides of a move, and what is compared.

use rusqlite::types::ValueRef;

use super::tables::{Kind, Table};
use crate::error::{Error, Result};

const NULL: &[u8] = b"\\N";

/// Some rows of a table, in the order of their keys.
#[derive(Default)]
pub(super) struct Page {
    lines: Vec<u8>,
    rows: u64,
}

impl Page {
    /// Of lines that each end in a newline.
    pub fn of_lines(lines: Vec<u8>) -> Self {
        // One within a text is written otherwise.
        let rows = lines.iter().filter(|byte| **byte == b'\n').count() as u64;
        Self { lines, rows }
    }

    pub fn lines(&self) -> &[u8] {
        &self.lines
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The values of each row.
    pub fn each(&self) -> impl Iterator<Item = Vec<Option<Vec<u8>>>> {
        let lines = self.lines.strip_suffix(b"\n").unwrap_or_default();
        let is_empty = self.rows == 0;
        lines.split(|byte| *byte == b'\n').filter(move |_| !is_empty).map(values)
    }

    /// The key of the last row.
    pub fn last_key(&self, table: &Table) -> Result<Option<Vec<String>>> {
        if self.rows == 0 {
            return Ok(None);
        }
        let lines = self.lines.strip_suffix(b"\n").unwrap_or(&self.lines);
        let begin = lines.iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place + 1);
        let mut row = values(&lines[begin..]);
        let mut part = |place: &usize| {
            let value = row.get_mut(*place).and_then(Option::take).unwrap_or_default();
            String::from_utf8(value).map_err(Error::internal)
        };
        table.key.iter().map(&mut part).collect::<Result<_>>().map(Some)
    }

    /// Adds a row as SQLite has it. Fails, naming it, when a value is none that
    /// Postgres could have.
    pub fn push(&mut self, table: &Table, row: &rusqlite::Row<'_>) -> Result<()> {
        for (place, column) in table.columns.iter().enumerate() {
            if place > 0 {
                self.lines.push(b'\t');
            }
            let value = row.get_ref(place).map_err(Error::internal)?;
            let fault = match (column.kind, value) {
                (_, ValueRef::Null) => {
                    self.lines.extend_from_slice(NULL);
                    None
                }
                (Kind::Text, ValueRef::Text(text)) => self.push_text(text),
                (Kind::Integer, ValueRef::Integer(number)) => {
                    self.lines.extend_from_slice(number.to_string().as_bytes());
                    None
                }
                (Kind::Boolean, ValueRef::Integer(0 | 1)) => {
                    self.lines.push(if value == ValueRef::Integer(0) { b'f' } else { b't' });
                    None
                }
                (Kind::Bytes, ValueRef::Blob(bytes)) => {
                    self.push_bytes(bytes);
                    None
                }
                _ => Some("is of another type than its column"),
            };
            if let Some(fault) = fault {
                let key = key_of(table, row);
                return Err(Error::invalid(format!(
                    "{} of the row {key} of {} {fault}, and cannot be moved: change or remove it first",
                    column.name, table.name
                )));
            }
        }
        self.lines.push(b'\n');
        self.rows += 1;
        Ok(())
    }

    /// Answers what is wrong with the text, if anything is.
    fn push_text(&mut self, text: &[u8]) -> Option<&'static str> {
        if std::str::from_utf8(text).is_err() {
            return Some("is not UTF-8");
        }
        for byte in text {
            let escaped = match byte {
                0 => return Some("holds the character NUL"),
                b'\\' => b'\\',
                0x08 => b'b',
                0x0b => b'v',
                0x0c => b'f',
                b'\n' => b'n',
                b'\r' => b'r',
                b'\t' => b't',
                plain => {
                    self.lines.push(*plain);
                    continue;
                }
            };
            self.lines.extend_from_slice(&[b'\\', escaped]);
        }
        None
    }

    fn push_bytes(&mut self, bytes: &[u8]) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        self.lines.extend_from_slice(b"\\\\x");
        for byte in bytes {
            self.lines.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
    }
}

fn key_of(table: &Table, row: &rusqlite::Row<'_>) -> String {
    let part = |place: &usize| match row.get_ref(*place) {
        Ok(ValueRef::Text(text)) => String::from_utf8_lossy(text).escape_debug().to_string(),
        Ok(ValueRef::Integer(number)) => number.to_string(),
        _ => "?".to_owned(),
    };
    table.key.iter().map(part).collect::<Vec<_>>().join(", ")
}

/// The values of a line, `None` for NULL.
fn values(line: &[u8]) -> Vec<Option<Vec<u8>>> {
    line.split(|byte| *byte == b'\t').map(|field| (field != NULL).then(|| unescaped(field))).collect()
}

fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(field.len());
    let mut bytes = field.iter();
    while let Some(byte) = bytes.next() {
        value.push(match byte {
            b'\\' => match bytes.next() {
                Some(b'b') => 0x08,
                Some(b'v') => 0x0b,
                Some(b'f') => 0x0c,
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b't') => b'\t',
                Some(other) => *other,
                None => b'\\',
            },
            plain => *plain,
        });
    }
    value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rusqlite::Connection;

    use super::super::tables::Column;
    use super::*;

    fn table() -> Table {
        let columns = [("t", Kind::Text), ("i", Kind::Integer), ("b", Kind::Boolean), ("x", Kind::Bytes)];
        let columns = columns.map(|(name, kind)| Column { name: name.to_owned(), kind }).into();
        Table { name: "rows".to_owned(), columns, key: vec![0, 1], indexes: Vec::new() }
    }

    fn pushed(select: &str, values: impl rusqlite::Params) -> Result<Page> {
        let database = Connection::open_in_memory().unwrap();
        let mut question = database.prepare(select).unwrap();
        let mut rows = question.query(values).unwrap();
        let mut page = Page::default();
        while let Some(row) = rows.next().unwrap() {
            page.push(&table(), row)?;
        }
        Ok(page)
    }

    proptest! {
        #[test]
        fn a_row_is_read_as_it_was_written(
            text in "([^\0]|[\t\n\r\\\\\u{8}\u{b}\u{c}N.])*",
            number: i64,
            bytes: Option<Vec<u8>>,
        ) {
            let page = pushed("SELECT ?1, ?2, 1, ?3", rusqlite::params![text, number, bytes]).unwrap();
            let hex = |bytes: &Vec<u8>| {
                let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("\\x{digits}").into_bytes()
            };
            let expected = vec![
                Some(text.clone().into_bytes()),
                Some(number.to_string().into_bytes()),
                Some(b"t".to_vec()),
                bytes.as_ref().map(hex),
            ];
            prop_assert_eq!(page.each().collect::<Vec<_>>(), [expected]);
            prop_assert_eq!(page.last_key(&table()).unwrap().unwrap(), [text, number.to_string()]);
            let again = Page::of_lines(page.lines().to_vec());
            prop_assert_eq!(again.rows(), 1);
        }
    }

    #[test]
    fn what_postgres_could_not_have_is_named() {
        for (select, named) in [
            ("SELECT 'a' || char(0), 7, 1, NULL", "t of the row a\\0, 7 of rows holds the character NUL"),
            ("SELECT CAST(x'ff' AS TEXT), 7, 1, NULL", "is not UTF-8"),
            ("SELECT 'a', 'b', 1, NULL", "i of the row a, b of rows is of another type"),
            ("SELECT 'a', 1.5, 1, NULL", "another type"),
            ("SELECT 'a', 1, 2, NULL", "b of the row a, 1 of rows is of another type"),
            ("SELECT 'a', 1, 1, 'text'", "x of the row"),
        ] {
            let fault = pushed(select, []).err().unwrap().to_string();
            assert!(fault.contains(named), "{select}: {fault}");
        }
    }
}
