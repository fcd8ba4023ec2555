//! The index of one kind of events in one week.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::Mutex;
use tantivy::{Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, Searcher, TantivyDocument};

use super::{Fields, Kind};
use crate::error::{Error, Result};
use crate::events::Stored;

const WEEK_MS: i64 = 7 * 24 * 60 * 60_000;
/// The epoch was a Thursday; weeks begin on Monday, UTC.
const MONDAY_MS: i64 = 3 * 24 * 60 * 60_000;

/// As little as a writer takes: there are few of them, and they write in batches.
const WRITER_BYTES: usize = 16_000_000;

/// The number of the week of a moment.
pub fn week_of(time_ms: i64) -> i64 {
    (time_ms + MONDAY_MS).div_euclid(WEEK_MS)
}

/// When a week is over, Unix milliseconds.
pub fn end_of(week: i64) -> i64 {
    (week + 1) * WEEK_MS - MONDAY_MS
}

/// An open index.
pub struct Week {
    index: Index,
    reader: IndexReader,
    fields: Fields,
    /// The last chunk it holds.
    cursor: AtomicI64,
    writer: Mutex<Option<IndexWriter<TantivyDocument>>>,
}

impl Week {
    pub(super) fn create(dir: &Path, kind: Kind, week: i64) -> Result<Self> {
        let path = folder(dir, kind, week);
        // What a crash left behind before the first commit.
        Self::remove(dir, kind, week)?;
        std::fs::create_dir_all(&path).map_err(Error::internal)?;
        let (schema, fields) = Fields::schema();
        let settings = IndexSettings {
            docstore_compression: tantivy::store::Compressor::None,
            ..IndexSettings::default()
        };
        let index = Index::builder()
            .schema(schema)
            .settings(settings)
            .create_in_dir(&path)
            .map_err(Error::internal)?;
        Self::around(index, fields)
    }

    /// Fails when the folder is missing, corrupt or has another schema.
    pub(super) fn open(dir: &Path, kind: Kind, week: i64) -> Result<Self> {
        let index = Index::open_in_dir(folder(dir, kind, week)).map_err(Error::internal)?;
        let (schema, fields) = Fields::schema();
        if index.schema() != schema {
            return Err(Error::internal("the index has another schema"));
        }
        Self::around(index, fields)
    }

    fn around(index: Index, fields: Fields) -> Result<Self> {
        let payload = index.load_metas().map_err(Error::internal)?.payload;
        let cursor = payload.and_then(|payload| payload.parse().ok()).unwrap_or(0);
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into();
        let reader: IndexReader = reader.map_err(Error::internal)?;
        Ok(Self { index, reader, fields, cursor: AtomicI64::new(cursor), writer: Mutex::new(None) })
    }

    pub(super) fn remove(dir: &Path, kind: Kind, week: i64) -> Result<()> {
        remove_folder(&folder(dir, kind, week))
    }

    pub(super) fn remove_all(dir: &Path) -> Result<()> {
        for entry in std::fs::read_dir(dir).map_err(Error::internal)? {
            let path = entry.map_err(Error::internal)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if Kind::ALL.iter().any(|kind| name.starts_with(kind.as_str())) {
                remove_folder(&path)?;
            }
        }
        Ok(())
    }

    pub fn fields(&self) -> Fields {
        self.fields
    }

    /// What is committed.
    pub fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    pub fn events(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// Whether every event here is of this workspace.
    pub fn is_all_of(&self, workspace: &str) -> bool {
        let searcher = self.reader.searcher();
        searcher.segment_readers().iter().all(|segment| {
            let Ok(Some(column)) = segment.fast_fields().str("workspace") else { return false };
            let mut only = String::new();
            column.num_terms() == 1 && column.ord_to_str(0, &mut only).unwrap_or(false) && only == workspace
        })
    }

    pub(super) fn cursor(&self) -> i64 {
        self.cursor.load(Ordering::Acquire)
    }

    pub(super) fn add(&self, chunk: i64, position: usize, event: &Stored) -> Result<()> {
        let mut writer = self.writer.lock();
        if writer.is_none() {
            *writer = Some(self.index.writer_with_num_threads(1, WRITER_BYTES).map_err(Error::internal)?);
        }
        if let Some(writer) = writer.as_ref() {
            writer.add_document(self.fields.document(chunk, position, event)).map_err(Error::internal)?;
        }
        Ok(())
    }

    /// Makes everything added so far visible and durable, together with the
    /// chunk it goes up to.
    pub(super) fn commit(&self, last_chunk: i64) -> Result<()> {
        if let Some(writer) = self.writer.lock().as_mut() {
            let mut commit = writer.prepare_commit().map_err(Error::internal)?;
            commit.set_payload(&last_chunk.to_string());
            commit.commit().map_err(Error::internal)?;
            self.cursor.store(last_chunk, Ordering::Release);
        }
        self.reader.reload().map_err(Error::internal)
    }

    pub(super) fn close_writer(&self) -> Result<()> {
        match self.writer.lock().take() {
            Some(writer) => writer.wait_merging_threads().map_err(Error::internal),
            None => Ok(()),
        }
    }
}

fn folder(dir: &Path, kind: Kind, week: i64) -> PathBuf {
    dir.join(format!("{}-{week}", kind.as_str()))
}

fn remove_folder(path: &Path) -> Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::internal(error)),
        _ => Ok(()),
    }
}
