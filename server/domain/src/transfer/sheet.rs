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
    let header: Option<Vec<Value>> =
        with_header.then(|| columns.iter().map(|column| Value::from(column.name)).collect());
    let rows = rows.into_iter().map(|row| {
        let cells = columns.iter().zip(row);
        cells.map(|(column, value)| if column.is_time { moment(value) } else { value }).collect()
    });
    csv_lines(header.into_iter().chain(rows))
}

/// Lines of CSV, RFC 4180. Texts are written so that a spreadsheet shows them as
/// they are and takes none for a formula; nothing is an empty cell.
pub fn csv_lines<Cell: Into<Value>>(lines: impl IntoIterator<Item = Vec<Cell>>) -> Result<String> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).flexible(true).from_writer(Vec::new());
    for line in lines {
        let cells = line.into_iter().map(|cell| text(cell.into()));
        writer.write_record(cells).map_err(Error::internal)?;
    }
    let bytes = writer.into_inner().map_err(|error| Error::internal(error.to_string()))?;
    String::from_utf8(bytes).map_err(Error::internal)
}

fn no_formula(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

fn text(cell: Value) -> String {
    match cell {
        Value::Null => String::new(),
        Value::String(text) => no_formula(text),
        other => other.to_string(),
    }
}

/// A moment as RFC 3339 writes it.
fn moment(value: Value) -> Value {
    let Value::Number(number) = value else { return value };
    let time = number.as_i64().and_then(DateTime::from_timestamp_millis);
    time.map_or(Value::Null, |time| time.to_rfc3339_opts(SecondsFormat::Millis, true).into())
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
    fn lines_may_differ_in_length_and_numbers_are_no_formulas() {
        let lines = [vec![json!("-1"), json!(-1)], vec![json!("only"), Value::Null, json!(true)]];
        assert_eq!(csv_lines(lines).unwrap(), "'-1,-1\r\nonly,,true\r\n");
        // A blank line would be skipped by many who read it.
        assert_eq!(csv_lines([vec![Value::Null]]).unwrap(), "\"\"\r\n");
    }

    #[test]
    fn json_lines_keep_types_and_leave_nothing_out_but_nothing() {
        let text = write(Format::JsonLines, COLUMNS, rows(), true).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0], json!({ "name": "=1+1", "created": 0, "meta": { "a": 1 } }));
        assert_eq!(lines[1], json!({ "name": "a, \"b\"\nc" }));
    }
}
