//! One SELECT: what it reads, keeps, groups and answers with.

use std::collections::HashMap;
use std::ops::ControlFlow;

use sqlparser::ast::{
    Distinct, Expr as Ast, GroupByExpr, OrderBy, OrderByExpr, OrderByKind, Query, Select, SelectFlavor,
    SelectItem, SelectItemQualifiedWildcardKind, TableFactor, Value, Visit, Visitor,
    WildcardAdditionalOptions,
};

use super::expr::{Expr, name_of};
use super::fill::Fill;
use super::from::{Merged, Relation, Source};
use super::sets::direction;
use super::{Binder, Bound, Limit, refuse, unsupported};
use crate::sql::calendar::Unit;
use crate::sql::functions;
use crate::sql::plan::{Output, Shape, Top};
use crate::sql::tables::Column;
use crate::sql::types::Type;
use base::error::{Error, Result};

/// The SELECT being bound.
pub(super) struct Frame<'b, 'q> {
    pub binder: &'b mut Binder<'q>,
    pub relations: Vec<Relation>,
    pub merged: Vec<Merged>,
    /// Names that the SELECT gives to its expressions; they count everywhere in it.
    pub aliases: HashMap<&'q str, &'q Ast>,
    /// Aliases being read: inside of its own expression a name is the column.
    pub expanding: Vec<&'q str>,
    /// Parameters of the lambdas around.
    pub lambda: Vec<(&'q str, Expr)>,
    /// SQL of the expressions of GROUP BY.
    pub groups: Vec<String>,
    /// Arrays that `arrayJoin` made rows of: our name, and the SQL of the array.
    pub exploded: Vec<(String, String)>,
    /// Whether aggregates may be called here.
    pub aggregates: bool,
    pub inside_aggregate: bool,
    /// Where a latency need not be exact.
    pub inside_quantile: bool,
    /// What the time of an event is truncated to by the call around it.
    pub grain: Option<Unit>,
    /// Whether rows stand for all events that this SELECT cannot tell apart.
    pub rolled: bool,
    pub roll_refused: bool,
}

/// Whether a SELECT is worth reading as one over groups of events: it aggregates
/// one table of the contract.
pub(super) fn may_roll(select: &Select) -> bool {
    let [from] = select.from.as_slice() else { return false };
    let is_table = matches!(from.relation, TableFactor::Table { .. }) && from.joins.is_empty();
    let grouped = matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if !keys.is_empty());
    let expressions = select.projection.iter().filter_map(|item| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    });
    is_table && (grouped || select.distinct.is_some() || expressions.into_iter().any(has_aggregate))
}

/// Whether an expression calls an aggregate; what its subqueries call is theirs.
pub(super) fn has_aggregate(expr: &Ast) -> bool {
    #[derive(Default)]
    struct Search {
        subqueries: usize,
    }
    impl Visitor for Search {
        type Break = ();

        fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            self.subqueries += 1;
            ControlFlow::Continue(())
        }

        fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            self.subqueries -= 1;
            ControlFlow::Continue(())
        }

        fn pre_visit_expr(&mut self, expr: &Ast) -> ControlFlow<()> {
            let Ast::Function(call) = expr else { return ControlFlow::Continue(()) };
            let own = self.subqueries == 0;
            if own && functions::is_aggregate(&call.name.to_string().to_ascii_lowercase()) {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        }
    }
    expr.visit(&mut Search::default()).is_break()
}

/// What the SELECT list came to.
struct Projected {
    name: String,
    expr: Expr,
}

impl<'b, 'q> Frame<'b, 'q> {
    pub fn new(binder: &'b mut Binder<'q>, rolled: bool) -> Self {
        Self {
            binder,
            relations: Vec::new(),
            merged: Vec::new(),
            aliases: HashMap::new(),
            expanding: Vec::new(),
            lambda: Vec::new(),
            groups: Vec::new(),
            exploded: Vec::new(),
            aggregates: false,
            inside_aggregate: false,
            inside_quantile: false,
            grain: None,
            rolled,
            roll_refused: false,
        }
    }

