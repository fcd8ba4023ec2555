//! Moving all that `app.db` holds from a file to a server, or back.
//!
//! Both sides are brought to the present schema first, so a move copies rows and
//! nothing else, in pages by primary key and in the order that references ask for.
//! A move that was interrupted goes on where it stopped, unless the source was used
//! meanwhile: each side notes the move it is part of, and a start takes the note of
//! a source away. At the end both sides are read anew and compared; only then is the
//! source closed to servers, and the target opened to them.
//!
//! What else lies in the data folder, events, counters and indexes, is not moved: it
//! stays in the folder, whatever stores `app.db`.

mod file;
mod line;
mod note;
mod server;
mod tables;

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use self::file::File;
use self::line::Page;
use self::note::{Note, Side, half_made};
use self::server::Server;
use self::tables::{Table, tables};
use super::{AppSchema, DataDir, Database, Durability, IfEmpty};
use crate::config::DatabaseServer;
use crate::durable;
use crate::error::{Error, Result};

pub(super) use note::NOT_BEGUN;
pub use note::{is_begun, settle};

/// Rows that are read, and committed, at once.
const PAGE_ROWS: usize = 20_000;

/// A page ends with the row that goes beyond.
const PAGE_BYTES: usize = 8 << 20;

/// A move, as whoever asks for it names it.
pub struct Move {
    /// Of this move, should it be a new one.
    pub id: String,
    pub now_ms: i64,
}

/// How far a move has come.
pub struct Progress<'a> {
    pub table: &'a str,
    pub rows: u64,
    /// Rows of the table in the source.
    pub of: u64,
}

/// A table that is the same on both sides.
#[derive(Debug, PartialEq, Eq)]
pub struct MovedTable {
    pub name: String,
    pub rows: u64,
    /// Of all rows in the order of their keys, as Postgres writes them to a file.
    pub sha256: [u8; 32],
}

/// What was moved, and where the source is now.
pub struct Moved {
    pub tables: Vec<MovedTable>,
    /// The name that `app.db` has now, where that was the source.
    pub kept_as: Option<PathBuf>,
}

