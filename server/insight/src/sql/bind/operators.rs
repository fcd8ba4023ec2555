//! Operators between expressions: arithmetic, logic, patterns, membership.

use sqlparser::ast::{BinaryOperator as Op, Expr as Ast, Query};

use super::expr::Expr;
use super::select::Frame;
use super::{mismatch, refuse, unsupported};
use crate::sql::plan::Const;
use crate::sql::types::Type;
use base::error::Result;

impl<'q> Frame<'_, 'q> {
    pub(super) fn binary(&mut self, left: &'q Ast, op: &'q Op, right: &'q Ast) -> Result<Expr> {
        if let Some(word) = comparison(op) {
            return self.compare(left, word, right);
        }
        let (one, other) = (self.expr(left)?, self.expr(right)?);
        match op {
            Op::And | Op::Or => {
                let (one, other) = (self.truth(one)?, self.truth(other)?);
                let word = if *op == Op::And { "AND" } else { "OR" };
                Ok(Expr::of(&[&one, &other], format!("({} {word} {})", one.sql, other.sql), Type::Int))
            }
            Op::Xor => {
                let (one, other) = (self.truth(one)?, self.truth(other)?);
                Ok(Expr::of(
                    &[&one, &other],
                    format!("(({}) <> ({}))", not_not(&one), not_not(&other)),
                    Type::Int,
                ))
            }
            Op::StringConcat => self.join_texts(vec![one, other]),
            Op::Plus | Op::Minus if one.ty.is_time() || other.ty.is_time() || other.ty == Type::Interval => {
                self.shift(one, *op == Op::Minus, other)
            }
            Op::Plus | Op::Minus | Op::Multiply | Op::Divide | Op::Modulo => self.arithmetic(one, op, other),
            _ => Err(unsupported(&format!("The operator {op}"))),
        }
    }

    fn arithmetic(&mut self, one: Expr, op: &Op, other: Expr) -> Result<Expr> {
        let fits = |expr: &Expr| expr.ty.is_number() || expr.ty == Type::Null;
        if !fits(&one) || !fits(&other) {
            return Err(mismatch(&format!("'{op}'"), &one.ty, &other.ty));
        }
        if let (Some(Const::Int(a)), Some(Const::Int(b))) = (&one.value, &other.value) {
            let known = match op {
                Op::Plus => a.checked_add(*b),
                Op::Minus => a.checked_sub(*b),
                Op::Multiply => a.checked_mul(*b),
                _ => None,
            };
            if let Some(known) = known {
                return Ok(self.constant(Const::Int(known), Type::Int));
            }
        }
        let is_float = one.ty == Type::Float || other.ty == Type::Float;
        let (sql, ty) = match op {
            // Division never truncates; by zero it has no value that JSON knows.
            Op::Divide => (format!("(CAST({} AS REAL) / {})", one.sql, other.sql), Type::Float),
            Op::Modulo if is_float => (format!("ch_mod({}, {})", one.sql, other.sql), Type::Float),
            op => {
                (format!("({} {op} {})", one.sql, other.sql), if is_float { Type::Float } else { Type::Int })
            }
        };
        let nullable = matches!(op, Op::Divide | Op::Modulo) || one.nullable || other.nullable;
        Ok(Expr { nullable, ..Expr::of(&[&one, &other], sql, ty) })
    }

    pub(super) fn join_texts(&mut self, parts: Vec<Expr>) -> Result<Expr> {
        let parts =
            parts.into_iter().map(|part| self.convert("tostring", part)).collect::<Result<Vec<_>>>()?;
        let texts: Vec<&str> = parts.iter().map(|part| part.sql.as_str()).collect();
        let all: Vec<&Expr> = parts.iter().collect();
        Ok(Expr::of(&all, format!("({})", texts.join(" || ")), Type::Text))
    }

    pub(super) fn like(
        &mut self,
        expr: &'q Ast,
        pattern: &'q Ast,
        negated: bool,
        fold: bool,
    ) -> Result<Expr> {
        let (text, pattern) = (self.expr(expr)?, self.expr(pattern)?);
        if text.ty != Type::Text || pattern.ty != Type::Text {
            return Err(mismatch("LIKE", &text.ty, &pattern.ty));
        }
        let not = if negated { "NOT " } else { "" };
        let sql = format!("({not}ch_like({}, {}, {}))", text.sql, pattern.sql, u8::from(fold));
        Ok(Expr::of(&[&text, &pattern], sql, Type::Int))
    }

    pub(super) fn between(
        &mut self,
        expr: &'q Ast,
        low: &'q Ast,
        high: &'q Ast,
        negated: bool,
    ) -> Result<Expr> {
        let (from, to) = (self.compare(expr, ">=", low)?, self.compare(expr, "<=", high)?);
        let not = if negated { "NOT " } else { "" };
        Ok(Expr::of(&[&from, &to], format!("({not}({} AND {}))", from.sql, to.sql), Type::Int))
    }

    pub(super) fn in_list(&mut self, expr: &'q Ast, list: &'q [Ast], negated: bool) -> Result<Expr> {
        let mut one = self.expr(expr)?;
        let mut parts = Vec::new();
        for member in list {
            let member = self.expr(member)?;
            if member.value.is_none() {
                return Err(refuse("The right side of IN must be a list of values."));
            }
            let (left, member) = self.comparable(one, member)?;
            one = left;
            parts.push(member);
        }
        let texts: Vec<&str> = parts.iter().map(|part| part.sql.as_str()).collect();
        let not = if negated { "NOT " } else { "" };
        let sql = format!("({} {not}IN ({}))", one.sql, texts.join(", "));
        Ok(Expr { nullable: one.nullable, ..Expr::of(&[&one], sql, Type::Int) })
    }

    pub(super) fn in_subquery(&mut self, expr: &'q Ast, query: &'q Query, negated: bool) -> Result<Expr> {
        let one = self.expr(expr)?;
        let bound = self.binder.subquery(query)?;
        let [output] = bound.outputs.as_slice() else {
            return Err(refuse("A subquery after IN has one column."));
        };
        if one.ty.common(&output.ty).is_none() {
            return Err(mismatch("IN", &one.ty, &output.ty));
        }
        let not = if negated { "NOT " } else { "" };
        Ok(Expr::of(&[&one], format!("({} {not}IN ({}))", one.sql, bound.sql), Type::Int))
    }

    pub(super) fn is_null(&mut self, inner: &'q Ast, word: &str) -> Result<Expr> {
        let bound = self.expr(inner)?;
        Ok(Expr { nullable: false, ..Expr::of(&[&bound], format!("({} {word})", bound.sql), Type::Int) })
    }
}

fn not_not(expr: &Expr) -> String {
    format!("NOT NOT {}", expr.sql)
}

pub(super) fn comparison(op: &Op) -> Option<&'static str> {
    Some(match op {
        Op::Eq => "=",
        Op::NotEq => "<>",
        Op::Lt => "<",
        Op::LtEq => "<=",
        Op::Gt => ">",
        Op::GtEq => ">=",
        _ => return None,
    })
}

/// The same comparison with its sides exchanged.
pub(super) fn flipped(word: &'static str) -> &'static str {
    match word {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        same => same,
    }
}
