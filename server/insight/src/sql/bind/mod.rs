//! From a checked syntax tree to a [`Plan`]: every name is looked up, every
//! expression gets a type, and the SQL of the engine is written anew from what
//! was understood. Whatever is not understood is refused.
//!
//! No text of the caller reaches the engine as SQL: literals become parameters,
//! names become ours. Running the plan is not done here.

mod aggregate;
mod call;
mod compare;
mod expr;
mod fill;
mod from;
mod operators;
mod pushdown;
mod select;
mod sets;
mod time;

pub(super) use self::pushdown::narrow;

use sqlparser::ast::{Expr as Ast, LimitClause, OrderBy, Query, SetExpr, UnaryOperator, Value};

use self::select::Frame;
use super::plan::{Const, Output, Plan, Scan};
use super::scope::Scope;
use super::types::Type;
use base::error::{Code, Error, Result};

/// Expressions looked at in one query: aliases of aliases can multiply.
const MAX_STEPS: usize = 20_000;
/// SQL that may be written while a query is bound, thrown away or not: what one
/// expression repeats, an expression around it repeats again.
const MAX_WRITTEN_BYTES: usize = 16 << 20;
/// Longest SQL that is written for a query, or a part of it.
const MAX_SQL_BYTES: usize = 1 << 19;

/// What a query cannot know of itself.
pub struct Facts<'a> {
    pub now_ms: i64,
    /// Events before this moment are not seen, Unix milliseconds.
    pub oldest_ms: i64,
    pub retention_days: i64,
    pub region: &'a str,
    pub scope: &'a Scope,
    /// Rows of every SELECT.
    pub max_rows: usize,
}

/// Binds a query that passed the checks.
pub fn bind(query: &Query, facts: &Facts<'_>) -> Result<Plan> {
    let mut binder = Binder {
        facts,
        params: Vec::new(),
        scans: Vec::new(),
        ctes: Vec::new(),
        subqueries: Vec::new(),
        numbers: 0,
        steps: 0,
        written_bytes: 0,
    };
    let bound = binder.query(query, true)?;
    let with: Vec<String> = binder
        .ctes
        .iter()
        .map(|cte| format!("{} AS MATERIALIZED ({})", cte.sql_name, cte.bound.sql))
        .collect();
    let sql = if with.is_empty() { bound.sql } else { format!("WITH {} {}", with.join(", "), bound.sql) };
    if sql.len() > MAX_SQL_BYTES {
        return Err(too_complex());
    }
    Ok(Plan { sql, params: binder.params, scans: binder.scans, outputs: bound.outputs })
}

/// A query whose columns are `c0`, `c1` and so on.
#[derive(Clone, Debug)]
struct Bound {
    sql: String,
    outputs: Vec<Output>,
    nullable: Vec<bool>,
}

struct Cte {
    name: String,
    sql_name: String,
    bound: Bound,
}

struct Binder<'q> {
    facts: &'q Facts<'q>,
    params: Vec<Const>,
    scans: Vec<Scan>,
    ctes: Vec<Cte>,
    /// Subqueries of expressions, by where they stand: an alias may repeat them.
    subqueries: Vec<(*const Query, Bound)>,
    /// For names of our own.
    numbers: usize,
    steps: usize,
    written_bytes: usize,
}

/// `LIMIT` and `OFFSET` as numbers.
#[derive(Clone, Copy, Default)]
struct Limit {
    rows: Option<usize>,
    offset: usize,
}

impl Limit {
    fn is_none(self) -> bool {
        self.rows.is_none() && self.offset == 0
    }

    fn sql(self, max: usize) -> String {
        let rows = self.rows.map_or(max, |rows| rows.min(max));
        match self.offset {
            0 => format!(" LIMIT {rows}"),
            offset => format!(" LIMIT {rows} OFFSET {offset}"),
        }
    }
}

impl<'q> Binder<'q> {
    fn step(&mut self) -> Result<()> {
        self.steps += 1;
        if self.steps > MAX_STEPS { Err(too_complex()) } else { Ok(()) }
    }

    /// Counts SQL that was written or copied.
    fn wrote(&mut self, bytes: usize) -> Result<()> {
        self.written_bytes = self.written_bytes.saturating_add(bytes);
        let fits = bytes <= MAX_SQL_BYTES && self.written_bytes <= MAX_WRITTEN_BYTES;
        if fits { Ok(()) } else { Err(too_complex()) }
    }

    /// The parameter that stands for a value.
    fn param(&mut self, value: Const) -> String {
        let known = self.params.iter().position(|known| *known == value);
        let place = known.unwrap_or_else(|| {
            self.params.push(value);
            self.params.len() - 1
        });
        format!("?{}", place + 1)
    }

    fn number(&mut self) -> usize {
        self.numbers += 1;
        self.numbers
    }

