//! Which migrations a database has, as it notes them itself.

use migration::Migration;
use sea_orm::{ConnectionTrait, DbErr, Statement};

use super::dialect::{Engine, statement};
use super::failure::OpenError;
use crate::error::Error;

/// The table of applied migrations, named as the first releases named it.
pub(super) const NOTES: &str = "seaql_migrations";

/// Of this program, by which a database remembers who gave it a migration.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Written and synced like any other change, and leaves everything as it is.
pub(super) const NEUTRAL_CHANGE: &str = "UPDATE seaql_migrations SET applied_at = applied_at";

/// The migrations that a database has, and those it lacks; makes the table of
/// notes where there is none. Fails when a newer program has written it.
pub(super) async fn done_and_missing<'a>(
    tx: &impl ConnectionTrait,
    migrations: &'a [Migration],
) -> Result<(Vec<&'a Migration>, Vec<&'a Migration>), OpenError> {
    tx.execute_unprepared(&format!(
        "CREATE TABLE IF NOT EXISTS {NOTES} (version varchar NOT NULL PRIMARY KEY, applied_at {} NOT NULL, program varchar)",
        Engine::of(tx).choose("integer", "bigint"),
    ))
    .await?;
    let noted = noted(tx).await?;
    let is_known = |name: &String| migrations.iter().any(|migration| migration.name == name);
    // The last one was noted by the newest program.
    if let Some(newer) = noted.iter().rfind(|note| !is_known(&note.migration)) {
        return Err(written_by_a_newer_version(newer).into());
    }
    let (done, missing): (Vec<_>, Vec<_>) =
        migrations.iter().partition(|migration| noted.iter().any(|note| note.migration == migration.name));
    if !missing.is_empty() {
        make_place_for_programs(tx).await?;
    }
    Ok((done, missing))
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
    let is_noted = |migration: &&Migration| noted.iter().any(|note| note.migration == migration.name);
    let (done, lacking): (Vec<_>, Vec<_>) = migrations.iter().partition(is_noted);
    let is_known = |name: &String| migrations.iter().any(|migration| migration.name == name);
    let state = SchemaState {
        lacking: lacking.iter().map(|migration| migration.name.to_owned()).collect(),
        newer: noted.into_iter().map(|note| note.migration).filter(|name| !is_known(name)).collect(),
        differing: Vec::new(),
    };
    Ok((done, state))
}

/// A migration that a database has, and the version that gave it, which the first
/// releases did not note.
struct Noted {
    migration: String,
    program: Option<String>,
}

fn written_by_a_newer_version(Noted { migration, program }: &Noted) -> Error {
    let wanted = match program {
        Some(program) => {
            format!("it is of {program}, and this is {VERSION}: start {program} or a later version")
        }
        None => format!("this is {VERSION}: start the version that wrote it"),
    };
    Error::invalid(format!(
        "it was written by a newer version of this program, which has the migration {migration}; {wanted}"
    ))
}

async fn noted(tx: &impl ConnectionTrait) -> Result<Vec<Noted>, DbErr> {
    // All columns: that of programs may be missing.
    let sql = format!("SELECT * FROM {NOTES} ORDER BY version");
    let rows = tx.query_all_raw(Statement::from_string(tx.get_database_backend(), sql)).await?;
    let noted = rows.iter().map(|row| {
        let program = row.try_get::<Option<String>>("", "program").unwrap_or_default();
        Ok(Noted { migration: row.try_get("", "version")?, program })
    });
    noted.collect()
}

/// The first releases made the table of notes without this column.
async fn make_place_for_programs(tx: &impl ConnectionTrait) -> Result<(), DbErr> {
    let engine = Engine::of(tx);
    let columns = engine.choose(
        "SELECT name FROM pragma_table_info($1) WHERE name = 'program'",
        "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1 AND column_name = 'program'",
    );
    if tx.query_one_raw(statement(tx, columns, [NOTES.into()])).await?.is_none() {
        tx.execute_unprepared(&format!("ALTER TABLE {NOTES} ADD COLUMN program varchar")).await?;
    }
    Ok(())
}

/// Notes that the database has a migration now, and whom it has it from.
pub(super) async fn note(tx: &impl ConnectionTrait, name: &str) -> Result<(), DbErr> {
    let now = Engine::of(tx).choose("unixepoch()", "EXTRACT(EPOCH FROM now())::bigint");
    let sql = format!("INSERT INTO {NOTES} (version, applied_at, program) VALUES ($1, {now}, $2)");
    tx.execute_raw(statement(tx, sql, [name.into(), VERSION.into()])).await?;
    Ok(())
}
