//! Comparing values of different types, and the check that no query asks for
//! events older than they are kept (docs/contract/v2.md#analytics-queries).

use sqlparser::ast::{Expr as Ast, FunctionArg, FunctionArgExpr, FunctionArguments};

use super::expr::{Expr, crop};
use super::operators::flipped;
use super::select::Frame;
use super::{mismatch, refuse};
use crate::sql::calendar::{self, Digits, Unit};
use crate::sql::functions;
use crate::sql::plan::Const;
use crate::sql::types::Type;
use base::clock::DAY_MS;
use base::error::{Code, Error, Result};

impl<'q> Frame<'_, 'q> {
    pub(super) fn compare(&mut self, left: &'q Ast, word: &'static str, right: &'q Ast) -> Result<Expr> {
        let (one, other) = (self.expr(left)?, self.expr(right)?);
        let (one, other) = self.comparable(one, other)?;
        if names_time(left) {
            self.check_retention(word, &other)?;
        } else if names_time(right) {
            self.check_retention(flipped(word), &one)?;
        }
        Ok(Expr::of(&[&one, &other], format!("({} {word} {})", one.sql, other.sql), Type::Int))
    }

    /// Brings two sides to types that compare: times are milliseconds inside, and
    /// a text next to a time or a number is read as one.
    pub(super) fn comparable(&mut self, one: Expr, other: Expr) -> Result<(Expr, Expr)> {
        match (&one.ty, &other.ty) {
            (Type::Text, ty) if *ty != Type::Text && *ty != Type::Null => {
                let ty = ty.clone();
                Ok((self.read_as(one, &ty)?, other))
            }
            (ty, Type::Text) if *ty != Type::Text && *ty != Type::Null => {
                let ty = ty.clone();
                Ok((one, self.read_as(other, &ty)?))
            }
            (a, b) => {
                let number = |ty: &Type| ty.is_number() || ty.is_time();
                let fit = a.common(b).is_some_and(|ty| ty != Type::Interval) || (number(a) && number(b));
                if fit { Ok((one, other)) } else { Err(mismatch("A comparison", a, b)) }
            }
        }
    }

    /// A text that is compared with a value of this type.
    fn read_as(&mut self, text: Expr, ty: &Type) -> Result<Expr> {
        let Some(Const::Text(text)) = &text.value else {
            return Err(mismatch("A comparison", ty, &Type::Text));
        };
        let (time, number) =
            (calendar::parse(text), text.parse::<f64>().ok().filter(|number| number.is_finite()));
        let flag = ["false", "true"].iter().position(|word| text.eq_ignore_ascii_case(word));
        let value = match ty {
            Type::Date | Type::DateTime | Type::DateTime64 => time.map(Const::Int),
            Type::Int => text.parse().ok().or(time).map(Const::Int).or(number.map(Const::Float)),
            Type::Float => number.map(Const::Float),
            Type::Bool => flag.map(|flag| Const::Int(i64::from(flag == 1))),
            _ => None,
        };
        let value = value.ok_or_else(|| refuse(format!("'{}' is no {}.", crop(text), ty.name())))?;
        Ok(self.constant(value, ty.clone()))
    }

    /// Lower bounds must lie within the time that events are kept. A bound on the
    /// first of those days may begin with the day.
    pub(super) fn check_retention(&self, word: &str, bound: &Expr) -> Result<()> {
        let facts = self.binder.facts;
        let (">" | ">=" | "=", Some(Const::Int(time_ms))) = (word, &bound.value) else { return Ok(()) };
        let oldest_ms = Unit::Day.start_of(facts.now_ms - facts.retention_days * DAY_MS);
        if *time_ms >= oldest_ms {
            return Ok(());
        }
        let date = |time_ms: i64| calendar::text(time_ms, Digits::Date);
        Err(Error::new(
            Code::QueryRetention,
            format!(
                "The query asks for events from {} on, but they are kept for {} days, from {} on.",
                date(*time_ms),
                facts.retention_days,
                date(oldest_ms)
            ),
        ))
    }
}

/// Whether an expression is the column `time`, perhaps converted or truncated.
pub(super) fn names_time(ast: &Ast) -> bool {
    match ast {
        Ast::Identifier(ident) => ident.value == "time",
        Ast::CompoundIdentifier(parts) => parts.last().is_some_and(|part| part.value == "time"),
        Ast::Nested(inner) => names_time(inner),
        Ast::Function(call) => match &call.args {
            FunctionArguments::List(list) => match list.args.as_slice() {
                [FunctionArg::Unnamed(FunctionArgExpr::Expr(only))] => {
                    keeps_time(&call.name.to_string().to_ascii_lowercase()) && names_time(only)
                }
                _ => false,
            },
            _ => false,
        },
        _ => false,
    }
}

/// Functions that leave a time what it is, but for its precision.
fn keeps_time(name: &str) -> bool {
    functions::truncation(name).is_some()
        || matches!(name, "todate" | "todatetime" | "todatetime64" | "fromunixtimestamp64milli")
}
