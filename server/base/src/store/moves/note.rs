//! What a database notes of a move that it is one side of, and what a start makes of
//! that.

use sea_orm::ConnectionTrait;

use crate::error::{Error, Result};
use crate::store::dialect::statement;
use crate::store::{Database, Engine};

/// What a database is in a move.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Source,
    Target,
}

/// A move, as one side of it remembers it.
#[derive(Clone)]
pub(super) struct Note {
    pub move_id: String,
    /// Unix milliseconds.
    pub finished_at: Option<i64>,
}

/// Marks a database as the target of a move that has not begun.
pub(in crate::store) const NOT_BEGUN: &str = "INSERT INTO moves (side, move_id) VALUES ('target', '')";

impl Side {
    pub fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
        }
    }
}

/// For a start: fails in a database that holds half of a move, and in one whose rows
/// were moved elsewhere. One that was to be moved, and is used again instead, forgets
/// it: what was copied of it is of another day then.
pub async fn settle(database: &Database) -> Result<()> {
    match is_begun(database).await? {
        true => forget(database).await,
        false => Ok(()),
    }
}

/// Whether a move of this database was begun and not finished. Fails where a start would.
pub async fn is_begun(database: &Database) -> Result<bool> {
    let question = statement(database.reader(), "SELECT side, finished_at FROM moves", []);
    let mut is_begun = false;
    for row in database.reader().query_all_raw(question).await? {
        let side: String = row.try_get("", "side")?;
        let is_finished = row.try_get::<Option<i64>>("", "finished_at")?.is_some();
        match (side == Side::Source.name(), is_finished) {
            (false, false) => return Err(half_made()),
            (true, true) => return Err(moved_away(database.engine())),
            (true, false) => is_begun = true,
            (false, true) => {}
        }
    }
    Ok(is_begun)
}

async fn forget(database: &Database) -> Result<()> {
    tracing::warn!("a move of this database was begun and not finished: the next one begins anew");
    let deletion = statement(database.writer(), "DELETE FROM moves WHERE side = 'source'", []);
    database.writer().execute_raw(deletion).await?;
    Ok(())
}

pub(super) fn half_made() -> Error {
    Error::invalid(
        "the database holds half of what `unkey migrate-to` was moving there: call that again, or start without it",
    )
}

fn moved_away(engine: Engine) -> Error {
    Error::invalid(engine.choose(
        "app.db was moved to Postgres: start with database_url",
        "the database of database_url was moved to app.db in a data folder: start there, without database_url",
    ))
}
