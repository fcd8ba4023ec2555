//! Lists as commands answer them: for people aligned below their headings, for programs
//! as JSON or CSV.
//!
//! The columns have the same names everywhere and their values the same types: programs
//! may rely on both. Times are UTC and say so.

use serde_json::{Map, Value};

use super::command::ListFormat;
use super::output::{Output, moment, table, time};
use crate::doctor::size;
use base::error::Result;
use domain::transfer::csv_lines;

/// A column: its name, as programs read it, and how its values are shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    name: &'static str,
    shown: Shown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// As it is.
    Plain,
    /// Unix milliseconds.
    Time,
    /// Bytes.
    Size,
    /// Microseconds.
    Duration,
}

/// Texts, numbers, switches and lists of texts.
pub(super) const fn plain(name: &'static str) -> Column {
    Column { name, shown: Shown::Plain }
}

/// Moments, Unix milliseconds.
pub(super) const fn moments(name: &'static str) -> Column {
    Column { name, shown: Shown::Time }
}

/// Numbers of bytes; the name says so.
pub(super) const fn sizes(name: &'static str) -> Column {
    Column { name, shown: Shown::Size }
}

/// Numbers of microseconds; the name says so.
pub(super) const fn durations(name: &'static str) -> Column {
    Column { name, shown: Shown::Duration }
}

/// The answer of a list: each row has a value for every column.
pub(super) fn list(
    format: ListFormat,
    columns: &[Column],
    rows: impl IntoIterator<Item = Vec<Value>>,
) -> Result<Output> {
    Ok(Output::text(match format {
        ListFormat::Table => aligned(columns, rows),
        ListFormat::Json => json(columns, rows)?,
        ListFormat::Csv => csv(columns, rows)?,
    }))
}

/// Nothing at all where there is nothing to list.
fn aligned(columns: &[Column], rows: impl IntoIterator<Item = Vec<Value>>) -> String {
    let cells = |row: Vec<Value>| columns.iter().zip(row).map(|(column, value)| column.cell(value)).collect();
    let mut lines: Vec<Vec<String>> = rows.into_iter().map(cells).collect();
    if lines.is_empty() {
        return String::new();
    }
    lines.insert(0, columns.iter().map(|column| column.heading()).collect());
    table(&lines)
}

fn json(columns: &[Column], rows: impl IntoIterator<Item = Vec<Value>>) -> Result<String> {
    Ok(serde_json::to_string_pretty(&objects(columns, rows))? + "\n")
}

/// An object for each row.
pub(super) fn objects(columns: &[Column], rows: impl IntoIterator<Item = Vec<Value>>) -> Vec<Value> {
    let object = |row: Vec<Value>| {
        let members =
            columns.iter().zip(row).map(|(column, value)| (column.name.to_owned(), column.value(value)));
        Value::Object(members.collect::<Map<_, _>>())
    };
    rows.into_iter().map(object).collect()
}

fn csv(columns: &[Column], rows: impl IntoIterator<Item = Vec<Value>>) -> Result<String> {
    let header: Vec<Value> = columns.iter().map(|column| column.name.into()).collect();
    let cells =
        |row: Vec<Value>| columns.iter().zip(row).map(|(column, value)| column.value(value)).collect();
    csv_lines(std::iter::once(header).chain(rows.into_iter().map(cells)))
}

impl Column {
    /// `created_at` is headed CREATED, `size_bytes` SIZE.
    fn heading(self) -> String {
        let short = ["_at", "_bytes", "_us"].into_iter().find_map(|end| self.name.strip_suffix(end));
        short.unwrap_or(self.name).replace('_', " ").to_uppercase()
    }

    /// For programs.
    fn value(self, value: Value) -> Value {
        match (self.shown, value.as_i64()) {
            (Shown::Time, Some(time_ms)) => moment(time_ms).into(),
            _ => value,
        }
    }

    /// For people.
    fn cell(self, value: Value) -> String {
        match (self.shown, value.as_f64()) {
            (Shown::Time, Some(_)) => value.as_i64().map(time).unwrap_or_default(),
            (Shown::Size, Some(_)) => value.as_u64().map(size).unwrap_or_default(),
            (Shown::Duration, Some(us)) => format!("{:.2} ms", us / 1000.0),
            _ => text(&value),
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => printable(text),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// On one line, and nothing that a terminal takes for a command.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|found| if found.is_control() { '\u{FFFD}' } else { found }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COLUMNS: &[Column] =
        &[plain("id"), moments("created_at"), sizes("size_bytes"), durations("took_us")];

    fn rows() -> Vec<Vec<Value>> {
        vec![
            vec![json!("a\u{1b}[2Jb\n"), json!(1_500), json!(3 << 20), json!(2_500)],
            vec![json!(["x", "y"]), Value::Null, Value::Null, json!(true)],
        ]
    }

    fn written(format: ListFormat) -> String {
        list(format, COLUMNS, rows()).unwrap().stdout
    }

    #[test]
    fn a_table_is_headed_aligned_and_harmless() {
        let text = written(ListFormat::Table);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "ID       CREATED               SIZE     TOOK");
        assert_eq!(lines[1], "a\u{FFFD}[2Jb\u{FFFD}  1970-01-01T00:00:01Z  3.0 MiB  2.50 ms");
        assert_eq!(lines[2], format!("x, y{:36}yes", ""));
        assert_eq!(list(ListFormat::Table, COLUMNS, Vec::new()).unwrap().stdout, "");
    }

    #[test]
    fn programs_get_every_column_with_its_type() {
        let found: Value = serde_json::from_str(&written(ListFormat::Json)).unwrap();
        let first = json!({ "id": "a\u{1b}[2Jb\n", "created_at": "1970-01-01T00:00:01.500Z", "size_bytes": 3 << 20, "took_us": 2500 });
        assert_eq!(found[0], first);
        assert_eq!(found[1]["created_at"], Value::Null);
        let empty = list(ListFormat::Json, COLUMNS, Vec::new()).unwrap().stdout;
        assert_eq!(serde_json::from_str::<Value>(&empty).unwrap(), json!([]));
        let csv = written(ListFormat::Csv);
        assert!(csv.starts_with("id,created_at,size_bytes,took_us\r\n"), "{csv}");
        assert!(csv.ends_with("\"[\"\"x\"\",\"\"y\"\"]\",,,true\r\n"), "{csv}");
    }
}
