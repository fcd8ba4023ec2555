//! What a query may be made of: the checks of
//! docs/contract/v2.md#analytics-queries in its order, each with its error.
//!
//! Only the shape is checked, by walking the whole tree. Whether names exist and
//! types fit is for `bind`, which refuses what it does not understand; so a gap
//! in this walk would not let anything through.

use std::collections::HashSet;
use std::ops::ControlFlow;

use sqlparser::ast::{Expr, ObjectName, Query, Select, SetExpr, Statement, TableFactor, Visit, Visitor};

use super::functions;
use super::tables::{Family, TABLES, Table};
use base::error::{Code, Error, Result};

/// Nodes that the tree of a query may have.
const MAX_NODES: usize = 2000;
/// Expressions that all of its SELECTs together may answer with.
const MAX_PROJECTED: usize = 64;

const ONLY_SELECT: &str = "Only SELECT queries are allowed.";

/// Checks a statement and returns its query. Without a family every table may be
/// named.
pub fn check(statement: &Statement, family: Option<Family>) -> Result<&Query> {
    let query = match statement {
        Statement::Query(query) => query,
        // The hosted product does not know these as statements.
        Statement::Update { .. }
        | Statement::Delete(_)
        | Statement::Explain { .. }
        | Statement::ExplainTable { .. } => return Err(invalid(ONLY_SELECT)),
        _ => return Err(not_select()),
    };
    let mut found = Census::default();
    let too_large = statement.visit(&mut found).is_break();
    if found.other_than_select {
        return Err(not_select());
    }
    if found.settings {
        return Err(invalid("SETTINGS are not allowed."));
    }
    if too_large {
        return Err(invalid(format!("The query has more than {MAX_NODES} parts.")));
    }
    if found.projected > MAX_PROJECTED {
        return Err(invalid(format!("A query may select {MAX_PROJECTED} expressions at most.")));
    }
    let ctes: HashSet<&str> = query
        .with
        .iter()
        .flat_map(|with| &with.cte_tables)
        .map(|cte| cte.alias.name.value.as_str())
        .collect();
    if let Some(name) = found.ctes.iter().find(|name| Table::find(name).is_some()) {
        let detail = format!("A common table expression cannot be named like the table '{name}'.");
        return Err(Error::new(Code::AnalyticsTable, detail));
    }
    if found.in_unnest {
        return Err(invalid("The right side of IN must be a list, an array or a subquery."));
    }
    if found.without_from {
        return Err(invalid("Every SELECT needs a FROM."));
    }
    for table in &found.tables {
        check_table(table, family, &ctes)?;
    }
    if let Some(name) = found.table_functions.first() {
        return Err(Error::new(
            Code::AnalyticsFunction,
            format!("The table function '{name}' is not allowed."),
        ));
    }
    if let Some(name) = found.functions.iter().find(|name| !functions::is_allowed(name)) {
        return Err(Error::new(Code::AnalyticsFunction, format!("The function '{name}' is not allowed.")));
    }
    Ok(query)
}

fn check_table(name: &str, family: Option<Family>, ctes: &HashSet<&str>) -> Result<()> {
    let open = Table::find(name).is_some_and(|table| family.is_none_or(|family| table.family == family));
    if open || ctes.contains(name) {
        return Ok(());
    }
    let offered = TABLES.iter().filter(|table| family.is_none_or(|family| table.family == family));
    let offered: Vec<&str> = offered.map(|table| table.name).collect();
    Err(Error::new(
        Code::AnalyticsTable,
        format!("The table '{name}' is not allowed. Tables: {}.", offered.join(", ")),
    ))
}

fn not_select() -> Error {
    Error::new(Code::AnalyticsQueryType, ONLY_SELECT)
}

fn invalid(detail: impl Into<String>) -> Error {
    Error::new(Code::AnalyticsQuery, detail)
}

/// What the walk has seen.
#[derive(Default)]
struct Census {
    nodes: usize,
    projected: usize,
    other_than_select: bool,
    settings: bool,
    in_unnest: bool,
    without_from: bool,
    ctes: Vec<String>,
    tables: Vec<String>,
    table_functions: Vec<String>,
    /// Whether the next name is that of a table function.
    is_called: bool,
    functions: Vec<String>,
}

impl Census {
    /// Ends the walk at the bound, before a deep tree can end the stack.
    fn count(&mut self) -> ControlFlow<()> {
        self.nodes += 1;
        if self.nodes > MAX_NODES { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn check_body(&mut self, body: &SetExpr) {
        let mut open = vec![body];
        while let Some(body) = open.pop() {
            match body {
                SetExpr::Select(_) | SetExpr::Query(_) => {}
                SetExpr::SetOperation { left, right, .. } => open.extend([&**left, &**right]),
                _ => self.other_than_select = true,
            }
        }
    }
}

impl Visitor for Census {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.settings |= query.settings.is_some();
        self.check_body(&query.body);
        if let Some(with) = &query.with {
            self.ctes.extend(with.cte_tables.iter().map(|cte| cte.alias.name.value.clone()));
        }
        self.count()
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        self.projected += select.projection.len();
        self.without_from |= select.from.is_empty();
        self.count()
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        let name = match relation.0.as_slice() {
            [part] => part.as_ident().map(|ident| ident.value.clone()),
            _ => None,
        };
        let name = name.unwrap_or_else(|| relation.to_string());
        match std::mem::take(&mut self.is_called) {
            true => self.table_functions.push(name),
            false => self.tables.push(name),
        }
        self.count()
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { args: None, .. }
            | TableFactor::Derived { .. }
            | TableFactor::NestedJoin { .. } => {}
            // Its name is visited next.
            TableFactor::Table { .. } => self.is_called = true,
            TableFactor::Function { name, .. } => self.table_functions.push(name.to_string()),
            TableFactor::TableFunction { .. } => self.table_functions.push("table".to_owned()),
            TableFactor::UNNEST { .. } => self.table_functions.push("unnest".to_owned()),
            other => self.tables.push(other.to_string().chars().take(40).collect()),
        }
        self.count()
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Function(function) => self.functions.push(match function.name.0.as_slice() {
                [part] => part.as_ident().map_or_else(|| part.to_string(), |ident| ident.value.clone()),
                _ => function.name.to_string(),
            }),
            Expr::Position { .. } => self.functions.push("position".to_owned()),
            Expr::Extract { .. } => self.functions.push("extract".to_owned()),
            Expr::Overlay { .. } => self.functions.push("overlay".to_owned()),
            Expr::Convert { .. } => self.functions.push("convert".to_owned()),
            Expr::InUnnest { .. } => self.in_unnest = true,
            _ => {}
        }
        self.count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::parse::parse;

