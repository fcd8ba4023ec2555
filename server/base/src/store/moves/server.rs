//! A side of a move that is a database on a server.
//!
//! What is read or written goes through one connection, whose statements may take
//! as long as they need. No other connection of this program may be there, and as
//! long as a source is read, all its tables are locked against changes.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, AssertSqlSafe, ConnectOptions as _, Row as _};

use super::line::Page;
use super::note::{Note, Side};
use super::tables::Table;
use super::{PAGE_BYTES, PAGE_ROWS, Store};
use crate::config::DatabaseServer;
use crate::error::{Error, Result};
use crate::store::postgres;

/// How often, and how long in between, a server that was stopped a moment ago is
/// waited for.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// One move of a database at a time.
const TAKE: &str = "SELECT pg_try_advisory_lock(8426504)";

const OTHERS: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
     AND pid <> pg_backend_pid() AND application_name = 'unkey'";

/// Ends those that came in the middle of the move: locks kept them from changing anything.
const END_OTHERS: &str = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() \
     AND pid <> pg_backend_pid() AND application_name = 'unkey'";

/// The lane: no change is under way, and none begins.
const LOCK: &str = "SET lock_timeout = '10s'; BEGIN; SELECT pg_advisory_xact_lock(8426501)";

pub(super) struct Server {
    options: PgConnectOptions,
    connection: PgConnection,
}

impl Server {
    /// Fails while a server, or another move, uses the database.
    pub async fn connect(server: &DatabaseServer) -> Result<Self> {
        let options = postgres::options(server)?.application_name("unkey migrate-to").options([
            ("statement_timeout", "0"),
            ("idle_in_transaction_session_timeout", "0"),
            // By which lines are written and read.
            ("bytea_output", "hex"),
            ("standard_conforming_strings", "on"),
        ]);
        let mut connection = options.connect().await.map_err(unusable)?;
        await_alone(&mut connection, OTHERS).await?;
        if !sqlx::query_scalar::<_, bool>(TAKE).fetch_one(&mut connection).await.map_err(unusable)? {
            return Err(Error::invalid("another `unkey migrate-to` uses the database"));
        }
        Ok(Self { options, connection })
    }

    /// For a source: nothing changes in its tables until this side is dropped.
    pub async fn lock(&mut self, tables: &[Table]) -> Result<()> {
        self.run(LOCK).await?;
        let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        self.run(&format!("LOCK TABLE {} IN SHARE MODE", names.join(", "))).await
    }

    /// Whether all of it was moved elsewhere.
    pub async fn is_closed(&mut self) -> Result<bool> {
        let has_notes = sqlx::query_scalar::<_, bool>("SELECT to_regclass('moves') IS NOT NULL");
        if !has_notes.fetch_one(&mut self.connection).await.map_err(unusable)? {
            return Ok(false);
        }
        Ok(self.note(Side::Source).await?.is_some_and(|note| note.finished_at.is_some()))
    }

    async fn run(&mut self, sql: &str) -> Result<()> {
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.connection).await;
        done.map(|_| ()).map_err(unusable)
    }

    async fn copied(&mut self, question: &str) -> Result<Page> {
        let copy = format!("COPY ({question}) TO STDOUT");
        let mut parts = self.connection.copy_out_raw(&copy).await.map_err(unusable)?;
        let mut lines = Vec::new();
        while let Some(part) = parts.try_next().await.map_err(unusable)? {
            lines.extend_from_slice(&part);
        }
        Ok(Page::of_lines(lines))
    }
}

impl Store for Server {
    async fn note(&mut self, side: Side) -> Result<Option<Note>> {
        let question =
            sqlx::query("SELECT move_id, finished_at FROM moves WHERE side = $1").bind(side.name());
        let Some(row) = question.fetch_optional(&mut self.connection).await.map_err(unusable)? else {
            return Ok(None);
        };
        let note = Note {
            move_id: row.try_get(0).map_err(Error::internal)?,
            finished_at: row.try_get(1).map_err(Error::internal)?,
        };
        Ok(Some(note))
    }

    async fn set_note(&mut self, side: Side, note: &Note) -> Result<()> {
        // Beside the transaction that a source is read in: this one is committed at once.
        let mut beside = self.options.connect().await.map_err(unusable)?;
        let sql = "INSERT INTO moves (side, move_id, finished_at) VALUES ($1, $2, $3) ON CONFLICT (side) \
                   DO UPDATE SET move_id = excluded.move_id, finished_at = excluded.finished_at";
        let change = sqlx::query(sql).bind(side.name()).bind(&note.move_id).bind(note.finished_at);
        change.execute(&mut beside).await.map(|_| ()).map_err(unusable)
    }

