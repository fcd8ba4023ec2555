//! Aggregates, over events, over rows of spans, or over weighted groups of events.
//!
//! A group that stands for `n` events counts `n` times. Where that cannot be said
//! of an aggregate, the SELECT is read row by row instead.

use sqlparser::ast::{Expr as Ast, FunctionArg, FunctionArgExpr, FunctionArguments};

use super::call::Args;
use super::expr::Expr;
use super::from::Source;
use super::select::Frame;
use super::{refuse, unsupported};
use crate::sql::plan::Const;
use crate::sql::tables::{Column, Origin};
use crate::sql::types::Type;
use base::error::Result;

/// Elements that `groupArray` collects unless told otherwise.
const ALL: i64 = i64::MAX;

impl<'q> Frame<'_, 'q> {
    pub(super) fn aggregate(&mut self, name: &str, args: &Args<'q>) -> Result<Expr> {
        if self.inside_aggregate {
            return Err(refuse(format!("{name} cannot be called inside of another aggregate.")));
        }
        if !self.aggregates {
            return Err(refuse(format!("{name} cannot be called in WHERE, ON or GROUP BY; use HAVING.")));
        }
        let collects = matches!(name, "grouparray" | "groupuniqarray");
        if args.distinct && !(collects || matches!(name, "count" | "uniq" | "uniqexact")) {
            return Err(unsupported("DISTINCT in this aggregate"));
        }
        if !(args.params.is_empty() || collects || name == "quantile") {
            return Err(refuse(format!("{name} takes no parameters.")));
        }
        if args.star && name != "count" {
            return Err(refuse(format!("{name} does not take *.")));
        }
        // Truncating an aggregate is not truncating what it aggregates.
        self.grain = None;
        self.inside_aggregate = true;
        let bound = self.aggregate_of(name, args);
        self.inside_aggregate = false;
        let bound = bound?;
        Ok(Expr { aggregate: true, loose: false, value: None, months: false, ..bound })
    }

    fn aggregate_of(&mut self, name: &str, args: &Args<'q>) -> Result<Expr> {
        match (name, args.list.as_slice()) {
            ("count", []) => self.count(None),
            ("count", [_, ..]) if args.distinct => self.uniq(&args.list),
            ("count", [one]) => {
                let one = self.expr(one)?;
                let condition = one.nullable.then(|| format!("{} IS NOT NULL", one.sql));
                self.count(condition)
            }
            ("countif", [condition]) => {
                let condition = self.condition(condition)?;
                self.count(Some(condition))
            }
            ("sum", [one]) => self.sum(one, None),
            ("sumif", [one, condition]) => {
                let condition = self.condition(condition)?;
                self.sum(one, Some(condition))
            }
            ("avg", [one]) => self.avg(one),
            ("min" | "max", [one]) => self.extreme(name, one),
            ("any", [one]) => {
                let one = self.expr(one)?.finished()?;
                Ok(or_default(format!("ch_any({})", one.sql), &one))
            }
            ("uniq" | "uniqexact", [_, ..]) => self.uniq(&args.list),
            ("quantile", [one]) => self.quantile(one, &args.params),
            ("grouparray", [one]) if args.distinct => self.collect("groupuniqarray", one, &args.params),
            ("grouparray" | "groupuniqarray", [one]) => self.collect(name, one, &args.params),
            _ => Err(refuse(format!("{name} does not take {} arguments.", args.list.len()))),
        }
    }

    fn condition(&mut self, ast: &'q Ast) -> Result<String> {
        let bound = self.expr(ast)?;
        Ok(self.truth(bound)?.sql)
    }

    /// The weight of a row, where rows have one. Rows of spans that were merged
    /// cannot be counted any more.
    fn weight(&mut self) -> Result<Option<String>> {
        if !self.rolled {
            return Ok(None);
        }
        match &self.relations[0].source {
            Source::Table { scan, .. } if self.binder.scans[*scan].table.per.is_none() => {
                Ok(Some(format!("{}.n", self.relations[0].alias)))
            }
            _ => Err(self.refuse_roll()),
        }
    }

    fn count(&mut self, condition: Option<String>) -> Result<Expr> {
        let sql = match (self.weight()?, condition) {
            (None, None) => "count(*)".to_owned(),
            (None, Some(condition)) => format!("count(CASE WHEN {condition} THEN 1 END)"),
            (Some(n), None) => format!("ifnull(sum({n}), 0)"),
            (Some(n), Some(condition)) => {
                format!("ifnull(sum(CASE WHEN {condition} THEN {n} ELSE 0 END), 0)")
            }
        };
        Ok(Expr::column(sql, Type::Int))
    }

    fn sum(&mut self, ast: &'q Ast, condition: Option<String>) -> Result<Expr> {
        let (sql, ty) = match self.measure(ast) {
            Some(measure) => measure,
            None => {
                let bound = self.number_of(ast)?;
                match self.weight()? {
                    Some(n) => (format!("({} * {n})", bound.sql), bound.ty),
                    None => (bound.sql, bound.ty),
                }
            }
        };
        let zero = ty.default_sql();
        let sql = match condition {
            Some(condition) => format!("CASE WHEN {condition} THEN {sql} ELSE {zero} END"),
            None => sql,
        };
        Ok(Expr::column(format!("ifnull(sum({sql}), {zero})"), ty))
    }

    fn avg(&mut self, ast: &'q Ast) -> Result<Expr> {
        let sql = match self.weight()? {
            None => format!("avg({})", self.number_of(ast)?.sql),
            Some(n) => match self.measure(ast) {
                Some((sum, _)) => format!("(CAST(sum({sum}) AS REAL) / sum({n}))"),
                None => {
                    let one = self.number_of(ast)?.sql;
                    format!(
                        "(CAST(sum({one} * {n}) AS REAL) / sum(CASE WHEN {one} IS NOT NULL THEN {n} END))"
                    )
                }
            },
        };
        Ok(Expr { nullable: true, ..Expr::column(sql, Type::Float) })
    }

    fn extreme(&mut self, name: &str, ast: &'q Ast) -> Result<Expr> {
        if let Some((scan, ty)) = self.event_time(ast) {
            self.binder.scans[scan].sums.span = true;
            let end = if name == "min" { "first_ms" } else { "last_ms" };
            let sql = format!("ifnull({name}({}.{end}), 0)", self.relations[0].alias);
            return Ok(Expr::column(sql, ty));
        }
        let one = self.expr(ast)?.finished()?;
        Ok(or_default(format!("{name}({})", one.sql), &one))
    }

    fn uniq(&mut self, list: &[&'q Ast]) -> Result<Expr> {
        let bound = list.iter().map(|one| self.expr(one)).collect::<Result<Vec<_>>>()?;
        let texts: Vec<&str> = bound.iter().map(|one| one.sql.as_str()).collect();
        let one =
            if bound.len() == 1 { texts[0].to_owned() } else { format!("json_array({})", texts.join(", ")) };
        Ok(Expr::column(format!("count(DISTINCT {one})"), Type::Int))
    }

    fn quantile(&mut self, ast: &'q Ast, params: &[&'q Ast]) -> Result<Expr> {
        let level = match params {
            [] => 0.5,
            [level] => match self.expr(level)?.value {
                Some(Const::Float(level)) if (0.0..=1.0).contains(&level) => level,
                Some(Const::Int(level @ (0 | 1))) => level as f64,
                _ => return Err(refuse("The level of quantile is a number from 0 to 1.")),
            },
            _ => return Err(refuse("quantile takes one level.")),
        };
        self.inside_quantile = true;
        let one = self.number_of(ast);
        self.inside_quantile = false;
        let one = one?;
        let n = self.weight()?.unwrap_or_else(|| "1".to_owned());
        let level = self.constant(Const::Float(level), Type::Float).sql;
        let sql = format!("ch_quantile({}, {n}, {level})", one.sql);
        Ok(Expr { nullable: true, ..Expr::column(sql, Type::Float) })
    }

    fn collect(&mut self, name: &str, ast: &'q Ast, params: &[&'q Ast]) -> Result<Expr> {
        // Equal elements appear as often as they occur: that needs every one.
        if self.rolled && name == "grouparray" {
            return Err(self.refuse_roll());
        }
        let most = match params {
            [] => ALL,
            [most] => match self.expr(most)?.value {
                Some(Const::Int(most)) if most > 0 => most,
                _ => return Err(refuse(format!("The parameter of {name} is a number from 1 on."))),
            },
            _ => return Err(refuse(format!("{name} takes one parameter."))),
        };
        let one = self.expr(ast)?.finished()?;
        let nested = u8::from(matches!(one.ty, Type::Array(_)));
        let sql = format!("ifnull(ch_{name}({}, {nested}, {most}), '[]')", one.sql);
        Ok(Expr::column(sql, Type::array(one.ty)))
    }

    fn number_of(&mut self, ast: &'q Ast) -> Result<Expr> {
        let bound = self.expr(ast)?;
        match bound.ty {
            Type::Float => Ok(bound),
            Type::Int | Type::Bool | Type::Null => Ok(Expr { ty: Type::Int, ..bound }),
            ty => Err(refuse(format!("A number is needed here, not {}.", ty.name()))),
        }
    }

    /// The column that an expression is, if it is nothing else.
    pub(super) fn plain_column(&self, ast: &'q Ast) -> Option<(usize, Column)> {
        let of = |place: usize, name: &str| match &self.relations[place].source {
            Source::Table { scan, .. } => {
                self.binder.scans[*scan].table.column(name).map(|column| (place, column))
            }
            Source::Query { .. } => None,
        };
        match ast {
            Ast::Nested(inner) => self.plain_column(inner),
            Ast::Identifier(ident) => {
                let name = ident.value.as_str();
                let is_param = self.lambda.iter().any(|(param, _)| *param == name);
                if is_param || self.merged.iter().any(|merged| merged.name == name) {
                    return None;
                }
                match self.alias(name) {
                    Some(Ast::Identifier(alias)) if alias.value == name => {}
                    Some(_) => return None,
                    None => {}
                }
                let holds = |place: &usize| match &self.relations[*place].source {
                    Source::Table { .. } => of(*place, name).is_some(),
                    Source::Query { bound, .. } => bound.outputs.iter().any(|output| output.name == name),
                };
                let mut found = (0..self.relations.len()).filter(holds);
                match (found.next(), found.next()) {
                    (Some(place), None) => of(place, name),
                    _ => None,
                }
            }
            Ast::CompoundIdentifier(parts) => {
                let [table, name] = parts.as_slice() else { return None };
                let own = |relation: &super::from::Relation| relation.name.as_ref() == Some(&table.value);
                of(self.relations.iter().position(own)?, &name.value)
            }
            _ => None,
        }
    }

    /// A column that groups carry the sum of, as SQL to sum up further.
    fn measure(&mut self, ast: &'q Ast) -> Option<(String, Type)> {
        let (place, column) = self.plain_column(ast).filter(|_| self.rolled)?;
        let alias = self.relations[place].alias.clone();
        let Source::Table { scan, .. } = &self.relations[place].source else { return None };
        let scan = &mut self.binder.scans[*scan];
        let origin = scan.table.origin_of(column);
        let (sql, ty) = match column {
            Column::Count | Column::Total => (format!("{alias}.n"), Type::Int),
            Column::SpentCredits | Column::Tokens | Column::TotalTokens => {
                (format!("{alias}.cost"), Type::Int)
            }
            Column::Latency => (format!("({alias}.latency_us / 1000.0)"), Type::Float),
            Column::Passed if origin == Origin::Measure => {
                (format!("({alias}.n * {alias}.c_passed)"), Type::Int)
            }
            Column::PassedTokens => (format!("({alias}.cost * {alias}.c_passed)"), Type::Int),
            _ => return None,
        };
        match column {
            Column::SpentCredits | Column::Tokens | Column::TotalTokens => scan.sums.cost = true,
            Column::Latency => scan.sums.latency = true,
            Column::Passed => {
                scan.columns.insert(Column::Passed);
            }
            Column::PassedTokens => {
                scan.sums.cost = true;
                scan.columns.insert(Column::Passed);
            }
            _ => {}
        }
        Some((sql, ty))
    }

    /// The moment of single events, whose first and last groups know.
    fn event_time(&self, ast: &'q Ast) -> Option<(usize, Type)> {
        if !self.rolled {
            return None;
        }
        let (inner, ty) = match ast {
            Ast::Function(call) if call.name.to_string().eq_ignore_ascii_case("fromUnixTimestamp64Milli") => {
                let FunctionArguments::List(list) = &call.args else { return None };
                match list.args.as_slice() {
                    [FunctionArg::Unnamed(FunctionArgExpr::Expr(only))] => (only, Type::DateTime64),
                    _ => return None,
                }
            }
            ast => (ast, Type::Int),
        };
        let (place, column) = self.plain_column(inner)?;
        let Source::Table { scan, .. } = &self.relations[place].source else { return None };
        (column == Column::Time && self.binder.scans[*scan].table.per.is_none()).then_some((*scan, ty))
    }
}

/// Aggregates of nothing are the default of their type, not NULL.
fn or_default(sql: String, of: &Expr) -> Expr {
    let nullable = of.nullable || of.ty == Type::Null;
    let sql = if nullable { sql } else { format!("ifnull({sql}, {})", of.ty.default_sql()) };
    Expr { nullable, ..Expr::column(sql, of.ty.clone()) }
}