    /// The rows cannot be groups of events: this SELECT tells events apart. The
    /// error is never shown; the SELECT is read again, row by row.
    pub fn refuse_roll(&mut self) -> Error {
        self.roll_refused = true;
        refuse("The query needs single events.")
    }

    pub fn bind(&mut self, select: &'q Select, order_by: Option<&'q OrderBy>, limit: Limit) -> Result<Bound> {
        check_clauses(select)?;
        self.binder.step()?;
        self.from(&select.from)?;
        for item in &select.projection {
            if let SelectItem::ExprWithAlias { expr, alias } = item
                && self.aliases.insert(alias.value.as_str(), expr).is_some_and(|known| known != expr)
            {
                return Err(refuse(format!("'{}' names two different expressions.", alias.value)));
            }
        }
        if self.rolled && !matches!(self.relations[0].source, Source::Table { .. }) {
            return Err(self.refuse_roll());
        }
        let mut residual = Vec::new();
        for condition in [&select.prewhere, &select.selection].into_iter().flatten() {
            self.filter(condition, &mut residual)?;
        }
        self.group_by(&select.group_by, &select.projection)?;
        self.aggregates = true;
        let mut projected = Vec::new();
        for item in &select.projection {
            self.project(item, &mut projected)?;
        }
        let having = match &select.having {
            Some(condition) => {
                let bound = self.expr(condition)?;
                Some(self.truth(bound)?)
            }
            None => None,
        };
        let order = self.order_by(order_by, &projected)?;
        let distinct = matches!(select.distinct, Some(Distinct::Distinct));
        let used =
            projected.iter().map(|one| &one.expr).chain(&having).chain(order.iter().map(|(key, _)| key));
        let aggregated = !self.groups.is_empty() || used.clone().any(|expr| expr.aggregate);
        if aggregated && used.clone().any(|expr| expr.loose) {
            return Err(refuse("A column that is neither aggregated nor in GROUP BY cannot be selected."));
        }
        if having.is_some() && !aggregated {
            return Err(refuse("HAVING needs an aggregate or GROUP BY."));
        }
        if self.rolled && !aggregated && !distinct {
            return Err(self.refuse_roll());
        }
        let fill = self.fill_of(order_by, &projected, &order)?;
        // What fills up comes before the cut.
        let cut = if fill.is_some() { Limit::default() } else { limit };
        if !aggregated && !distinct && residual.is_empty() {
            self.top(&order, cut);
        }
        let order: Vec<String> = order.into_iter().map(|(key, way)| format!("{}{way}", key.sql)).collect();
        let rows = self.print(projected, distinct, &residual, having, &order, cut)?;
        match fill {
            Some((fill, order)) => self.binder.filled(rows, fill, &order, limit),
            None => Ok(rows),
        }
    }

    /// What WITH FILL fills up, and the order of the columns that then are.
    fn fill_of(
        &mut self,
        order_by: Option<&'q OrderBy>,
        projected: &[Projected],
        order: &[(Expr, String)],
    ) -> Result<Option<(Fill, String)>> {
        let Some(OrderByKind::Expressions(keys)) = order_by.map(|order_by| &order_by.kind) else {
            return Ok(None);
        };
        let place = |key: &Expr| projected.iter().position(|one| one.expr.sql == key.sql);
        let places: Vec<Option<usize>> = order.iter().map(|(key, _)| place(key)).collect();
        let types: Vec<&Type> = projected.iter().map(|one| &one.expr.ty).collect();
        let fill = self.fill(keys, &places, &types)?;
        let ordered = places.iter().flatten().zip(order).map(|(place, (_, way))| format!("c{place}{way}"));
        Ok(fill.map(|fill| (fill, ordered.collect::<Vec<_>>().join(", "))))
    }

