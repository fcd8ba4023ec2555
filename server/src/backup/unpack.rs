//! Reading a backup into a folder, and looking whether it is what was backed up.
//!
//! Nothing is written before it is known how much will be, and that there is room.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::archive::{self, Receiver};
use super::manifest::{APP_DB, FileEntry, Manifest, SEALED_MASTER_KEY};
use super::progress::{Progress, Report};
use base::durable;
use base::error::{Error, Result};
use base::file_fault;
use base::store::copies::DatabaseCopy;
use base::store::disk_space;

/// Room that stays on the disk: for the log of the server that starts there, and for others.
const SPARE_BYTES: u64 = 64 << 20;

/// Reads a backup into a folder, which is made, and checks all of it: sizes and
/// checksums, the inner order of the databases, and that each table has the rows that
/// it had.
pub(super) fn unpack(
    source: impl Read,
    folder: &Path,
    wanted: Wanted,
    report: &mut impl Report,
) -> Result<Manifest> {
    DirBuilder::new().mode(0o700).create(folder).map_err(|error| unmade(folder, error))?;
    let manifest =
        archive::read(source, &mut Unpacking { folder, wanted, report: &mut *report, bytes: 0, of: 0 })?;
    let databases = manifest.files.iter().filter(|file| file.name != SEALED_MASTER_KEY);
    for file in databases.filter(|file| wanted.includes(&file.name)) {
        report.say(&Progress { what: format!("checking {}", file.name), bytes: 0, of: 0 })?;
        check(&folder.join(&file.name), file)?;
    }
    sync_folder(folder)?;
    Ok(manifest)
}

fn check(path: &Path, file: &FileEntry) -> Result<()> {
    let copy = DatabaseCopy::open(path)?;
    copy.check()?;
    let (rows, migrations) = (copy.row_counts()?, copy.migrations()?);
    copy.close()?;
    if migrations != file.migrations {
        return Err(Error::invalid(format!("{} has another schema than its manifest says", file.name)));
    }
    if rows != file.rows {
        let differs = |table: &&String| rows.get(*table) != file.rows.get(*table);
        let table = rows.keys().chain(file.rows.keys()).find(differs).cloned().unwrap_or_default();
        return Err(Error::invalid(format!(
            "{} has {} rows in the table {table}, and had {} when it was backed up",
            file.name,
            rows.get(&table).copied().unwrap_or(0),
            file.rows.get(&table).copied().unwrap_or(0)
        )));
    }
    Ok(())
}

/// What of a backup is written. All of it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Everything,
    AppDb,
}

impl Wanted {
    fn includes(self, name: &str) -> bool {
        self == Self::Everything || name == APP_DB
    }
}

struct Unpacking<'a, R> {
    folder: &'a Path,
    wanted: Wanted,
    report: &'a mut R,
    bytes: u64,
    of: u64,
}

impl<R: Report> Receiver for Unpacking<'_, R> {
    fn begin(&mut self, manifest: &Manifest) -> Result<()> {
        self.of = manifest.bytes();
        let written = manifest.files.iter().filter(|file| self.wanted.includes(&file.name));
        require_room(self.folder, written.map(|file| file.bytes).sum())
    }

    fn file(&mut self, entry: &FileEntry) -> Result<Option<File>> {
        if !self.wanted.includes(&entry.name) {
            return Ok(None);
        }
        let path = self.folder.join(&entry.name);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        file.map(Some).map_err(|error| unmade(&path, error))
    }

    fn progress(&mut self, bytes: u64) -> Result<()> {
        self.bytes += bytes;
        self.report.say(&Progress { what: "reading".to_owned(), bytes: self.bytes, of: self.of })
    }
}

/// Fails where a disk has less room than this, and some to spare.
pub(super) fn require_room(folder: &Path, bytes: u64) -> Result<()> {
    let free = disk_space(folder)?.free_bytes;
    if free < bytes.saturating_add(SPARE_BYTES) {
        return Err(Error::invalid(format!(
            "the disk of {} has {} MiB left, and {} MiB are needed",
            folder.display(),
            free >> 20,
            (bytes.saturating_add(SPARE_BYTES) >> 20) + 1
        )));
    }
    Ok(())
}

pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    durable::sync_folder(folder).map_err(|error| unmade(folder, error))
}

pub(super) fn remove_folder(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unmade(folder, error)),
        _ => Ok(()),
    }
}

pub(super) fn unmade(path: &Path, error: std::io::Error) -> Error {
    Error::invalid(format!("cannot use {}", file_fault::describe(path, &error)))
}
