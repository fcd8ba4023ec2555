//! Running a plan: rows are made from events, and an embedded SQL engine answers.
//!
//! The engine is SQLite on a private in-memory connection that lives for one
//! query. It holds nothing but the rows that the caller may see; it may not do
//! anything but select from them, by functions of a short list; and it is
//! interrupted when the query has used what it may.

mod aggregates;
mod events;
mod groups;
mod guard;
mod rows;
mod scalars;
mod segments;
mod series;
mod texts;

use std::sync::Arc;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, Statement};
use serde_json::{Number, Value};
use tokio::runtime::Handle;

use super::ResultRows;
use super::meter::{Meter, Stop};
use super::plan::{Const, Plan, Scan, Shape};
use super::scope::Scope;
use crate::search::Search;
use base::error::{Code, Error, Result};
use base::store::Database;

/// What rows are made from, and for whom.
pub(super) struct Sources {
    pub search: Search,
    pub events: Database,
    pub scope: Arc<Scope>,
    pub meter: Meter,
    /// For reading stored events from a thread that is not the runtime's.
    pub runtime: Handle,
}

/// A value on its way into the engine.
#[derive(Clone, Copy, Debug)]
enum Cell<'a> {
    Int(i64),
    Float(f64),
    Text(&'a str),
}

impl rusqlite::ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Cell::Int(number) => ValueRef::Integer(*number),
            Cell::Float(number) => ValueRef::Real(*number),
            Cell::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

/// Runs a plan to its end, or until its meter says stop. Blocks.
pub(super) fn run(plan: &Plan, sources: &Sources) -> Result<ResultRows> {
    let meter = &sources.meter;
    meter.check()?;
    let connection = open(meter).map_err(Error::internal)?;
    for (number, scan) in plan.scans.iter().enumerate() {
        load(&connection, number, scan, sources)?;
    }
    guard::watch(&connection, meter).map_err(Error::internal)?;
    let answer = answer(&connection, plan, meter);
    match (answer, meter.stopped()) {
        (Ok(answer), _) => Ok(answer),
        (Err(_), Some(stop)) => Err(meter.error(stop)),
        (Err(error), None) => Err(failed(error)),
    }
}

fn open(meter: &Meter) -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    guard::limit(&connection)?;
    scalars::register(&connection, meter)?;
    aggregates::register(&connection, meter)?;
    series::register(&connection, meter)?;
    connection.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;",
    )?;
    Ok(connection)
}

/// Makes the temporary table of a scan.
fn load(connection: &Connection, number: usize, scan: &Scan, sources: &Sources) -> Result<()> {
    let columns = scan.sql_columns();
    let columns = if columns.is_empty() { vec!["none".to_owned()] } else { columns };
    let places = vec!["?"; columns.len()].join(", ");
    connection
        .execute_batch(&format!("BEGIN; CREATE TABLE t{number} ({})", columns.join(", ")))
        .map_err(Error::internal)?;
    if !scan.never {
        let statement = connection
            .prepare(&format!("INSERT INTO t{number} VALUES ({places})"))
            .map_err(Error::internal)?;
        let mut table = Table { statement, width: columns.len(), waiting: (0, 0), sources };
        match scan.shape {
            Shape::Events => rows::scan(scan, sources, &mut table)?,
            Shape::Groups => groups::scan(scan, sources, &mut table)?,
        }
        table.report()?;
    }
    connection.execute_batch("COMMIT").map_err(Error::internal)
}

/// The temporary table being filled.
struct Table<'a> {
    statement: Statement<'a>,
    width: usize,
    /// Rows and bytes that the meter does not know of yet.
    waiting: (u64, u64),
    sources: &'a Sources,
}

/// Bytes of a row beside its texts: the engine's header, key and numbers.
const ROW_BYTES: u64 = 24;
const REPORT_EVERY: u64 = 1024;

