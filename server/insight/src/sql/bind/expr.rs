//! Expressions: names, literals, CASE, arrays, subqueries.

use sqlparser::ast::{
    Array, CaseWhen, CastKind, CeilFloorKind, DataType, Expr as Ast, Ident, Query, UnaryOperator, Value,
};

use super::from::{ambiguous, unknown};
use super::select::{Frame, has_aggregate};
use super::{mismatch, refuse, unsupported};
use crate::sql::plan::Const;
use crate::sql::types::Type;
use base::error::Result;

/// A bound expression.
#[derive(Clone, Debug)]
pub(super) struct Expr {
    pub sql: String,
    pub ty: Type,
    pub nullable: bool,
    /// Holds an aggregate.
    pub aggregate: bool,
    /// Reads a column outside of any aggregate, and not as GROUP BY has it.
    pub loose: bool,
    /// Known before the query runs.
    pub value: Option<Const>,
    /// The length of an interval in calendar months; else it is in milliseconds.
    pub months: bool,
}

impl Expr {
    pub fn column(sql: String, ty: Type) -> Self {
        Self { sql, ty, nullable: false, aggregate: false, loose: true, value: None, months: false }
    }

    /// Made of others: what they are, it is.
    pub fn of(parts: &[&Expr], sql: String, ty: Type) -> Self {
        Self {
            sql,
            ty,
            nullable: parts.iter().any(|part| part.nullable),
            aggregate: parts.iter().any(|part| part.aggregate),
            loose: parts.iter().any(|part| part.loose),
            value: None,
            months: false,
        }
    }

    /// An expression that may be answered with: intervals are not.
    pub fn finished(self) -> Result<Self> {
        if self.ty == Type::Interval {
            return Err(refuse("An interval cannot be selected, only added to a time."));
        }
        Ok(self)
    }
}