    fn print(
        &mut self,
        projected: Vec<Projected>,
        distinct: bool,
        residual: &[String],
        having: Option<Expr>,
        order: &[String],
        limit: Limit,
    ) -> Result<Bound> {
        let columns: Vec<String> = projected
            .iter()
            .enumerate()
            .map(|(place, one)| format!("{} AS c{place}", one.expr.sql))
            .collect();
        let mut sql = if distinct { "SELECT DISTINCT ".to_owned() } else { "SELECT ".to_owned() };
        sql.push_str(&columns.join(", "));
        sql.push_str(&format!(" FROM {}", self.sources_sql()));
        let clauses = [
            (" WHERE ", residual.join(" AND ")),
            (" GROUP BY ", self.groups.join(", ")),
            (" HAVING ", having.map(|having| having.sql).unwrap_or_default()),
            (" ORDER BY ", order.join(", ")),
        ];
        for (word, clause) in clauses.iter().filter(|(_, clause)| !clause.is_empty()) {
            sql.push_str(word);
            sql.push_str(clause);
        }
        sql.push_str(&limit.sql(self.binder.facts.max_rows));
        if sql.len() > super::MAX_SQL_BYTES {
            return Err(super::too_complex());
        }
        let nullable = projected.iter().map(|one| one.expr.nullable).collect();
        let outputs = projected.into_iter().map(|one| Output { name: one.name, ty: one.expr.ty }).collect();
        Ok(Bound { sql, outputs, nullable })
    }

    /// When all that is left to do is to cut rows by time, only those are made.
    fn top(&mut self, order: &[(Expr, String)], limit: Limit) {
        let [Relation { alias, source: Source::Table { scan, .. }, .. }] = self.relations.as_slice() else {
            return;
        };
        let newest_first = match order {
            [] if self.exploded.is_empty() => None,
            [(key, way)] if self.exploded.is_empty() && key.sql == format!("{alias}.c_time") => {
                Some(way.starts_with(" DESC"))
            }
            _ => return,
        };
        let max = self.binder.facts.max_rows;
        let rows = limit.rows.map_or(max, |rows| rows.min(max)).saturating_add(limit.offset);
        let scan = &mut self.binder.scans[*scan];
        if scan.shape == Shape::Events {
            if newest_first.is_some() {
                scan.columns.insert(Column::Time);
            }
            scan.top = Some(Top { rows, newest_first });
        }
    }

    fn group_by(&mut self, group_by: &'q GroupByExpr, projection: &'q [SelectItem]) -> Result<()> {
        let GroupByExpr::Expressions(keys, modifiers) = group_by else {
            return Err(unsupported("GROUP BY ALL"));
        };
        if !modifiers.is_empty() {
            return Err(unsupported("ROLLUP, CUBE and TOTALS"));
        }
        for key in keys {
            let key = match position(key) {
                Some(place) => match projection.get(place.wrapping_sub(1)) {
                    Some(SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) => expr,
                    _ => return Err(refuse(format!("GROUP BY {place}: there is no such column."))),
                },
                None => key,
            };
            let bound = self.expr(key)?;
            if !self.groups.contains(&bound.sql) {
                self.groups.push(bound.sql);
            }
        }
        Ok(())
    }