impl Table<'_> {
    fn insert(&mut self, row: &[Cell<'_>]) -> Result<()> {
        debug_assert!(row.len() == self.width || self.width == 1);
        let mut bytes = ROW_BYTES;
        for place in 0..self.width {
            let cell = row.get(place).copied().unwrap_or(Cell::Int(0));
            bytes += match cell {
                Cell::Text(text) => text.len() as u64,
                _ => 8,
            };
            self.statement.raw_bind_parameter(place + 1, cell).map_err(Error::internal)?;
        }
        self.statement.raw_execute().map_err(|error| self.full(error))?;
        self.waiting = (self.waiting.0 + 1, self.waiting.1 + bytes);
        if self.waiting.0 >= REPORT_EVERY { self.report() } else { Ok(()) }
    }

    fn report(&mut self) -> Result<()> {
        let (rows, bytes) = std::mem::take(&mut self.waiting);
        self.sources.meter.add_rows(rows, bytes)?;
        self.sources.meter.check()
    }

    fn full(&self, error: rusqlite::Error) -> Error {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull | ErrorCode::OutOfMemory) => {
                self.sources.meter.stop(Stop::Memory);
                self.sources.meter.error(Stop::Memory)
            }
            _ => Error::internal(error),
        }
    }
}

fn answer(connection: &Connection, plan: &Plan, meter: &Meter) -> rusqlite::Result<ResultRows> {
    let mut statement = connection.prepare(&plan.sql)?;
    if !statement.readonly() {
        return Err(interrupted());
    }
    for (place, value) in plan.params.iter().enumerate().take(statement.parameter_count()) {
        match value {
            Const::Null => statement.raw_bind_parameter(place + 1, rusqlite::types::Null)?,
            Const::Int(number) => statement.raw_bind_parameter(place + 1, number)?,
            Const::Float(number) => statement.raw_bind_parameter(place + 1, number)?,
            Const::Text(text) => statement.raw_bind_parameter(place + 1, text)?,
        }
    }
    let limits = meter.limits();
    let mut answer = ResultRows { outputs: plan.outputs.clone(), rows: Vec::new() };
    let names: usize = plan.outputs.iter().map(|output| output.name.len() + 4).sum();
    let mut bytes = 0;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        if answer.rows.len() >= limits.result_rows {
            meter.stop(Stop::ResultRows);
            return Err(interrupted());
        }
        let mut values = Vec::with_capacity(plan.outputs.len());
        bytes += names + 2;
        for (place, output) in plan.outputs.iter().enumerate() {
            let value = output.ty.json(plain(row.get_ref(place)?));
            bytes += json_bytes(&value);
            values.push(value);
        }
        if bytes > limits.result_bytes {
            meter.stop(Stop::ResultBytes);
            return Err(interrupted());
        }
        answer.rows.push(values);
    }
    Ok(answer)
}

fn interrupted() -> rusqlite::Error {
    rusqlite::Error::UserFunctionError("the query was stopped".into())
}

/// A value of the engine; numbers that JSON has no form for are null.
fn plain(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        ValueRef::Text(text) | ValueRef::Blob(text) => String::from_utf8_lossy(text).into(),
    }
}

/// About what a value takes in JSON.
fn json_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(values) => values.iter().map(|value| json_bytes(value) + 1).sum::<usize>() + 1,
        Value::Number(number) if number.is_f64() => 18,
        _ => 8,
    }
}

/// What the caller learns of an error of the engine: not the SQL that it ran.
fn failed(error: rusqlite::Error) -> Error {
    let detail = match (&error, error.sqlite_error_code()) {
        (_, Some(ErrorCode::TooBig | ErrorCode::OutOfMemory | ErrorCode::DiskFull)) => {
            return Error::new(Code::QueryMemory, "The query makes values that are too large.")
                .because(error);
        }
        (rusqlite::Error::SqliteFailure(_, Some(text)), _) if text.contains("integer overflow") => {
            "A sum is larger than 64 bits."
        }
        (rusqlite::Error::SqliteFailure(_, Some(text)), _) if text.starts_with("cannot read") => {
            "A value could not be read as the type that it is converted to."
        }
        _ => "The query could not be executed.",
    };
    Error::new(Code::AnalyticsQuery, detail).because(error)
}
