//! FROM and its joins: which relations a SELECT reads, and what their columns are
//! called.

use std::collections::BTreeSet;

use sqlparser::ast::{
    Ident, Join, JoinConstraint, JoinOperator, ObjectName, TableAlias, TableFactor, TableWithJoins,
};

use super::expr::Expr;
use super::select::Frame;
use super::{Bound, refuse, unsupported};
use crate::sql::plan::{Const, Scan, Shape, Sums, column_sql};
use crate::sql::tables::{Column, Origin, Table};
use crate::sql::types::Type;
use base::error::Result;

/// A source of rows in FROM.
pub(super) struct Relation {
    /// Our name for it.
    pub alias: String,
    /// The name that qualifies its columns.
    pub name: Option<String>,
    pub source: Source,
    /// How it is joined to those before it, and on what.
    pub join: (&'static str, String),
    /// On the side of an outer join that can be missing.
    pub optional: bool,
}

pub(super) enum Source {
    /// A table of the contract, made by the scan with this number.
    Table { scan: usize, used: BTreeSet<Column> },
    /// A subquery, or a common table expression by its name.
    Query { sql: String, bound: Bound },
}

/// A column that USING made one of two.
pub(super) struct Merged {
    pub name: String,
    pub expr: Expr,
}

impl<'q> Frame<'_, 'q> {
    pub(super) fn from(&mut self, from: &'q [TableWithJoins]) -> Result<()> {
        for tree in from {
            self.relation(&tree.relation, if self.relations.is_empty() { "" } else { "CROSS JOIN" })?;
            for join in &tree.joins {
                self.join(join)?;
            }
        }
        Ok(())
    }

    fn join(&mut self, join: &'q Join) -> Result<()> {
        use JoinOperator::{CrossJoin, FullOuter, Inner, Join, Left, LeftOuter, Right, RightOuter};
        let (word, constraint) = match &join.join_operator {
            Join(constraint) | Inner(constraint) => ("INNER JOIN", constraint),
            Left(constraint) | LeftOuter(constraint) => ("LEFT JOIN", constraint),
            Right(constraint) | RightOuter(constraint) => ("RIGHT JOIN", constraint),
            FullOuter(constraint) => ("FULL JOIN", constraint),
            CrossJoin(constraint) => ("CROSS JOIN", constraint),
            _ => return Err(unsupported("This kind of JOIN")),
        };
        self.relation(&join.relation, word)?;
        let on = match constraint {
            JoinConstraint::None if word == "CROSS JOIN" => String::new(),
            JoinConstraint::On(condition) if word != "CROSS JOIN" => {
                let condition = self.expr(condition)?;
                self.truth(condition)?.sql
            }
            JoinConstraint::Using(names) if word != "CROSS JOIN" => self.using(names, word)?,
            _ => return Err(refuse("A JOIN needs ON or USING, and a CROSS JOIN neither.")),
        };
        let last = self.relations.len() - 1;
        self.relations[last].join.1 = on;
        self.relations[last].optional |= matches!(word, "LEFT JOIN" | "FULL JOIN");
        if matches!(word, "RIGHT JOIN" | "FULL JOIN") {
            self.relations[..last].iter_mut().for_each(|before| before.optional = true);
        }
        Ok(())
    }

    fn using(&mut self, names: &'q [ObjectName], word: &str) -> Result<String> {
        let last = self.relations.len() - 1;
        let mut conditions = Vec::new();
        for name in names {
            let [part] = name.0.as_slice() else { return Err(unsupported("A qualified name in USING")) };
            let name = part.as_ident().map(|ident| ident.value.clone()).unwrap_or_default();
            let right = self.column_of(last, &name)?.ok_or_else(|| unknown(&name))?;
            let mut left = None;
            for place in 0..last {
                if let Some(found) = self.column_of(place, &name)? {
                    if left.is_some() {
                        return Err(ambiguous(&name));
                    }
                    left = Some(found);
                }
            }
            let left = left.ok_or_else(|| unknown(&name))?;
            let (left, right) = self.comparable(left, right)?;
            conditions.push(format!("{} = {}", left.sql, right.sql));
            let merged = match word {
                "RIGHT JOIN" => right,
                "FULL JOIN" => Expr { sql: format!("coalesce({}, {})", left.sql, right.sql), ..left },
                _ => left,
            };
            self.merged.retain(|known| known.name != name);
            self.merged.push(Merged { name, expr: merged });
        }
        Ok(conditions.join(" AND "))
    }