    /// From the note on, connections are refused; those from before it are ended.
    async fn close_to_servers(&mut self, note: &Note) -> Result<()> {
        self.set_note(Side::Source, note).await?;
        // Beside the transaction, within which who is connected does not change.
        let mut beside = self.options.connect().await.map_err(unusable)?;
        await_alone(&mut beside, END_OTHERS).await
    }

    fn name(&self) -> String {
        "the database of Postgres".to_owned()
    }

    async fn count(&mut self, table: &Table) -> Result<u64> {
        let sql = format!("SELECT COUNT(*) FROM {}", table.name);
        let count: i64 =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut self.connection).await.map_err(unusable)?;
        Ok(count.unsigned_abs())
    }

    async fn page(&mut self, table: &Table, after: Option<&[String]>) -> Result<Page> {
        let (columns, key) = (table.column_names(), table.key_names());
        let beyond = after.map_or_else(String::new, |after| {
            let after: Vec<String> = after.iter().map(|value| literal(value)).collect();
            format!("WHERE ({key}) > ({})", after.join(", "))
        });
        let rows = format!("SELECT {columns} FROM {} {beyond} ORDER BY {key} LIMIT {PAGE_ROWS}", table.name);
        let sized = format!(
            "SELECT *, octet_length(found::text) AS row_bytes, \
             SUM(octet_length(found::text)) OVER (ORDER BY {key}) AS bytes_so_far FROM ({rows}) AS found"
        );
        self.copied(&format!(
            "SELECT {columns} FROM ({sized}) AS sized WHERE bytes_so_far - row_bytes < {PAGE_BYTES} ORDER BY {key}"
        ))
        .await
    }

    async fn last_key(&mut self, table: &Table) -> Result<Option<Vec<String>>> {
        let order: Vec<String> =
            table.key.iter().map(|place| format!("{} DESC", table.columns[*place].name)).collect();
        let (columns, order) = (table.column_names(), order.join(", "));
        let page =
            self.copied(&format!("SELECT {columns} FROM {} ORDER BY {order} LIMIT 1", table.name)).await?;
        page.last_key(table)
    }

    async fn prepare(&mut self, tables: &[Table]) -> Result<()> {
        for table in tables {
            self.run(&format!("ALTER TABLE {} DISABLE TRIGGER USER", table.name)).await?;
        }
        Ok(())
    }

    async fn write(&mut self, table: &Table, page: &Page) -> Result<()> {
        let copy = format!("COPY {} ({}) FROM STDIN", table.name, table.column_names());
        let refused = |error: sqlx::Error| {
            Error::invalid(format!("Postgres does not take a row of {}: {error}", table.name)).because(error)
        };
        let mut sink = self.connection.copy_in_raw(&copy).await.map_err(unusable)?;
        sink.send(page.lines()).await.map_err(unusable)?;
        sink.finish().await.map(|_| ()).map_err(refused)
    }

    async fn empty(&mut self, tables: &[Table]) -> Result<()> {
        let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        self.run(&format!("TRUNCATE {}, short_of_credits", names.join(", "))).await
    }

    async fn complete(&mut self, tables: &[Table]) -> Result<()> {
        self.run("BEGIN; DELETE FROM short_of_credits; INSERT INTO short_of_credits SELECT id FROM keys WHERE remaining < 10").await?;
        for table in tables {
            self.run(&format!("ALTER TABLE {} ENABLE TRIGGER USER", table.name)).await?;
            // A sequence goes on after what it never gave out.
            let counted = format!(
                "SELECT setval(sequence, GREATEST((SELECT MAX(seq) FROM {0}), 1)) \
                 FROM pg_get_serial_sequence('{0}', 'seq') AS sequence WHERE sequence IS NOT NULL",
                table.name
            );
            if table.columns.iter().any(|column| column.name == "seq") {
                self.run(&counted).await?;
            }
        }
        self.run("COMMIT; ANALYZE").await
    }
}

/// Waits until a question about others counts none.
async fn await_alone(connection: &mut PgConnection, question: &str) -> Result<()> {
    for _ in 0..TRIES {
        let question = sqlx::query_scalar::<_, i64>(AssertSqlSafe(question.to_owned()));
        if question.fetch_one(&mut *connection).await.map_err(unusable)? == 0 {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(Error::invalid("a server uses the database: stop it first"))
}

/// A text in a statement that cannot have values beside it.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The driver says what happened without the address.
fn unusable(error: sqlx::Error) -> Error {
    Error::invalid(format!("the database of Postgres cannot be used: {error}")).because(error)
}