impl<'q> Frame<'_, 'q> {
    pub fn expr(&mut self, ast: &'q Ast) -> Result<Expr> {
        self.binder.step()?;
        let grain = self.grain;
        if !keeps_grain(ast) {
            self.grain = None;
        }
        let bound = self.any_expr(ast);
        self.grain = grain;
        let mut bound = bound?;
        self.binder.wrote(bound.sql.len())?;
        // An expression of GROUP BY is as good as an aggregate.
        if bound.loose && self.groups.contains(&bound.sql) {
            bound.loose = false;
        }
        Ok(bound)
    }

    fn any_expr(&mut self, ast: &'q Ast) -> Result<Expr> {
        match ast {
            Ast::Identifier(ident) => self.identifier(ident),
            Ast::CompoundIdentifier(parts) => self.qualified(parts),
            Ast::Nested(inner) => self.expr(inner),
            Ast::Value(value) => self.literal(&value.value),
            Ast::TypedString(typed) => {
                let text = typed.value.value.clone().into_string().unwrap_or_default();
                let text = self.text(&text);
                self.cast(text, &typed.data_type)
            }
            Ast::UnaryOp { op, expr } => {
                let bound = self.expr(expr)?;
                self.unary(*op, bound)
            }
            Ast::BinaryOp { left, op, right } => self.binary(left, op, right),
            Ast::Between { expr, negated, low, high } => self.between(expr, low, high, *negated),
            Ast::InList { expr, list, negated } => self.in_list(expr, list, *negated),
            Ast::InSubquery { expr, subquery, negated } => self.in_subquery(expr, subquery, *negated),
            Ast::Like { negated, any: false, expr, pattern, escape_char: None } => {
                self.like(expr, pattern, *negated, false)
            }
            Ast::ILike { negated, any: false, expr, pattern, escape_char: None } => {
                self.like(expr, pattern, *negated, true)
            }
            Ast::IsNull(inner) => self.is_null(inner, "IS NULL"),
            Ast::IsNotNull(inner) => self.is_null(inner, "IS NOT NULL"),
            Ast::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref())
            }
            Ast::Cast {
                kind: CastKind::Cast | CastKind::DoubleColon,
                expr,
                data_type,
                array: false,
                format: None,
            } => {
                let bound = self.expr(expr)?;
                self.cast(bound, data_type)
            }
            Ast::Array(Array { elem, .. }) => self.array(elem),
            Ast::Interval(interval) => self.interval(interval),
            Ast::Function(call) => self.call(call),
            Ast::Floor { expr, field } => self.rounding("floor", expr, field),
            Ast::Ceil { expr, field } => self.rounding("ceil", expr, field),
            Ast::Trim { trim_where: None, trim_what: None, expr, trim_characters: None } => {
                self.scalar("trim", &[expr])
            }
            Ast::Substring { expr, substring_from: Some(from), substring_for, .. } => {
                let mut args: Vec<&'q Ast> = vec![expr, from];
                args.extend(substring_for.as_deref());
                self.scalar("substring", &args)
            }
            Ast::Exists { subquery, negated } => self.exists(subquery, *negated),
            Ast::Subquery(query) => self.scalar_subquery(query),
            _ => Err(unsupported(&format!("'{}'", crop(&ast.to_string())))),
        }
    }

    fn identifier(&mut self, ident: &'q Ident) -> Result<Expr> {
        let name = ident.value.as_str();
        if let Some((_, bound)) = self.lambda.iter().rev().find(|(param, _)| *param == name) {
            return Ok(bound.clone());
        }
        if let Some(ast) = self.alias(name) {
            self.expanding.push(name);
            let bound = self.expr(ast);
            self.expanding.pop();
            return bound;
        }
        self.column(name)
    }

    /// The expression that a name stands for here, unless it is that of a column:
    /// within itself, and where an aggregate could not be.
    pub fn alias(&self, name: &str) -> Option<&'q Ast> {
        let ast = *self.aliases.get(name)?;
        let shadowed = self.expanding.contains(&name)
            || ((self.inside_aggregate || !self.aggregates) && has_aggregate(ast));
        (!shadowed).then_some(ast)
    }

    fn column(&mut self, name: &str) -> Result<Expr> {
        if let Some(merged) = self.merged.iter().find(|merged| merged.name == name) {
            return Ok(merged.expr.clone());
        }
        let mut found = None;
        for place in 0..self.relations.len() {
            if let Some(column) = self.column_of(place, name)? {
                if found.is_some() {
                    return Err(ambiguous(name));
                }
                found = Some(column);
            }
        }
        found.ok_or_else(|| unknown(name))
    }

    fn qualified(&mut self, parts: &'q [Ident]) -> Result<Expr> {
        let [table, name] = parts else { return Err(unsupported("A name of more than two parts")) };
        let place = self.relations.iter().position(|relation| relation.name.as_ref() == Some(&table.value));
        let place = place.ok_or_else(|| refuse(format!("There is no table '{}' in FROM.", table.value)))?;
        self.column_of(place, &name.value)?.ok_or_else(|| unknown(&name.value))
    }

    pub fn constant(&mut self, value: Const, ty: Type) -> Expr {
        Expr {
            nullable: value == Const::Null,
            sql: self.binder.param(value.clone()),
            ty,
            aggregate: false,
            loose: false,
            value: Some(value),
            months: false,
        }
    }

    pub fn text(&mut self, text: &str) -> Expr {
        self.constant(Const::Text(text.to_owned()), Type::Text)
    }

    fn literal(&mut self, value: &Value) -> Result<Expr> {
        Ok(match value {
            Value::Number(text, _) => self.number(text)?,
            Value::SingleQuotedString(text) => self.text(text),
            Value::Boolean(flag) => self.constant(Const::Int((*flag).into()), Type::Bool),
            Value::Null => self.constant(Const::Null, Type::Null),
            _ => return Err(unsupported("This kind of literal")),
        })
    }

    fn number(&mut self, text: &str) -> Result<Expr> {
        let text = text.replace('_', "");
        if let Ok(number) = text.parse::<i64>() {
            return Ok(self.constant(Const::Int(number), Type::Int));
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(self.constant(Const::Float(number), Type::Float)),
            _ => Err(refuse(format!("'{}' is no number.", crop(&text)))),
        }
    }

    fn unary(&mut self, op: UnaryOperator, bound: Expr) -> Result<Expr> {
        match op {
            UnaryOperator::Not => {
                let bound = self.truth(bound)?;
                Ok(Expr::of(&[&bound], format!("(NOT {})", bound.sql), Type::Int))
            }
            UnaryOperator::Plus if bound.ty.is_number() => Ok(bound),
            UnaryOperator::Minus => match (&bound.value, &bound.ty) {
                (Some(Const::Int(number)), Type::Interval) => {
                    let negative = self.constant(Const::Int(number.saturating_neg()), Type::Interval);
                    Ok(Expr { months: bound.months, ..negative })
                }
                (Some(Const::Int(number)), _) => {
                    Ok(self.constant(Const::Int(number.saturating_neg()), Type::Int))
                }
                (Some(Const::Float(number)), _) => Ok(self.constant(Const::Float(-number), Type::Float)),
                (_, ty) if ty.is_number() => {
                    let ty = if *ty == Type::Float { Type::Float } else { Type::Int };
                    Ok(Expr::of(&[&bound], format!("(-{})", bound.sql), ty))
                }
                (_, ty) => Err(refuse(format!("'-' needs a number, not {}.", ty.name()))),
            },
            _ => Err(unsupported("This operator")),
        }
    }

    /// A condition: any number or flag.
    pub fn truth(&mut self, bound: Expr) -> Result<Expr> {
        if bound.ty.is_number() || bound.ty == Type::Null {
            return Ok(bound);
        }
        Err(refuse(format!("A condition must be a number or a flag, not {}.", bound.ty.name())))
    }

    fn case(
        &mut self,
        operand: Option<&'q Ast>,
        conditions: &'q [CaseWhen],
        otherwise: Option<&'q Ast>,
    ) -> Result<Expr> {
        let mut parts = Vec::new();
        let mut sql = "(CASE".to_owned();
        let operand = operand.map(|operand| self.expr(operand)).transpose()?;
        for when in conditions {
            let condition = self.expr(&when.condition)?;
            let condition = match &operand {
                Some(operand) => {
                    let (left, right) = self.comparable(operand.clone(), condition)?;
                    Expr::of(&[&left, &right], format!("{} = {}", left.sql, right.sql), Type::Int)
                }
                None => self.truth(condition)?,
            };
            let result = self.expr(&when.result)?;
            sql.push_str(&format!(" WHEN {} THEN {}", condition.sql, result.sql));
            parts.push((condition, result));
        }
        let otherwise = match otherwise {
            Some(ast) => self.expr(ast)?,
            None => self.constant(Const::Null, Type::Null),
        };
        sql.push_str(&format!(" ELSE {} END)", otherwise.sql));
        let mut ty = otherwise.ty.clone();
        for (_, result) in &parts {
            ty = ty.common(&result.ty).ok_or_else(|| mismatch("CASE", &ty, &result.ty))?;
        }
        let all: Vec<&Expr> =
            parts.iter().flat_map(|(when, then)| [when, then]).chain([&otherwise]).collect();
        let nullable = otherwise.nullable || parts.iter().any(|(_, result)| result.nullable);
        Ok(Expr { nullable, ..Expr::of(&all, sql, ty) })
    }

    fn array(&mut self, elements: &'q [Ast]) -> Result<Expr> {
        let mut bound = Vec::new();
        let mut ty = Type::Null;
        for element in elements {
            let element = self.expr(element)?.finished()?;
            ty = ty.common(&element.ty).ok_or_else(|| mismatch("An array", &ty, &element.ty))?;
            bound.push(element);
        }
        let texts: Vec<String> = bound.iter().map(in_json).collect();
        let parts: Vec<&Expr> = bound.iter().collect();
        let sql = format!("json_array({})", texts.join(", "));
        Ok(Expr { nullable: false, ..Expr::of(&parts, sql, Type::array(ty)) })
    }

    fn cast(&mut self, bound: Expr, to: &DataType) -> Result<Expr> {
        let name = match to {
            DataType::String(_) => "tostring",
            DataType::Int32 => "toint32",
            DataType::Int64 => "toint64",
            DataType::Float64 => "tofloat64",
            DataType::Date => "todate",
            DataType::Datetime(_) | DataType::Timestamp(_, _) => "todatetime",
            DataType::Datetime64(_, _) => "todatetime64",
            _ => return Err(unsupported("This type in CAST")),
        };
        self.convert(name, bound)
    }

    fn rounding(&mut self, name: &str, expr: &'q Ast, field: &'q CeilFloorKind) -> Result<Expr> {
        let bound = self.expr(expr)?;
        let digits = match field {
            CeilFloorKind::DateTimeField(sqlparser::ast::DateTimeField::NoDateTime) => None,
            CeilFloorKind::Scale(value) => Some(self.literal(&value.value)?),
            CeilFloorKind::DateTimeField(_) => return Err(unsupported("A unit of time here")),
        };
        self.round(name, bound, digits)
    }

    fn exists(&mut self, query: &'q Query, negated: bool) -> Result<Expr> {
        let bound = self.binder.subquery(query)?;
        let not = if negated { "NOT " } else { "" };
        Ok(Expr { loose: false, ..Expr::column(format!("({not}EXISTS ({}))", bound.sql), Type::Int) })
    }

    fn scalar_subquery(&mut self, query: &'q Query) -> Result<Expr> {
        let bound = self.binder.subquery(query)?;
        let [output] = bound.outputs.as_slice() else {
            return Err(refuse("A subquery used as a value has one column."));
        };
        let ty = output.ty.clone();
        Ok(Expr { loose: false, nullable: true, ..Expr::column(format!("({})", bound.sql), ty) })
    }
}