    fn relation(&mut self, factor: &'q TableFactor, word: &'static str) -> Result<()> {
        self.binder.step()?;
        let (source, name) = match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                with_hints,
                version: None,
                with_ordinality: false,
                partitions,
                json_path: None,
                sample: None,
                index_hints,
            } if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() => {
                let table = match name.0.as_slice() {
                    [part] => part.as_ident().map(|ident| ident.value.clone()).unwrap_or_default(),
                    _ => return Err(unsupported("A qualified table name")),
                };
                let name = alias_of(alias.as_ref())?.unwrap_or_else(|| table.clone());
                (self.named(&table)?, Some(name))
            }
            TableFactor::Derived { lateral: false, subquery, alias, sample: None } => {
                let bound = self.binder.query(subquery, false)?;
                (Source::Query { sql: format!("({})", bound.sql), bound }, alias_of(alias.as_ref())?)
            }
            _ => return Err(unsupported("This form of FROM")),
        };
        let alias = match &source {
            Source::Table { scan, .. } => format!("t{scan}"),
            Source::Query { .. } => format!("r{}", self.binder.number()),
        };
        if name.is_some() && self.relations.iter().any(|relation| relation.name == name) {
            return Err(refuse("Two tables of a FROM have the same name."));
        }
        self.relations.push(Relation { alias, name, source, join: (word, String::new()), optional: false });
        Ok(())
    }

    fn named(&mut self, name: &str) -> Result<Source> {
        if let Some(known) = self.binder.ctes.iter().position(|cte| cte.name == name) {
            self.binder.wrote(self.binder.ctes[known].bound.sql.len())?;
            let cte = &self.binder.ctes[known];
            return Ok(Source::Query { sql: cte.sql_name.clone(), bound: cte.bound.clone() });
        }
        let table = Table::find(name).ok_or_else(|| unsupported("This table"))?;
        let is_grouped = self.rolled || table.per.is_some();
        let mut scan = Scan {
            table,
            shape: if is_grouped { Shape::Groups } else { Shape::Events },
            columns: BTreeSet::new(),
            bucket: table.per,
            sums: Sums::default(),
            exact_latency: false,
            start_ms: self.binder.facts.oldest_ms,
            end_ms: i64::MAX,
            filter: crate::analytics::Filter::default(),
            never: false,
            top: None,
        };
        if is_grouped && !self.rolled {
            scan.columns.extend(table.keys());
        }
        self.binder.scans.push(scan);
        Ok(Source::Table { scan: self.binder.scans.len() - 1, used: BTreeSet::new() })
    }

    /// A column of one relation, if it has one of this name.
    pub(super) fn column_of(&mut self, place: usize, name: &str) -> Result<Option<Expr>> {
        match &self.relations[place].source {
            Source::Table { scan, .. } => {
                let table = self.binder.scans[*scan].table;
                table.column(name).map(|column| self.table_column(place, column)).transpose()
            }
            Source::Query { bound, .. } => {
                let mut found = (0..bound.outputs.len()).filter(|place| bound.outputs[*place].name == name);
                let Some(column) = found.next() else { return Ok(None) };
                if found.next().is_some() {
                    return Err(ambiguous(name));
                }
                let (ty, nullable) = (bound.outputs[column].ty.clone(), bound.nullable[column]);
                Ok(Some(self.query_column(place, column, ty, nullable)))
            }
        }
    }

    pub(super) fn query_column(&self, place: usize, column: usize, ty: Type, nullable: bool) -> Expr {
        let sql = format!("{}.c{column}", self.relations[place].alias);
        self.maybe_missing(place, Expr { nullable, ..Expr::column(sql, ty) })
    }

    /// A column of a table, noted as used.
    pub(super) fn table_column(&mut self, place: usize, column: Column) -> Result<Expr> {
        let alias = self.relations[place].alias.clone();
        let Source::Table { scan, used } = &mut self.relations[place].source else {
            return Err(unknown(column.name()));
        };
        let scan = *scan;
        used.insert(column);
        let table = self.binder.scans[scan].table;
        let ty = table.type_of(column);
        let origin = table.origin_of(column);
        if origin == Origin::Constant {
            return Ok(self.constant_column(column, ty));
        }
        let grain = self.grain;
        let found = &mut self.binder.scans[scan];
        if !self.rolled {
            match (found.shape, origin) {
                (Shape::Groups, Origin::Measure) => note_measure(found, column),
                (Shape::Groups, _) => {}
                (Shape::Events, _) => {
                    found.columns.insert(column);
                }
            }
        } else {
            match (origin, table.per, grain) {
                (Origin::Measure | Origin::Event, _, _) | (Origin::Time, None, None) => {
                    return Err(self.refuse_roll());
                }
                (Origin::Time, None, Some(grain)) => {
                    let finer = |known: &crate::sql::calendar::Unit| known.length_ms() <= grain.length_ms();
                    found.bucket = found.bucket.filter(finer).or(Some(grain));
                }
                _ => {}
            }
            found.columns.insert(column);
            found.exact_latency |= column == Column::Latency && !self.inside_quantile;
        }
        Ok(self.maybe_missing(place, Expr::column(format!("{alias}.{}", column_sql(column)), ty)))
    }

    fn constant_column(&mut self, column: Column, ty: Type) -> Expr {
        let facts = self.binder.facts;
        let value = match column {
            Column::WorkspaceId => facts.scope.workspace.as_str(),
            Column::Region => facts.region,
            Column::Source => "api",
            _ => "",
        };
        self.constant(Const::Text(value.to_owned()), ty)
    }

    /// What an outer join did not find has the value of nothing, not NULL.
    fn maybe_missing(&self, place: usize, expr: Expr) -> Expr {
        if !self.relations[place].optional || expr.nullable {
            return expr;
        }
        Expr { sql: format!("ifnull({}, {})", expr.sql, expr.ty.default_sql()), ..expr }
    }

    /// The FROM clause, once it is known which columns are used.
    pub(super) fn sources_sql(&self) -> String {
        let mut sql = String::new();
        for relation in &self.relations {
            let (word, on) = &relation.join;
            if !word.is_empty() {
                sql.push_str(&format!(" {word} "));
            }
            sql.push_str(&match &relation.source {
                Source::Query { sql, .. } => format!("{sql} AS {}", relation.alias),
                Source::Table { scan, used } => {
                    let found = &self.binder.scans[*scan];
                    match found.shape {
                        Shape::Groups if !self.rolled => {
                            format!("({}) AS {}", spans(found, &relation.alias, used), relation.alias)
                        }
                        _ => relation.alias.clone(),
                    }
                }
            });
            if !on.is_empty() {
                sql.push_str(&format!(" ON {on}"));
            }
        }
        for (alias, array) in &self.exploded {
            sql.push_str(&format!(" CROSS JOIN json_each({array}) AS {alias}"));
        }
        sql
    }
}

