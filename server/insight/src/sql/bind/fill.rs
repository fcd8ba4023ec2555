//! `ORDER BY .. WITH FILL`: a row for each place of a series that no row has.
//!
//! The series begins at FROM, else at the first row, and ends before TO, else at the
//! last row. Rows between two places, before FROM and from TO on stay as they are.
//! What is ordered by before the column is filled for each of its values by itself;
//! other columns of a row that is added have the default of their type. One column
//! is filled, and INTERPOLATE is not offered.

use sqlparser::ast::{Expr as Ast, OrderByExpr, WithFill};

use super::select::Frame;
use super::{Binder, Bound, Limit, refuse, unsupported};
use crate::sql::calendar::Unit;
use crate::sql::plan::Const;
use crate::sql::types::Type;
use base::clock::{DAY_MS, SECOND_MS};
use base::error::Result;

/// The series of one column.
pub(super) struct Fill {
    /// The column, and those that are ordered by before it.
    place: usize,
    before: Vec<usize>,
    from: Const,
    to: Const,
    step: Const,
    /// The step is in calendar months.
    months: bool,
}

impl<'q> Frame<'_, 'q> {
    /// What is to be filled, if anything: `places` are the columns of the answer
    /// that the keys of ORDER BY are, where they are one.
    pub fn fill(
        &mut self,
        keys: &'q [OrderByExpr],
        places: &[Option<usize>],
        types: &[&Type],
    ) -> Result<Option<Fill>> {
        let mut filled =
            keys.iter().enumerate().filter_map(|(at, key)| Some((at, key, key.with_fill.as_ref()?)));
        let Some((at, key, fill)) = filled.next() else { return Ok(None) };
        if filled.next().is_some() {
            return Err(unsupported("WITH FILL on more than one column"));
        }
        let places = places.iter().copied().collect::<Option<Vec<usize>>>();
        let places = places.ok_or_else(|| refuse("With WITH FILL, ORDER BY takes selected columns only."))?;
        let descends = key.options.asc == Some(false);
        self.series(fill, types[places[at]], descends).map(|(from, to, step, months)| {
            Some(Fill { place: places[at], before: places[..at].to_vec(), from, to, step, months })
        })
    }

    fn series(
        &mut self,
        fill: &'q WithFill,
        ty: &Type,
        descends: bool,
    ) -> Result<(Const, Const, Const, bool)> {
        if !(ty.is_time() || matches!(ty, Type::Int | Type::Float)) {
            return Err(refuse(format!("WITH FILL needs a time or a number, not {}.", ty.name())));
        }
        let (from, to) = (self.end(fill.from.as_ref(), ty)?, self.end(fill.to.as_ref(), ty)?);
        let unit = if *ty == Type::Date { DAY_MS } else { SECOND_MS };
        let (step, months) = match &fill.step {
            None if ty.is_time() => (Const::Int(if descends { -unit } else { unit }), false),
            None => (Const::Int(if descends { -1 } else { 1 }), false),
            Some(ast) => self.step(ast, ty, unit)?,
        };
        let goes_down = match &step {
            Const::Int(step) => *step < 0,
            Const::Float(step) => *step < 0.0,
            _ => descends,
        };
        if goes_down != descends || step == Const::Int(0) || step == Const::Float(0.0) {
            return Err(refuse("The STEP of WITH FILL is below zero with DESC, and above zero without."));
        }
        Ok((from, to, step, months))
    }

    /// FROM or TO, as a value of the column.
    fn end(&mut self, ast: Option<&'q Ast>, ty: &Type) -> Result<Const> {
        let Some(ast) = ast else { return Ok(Const::Null) };
        let bound = self.expr(ast)?;
        match (bound.value, ty) {
            (Some(Const::Int(time_ms)), Type::Date) if bound.ty.is_time() => {
                Ok(Const::Int(Unit::Day.start_of(time_ms)))
            }
            (Some(Const::Int(time_ms)), Type::DateTime) if bound.ty.is_time() => {
                Ok(Const::Int(Unit::Second.start_of(time_ms)))
            }
            (Some(value @ Const::Int(_)), Type::DateTime64) if bound.ty.is_time() => Ok(value),
            (Some(value @ Const::Int(_)), Type::Int | Type::Float) if bound.ty == Type::Int => Ok(value),
            (Some(value @ Const::Float(_)), Type::Float) => Ok(value),
            (Some(_), _) => Err(refuse(format!(
                "FROM and TO of WITH FILL are of the type of the column, {}, not {}.",
                ty.name(),
                bound.ty.name()
            ))),
            (None, _) => Err(refuse("FROM and TO of WITH FILL must not depend on rows.")),
        }
    }

    /// STEP: an interval, or a number, which of days and moments counts those or seconds.
    fn step(&mut self, ast: &'q Ast, ty: &Type, unit: i64) -> Result<(Const, bool)> {
        let bound = self.expr(ast)?;
        let step = match (bound.value, &bound.ty) {
            (Some(Const::Int(step)), Type::Interval) if ty.is_time() => {
                if *ty == Type::Date && !bound.months && step % DAY_MS != 0 {
                    return Err(refuse("The STEP of a Date is in whole days."));
                }
                return Ok((Const::Int(step), bound.months));
            }
            (Some(Const::Int(step)), Type::Int) if ty.is_time() => Const::Int(step.saturating_mul(unit)),
            (Some(value @ Const::Int(_)), Type::Int) => value,
            (Some(value @ Const::Float(_)), Type::Float) if *ty == Type::Float => value,
            _ => {
                let detail =
                    format!("The STEP of WITH FILL does not fit a column of the type {}.", ty.name());
                return Err(refuse(detail));
            }
        };
        Ok((step, false))
    }
}

