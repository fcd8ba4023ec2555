//! Which migrations a database has, as it notes them itself.

use migration::Migration;
use sea_orm::{ConnectionTrait, DbErr, Statement};

use super::dialect::{Engine, statement};
use super::failure::OpenError;
use crate::error::Error;

/// The table of applied migrations, named as the first releases named it.
pub(super) const NOTES: &str = "seaql_migrations";

/// Written and synced like any other change, and leaves everything as it is.
pub(super) const NEUTRAL_CHANGE: &str = "UPDATE seaql_migrations SET applied_at = applied_at";

/// The migrations that a database has, and those it lacks; makes the table of
/// notes where there is none. Fails when a newer program has written it.
pub(super) async fn done_and_missing<'a>(
    tx: &impl ConnectionTrait,
    migrations: &'a [Migration],
) -> Result<(Vec<&'a Migration>, Vec<&'a Migration>), OpenError> {
    tx.execute_unprepared(&format!(
        "CREATE TABLE IF NOT EXISTS {NOTES} (version varchar NOT NULL PRIMARY KEY, applied_at {} NOT NULL)",
        Engine::of(tx).choose("integer", "bigint"),
    ))
    .await?;
    let noted = noted(tx).await?;
    let is_known = |name: &String| migrations.iter().any(|migration| migration.name == name);
    if let Some(newer) = noted.iter().find(|name| !is_known(name)) {
        return Err(Error::invalid(format!(
            "it was written by a newer version of this program, which has the migration {newer}: use that version"
        ))
        .into());
    }
    Ok(migrations.iter().partition(|migration| noted.iter().any(|name| name == migration.name)))
}

/// How the schema of a database compares with the one of this program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaState {
    /// Migrations that the next start applies.
    pub lacking: Vec<String>,
    /// Migrations of a newer program.
    pub newer: Vec<String>,
    /// Tables, indexes and triggers that are missing or other than they should be.
    pub differing: Vec<String>,
}

/// The migrations that a database has; those of `migrations` it lacks, and those it
/// has beside them.
pub(super) async fn compare<'a>(
    db: &impl ConnectionTrait,
    migrations: &'a [Migration],
) -> Result<(Vec<&'a Migration>, SchemaState), DbErr> {
    let noted = noted(db).await?;
    let is_noted = |migration: &&Migration| noted.iter().any(|name| name == migration.name);
    let (done, lacking): (Vec<_>, Vec<_>) = migrations.iter().partition(is_noted);
    let is_known = |name: &String| migrations.iter().any(|migration| migration.name == name);
    let state = SchemaState {
        lacking: lacking.iter().map(|migration| migration.name.to_owned()).collect(),
        newer: noted.iter().filter(|name| !is_known(name)).cloned().collect(),
        differing: Vec::new(),
    };
    Ok((done, state))
}

async fn noted(tx: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let sql = format!("SELECT version FROM {NOTES} ORDER BY version");
    let rows = tx.query_all_raw(Statement::from_string(tx.get_database_backend(), sql)).await?;
    rows.iter().map(|row| row.try_get("", "version")).collect()
}

/// Notes that the database has a migration now.
pub(super) async fn note(tx: &impl ConnectionTrait, name: &str) -> Result<(), DbErr> {
    let now = Engine::of(tx).choose("unixepoch()", "EXTRACT(EPOCH FROM now())::bigint");
    let sql = format!("INSERT INTO {NOTES} (version, applied_at) VALUES ($1, {now})");
    tx.execute_raw(statement(tx, sql, [name.into()])).await?;
    Ok(())
}