/// What a measure needs of the groups that it is made of.
fn note_measure(scan: &mut Scan, column: Column) {
    match column {
        Column::SpentCredits | Column::TotalTokens => scan.sums.cost = true,
        Column::LatencyAvg => scan.sums.latency = true,
        Column::LatencyP75 | Column::LatencyP99 => {
            scan.columns.insert(Column::Latency);
        }
        Column::Passed => {
            scan.columns.insert(Column::Passed);
        }
        Column::PassedTokens => {
            scan.sums.cost = true;
            scan.columns.insert(Column::Passed);
        }
        _ => {}
    }
}

/// The rows of a table per span of time, made of the groups of its scan.
fn spans(scan: &Scan, table: &str, used: &BTreeSet<Column>) -> String {
    let keys = scan.table.keys().iter().map(|key| format!("{table}.{}", column_sql(*key)));
    let keys: Vec<String> = keys.collect();
    let measure = |column: Column| {
        let sql = match column {
            Column::Count | Column::Total => "sum(n)".to_owned(),
            Column::SpentCredits | Column::TotalTokens => "sum(cost)".to_owned(),
            Column::Passed => format!("sum(n * {table}.c_passed)"),
            Column::PassedTokens => format!("sum(cost * {table}.c_passed)"),
            Column::LatencyAvg => "sum(latency_us) / 1000.0 / sum(n)".to_owned(),
            Column::LatencyP75 => format!("ch_quantile({table}.c_latency, n, 0.75)"),
            Column::LatencyP99 => format!("ch_quantile({table}.c_latency, n, 0.99)"),
            _ => return None,
        };
        Some(format!("{sql} AS {}", column_sql(column)))
    };
    let measures = used.iter().filter(|column| scan.table.origin_of(**column) == Origin::Measure);
    let measures = measures.filter_map(|column| measure(*column));
    let named = keys.iter().zip(scan.table.keys()).map(|(sql, key)| format!("{sql} AS {}", column_sql(*key)));
    let columns: Vec<String> = named.chain(measures).collect();
    format!("SELECT {} FROM {table} GROUP BY {}", columns.join(", "), keys.join(", "))
}

fn alias_of(alias: Option<&TableAlias>) -> Result<Option<String>> {
    match alias {
        None => Ok(None),
        Some(TableAlias { name: Ident { value, .. }, columns, .. }) if columns.is_empty() => {
            Ok(Some(value.clone()))
        }
        Some(_) => Err(unsupported("A list of columns after an alias")),
    }
}

pub(super) fn unknown(name: &str) -> base::error::Error {
    refuse(format!("There is no column '{name}' here."))
}

pub(super) fn ambiguous(name: &str) -> base::error::Error {
    refuse(format!("The column '{name}' is in more than one table: qualify it."))
}
