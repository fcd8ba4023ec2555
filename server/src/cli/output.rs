//! What commands print, and how they lay it out.

use serde::{Deserialize, Serialize};

/// What a command prints: answers on standard output, remarks beside them.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    pub stdout: String,
    pub stderr: String,
    /// Where to go on asking for the rest of a long answer.
    #[serde(default)]
    pub next: Option<String>,
    /// With which the process ends; 0 is a command that did what it was asked.
    #[serde(default)]
    pub status: u8,
}

impl Output {
    pub fn text(stdout: String) -> Self {
        Self { stdout, ..Self::default() }
    }

    /// One line.
    pub fn line(stdout: impl std::fmt::Display) -> Self {
        Self::text(format!("{stdout}\n"))
    }

    pub fn remark(mut self, stderr: impl std::fmt::Display) -> Self {
        self.stderr = format!("{stderr}\n");
        self
    }
}

/// Rows of text in aligned columns.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// A moment for programs: RFC 3339, UTC, with milliseconds.
pub(super) fn moment(time_ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(time_ms)
        .map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
        .unwrap_or_default()
}

/// A time as tables show it: RFC 3339, UTC.
pub(super) fn time(time_ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(time_ms)
        .map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
        .unwrap_or_default()
}