/// Moves `app.db` of a folder to a server whose database is empty, or holds half of
/// this move.
pub async fn to_server(
    dir: &DataDir,
    server: &DatabaseServer,
    this: &Move,
    report: impl FnMut(&Progress<'_>),
) -> Result<Moved> {
    let path = dir.app_db();
    if !path.exists() {
        return Err(Error::invalid(format!("there is no {}, so there is nothing to move", path.display())));
    }
    Database::open_existing::<AppSchema>(&path, Durability::Full).await?.close().await?;
    let mut source = File::open(&path)?;
    Database::connect(server, IfEmpty::Receive).await?.close().await?;
    let (tables, mut target) = (tables()?, Server::connect(server).await?);
    let tables = carry_out(&tables, &mut source, &mut target, this, report).await?;
    source.close()?;
    let kept_as = dir.path().join(format!("app.db.moved-{}", this.now_ms));
    rename(&path, &kept_as)?;
    Ok(Moved { tables, kept_as: Some(kept_as) })
}

/// Moves the database of a server to `app.db` in a folder that has none.
pub async fn to_file(
    server: &DatabaseServer,
    dir: &DataDir,
    this: &Move,
    report: impl FnMut(&Progress<'_>),
) -> Result<Moved> {
    let path = dir.app_db();
    if path.exists() {
        return Err(Error::invalid(format!(
            "{} is there already: take it away, or name another folder",
            path.display()
        )));
    }
    refuse_logs(&path)?;
    let mut source = Server::connect(server).await?;
    // Nobody connects for anything else once the source is closed.
    if !source.is_closed().await? {
        Database::connect(server, IfEmpty::Refuse).await?.close().await?;
    }
    let tables = tables()?;
    source.lock(&tables).await?;
    let moving = dir.path().join("app.db.moving");
    Database::open::<AppSchema>(&moving, Durability::Full).await?.close().await?;
    let mut target = File::open(&moving)?;
    let tables = carry_out(&tables, &mut source, &mut target, this, report).await?;
    target.close()?;
    rename(&moving, &path)?;
    Ok(Moved { tables, kept_as: None })
}

/// What a move asks of either side. One process has both to itself.
trait Store {
    async fn note(&mut self, side: Side) -> Result<Option<Note>>;
    async fn set_note(&mut self, side: Side, note: &Note) -> Result<()>;
    /// As [`Store::set_note`] for a source, from whose note on nobody uses it.
    async fn close_to_servers(&mut self, note: &Note) -> Result<()>;
    /// What people call it.
    fn name(&self) -> String;
    async fn count(&mut self, table: &Table) -> Result<u64>;
    /// Rows after that of a key, in the order of keys.
    async fn page(&mut self, table: &Table, after: Option<&[String]>) -> Result<Page>;
    async fn last_key(&mut self, table: &Table) -> Result<Option<Vec<String>>>;
    /// Has nothing happen beside what is written.
    async fn prepare(&mut self, tables: &[Table]) -> Result<()>;
    /// Stores all rows of a page, or none.
    async fn write(&mut self, table: &Table, page: &Page) -> Result<()>;
    async fn empty(&mut self, tables: &[Table]) -> Result<()>;
    /// Makes what follows from the rows, and undoes what [`Store::prepare`] did.
    async fn complete(&mut self, tables: &[Table]) -> Result<()>;
}

async fn carry_out(
    tables: &[Table],
    source: &mut impl Store,
    target: &mut impl Store,
    this: &Move,
    mut report: impl FnMut(&Progress<'_>),
) -> Result<Vec<MovedTable>> {
    let begun = begin(tables, source, target, this).await?;
    // Only the name of a file was still to be changed, and the target may be in use since.
    if begun.finished_at.is_some() {
        return digests(tables, source).await;
    }
    target.prepare(tables).await?;
    for table in tables {
        copy(table, source, target, &mut report).await?;
    }
    target.complete(tables).await?;
    let same = digests(tables, source).await?;
    let there = digests(tables, target).await?;
    if let Some((table, _)) = same.iter().zip(&there).find(|(here, there)| here != there) {
        // The next try is another move, and begins with an empty target.
        target.set_note(Side::Target, &Note { move_id: String::new(), finished_at: None }).await?;
        return Err(differs(table));
    }
    let finished = Note { finished_at: Some(this.now_ms), ..begun };
    // Interrupted in between, neither serves, and the move is finished by the next try.
    source.close_to_servers(&finished).await?;
    target.set_note(Side::Target, &finished).await?;
    Ok(same)
}

/// The move that this goes on with, or a new one.
async fn begin(
    tables: &[Table],
    source: &mut impl Store,
    target: &mut impl Store,
    this: &Move,
) -> Result<Note> {
    if let Some(Note { finished_at: None, .. }) = source.note(Side::Target).await? {
        return Err(half_made());
    }
    let (from, to) = (source.note(Side::Source).await?, target.note(Side::Target).await?);
    match (from, to) {
        (Some(from), Some(to)) if from.move_id == to.move_id => return Ok(to),
        (Some(Note { finished_at: Some(_), .. }), _) => {
            return Err(Error::invalid("what is here was moved elsewhere before: nothing is moved"));
        }
        // Half of another move, or of a source that was used since: a copy, in any case.
        (_, Some(Note { finished_at: None, .. })) => target.empty(tables).await?,
        _ => refuse_rows(tables, target).await?,
    }
    let begun = Note { move_id: this.id.clone(), finished_at: None };
    target.set_note(Side::Target, &begun).await?;
    source.set_note(Side::Source, &begun).await?;
    Ok(begun)
}

async fn refuse_rows(tables: &[Table], target: &mut impl Store) -> Result<()> {
    for table in tables {
        if target.count(table).await? > 0 {
            return Err(Error::invalid(format!(
                "{} is not empty, its table {} has rows: name an empty one, or take it away",
                target.name(),
                table.name
            )));
        }
    }
    Ok(())
}

async fn copy(
    table: &Table,
    source: &mut impl Store,
    target: &mut impl Store,
    report: &mut impl FnMut(&Progress<'_>),
) -> Result<()> {
    let (of, mut rows) = (source.count(table).await?, target.count(table).await?);
    let mut after = target.last_key(table).await?;
    loop {
        report(&Progress { table: &table.name, rows, of });
        let page = source.page(table, after.as_deref()).await?;
        let Some(last) = page.last_key(table)? else { return Ok(()) };
        target.write(table, &page).await?;
        rows += page.rows();
        after = Some(last);
    }
}

fn differs(table: &MovedTable) -> Error {
    Error::invalid(format!(
        "the table {} is not the same on both sides, so something else writes to one of them: find out what, and \
         try again, which copies everything anew; the source is as it was and can be used",
        table.name
    ))
}

async fn digests(tables: &[Table], side: &mut impl Store) -> Result<Vec<MovedTable>> {
    let mut digests = Vec::new();
    for table in tables {
        digests.push(digest(table, side).await?);
    }
    Ok(digests)
}

async fn digest(table: &Table, side: &mut impl Store) -> Result<MovedTable> {
    let (mut rows, mut digest, mut after) = (0, Sha256::new(), None::<Vec<String>>);
    loop {
        let page = side.page(table, after.as_deref()).await?;
        let Some(last) = page.last_key(table)? else {
            return Ok(MovedTable { name: table.name.clone(), rows, sha256: digest.finalize().into() });
        };
        digest.update(page.lines());
        rows += page.rows();
        after = Some(last);
    }
}

/// A log without its database would be taken for that of the next one.
fn refuse_logs(path: &Path) -> Result<()> {
    for end in ["-wal", "-shm", "-journal"] {
        let log = PathBuf::from(format!("{}{end}", path.display()));
        if log.exists() {
            return Err(Error::invalid(format!(
                "{} is there without its database: take it away, or put back what it belongs to",
                log.display()
            )));
        }
    }
    Ok(())
}

/// Whatever happens to the machine afterwards, the file has its new name.
fn rename(from: &Path, to: &Path) -> Result<()> {
    durable::rename(from, to)
        .map_err(|error| Error::invalid(format!("cannot rename {}: {error}", from.display())).because(error))
}
