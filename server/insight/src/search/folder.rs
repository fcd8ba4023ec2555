//! One tantivy index in one folder: how every index here is made, opened,
//! written and read.
//!
//! What its documents mean, and what its payload says, is for the owner to know.

use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use tantivy::indexer::IndexWriterOptions;
use tantivy::schema::Schema;
use tantivy::{
    Directory, Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, Term,
};

use base::error::{Error, Result};

/// As little as a writer takes: there are few of them, and they write in batches.
const WRITER_BYTES: usize = 16_000_000;

/// An open index.
pub(super) struct Folder {
    path: PathBuf,
    index: Index,
    reader: IndexReader,
    writer: Mutex<Option<IndexWriter<TantivyDocument>>>,
}

impl Folder {
    /// Makes an empty index in place of whatever is there.
    pub fn create(path: &Path, schema: Schema) -> Result<Self> {
        // What a crash left behind before the first commit.
        remove(path)?;
        std::fs::create_dir_all(path).map_err(Error::internal)?;
        let settings = IndexSettings {
            docstore_compression: tantivy::store::Compressor::None,
            ..IndexSettings::default()
        };
        let index = Index::builder().schema(schema).settings(settings).create_in_dir(path);
        Self::around(path, index.map_err(Error::internal)?)
    }

    /// Fails when the folder is missing, corrupt or has another schema.
    pub fn open(path: &Path, schema: &Schema) -> Result<Self> {
        let index = Index::open_in_dir(path).map_err(Error::internal)?;
        if index.schema() != *schema {
            return Err(Error::internal("the index has another schema"));
        }
        Self::around(path, index)
    }

    fn around(path: &Path, index: Index) -> Result<Self> {
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into();
        let reader = reader.map_err(Error::internal)?;
        Ok(Self { path: path.to_owned(), reader, index, writer: Mutex::new(None) })
    }

    /// What the last commit said beside its documents.
    pub fn payload(&self) -> Result<Option<String>> {
        Ok(self.index.load_metas().map_err(Error::internal)?.payload)
    }

    /// What is committed.
    pub fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    pub fn documents(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    pub fn segments(&self) -> usize {
        self.reader.searcher().segment_readers().len()
    }

    /// Whether documents were added or deleted since the writer was opened.
    pub fn is_open(&self) -> bool {
        self.writer.lock().is_some()
    }

    pub fn add(&self, document: TantivyDocument) -> Result<()> {
        self.write(|writer| writer.add_document(document).map(|_| ()))
    }

    /// Deletes the documents with this term; those added later stay.
    pub fn delete(&self, term: Term) -> Result<()> {
        self.write(|writer| {
            writer.delete_term(term);
            Ok(())
        })
    }

    /// Makes everything done so far visible and durable, together with the payload.
    pub fn commit(&self, payload: &str) -> Result<()> {
        self.write(|writer| {
            let mut commit = writer.prepare_commit()?;
            commit.set_payload(payload);
            commit.commit().map(|_| ())
        })?;
        // It is committed: an error here would have it all added again.
        if let Err(error) = self.reader.reload() {
            tracing::warn!(%error, "what was indexed shows after the next commit only");
        }
        Ok(())
    }

    /// Drops what was done since the last commit, so that it can be done again.
    pub fn abandon(&self) {
        *self.writer.lock() = None;
    }

    /// Whether the files of the last commit are there and as they were written.
    /// `thorough` reads all of them.
    pub fn is_sound(&self, thorough: bool) -> bool {
        is_sound(&self.path, thorough)
    }

    /// Lets go of the writer, which holds its memory, and of the segments that its last
    /// merges replaced: their files are gone, and stay mapped while somebody reads them.
    pub fn close_writer(&self) -> Result<()> {
        let Some(writer) = self.writer.lock().take() else { return Ok(()) };
        writer.wait_merging_threads().map_err(Error::internal)?;
        self.reader.reload().map_err(Error::internal)
    }

    /// Merges everything into one segment, the quickest to read, and closes the
    /// writer. Blocks for seconds per million documents.
    pub fn seal(&self) -> Result<()> {
        // Merges on their way would hold some of the segments.
        self.close_writer()?;
        self.write(|writer| {
            let segments = writer.index().searchable_segment_ids()?;
            if segments.len() > 1 {
                writer.merge(&segments).wait()?;
                writer.garbage_collect_files().wait()?;
            }
            Ok(())
        })?;
        self.close_writer()?;
        self.reader.reload().map_err(Error::internal)
    }

    #[cfg(test)]
    pub fn hold(&self) -> tantivy::directory::DirectoryLock {
        self.index.directory().acquire_lock(&tantivy::directory::INDEX_WRITER_LOCK).unwrap()
    }

    fn write(
        &self,
        work: impl FnOnce(&mut IndexWriter<TantivyDocument>) -> tantivy::Result<()>,
    ) -> Result<()> {
        let mut held = self.writer.lock();
        if held.is_none() {
            *held = Some(self.index.writer_with_options(options()).map_err(Error::internal)?);
        }
        let worked = held.as_mut().map_or(Ok(()), work).map_err(Error::internal);
        if worked.is_err() {
            // After an error a writer may be unusable; what it had not committed comes again.
            *held = None;
        }
        worked
    }
}

/// One thread that adds, and one that merges: several merges at once need as much more memory,
/// and all of them give way to requests anyway.
fn options() -> IndexWriterOptions {
    IndexWriterOptions::builder()
        .memory_budget_per_thread(WRITER_BYTES)
        .num_worker_threads(1)
        .num_merge_threads(1)
        .build()
}

/// Whether the files of the last commit of an index are there and as they were written.
pub(super) fn is_sound(path: &Path, thorough: bool) -> bool {
    let is_whole = || -> tantivy::Result<bool> {
        // Opened anew: what somebody has mapped may no longer be on disk.
        let index = Index::open_in_dir(path)?;
        let directory = index.directory();
        let (named, managed) = (index.load_metas()?.list_segment_files(), directory.list_managed_files());
        // A segment names files of every kind; those it has are managed.
        let exist = named.intersection(&managed).all(|file| directory.exists(file).unwrap_or(false));
        Ok(exist && (!thorough || index.validate_checksum()?.is_empty()))
    };
    is_whole().unwrap_or(false)
}

/// What the last commit of an index said beside its documents; fails when it cannot be
/// read or has another schema.
pub(super) fn payload_of(path: &Path, schema: &Schema) -> Result<Option<String>> {
    let index = Index::open_in_dir(path).map_err(Error::internal)?;
    if index.schema() != *schema {
        return Err(Error::internal("the index has another schema"));
    }
    Ok(index.load_metas().map_err(Error::internal)?.payload)
}

/// Removes an index; fine when there is none.
pub(super) fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::internal(error)),
        _ => Ok(()),
    }
}

/// Bytes of the files below a folder.
pub fn bytes(path: &Path) -> u64 {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.map(size).sum()
}
