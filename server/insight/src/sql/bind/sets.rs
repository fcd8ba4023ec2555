//! UNION, EXCEPT and INTERSECT, and ordering what has only names of columns.

use sqlparser::ast::{Expr as Ast, OrderBy, OrderByKind, SetExpr, SetOperator, SetQuantifier, Value};

use super::select::Frame;
use super::{Binder, Bound, Limit, mismatch, refuse, unsupported};
use crate::sql::plan::Output;
use crate::sql::types::Type;
use base::error::Result;

impl<'q> Binder<'q> {
    pub(super) fn set_operation(
        &mut self,
        op: SetOperator,
        quantifier: SetQuantifier,
        left: &'q SetExpr,
        right: &'q SetExpr,
    ) -> Result<Bound> {
        self.step()?;
        let word = match (op, quantifier) {
            (SetOperator::Union, SetQuantifier::All) => "UNION ALL",
            (SetOperator::Union, SetQuantifier::Distinct | SetQuantifier::None) => "UNION",
            (SetOperator::Except, SetQuantifier::Distinct | SetQuantifier::None) => "EXCEPT",
            (SetOperator::Intersect, SetQuantifier::Distinct | SetQuantifier::None) => "INTERSECT",
            _ => return Err(unsupported("This form of UNION, EXCEPT or INTERSECT")),
        };
        let left = self.body(left, None, Limit::default())?;
        let right = self.body(right, None, Limit::default())?;
        if left.outputs.len() != right.outputs.len() {
            return Err(refuse(format!("{word} needs the same number of columns on both sides.")));
        }
        let mut outputs = Vec::with_capacity(left.outputs.len());
        for (one, other) in left.outputs.iter().zip(&right.outputs) {
            let ty = one.ty.common(&other.ty).ok_or_else(|| mismatch(word, &one.ty, &other.ty))?;
            outputs.push(Output { name: one.name.clone(), ty });
        }
        let nullable = left.nullable.iter().zip(&right.nullable).map(|(a, b)| *a || *b).collect();
        let columns = columns(outputs.len());
        let sql =
            format!("SELECT {columns} FROM ({}) {word} SELECT {columns} FROM ({})", left.sql, right.sql);
        Ok(Bound { sql, outputs, nullable })
    }

    /// Orders and cuts a query by its columns, named or counted.
    pub(super) fn ordered(
        &mut self,
        bound: Bound,
        order_by: Option<&'q OrderBy>,
        limit: Limit,
    ) -> Result<Bound> {
        let (mut order, mut fill) = (Vec::new(), None);
        if let Some(order_by) = order_by {
            let (OrderByKind::Expressions(keys), None) = (&order_by.kind, &order_by.interpolate) else {
                return Err(unsupported("ORDER BY ALL and INTERPOLATE"));
            };
            let mut places = Vec::with_capacity(keys.len());
            for key in keys {
                self.step()?;
                let place = place_of(&key.expr, &bound.outputs)
                    .ok_or_else(|| refuse("Here ORDER BY takes names or numbers of columns."))?;
                order.push(format!("c{place}{}", direction(key)));
                places.push(Some(place));
            }
            let types: Vec<&Type> = bound.outputs.iter().map(|output| &output.ty).collect();
            fill = Frame::new(self, false).fill(keys, &places, &types)?;
        }
        let order = order.join(", ");
        let cut = if fill.is_some() { Limit::default() } else { limit };
        let ordered = if order.is_empty() { String::new() } else { format!(" ORDER BY {order}") };
        let sql = format!(
            "SELECT {} FROM ({}){ordered}{}",
            columns(bound.outputs.len()),
            bound.sql,
            cut.sql(self.facts.max_rows)
        );
        let bound = Bound { sql, ..bound };
        match fill {
            Some(fill) => self.filled(bound, fill, &order, limit),
            None => Ok(bound),
        }
    }
}

fn columns(count: usize) -> String {
    (0..count).map(|place| format!("c{place}")).collect::<Vec<_>>().join(", ")
}

fn place_of(ast: &Ast, outputs: &[Output]) -> Option<usize> {
    match ast {
        Ast::Identifier(ident) => outputs.iter().position(|output| output.name == ident.value),
        Ast::Value(value) => match &value.value {
            Value::Number(text, _) => {
                text.parse::<usize>().ok()?.checked_sub(1).filter(|place| *place < outputs.len())
            }
            _ => None,
        },
        _ => None,
    }
}

/// Missing values come last in either direction unless told otherwise.
pub(super) fn direction(key: &sqlparser::ast::OrderByExpr) -> String {
    let way = if key.options.asc == Some(false) { " DESC" } else { " ASC" };
    let nulls = if key.options.nulls_first == Some(true) { " NULLS FIRST" } else { " NULLS LAST" };
    format!("{way}{nulls}")
}
