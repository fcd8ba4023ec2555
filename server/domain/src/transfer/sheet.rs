//! Rows as text: CSV or JSON lines.

use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value};

use super::Format;
use base::error::{Error, Result};

/// A column: its name, and whether its numbers are moments.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub name: &'static str,
    pub is_time: bool,
}

pub(super) const fn plain(name: &'static str) -> Column {
    Column { name, is_time: false }
}

pub(super) const fn time(name: &'static str) -> Column {
    Column { name, is_time: true }
}

/// Rows to text; each row has a value for every column.
pub(super) fn write(
    format: Format,
    columns: &[Column],
    rows: impl IntoIterator<Item = Vec<Value>>,
    with_header: bool,
) -> Result<String> {
    match format {
        Format::Csv => csv(columns, rows, with_header),
        Format::JsonLines => Ok(rows.into_iter().map(|row| line(columns, row)).collect()),
    }
}

fn line(columns: &[Column], row: Vec<Value>) -> String {
    let members = columns.iter().zip(row).filter(|(_, value)| !value.is_null());
    let object: Map<String, Value> = members.map(|(column, value)| (column.name.to_owned(), value)).collect();
    Value::Object(object).to_string() + "\n"
}

fn csv(columns: &[Column], rows: impl IntoIterator<Item = Vec<Value>>, with_header: bool) -> Result<String> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    if with_header {
        writer.write_record(columns.iter().map(|column| column.name)).map_err(Error::internal)?;
    }
    for row in rows {
        let cells = columns.iter().zip(row).map(|(column, value)| cell(*column, value));
        writer.write_record(cells).map_err(Error::internal)?;
    }
    let bytes = writer.into_inner().map_err(|error| Error::internal(error.to_string()))?;
    String::from_utf8(bytes).map_err(Error::internal)
}

/// Lines of CSV, RFC 4180, from texts that a spreadsheet shall show as they are.
pub fn csv_lines(lines: impl IntoIterator<Item = Vec<String>>) -> Result<String> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).flexible(true).from_writer(Vec::new());
    for line in lines {
        writer.write_record(line.into_iter().map(no_formula)).map_err(Error::internal)?;
    }
    let bytes = writer.into_inner().map_err(|error| Error::internal(error.to_string()))?;
    String::from_utf8(bytes).map_err(Error::internal)
}

fn no_formula(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

/// No cell that a spreadsheet would take for a formula.
fn cell(column: Column, value: Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        Value::Number(number) if column.is_time => moment(&number),
        other => return other.to_string(),
    };
    no_formula(text)
}

fn moment(number: &serde_json::Number) -> String {
    number
        .as_i64()
        .and_then(DateTime::from_timestamp_millis)
        .map(|time| time.to_rfc3339_opts(SecondsFormat::Millis, true))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COLUMNS: &[Column] = &[plain("name"), time("created"), plain("meta")];

    fn rows() -> Vec<Vec<Value>> {
        vec![
            vec![json!("=1+1"), json!(0), json!({ "a": 1 })],
            vec![json!("a, \"b\"\nc"), Value::Null, Value::Null],
        ]
    }

    #[test]
    fn csv_is_quoted_and_formulas_are_disarmed() {
        let text = write(Format::Csv, COLUMNS, rows(), true).unwrap();
        let expected = "name,created,meta\r\n'=1+1,1970-01-01T00:00:00.000Z,\"{\"\"a\"\":1}\"\r\n\
                        \"a, \"\"b\"\"\nc\",,\r\n";
        assert_eq!(text, expected);
        assert!(!write(Format::Csv, COLUMNS, rows(), false).unwrap().contains("created"));
    }

    #[test]
    fn json_lines_keep_types_and_leave_nothing_out_but_nothing() {
        let text = write(Format::JsonLines, COLUMNS, rows(), true).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0], json!({ "name": "=1+1", "created": 0, "meta": { "a": 1 } }));
        assert_eq!(lines[1], json!({ "name": "a, \"b\"\nc" }));
    }
}
