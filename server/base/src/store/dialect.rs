//! Where SQLite and Postgres want different words.
//!
//! Statements are built by sea-orm, which knows both. Those that are written out
//! are made by [`statement`] alone, in words that both understand, `$1` for what
//! is bound; the few words that differ stand here side by side, and a text that
//! differs as a whole stands beside its twin in the room that owns it. There is
//! no third database, and nothing here is chosen at run time by a trait object.

use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

/// What stores `app.db`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file in the data folder.
    Sqlite,
    /// A server, version 14 or newer.
    Postgres,
}

impl Engine {
    pub fn of(db: &impl ConnectionTrait) -> Self {
        match db.get_database_backend() {
            DbBackend::Postgres => Self::Postgres,
            _ => Self::Sqlite,
        }
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        self.choose("SQLite", "Postgres")
    }

    pub fn choose<T>(self, sqlite: T, postgres: T) -> T {
        match self {
            Self::Sqlite => sqlite,
            Self::Postgres => postgres,
        }
    }

    /// A column in a condition that shall not choose the index. The planner of
    /// Postgres counts rows and needs no such word.
    pub fn unindexed(self, column: &str) -> String {
        self.choose(format!("+{column}"), column.to_owned())
    }

    /// How two tables are joined where SQLite shall begin at the left one: the word
    /// before `JOIN`.
    pub fn in_order(self) -> &'static str {
        self.choose("CROSS", "INNER")
    }

    /// These expressions of one row, as a text.
    pub fn json_array(self, expressions: &str) -> String {
        self.choose(format!("json_array({expressions})"), format!("json_build_array({expressions})::text"))
    }

    /// Where a text begins in another, from 1; 0 where it does not.
    pub fn position(self) -> &'static str {
        self.choose("instr", "strpos")
    }
}

/// A statement that is written out. `values` are those of `$1`, `$2` and so on.
pub fn statement(
    db: &impl ConnectionTrait,
    sql: impl Into<String>,
    values: impl IntoIterator<Item = Value>,
) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}
