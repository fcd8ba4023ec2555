//! What the engine may do: select from its temporary tables with the functions of
//! a list, for as long as the meter allows. Everything else is denied while a
//! query is prepared, even if it got past everything before.

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;

use super::super::meter::Meter;

/// Instructions of the engine between two looks at the meter: well under a
/// millisecond.
const STEPS: i32 = 2000;

/// Functions of the engine's own that plans use.
const BUILT_IN: &[&str] = &[
    "abs",
    "avg",
    "coalesce",
    "count",
    "ifnull",
    "json",
    "json_array",
    "json_array_length",
    "json_group_array",
    "lower",
    "max",
    "min",
    "octet_length",
    "sum",
    "trim",
    "upper",
];

/// Bounds that hold from the beginning.
pub(super) fn limit(connection: &Connection) -> rusqlite::Result<()> {
    for (limit, value) in [
        (Limit::SQLITE_LIMIT_LENGTH, 16 << 20),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 1 << 20),
        (Limit::SQLITE_LIMIT_COLUMN, 2000),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 1000),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 0),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        connection.set_limit(limit, value)?;
    }
    Ok(())
}

/// Call when the tables are made: from here on nothing but the query may run.
pub(super) fn watch(connection: &Connection, meter: &Meter) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA query_only = ON")?;
    connection.authorizer(Some(|context: AuthContext<'_>| authorize(&context.action)))?;
    let meter = meter.clone();
    connection.progress_handler(STEPS, Some(move || meter.check().is_err()))
}

fn authorize(action: &AuthAction<'_>) -> Authorization {
    let is_ours = |name: &str| {
        let mut letters = name.chars();
        matches!(letters.next(), Some('t' | 'r' | 'w' | 'x')) && letters.all(|letter| letter.is_ascii_digit())
    };
    let allowed = match action {
        AuthAction::Select => true,
        // An empty name is a subquery, a column without one the number of rows.
        AuthAction::Read { table_name, .. } => {
            table_name.is_empty() || *table_name == "json_each" || is_ours(table_name)
        }
        AuthAction::Function { function_name } => {
            function_name.starts_with("ch_")
                || BUILT_IN.contains(&function_name.to_ascii_lowercase().as_str())
        }
        _ => false,
    };
    if allowed { Authorization::Allow } else { Authorization::Deny }
}

#[cfg(test)]
mod tests {
    use super::super::super::meter::Limits;
    use super::*;

    #[test]
    fn nothing_but_reading_what_was_made_is_allowed() {
        let connection = Connection::open_in_memory().unwrap();
        limit(&connection).unwrap();
        connection.execute_batch("CREATE TABLE t0 (c_key_id); INSERT INTO t0 VALUES ('a')").unwrap();
        watch(&connection, &Meter::start(Limits::default(), None)).unwrap();
        for sql in [
            "SELECT count(*), max(c_key_id) FROM t0",
            "SELECT (SELECT 1 FROM t0 WHERE x1.value > 0) FROM t0 CROSS JOIN json_each('[1,2]') AS x1",
            "WITH w1 AS MATERIALIZED (SELECT c_key_id AS c0 FROM t0) SELECT c0 FROM w1 AS r1 UNION SELECT 'b'",
        ] {
            connection.prepare(sql).unwrap();
        }
        for sql in [
            "SELECT * FROM sqlite_master",
            "SELECT * FROM sqlite_schema",
            "SELECT * FROM pragma_table_info('t0')",
            "SELECT load_extension('x')",
            "SELECT randomblob(1000000000)",
            "SELECT zeroblob(1000000000)",
            "SELECT readfile('/etc/passwd')",
            "SELECT fts3_tokenizer('x')",
            "SELECT sqlite_version()",
            "ATTACH ':memory:' AS a",
            "PRAGMA writable_schema = 1",
            "INSERT INTO t0 VALUES ('b')",
            "DELETE FROM t0",
            "DROP TABLE t0",
            "CREATE TABLE t1 (a)",
            "CREATE VIRTUAL TABLE v USING fts5(a)",
            "VACUUM INTO 'nowhere/x'",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
            "SELECT * FROM dbstat",
            "SELECT * FROM json_tree('[1]')",
        ] {
            let run = connection.prepare(sql).and_then(|mut statement| {
                let mut rows = statement.query([])?;
                rows.next().map(|_| ())
            });
            assert!(run.is_err(), "{sql}");
        }
    }
}
