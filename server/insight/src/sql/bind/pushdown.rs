//! Conditions that are applied while rows are made, instead of afterwards: bounds
//! of time, and values of the columns that the index can look up.
//!
//! A condition is pushed down whole or stays where it is; what is pushed down is
//! not asked again.

use sqlparser::ast::{BinaryOperator as Op, Expr as Ast, UnaryOperator};

use super::compare::names_time;
use super::expr::Expr;
use super::from::Source;
use super::operators::{comparison, flipped};
use super::select::Frame;
use crate::sql::calendar::{self, Unit};
use crate::sql::plan::{Const, Scan};
use crate::sql::tables::Column;
use crate::sql::types::Type;
use base::error::Result;

/// Times further away are as good as this one.
const FAR_MS: i64 = 1 << 53;

impl<'q> Frame<'_, 'q> {
    /// Pushes down what can be, and keeps the SQL of the rest.
    pub(super) fn filter(&mut self, condition: &'q Ast, residual: &mut Vec<String>) -> Result<()> {
        // A chain of ANDs is as deep as it is long.
        let mut open = vec![condition];
        while let Some(condition) = open.pop() {
            self.binder.step()?;
            match condition {
                Ast::Nested(inner) => open.push(inner),
                Ast::BinaryOp { left, op: Op::And, right } => open.extend([&**right, &**left]),
                Ast::Between { expr, negated: false, low, high } if self.target(expr).is_some() => {
                    for (word, bound) in [(">=", &**low), ("<=", &**high)] {
                        if !self.push_comparison(expr, word, bound)? {
                            let rest = self.compare(expr, word, bound)?;
                            residual.push(rest.sql);
                        }
                    }
                }
                condition => {
                    if !self.push(condition)? {
                        let rest = self.expr(condition)?;
                        residual.push(self.truth(rest)?.sql);
                    }
                }
            }
        }
        Ok(())
    }

    fn push(&mut self, condition: &'q Ast) -> Result<bool> {
        match condition {
            Ast::BinaryOp { left, op, right } => {
                let Some(word) = comparison(op) else { return Ok(false) };
                if self.target(left).is_some() {
                    return self.push_comparison(left, word, right);
                }
                if self.target(right).is_some() {
                    return self.push_comparison(right, flipped(word), left);
                }
                Ok(false)
            }
            Ast::InList { expr, list, negated: false } => {
                let Some(target) = self.target(expr) else { return Ok(false) };
                let mut values = Vec::new();
                for member in list {
                    match self.expr(member)?.value {
                        Some(Const::Text(text)) => values.push(text),
                        _ => return Ok(false),
                    }
                }
                Ok(self.push_values(target, values))
            }
            Ast::UnaryOp { op: UnaryOperator::Not, expr } => Ok(self.push_flag(expr, false)),
            Ast::Function(call) if call.name.to_string().eq_ignore_ascii_case("has") => {
                self.push_has(condition)
            }
            condition => Ok(self.push_flag(condition, true)),
        }
    }

    /// A column whose conditions can be pushed down: every row of its table that
    /// fails them is gone for good.
    fn target(&self, ast: &'q Ast) -> Option<(usize, Column)> {
        let inner = match ast {
            Ast::Function(_) if names_time(ast) => only_argument(ast, "fromUnixTimestamp64Milli")?,
            ast => ast,
        };
        let (place, column) = self.plain_column(inner)?;
        let relation = &self.relations[place];
        let Source::Table { scan, .. } = &relation.source else { return None };
        (!relation.optional).then_some((*scan, column))
    }

    fn push_comparison(&mut self, column: &'q Ast, word: &'static str, other: &'q Ast) -> Result<bool> {
        let Some((scan, column_name)) = self.target(column) else { return Ok(false) };
        let mut bound = self.expr(other)?;
        if bound.value.is_none() {
            return Ok(false);
        }
        let is_conversion = matches!(column, Ast::Function(_));
        let ty =
            if is_conversion { Type::DateTime64 } else { self.binder.scans[scan].table.type_of(column_name) };
        bound = self.comparable(Expr::column(String::new(), ty), bound)?.1;
        let value = bound.value.clone();
        match (column_name, value) {
            (Column::Time, Some(value)) => {
                self.check_retention(word, &bound)?;
                let Some((word, time_ms)) = whole_bound(word, &value) else { return Ok(false) };
                narrow_time(&mut self.binder.scans[scan], word, time_ms);
                Ok(true)
            }
            (Column::Passed, Some(Const::Int(flag @ (0 | 1)))) if word == "=" => {
                Ok(self.push_passed(scan, flag == 1))
            }
            (_, Some(Const::Text(text))) if word == "=" => {
                Ok(self.push_values((scan, column_name), vec![text]))
            }
            _ => Ok(false),
        }
    }

    fn push_flag(&mut self, ast: &'q Ast, wanted: bool) -> bool {
        match self.target(ast) {
            Some((scan, Column::Passed)) => self.push_passed(scan, wanted),
            _ => false,
        }
    }

    fn push_passed(&mut self, scan: usize, wanted: bool) -> bool {
        let scan = &mut self.binder.scans[scan];
        if scan.table.per.is_some() {
            return false;
        }
        let outcome = if wanted { "passed" } else { "denied" };
        narrow(&mut scan.filter.outcomes, vec![outcome.to_owned()], &mut scan.never);
        true
    }

    fn push_has(&mut self, call: &'q Ast) -> Result<bool> {
        let Some([array, element]) = arguments(call) else { return Ok(false) };
        let Some((scan, Column::Tags)) = self.target(array) else { return Ok(false) };
        let Some(Const::Text(tag)) = self.expr(element)?.value else { return Ok(false) };
        let scan = &mut self.binder.scans[scan];
        // The index finds any of several tags; all of them it does not.
        if !scan.filter.tags.is_empty() {
            return Ok(false);
        }
        scan.filter.tags.push(tag);
        Ok(true)
    }

    /// One of several texts. Empty ones stand for what an event lacks, and cannot
    /// be looked up.
    fn push_values(&mut self, (scan, column): (usize, Column), values: Vec<String>) -> bool {
        if values.iter().any(String::is_empty) {
            return false;
        }
        let keyspaces = &self.binder.facts.scope.keyspaces;
        let scan = &mut self.binder.scans[scan];
        let (list, values) = match column {
            Column::KeySpaceId => {
                let apis = keyspaces.iter().filter(|(_, keyspace)| values.contains(keyspace));
                let apis: Vec<String> = apis.map(|(api, _)| api.clone()).collect();
                // A keyspace that is gone from our tables is still on its events.
                if apis.len() < values.len() {
                    return false;
                }
                (&mut scan.filter.apis, apis)
            }
            Column::IdentityId => (&mut scan.filter.identities, values),
            Column::ExternalId => (&mut scan.filter.external_ids, values),
            Column::KeyId => (&mut scan.filter.keys, values),
            Column::Outcome => (&mut scan.filter.outcomes, values),
            Column::NamespaceId => (&mut scan.filter.namespaces, values),
            Column::Identifier => (&mut scan.filter.identifiers, values),
            Column::RequestId => (&mut scan.filter.request_ids, values),
            _ => return false,
        };
        narrow(list, values, &mut scan.never);
        true
    }
}

