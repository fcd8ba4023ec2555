//! An index that follows the audit log: its folder, and how far it is.
//!
//! Every change writes its audit entries in its own transaction, so the log is a
//! complete and ordered feed of what changed. The position is in each commit:
//! nothing is skipped and nothing counted twice, whatever is killed when.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};
use tantivy::Searcher;
use tantivy::schema::Schema;

use super::folder::{self, Folder};
use base::error::{Error, Result};

/// How far an index is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// Another form of the documents is another number: the index is built anew.
    pub format: u32,
    /// Row of the last audit entry it holds; 0 before the first.
    pub row: i64,
    /// Id of that entry: in another database another one has its row.
    pub entry: String,
    /// Where a first pass over the tables goes on, until it is through.
    pub scan: Option<Scan>,
}

/// A pass over the tables, kind by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Scan {
    pub kind: usize,
    /// Id of the last row that was read of it.
    pub after: String,
}

/// An index and its position.
pub(super) struct Followed {
    /// As status and log call it.
    pub name: &'static str,
    path: PathBuf,
    schema: Schema,
    format: u32,
    folder: RwLock<Arc<Folder>>,
    /// `None` while nothing was committed.
    position: RwLock<Option<Position>>,
    rebuilding: AtomicBool,
    /// Whether the position is known to be one of this database.
    checked: AtomicBool,
    /// One change at a time: the follower's, or a rebuild that was asked for.
    turn: Mutex<()>,
}

impl Followed {
    /// Opens what is there; what is missing in a folder that `is_used`, cannot be
    /// read, or is of another form, is said to be and will be built again.
    pub fn open(dir: &Path, name: &'static str, schema: Schema, format: u32, is_used: bool) -> Result<Self> {
        let path = dir.join(name);
        let (folder, position) = match Self::read(&path, &schema, format) {
            Ok((folder, position)) => (folder, Some(position)),
            Err(error) => {
                if is_used || path.exists() {
                    tracing::warn!(index = name, ?error, "an index cannot be used and is built again");
                }
                (Folder::create(&path, schema.clone())?, None)
            }
        };
        Ok(Self {
            name,
            rebuilding: AtomicBool::new(position.as_ref().is_none_or(|position| position.scan.is_some())),
            path,
            schema,
            format,
            folder: RwLock::new(Arc::new(folder)),
            position: RwLock::new(position),
            checked: AtomicBool::new(false),
            turn: Mutex::new(()),
        })
    }

    /// How far an index is that nobody has open; `None` when it is damaged or of another
    /// form.
    pub fn look(dir: &Path, name: &str, schema: &Schema, format: u32, thorough: bool) -> Option<Position> {
        let path = dir.join(name);
        let position = match folder::payload_of(&path, schema).ok()? {
            Some(payload) => serde_json::from_str(&payload).ok()?,
            // Just made, and nothing was committed to it.
            None => Position { format, ..Position::default() },
        };
        (position.format == format && folder::is_sound(&path, thorough)).then_some(position)
    }

    fn read(path: &Path, schema: &Schema, format: u32) -> Result<(Folder, Position)> {
        let folder = Folder::open(path, schema)?;
        let payload = folder.payload()?.ok_or_else(|| Error::internal("nothing was committed to it"))?;
        let position: Position = serde_json::from_str(&payload)?;
        if position.format != format {
            return Err(Error::internal("it is of another form"));
        }
        Ok((folder, position))
    }

    pub fn position(&self) -> Option<Position> {
        self.position.read().clone()
    }

    /// A position of this index's form.
    pub fn at(&self, row: i64, entry: String, scan: Option<Scan>) -> Position {
        Position { format: self.format, row, entry, scan }
    }

    /// Whether it holds the audit entry in this row, and all before it.
    pub fn has_reached(&self, row: i64) -> bool {
        self.reached().is_some_and(|reached| reached >= row)
    }

    /// The row up to which it surely holds everything; `None` before that is known.
    pub fn reached(&self) -> Option<i64> {
        let position = self.position.read();
        let row = position.as_ref().filter(|at| at.scan.is_none()).map(|at| at.row);
        row.filter(|_| self.checked.load(Ordering::Acquire))
    }

    /// The position was compared with the database.
    pub fn say_checked(&self) {
        self.checked.store(true, Ordering::Release);
    }

    pub fn searcher(&self) -> Searcher {
        self.folder.read().searcher()
    }

    pub fn documents(&self) -> u64 {
        self.folder.read().documents()
    }

    pub fn bytes(&self) -> u64 {
        folder::bytes(&self.path)
    }

    pub fn is_rebuilding(&self) -> bool {
        self.rebuilding.load(Ordering::Relaxed)
    }

    pub fn caught_up(&self) {
        if self.rebuilding.swap(false, Ordering::Relaxed) && self.documents() > 0 {
            tracing::info!(index = self.name, "an index is complete again");
        }
    }

    /// Changes documents and moves from one position to the next in one commit.
    /// Does nothing when a rebuild was asked for meanwhile. Blocks.
    pub fn apply(
        &self,
        from: Option<&Position>,
        to: Position,
        change: impl FnOnce(&Folder) -> Result<()>,
    ) -> Result<()> {
        let _turn = self.turn.lock();
        if self.position.read().as_ref() != from {
            return Ok(());
        }
        let folder = self.folder.read().clone();
        let payload = serde_json::to_string(&to)?;
        let done = change(&folder).and_then(|()| folder.commit(&payload));
        if done.is_err() {
            folder.abandon();
            return done;
        }
        *self.position.write() = Some(to);
        Ok(())
    }

    /// Throws the index away; the follower builds it again. Blocks.
    pub fn rebuild(&self) -> Result<()> {
        let _turn = self.turn.lock();
        let mut folder = self.folder.write();
        folder.abandon();
        *folder = Arc::new(Folder::create(&self.path, self.schema.clone())?);
        *self.position.write() = None;
        self.rebuilding.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Whether its files are as they were written. Blocks.
    pub fn is_sound(&self, thorough: bool) -> bool {
        self.folder.read().is_sound(thorough)
    }

    /// Builds the index again if its files are not as they were written; says
    /// whether it does. Blocks.
    pub fn mend(&self, thorough: bool) -> Result<bool> {
        if self.is_sound(thorough) {
            return Ok(false);
        }
        tracing::error!(index = self.name, "an index was damaged while the server ran and is built again");
        self.rebuild().map(|()| true)
    }

    pub fn close_writer(&self) -> Result<()> {
        self.folder.read().close_writer()
    }
}