    fn order_by(
        &mut self,
        order_by: Option<&'q OrderBy>,
        projected: &[Projected],
    ) -> Result<Vec<(Expr, String)>> {
        let Some(order_by) = order_by else { return Ok(Vec::new()) };
        let (OrderByKind::Expressions(keys), None) = (&order_by.kind, &order_by.interpolate) else {
            return Err(unsupported("ORDER BY ALL and INTERPOLATE"));
        };
        let bind = |key: &'q OrderByExpr| {
            let bound = match position(&key.expr) {
                Some(place) => match projected.get(place.wrapping_sub(1)) {
                    Some(one) => one.expr.clone(),
                    None => return Err(refuse(format!("ORDER BY {place}: there is no such column."))),
                },
                None => self.expr(&key.expr)?,
            };
            Ok((bound, direction(key)))
        };
        keys.iter().map(bind).collect()
    }

    fn project(&mut self, item: &'q SelectItem, projected: &mut Vec<Projected>) -> Result<()> {
        match item {
            SelectItem::UnnamedExpr(ast) => {
                let expr = self.expr(ast)?;
                projected.push(Projected { name: name_of(ast), expr: expr.finished()? });
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                // Inside of its own expression the name is that of a column.
                self.expanding.push(alias.value.as_str());
                let bound = self.expr(expr);
                self.expanding.pop();
                projected.push(Projected { name: alias.value.clone(), expr: bound?.finished()? });
            }
            SelectItem::Wildcard(options) => {
                let excluded = excluded(options)?;
                for place in 0..self.relations.len() {
                    self.project_all(place, &excluded, projected)?;
                }
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                let excluded = excluded(options)?;
                let name = match name.0.as_slice() {
                    [part] => part.as_ident().map(|ident| ident.value.clone()),
                    _ => None,
                };
                let place = self.relations.iter().position(|relation| relation.name == name);
                let place = place.ok_or_else(|| refuse("There is no such table in FROM."))?;
                self.project_all(place, &excluded, projected)?;
            }
            _ => return Err(unsupported("This form of SELECT list")),
        }
        Ok(())
    }

    fn project_all(&mut self, place: usize, excluded: &[&str], projected: &mut Vec<Projected>) -> Result<()> {
        let (table, outputs) = match &self.relations[place].source {
            Source::Table { scan, .. } => (Some(self.binder.scans[*scan].table), Vec::new()),
            Source::Query { bound, .. } => {
                (None, bound.outputs.iter().cloned().zip(bound.nullable.iter().copied()).collect())
            }
        };
        for column in table.iter().flat_map(|table| table.columns()) {
            if !excluded.contains(&column.name()) {
                let expr = self.table_column(place, *column)?;
                projected.push(Projected { name: column.name().to_owned(), expr });
            }
        }
        for (column, (output, nullable)) in outputs.into_iter().enumerate() {
            if !excluded.contains(&output.name.as_str()) {
                let expr = self.query_column(place, column, output.ty, nullable);
                projected.push(Projected { name: output.name, expr });
            }
        }
        Ok(())
    }
}

fn position(ast: &Ast) -> Option<usize> {
    match ast {
        Ast::Value(value) => match &value.value {
            Value::Number(text, _) => text.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

/// Names that `* EXCEPT (..)` leaves out.
fn excluded(options: &WildcardAdditionalOptions) -> Result<Vec<&str>> {
    let odd = options.opt_ilike.is_some()
        || options.opt_exclude.is_some()
        || options.opt_replace.is_some()
        || options.opt_rename.is_some()
        || options.opt_alias.is_some();
    if odd {
        return Err(unsupported("This form of *"));
    }
    let except = options.opt_except.iter();
    Ok(except
        .flat_map(|except| std::iter::once(&except.first_element).chain(&except.additional_elements))
        .map(|ident| ident.value.as_str())
        .collect())
}

/// Clauses of other dialects, and those that are not offered here.
fn check_clauses(select: &Select) -> Result<()> {
    let refused = [
        ("DISTINCT ON", matches!(select.distinct, Some(Distinct::On(_)))),
        ("TOP", select.top.is_some()),
        ("INTO", select.into.is_some()),
        ("EXCLUDE", select.exclude.is_some()),
        ("LATERAL VIEW", !select.lateral_views.is_empty()),
        ("CONNECT BY", !select.connect_by.is_empty()),
        ("CLUSTER BY", !select.cluster_by.is_empty()),
        ("DISTRIBUTE BY", !select.distribute_by.is_empty()),
        ("SORT BY", !select.sort_by.is_empty()),
        ("WINDOW", !select.named_window.is_empty()),
        ("QUALIFY", select.qualify.is_some()),
        ("AS STRUCT or AS VALUE", select.value_table_mode.is_some()),
        ("A hint", !select.optimizer_hints.is_empty()),
        ("A modifier of SELECT", select.select_modifiers.is_some()),
        ("FROM without SELECT", select.flavor != SelectFlavor::Standard || select.projection.is_empty()),
    ];
    match refused.into_iter().find(|(_, is_used)| *is_used) {
        Some((clause, _)) => Err(unsupported(clause)),
        None => Ok(()),
    }
}
