//! Rows of a file as objects, read one at a time and each within bounds, so that no
//! file takes more memory than its largest row may.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read};

use csv::StringRecord;
use serde_json::{Map, Value};

use super::import::typed;
use base::error::{Error, Result};
use base::json_object;

/// Bytes of a row, with its quotes and line breaks. Metadata of a row may have a MiB.
pub(super) const MAX_ROW_BYTES: u64 = 2 << 20;
/// Values in a row: a value of one byte takes thirty in memory.
const MAX_ROW_VALUES: usize = 100_000;
/// Columns of CSV; no file needs half of them.
const MAX_COLUMNS: usize = 64;
/// What the reader of CSV may have taken beyond the row it is at.
const AHEAD_BYTES: u64 = 16 << 10;

pub(super) type Object = Map<String, Value>;

/// The line a row begins at, and the row or its fault.
pub(super) type Line = (u64, Result<Object>);

/// The rows of a file; ends after what makes the rest unreadable.
pub(super) enum Lines<R: Read> {
    Csv(CsvLines<R>),
    Json(JsonLines<R>),
}

impl<R: Read> Lines<R> {
    /// Fails when the header of CSV cannot be read.
    pub fn csv(source: R) -> Result<Self> {
        CsvLines::new(source).map(Self::Csv)
    }

    pub fn json(source: R) -> Self {
        Self::Json(JsonLines { source: BufReader::new(source), line: 0, text: Vec::new(), is_over: false })
    }
}

impl<R: Read> Iterator for Lines<R> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        match self {
            Lines::Csv(lines) => lines.next(),
            Lines::Json(lines) => lines.next(),
        }
    }
}

/// An object a line.
pub(super) struct JsonLines<R> {
    source: BufReader<R>,
    line: u64,
    text: Vec<u8>,
    is_over: bool,
}

impl<R: Read> JsonLines<R> {
    fn next(&mut self) -> Option<Line> {
        loop {
            if self.is_over {
                return None;
            }
            self.text.clear();
            self.line += 1;
            let mut within = self.source.by_ref().take(MAX_ROW_BYTES + 1);
            let read = within.read_until(b'\n', &mut self.text);
            if read.is_err() || self.text.len() as u64 > MAX_ROW_BYTES {
                self.is_over = true;
                return Some((self.line, Err(read.map_or_else(Error::internal, |_| too_long()))));
            }
            if self.text.is_empty() {
                return None;
            }
            if !self.text.trim_ascii().is_empty() {
                return Some((self.line, parsed(&self.text)));
            }
        }
    }
}

fn parsed(line: &[u8]) -> Result<Object> {
    let text = text(line)?;
    check_values(text)?;
    match json_object::parse(text.as_bytes()) {
        Ok(Value::Object(row)) => Ok(row),
        Ok(_) => Err(Error::invalid("A row is a JSON object.")),
        Err(error) => Err(Error::invalid(error.to_string())),
    }
}

/// A header, and a row for each record.
pub(super) struct CsvLines<R: Read> {
    reader: csv::Reader<Bounded<R>>,
    columns: Vec<String>,
    record: StringRecord,
    is_over: bool,
}

impl<R: Read> CsvLines<R> {
    fn new(source: R) -> Result<Self> {
        let source = Bounded { source, passed: 0, most: MAX_ROW_BYTES + AHEAD_BYTES };
        let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(source);
        let header = reader.headers().map_err(|error| fault(&error))?;
        text(header.as_slice().as_bytes())?;
        let columns: Vec<String> = header.iter().map(ToOwned::to_owned).collect();
        if columns.len() > MAX_COLUMNS {
            return Err(Error::invalid(format!("A file has at most {MAX_COLUMNS} columns.")));
        }
        let mut names = BTreeSet::new();
        if let Some(twice) = columns.iter().find(|column| !names.insert(*column)) {
            return Err(Error::invalid(format!("The column `{}` is there twice.", brief(twice))));
        }
        Ok(Self { reader, columns, record: StringRecord::new(), is_over: false })
    }

    fn next(&mut self) -> Option<Line> {
        if self.is_over {
            return None;
        }
        let at = self.reader.position().byte();
        self.reader.get_mut().most = at + MAX_ROW_BYTES + AHEAD_BYTES;
        match self.reader.read_record(&mut self.record) {
            Ok(false) => None,
            Ok(true) => {
                let line = self.record.position().map_or(0, csv::Position::line);
                Some((line, self.object()))
            }
            Err(error) => {
                let line =
                    error.position().map_or_else(|| self.reader.position().line(), csv::Position::line);
                self.is_over = !matches!(
                    error.kind(),
                    csv::ErrorKind::Utf8 { .. } | csv::ErrorKind::UnequalLengths { .. }
                );
                Some((line, Err(fault(&error))))
            }
        }
    }

    fn object(&self) -> Result<Object> {
        check_values(self.record.as_slice())?;
        text(self.record.as_slice().as_bytes())?;
        self.columns.iter().zip(&self.record).map(|(column, cell)| typed(column, cell)).collect()
    }
}

/// What is wrong with a record of CSV.
fn fault(error: &csv::Error) -> Error {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => no_text(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            Error::invalid(format!("There are {len} cells for {expected_len} columns."))
        }
        csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::InvalidData => too_long(),
        _ => Error::invalid("The file is no CSV."),
    }
}

/// Lets so many bytes pass, and then fails.
pub(super) struct Bounded<R> {
    source: R,
    passed: u64,
    most: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.passed >= self.most {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let read = self.source.read(buffer)?;
        self.passed += read as u64;
        Ok(read)
    }
}

/// The text of a row. A NUL is a sign of another encoding, such as UTF-16.
fn text(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0')).ok_or_else(no_text)
}

fn check_values(row: &str) -> Result<()> {
    let separators = row.bytes().filter(|byte| matches!(byte, b',' | b':' | b'[' | b'{'));
    if separators.count() > MAX_ROW_VALUES {
        return Err(Error::invalid(format!("A row has at most {MAX_ROW_VALUES} values.")));
    }
    Ok(())
}

fn no_text() -> Error {
    Error::invalid("This is no text in UTF-8.")
}

pub(super) fn too_long() -> Error {
    let most_mib = MAX_ROW_BYTES >> 20;
    Error::invalid(format!("A row has at most {most_mib} MiB: is there a quote that is never closed?"))
}

/// A name as an error may repeat it.
fn brief(text: &str) -> String {
    text.chars().take(64).collect()
}
