//! The index of one kind of events in one week.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};

use tantivy::Searcher;
use tantivy::columnar::Cardinality;
use tantivy::index::SegmentId;
use tantivy::query::Query;

use super::folder::{self, Folder};
use super::time_blocks::TimeBlocks;
use super::{Fields, Kind};
use base::clock::DAY_MS;
use base::error::{Error, Result};
use base::events::Stored;

const WEEK_MS: i64 = 7 * DAY_MS;
/// The epoch was a Thursday; weeks begin on Monday, UTC.
const MONDAY_MS: i64 = 3 * DAY_MS;

/// The number of the week of a moment.
pub fn week_of(time_ms: i64) -> i64 {
    time_ms.saturating_add(MONDAY_MS).div_euclid(WEEK_MS)
}

/// When a week is over, Unix milliseconds.
pub fn end_of(week: i64) -> i64 {
    (week + 1) * WEEK_MS - MONDAY_MS
}

/// An open index.
pub struct Week {
    folder: Folder,
    fields: Fields,
    /// The last chunk it holds.
    cursor: AtomicI64,
    time_blocks: TimeBlocks,
}

impl Week {
    pub(super) fn create(dir: &Path, kind: Kind, week: i64) -> Result<Self> {
        let (schema, fields) = Fields::schema();
        Self::around(Folder::create(&path(dir, kind, week), schema)?, fields)
    }

    /// Fails when the folder is missing, corrupt or has another schema.
    pub(super) fn open(dir: &Path, kind: Kind, week: i64) -> Result<Self> {
        let (schema, fields) = Fields::schema();
        Self::around(Folder::open(&path(dir, kind, week), &schema)?, fields)
    }

    fn around(folder: Folder, fields: Fields) -> Result<Self> {
        let cursor = folder.payload()?.and_then(|payload| payload.parse().ok()).unwrap_or(0);
        Ok(Self { folder, fields, cursor: AtomicI64::new(cursor), time_blocks: TimeBlocks::default() })
    }

    pub(super) fn bytes(dir: &Path, kind: Kind, week: i64) -> u64 {
        folder::bytes(&path(dir, kind, week))
    }

    pub(super) fn remove(dir: &Path, kind: Kind, week: i64) -> Result<()> {
        folder::remove(&path(dir, kind, week))
    }

    /// The last chunk that an index holds which nobody has open; `None` when it is
    /// damaged or of another form.
    pub(super) fn look(dir: &Path, kind: Kind, week: i64, thorough: bool) -> Option<i64> {
        let (path, (schema, _)) = (path(dir, kind, week), Fields::schema());
        let payload = folder::payload_of(&path, &schema).ok()?;
        folder::is_sound(&path, thorough)
            .then(|| payload.and_then(|payload| payload.parse().ok()).unwrap_or(0))
    }

    /// Removes the indexes of events; says how many there were.
    pub(super) fn remove_all(dir: &Path) -> Result<usize> {
        let mut removed = 0;
        for entry in std::fs::read_dir(dir).map_err(Error::internal)? {
            let path = entry.map_err(Error::internal)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && Kind::ALL.iter().any(|kind| name.starts_with(kind.as_str())) {
                folder::remove(&path)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    pub fn fields(&self) -> Fields {
        self.fields
    }

    /// What is committed.
    pub fn searcher(&self) -> Searcher {
        self.folder.searcher()
    }

    pub fn segments(&self) -> Vec<SegmentId> {
        self.searcher().segment_readers().iter().map(|segment| segment.segment_id()).collect()
    }

    /// Matches every event of a span and few others, for this searcher of the index;
    /// `None` where all are in it.
    pub fn within(&self, searcher: &Searcher, span: &Range<i64>) -> Result<Option<Box<dyn Query>>> {
        self.time_blocks.within(searcher, span).map_err(Error::internal)
    }

    pub fn events(&self) -> u64 {
        self.folder.documents()
    }

    pub(super) fn cursor(&self) -> i64 {
        self.cursor.load(Ordering::Acquire)
    }

    pub(super) fn add(&self, chunk: i64, position: usize, event: &Stored<&str>) -> Result<()> {
        self.folder.add(self.fields.document(chunk, position, event))
    }

    /// Makes everything added so far visible and durable, together with the
    /// chunk it goes up to.
    pub(super) fn commit(&self, last_chunk: i64) -> Result<()> {
        if self.folder.is_open() {
            self.folder.commit(&last_chunk.to_string())?;
            self.cursor.store(last_chunk, Ordering::Release);
        }
        Ok(())
    }

    /// Drops what was added since the last commit.
    pub(super) fn abandon(&self) {
        self.folder.abandon();
    }

    /// See [`Folder::is_sound`].
    pub(super) fn is_sound(&self, thorough: bool) -> bool {
        self.folder.is_sound(thorough)
    }

    pub(super) fn close_writer(&self) -> Result<()> {
        self.folder.close_writer()
    }

    /// Keeps anybody from writing, as a second process or a broken disk would.
    #[cfg(test)]
    pub(super) fn hold(&self) -> tantivy::directory::DirectoryLock {
        self.folder.hold()
    }

    pub(super) fn is_sealed(&self) -> bool {
        self.folder.segments() <= 1
    }

    /// One segment instead of several: half the time of every question.
    pub(super) fn seal(&self) -> Result<()> {
        self.folder.seal()
    }
}

/// Whether every event that this searcher sees has one of these texts in a field
/// of one text, as far as can be told without looking at each.
pub fn all_are_of(searcher: &Searcher, field: &str, texts: &[String]) -> bool {
    let segments = searcher.segment_readers();
    !segments.is_empty()
        && segments.iter().all(|segment| {
            let Ok(Some(column)) = segment.fast_fields().str(field) else { return false };
            let mut text = String::new();
            column.ords().get_cardinality() == Cardinality::Full
                && column.num_terms() <= texts.len()
                && (0..column.num_terms() as u64).all(|number| {
                    text.clear();
                    column.ord_to_str(number, &mut text).unwrap_or(false) && texts.contains(&text)
                })
        })
}

fn path(dir: &Path, kind: Kind, week: i64) -> PathBuf {
    dir.join(format!("{}-{week}", kind.as_str()))
}