    fn query(&mut self, query: &'q Query, outermost: bool) -> Result<Bound> {
        self.step()?;
        let odd = query.fetch.is_some()
            || !query.locks.is_empty()
            || query.for_clause.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty();
        if odd {
            return Err(unsupported("FETCH, FOR, FORMAT and |>"));
        }
        if let Some(with) = &query.with {
            if !outermost || with.recursive {
                return Err(unsupported("WITH inside of a query, or WITH RECURSIVE,"));
            }
            for cte in &with.cte_tables {
                if !cte.alias.columns.is_empty() || cte.from.is_some() {
                    return Err(unsupported("A list of columns in WITH"));
                }
                if self.ctes.iter().any(|known| known.name == cte.alias.name.value) {
                    return Err(refuse(format!("'{}' is defined twice.", cte.alias.name.value)));
                }
                let bound = self.query(&cte.query, false)?;
                let sql_name = format!("w{}", self.number());
                self.ctes.push(Cte { name: cte.alias.name.value.clone(), sql_name, bound });
            }
        }
        let limit = limit(query.limit_clause.as_ref())?;
        self.body(&query.body, query.order_by.as_ref(), limit)
    }

    /// A subquery of an expression; the same one is bound, and its rows are made,
    /// only once.
    fn subquery(&mut self, query: &'q Query) -> Result<Bound> {
        let place = std::ptr::from_ref(query);
        if let Some(known) = self.subqueries.iter().position(|(known, _)| *known == place) {
            self.wrote(self.subqueries[known].1.sql.len())?;
            return Ok(self.subqueries[known].1.clone());
        }
        let bound = self.query(query, false)?;
        self.subqueries.push((place, bound.clone()));
        Ok(bound)
    }

    fn body(&mut self, body: &'q SetExpr, order_by: Option<&'q OrderBy>, limit: Limit) -> Result<Bound> {
        match body {
            SetExpr::Select(select) => self.select(select, order_by, limit),
            SetExpr::Query(query) if order_by.is_none() && limit.is_none() => self.query(query, false),
            SetExpr::Query(query) => {
                let bound = self.query(query, false)?;
                self.ordered(bound, order_by, limit)
            }
            SetExpr::SetOperation { op, set_quantifier, left, right } => {
                let bound = self.set_operation(*op, *set_quantifier, left, right)?;
                if order_by.is_none() && limit.is_none() {
                    return Ok(bound);
                }
                self.ordered(bound, order_by, limit)
            }
            _ => Err(unsupported("Anything but SELECT")),
        }
    }

    /// Tries the cheaper reading of a SELECT first: see [`Frame::refuse_roll`].
    fn select(
        &mut self,
        select: &'q sqlparser::ast::Select,
        order_by: Option<&'q OrderBy>,
        limit: Limit,
    ) -> Result<Bound> {
        if select::may_roll(select) {
            let (params, scans, subqueries) = (self.params.len(), self.scans.len(), self.subqueries.len());
            let mut frame = Frame::new(self, true);
            let bound = frame.bind(select, order_by, limit);
            if bound.is_ok() || !frame.roll_refused {
                return bound;
            }
            self.params.truncate(params);
            self.scans.truncate(scans);
            self.subqueries.truncate(subqueries);
        }
        Frame::new(self, false).bind(select, order_by, limit)
    }
}

/// A LIMIT that is no number counts as none, as does a negative one.
fn limit(clause: Option<&LimitClause>) -> Result<Limit> {
    let (rows, offset) = match clause {
        None => return Ok(Limit::default()),
        Some(LimitClause::OffsetCommaLimit { offset, limit }) => (Some(limit), Some(offset)),
        Some(LimitClause::LimitOffset { limit, offset, limit_by }) => {
            if !limit_by.is_empty() {
                return Err(unsupported("LIMIT BY"));
            }
            (limit.as_ref(), offset.as_ref().map(|offset| &offset.value))
        }
    };
    let number = |ast: &Ast| match ast {
        Ast::Value(value) => match &value.value {
            Value::Number(text, _) => text.parse::<usize>().ok(),
            _ => None,
        },
        _ => None,
    };
    let negative = |ast: &Ast| matches!(ast, Ast::UnaryOp { op: UnaryOperator::Minus, .. });
    let offset = match offset {
        None => 0,
        Some(ast) if negative(ast) => 0,
        Some(ast) => number(ast).ok_or_else(|| refuse("OFFSET must be a number."))?,
    };
    // The engine counts in 63 bits.
    Ok(Limit { rows: rows.and_then(number), offset: offset.min(usize::MAX >> 2) })
}

fn refuse(detail: impl Into<String>) -> Error {
    Error::new(Code::AnalyticsQuery, detail)
}

fn unsupported(what: &str) -> Error {
    refuse(format!("{what} cannot be used here."))
}

fn too_complex() -> Error {
    refuse("The query is too complex.")
}

/// Two types where one was needed.
fn mismatch(what: &str, one: &Type, other: &Type) -> Error {
    refuse(format!("{what}: {} and {} do not fit together.", one.name(), other.name()))
}

#[cfg(test)]
mod tests;