impl Binder<'_> {
    /// The rows of a query and those that fill it up, ordered and cut. `order` is SQL
    /// over the columns of the answer.
    pub(super) fn filled(&mut self, rows: Bound, fill: Fill, order: &str, limit: Limit) -> Result<Bound> {
        let (all, series, own) =
            (format!("w{}", self.number()), format!("x{}", self.number()), format!("r{}", self.number()));
        let column = |place: usize| format!("c{place}");
        let columns = (0..rows.outputs.len()).map(column).collect::<Vec<_>>().join(", ");
        let keys: String = fill.before.iter().map(|place| format!(", c{place}")).collect();
        let own_keys: String =
            fill.before.iter().map(|place| format!(", {own}.c{place} AS c{place}")).collect();
        let groups = if keys.is_empty() { String::new() } else { format!(" GROUP BY {}", &keys[2..]) };
        let [from, to, step] = [fill.from, fill.to, fill.step].map(|value| self.param(value));
        let (place, months) = (fill.place, u8::from(fill.months));
        let added = (0..rows.outputs.len()).map(|at| {
            if at == place || fill.before.contains(&at) {
                column(at)
            } else {
                format!("{} AS c{at}", rows.outputs[at].ty.default_sql())
            }
        });
        let added = added.collect::<Vec<_>>().join(", ");
        let ends =
            format!("(SELECT min(c{place}) AS low, max(c{place}) AS high{keys} FROM {all}{groups}) AS {own}");
        let points = format!(
            "json_each(ch_series({own}.low, {own}.high, {from}, {to}, {step}, {months})) AS {series}"
        );
        let sql = format!(
            "SELECT {columns} FROM (WITH {all} AS MATERIALIZED ({}) SELECT {columns} FROM {all} UNION ALL \
             SELECT {added} FROM (SELECT {series}.value AS c{place}{own_keys} FROM {ends} CROSS JOIN {points} \
             EXCEPT SELECT c{place}{keys} FROM {all})) ORDER BY {order}{}",
            rows.sql,
            limit.sql(self.facts.max_rows)
        );
        self.wrote(sql.len())?;
        Ok(Bound { sql, ..rows })
    }
}
