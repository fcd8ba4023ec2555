//! A query that is understood: what to make rows of, and the SQL that runs on them.
//!
//! The rows of a table are made for one query, after its filters and with its
//! columns only. Where a query merely aggregates, events that it cannot tell apart
//! become one row with a weight (`n`), so that ten million events are a few
//! thousand rows before the engine sees any.

use std::collections::BTreeSet;

use super::calendar::Unit;
use super::tables::{Column, Table};
use super::types::Type;
use crate::analytics::Filter;

/// A value that does not depend on any row.
#[derive(Clone, Debug)]
pub enum Const {
    Null,
    Int(i64),
    Float(f64),
    Text(String),
}

impl PartialEq for Const {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Const::Null, Const::Null) => true,
            (Const::Int(a), Const::Int(b)) => a == b,
            (Const::Float(a), Const::Float(b)) => a.to_bits() == b.to_bits(),
            (Const::Text(a), Const::Text(b)) => a == b,
            _ => false,
        }
    }
}

/// What a row of a scan stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One event.
    Events,
    /// All events that agree in the columns of the scan.
    Groups,
}

/// Sums that the groups of a scan carry beside their weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Credits spent, or tokens.
    pub cost: bool,
    pub latency: bool,
    /// Moments of the first and the last event.
    pub span: bool,
}

/// The first rows by time that are enough for a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Top {
    pub rows: usize,
    /// Without an order any rows will do.
    pub newest_first: Option<bool>,
}

/// Rows to make from events, as the temporary table `t<number>`.
#[derive(Clone, Debug)]
pub struct Scan {
    pub table: &'static Table,
    pub shape: Shape,
    pub columns: BTreeSet<Column>,
    /// What the column `time` of groups is truncated to.
    pub bucket: Option<Unit>,
    pub sums: Sums,
    /// Latencies must be told apart to the microsecond.
    pub exact_latency: bool,
    /// Unix milliseconds of events, inclusive.
    pub start_ms: i64,
    /// Exclusive.
    pub end_ms: i64,
    pub filter: Filter,
    /// The filters exclude each other.
    pub never: bool,
    pub top: Option<Top>,
}

/// Name of a column of a temporary table.
pub fn column_sql(column: Column) -> String {
    format!("c_{}", column.name())
}

impl Scan {
    /// Names of the columns of the temporary table, in order.
    pub fn sql_columns(&self) -> Vec<String> {
        let mut names: Vec<String> = self.columns.iter().copied().map(column_sql).collect();
        if self.shape == Shape::Groups {
            names.push("n".to_owned());
            if self.sums.cost {
                names.push("cost".to_owned());
            }
            if self.sums.latency {
                names.push("latency_us".to_owned());
            }
            if self.sums.span {
                names.extend(["first_ms".to_owned(), "last_ms".to_owned()]);
            }
        }
        names
    }
}

/// A column of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub name: String,
    pub ty: Type,
}

/// Everything that the engine needs.
#[derive(Debug)]
pub struct Plan {
    /// Written by us alone; texts of the caller are in `params`.
    pub sql: String,
    pub params: Vec<Const>,
    pub scans: Vec<Scan>,
    pub outputs: Vec<Output>,
}