/// An array or element as JSON functions take it.
pub(super) fn in_json(expr: &Expr) -> String {
    match expr.ty {
        Type::Array(_) => format!("json({})", expr.sql),
        _ => expr.sql.clone(),
    }
}

/// Whether truncating the whole is truncating the time inside: names and plain
/// conversions. Calls decide for themselves.
fn keeps_grain(ast: &Ast) -> bool {
    match ast {
        Ast::Identifier(_) | Ast::CompoundIdentifier(_) | Ast::Nested(_) | Ast::Function(_) => true,
        // Seconds from milliseconds: whole units of time stay whole.
        Ast::BinaryOp { op: sqlparser::ast::BinaryOperator::Divide, right, .. } => {
            matches!(&**right, Ast::Value(value) if matches!(&value.value, Value::Number(text, _) if text == "1000"))
        }
        _ => false,
    }
}

pub(super) fn crop(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// The name of a column without an alias: its text, spaces as they come.
pub(super) fn name_of(ast: &Ast) -> String {
    match ast {
        Ast::Identifier(ident) => ident.value.clone(),
        Ast::CompoundIdentifier(parts) => parts.last().map(|part| part.value.clone()).unwrap_or_default(),
        Ast::Nested(inner) => name_of(inner),
        Ast::Function(call) if call.to_string().eq_ignore_ascii_case("count(*)") => "count()".to_owned(),
        _ => ast.to_string(),
    }
}