    #[track_caller]
    fn fails(text: &str, code: Code) {
        let statement = parse(text).unwrap();
        let error = check(&statement, Some(Family::Verifications)).unwrap_err();
        assert_eq!(error.code(), code, "{text}: {}", error.detail());
    }

    #[track_caller]
    fn passes(text: &str) {
        check(&parse(text).unwrap(), Some(Family::Verifications)).unwrap();
    }

    const T: &str = "key_verifications_v1";

    #[test]
    fn only_select_is_a_query() {
        for text in ["DROP TABLE x", "INSERT INTO t VALUES (1)", "VALUES (1)", "SET a = 1", "SHOW TABLES"] {
            fails(text, Code::AnalyticsQueryType);
        }
        for text in ["UPDATE t SET a = 1", "DELETE FROM t", "EXPLAIN SELECT 1 FROM t", "DESCRIBE t"] {
            fails(text, Code::AnalyticsQuery);
        }
        fails(&format!("SELECT 1 FROM {T} SETTINGS max_threads = 1"), Code::AnalyticsQuery);
    }

    #[test]
    fn the_first_broken_rule_is_reported() {
        let many = format!("SELECT {} FROM nowhere", vec!["1"; 65].join(", "));
        fails(&many, Code::AnalyticsQuery);
        let deep = format!("SELECT {} FROM {T}", vec!["1"; 2100].join(" + "));
        fails(&deep, Code::AnalyticsQuery);
        fails(&format!("WITH {T} AS (SELECT 1 FROM {T}) SELECT * FROM {T}"), Code::AnalyticsTable);
        fails("SELECT sleep(1)", Code::AnalyticsQuery);
        fails("SELECT sleep(1) FROM nowhere", Code::AnalyticsTable);
        fails(&format!("SELECT sleep(1) FROM {T}"), Code::AnalyticsFunction);
    }

    #[track_caller]
    fn fails_wherever_it_stands(factor: &str, code: Code) {
        fails(&format!("SELECT 1 FROM {factor}"), code);
        fails(&format!("SELECT 1 FROM {T} WHERE 1 IN (SELECT 1 FROM {factor})"), code);
        fails(&format!("SELECT 1 FROM {T} UNION ALL SELECT 1 FROM {factor}"), code);
        fails(&format!("WITH a AS (SELECT 1 FROM {factor}) SELECT 1 FROM a"), code);
    }

    #[test]
    fn tables_are_those_of_the_family_and_of_the_first_with() {
        for table in [
            "system.tables",
            "sqlite_master",
            "default.key_verifications_v1",
            "key_verifications_raw_v2",
            "ratelimits_v1",
            "KEY_VERIFICATIONS_V1",
        ] {
            fails_wherever_it_stands(table, Code::AnalyticsTable);
        }
        for function in [
            "numbers(10)",
            "url('http://127.0.0.1/', CSV)",
            "file('/etc/passwd')",
            "s3('https://bucket')",
            "key_verifications_v1('x')",
            "pragma_table_info('t0')",
            "TABLE(f(1))",
            "LATERAL generate(1)",
            "UNNEST([1])",
        ] {
            fails_wherever_it_stands(function, Code::AnalyticsFunction);
        }
        fails("SELECT 1 FROM url('x') JOIN nowhere ON 1 = 1", Code::AnalyticsTable);
        fails(
            &format!("SELECT * FROM (WITH a AS (SELECT 1 FROM {T}) SELECT 1 FROM a)"),
            Code::AnalyticsTable,
        );
        passes(&format!("WITH a AS (SELECT 1 FROM {T}) SELECT 1 FROM a JOIN {T} AS b ON 1 = 1"));
        check(&parse("SELECT 1 FROM ratelimits_v1").unwrap(), None).unwrap();
    }

    #[test]
    fn functions_hide_nowhere() {
        for text in [
            "SELECT toUnixTimestamp(time) FROM {}",
            "SELECT 1 FROM {} WHERE avgMerge(latency_avg) > 1",
            "SELECT 1 FROM {} ORDER BY randomblob(9)",
            "SELECT arrayFilter(x -> load_extension(x) = 1, tags) FROM {}",
            "SELECT quantile(sleep(1))(latency) FROM {}",
            "SELECT EXTRACT(DAY FROM time) FROM {}",
            "SELECT POSITION('a' IN outcome) FROM {}",
            "SELECT system.count() FROM {}",
            "SELECT 1 FROM {} GROUP BY \"readfile\"('x')",
            "SELECT 1 FROM {} HAVING url('x') = 1",
            "SELECT 1 FROM {} AS a JOIN {} AS b ON file(a.key_id)",
        ] {
            fails(&text.replace("{}", T), Code::AnalyticsFunction);
        }
        passes(&format!("SELECT COUNT(*), \"count\"() FROM {T}"));
    }
}