/// Keeps what is in both lists; an empty list is no condition.
pub(in crate::sql) fn narrow(list: &mut Vec<String>, values: Vec<String>, never: &mut bool) {
    if list.is_empty() {
        *list = values;
        *never |= list.is_empty();
        return;
    }
    list.retain(|known| values.contains(known));
    *never |= list.is_empty();
}

/// A bound as whole milliseconds.
fn whole_bound(word: &'static str, value: &Const) -> Option<(&'static str, i64)> {
    match value {
        Const::Int(time_ms) => Some((word, *time_ms)),
        Const::Float(time_ms) if time_ms.fract() == 0.0 => Some((word, *time_ms as i64)),
        _ => None,
    }
    .filter(|(word, _)| *word != "<>")
}

/// Rows of spans are compared by their start; events by their moment.
fn narrow_time(scan: &mut Scan, word: &str, time_ms: i64) {
    let time_ms = time_ms.clamp(-FAR_MS, FAR_MS);
    let per = scan.table.per;
    let from = |time_ms: i64| match per {
        None => time_ms,
        Some(unit) if unit.start_of(time_ms) == time_ms => time_ms,
        Some(unit) => next(unit, time_ms),
    };
    match word {
        ">=" => scan.start_ms = scan.start_ms.max(from(time_ms)),
        ">" => scan.start_ms = scan.start_ms.max(from(time_ms + 1)),
        "<" => scan.end_ms = scan.end_ms.min(from(time_ms)),
        "<=" => scan.end_ms = scan.end_ms.min(from(time_ms + 1)),
        _ => {
            scan.start_ms = scan.start_ms.max(from(time_ms));
            scan.end_ms = scan.end_ms.min(from(time_ms + 1));
        }
    }
}

/// When the span after the one that holds a moment begins.
fn next(unit: Unit, time_ms: i64) -> i64 {
    let start = unit.start_of(time_ms);
    match unit.length_ms() {
        Some(length_ms) => start + length_ms,
        None => calendar::add_months(start, 1).unwrap_or(FAR_MS),
    }
}

fn arguments(ast: &Ast) -> Option<[&Ast; 2]> {
    use sqlparser::ast::{FunctionArg::Unnamed, FunctionArgExpr::Expr, FunctionArguments::List};
    let Ast::Function(call) = ast else { return None };
    let List(list) = &call.args else { return None };
    match list.args.as_slice() {
        [Unnamed(Expr(one)), Unnamed(Expr(other))] => Some([one, other]),
        _ => None,
    }
}

fn only_argument<'a>(ast: &'a Ast, name: &str) -> Option<&'a Ast> {
    use sqlparser::ast::{FunctionArg::Unnamed, FunctionArgExpr::Expr, FunctionArguments::List};
    let Ast::Function(call) = ast else { return None };
    let List(list) = &call.args else { return None };
    match list.args.as_slice() {
        [Unnamed(Expr(only))] if call.name.to_string().eq_ignore_ascii_case(name) => Some(only),
        _ => None,
    }
}
