//! Telling one broken uniqueness rule from another.
//!
//! SQLite names the columns of the index that refused a row, other databases
//! its name; a rule knows both, so that rooms insert first and ask afterwards.

use sea_orm::{DbErr, SqlErr};

/// A unique index of the schema.
#[derive(Clone, Copy, Debug)]
pub struct Unique {
    pub index: &'static str,
    /// Its columns as `table.column, table.column`.
    pub columns: &'static str,
}

impl Unique {
    /// Whether this very rule refused the statement.
    pub fn refused(self, error: &DbErr) -> bool {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(text)) => {
                text.ends_with(self.columns) || text.contains(self.index)
            }
            _ => false,
        }
    }
}
