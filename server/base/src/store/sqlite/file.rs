//! Telling whether the files of a database are still those that were opened.
//!
//! A file that was removed or replaced stays open, and SQLite goes on writing
//! into what nobody will find again.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sea_orm::DbErr;

use crate::store::failure::refused;

/// Device and number of an open file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct FileIdentity {
    device: u64,
    inode: u64,
}

impl FileIdentity {
    pub fn of(path: &Path) -> Result<Self, DbErr> {
        let metadata = path.metadata().map_err(|error| refused(format!("it cannot be read: {error}")))?;
        Ok(Self { device: metadata.dev(), inode: metadata.ino() })
    }

    /// Fails when `path` no longer leads to this file.
    pub fn check(self, path: &Path) -> Result<(), DbErr> {
        match path.metadata() {
            Ok(found) if (found.dev(), found.ino()) == (self.device, self.inode) => Ok(()),
            Ok(_) => Err(refused(format!("{} was replaced while the server runs", path.display()))),
            Err(error) => Err(refused(format!("{} is gone: {error}", path.display()))),
        }
    }
}

/// The files that SQLite keeps beside a database in use: its log, and the index of it.
///
/// They hold what is committed and not yet in the database. While a connection is
/// open nobody has a reason to remove them; what is committed into one that is gone
/// is lost with the process.
#[derive(Clone, Copy)]
pub(super) struct LogFiles {
    log: FileIdentity,
    index: FileIdentity,
    log_bytes: u64,
}

impl LogFiles {
    pub fn of(database: &Path) -> Result<Self, DbErr> {
        let log = beside(database, "-wal");
        let log_bytes = log.metadata().map_or(0, |found| found.len());
        Ok(Self {
            log: FileIdentity::of(&log)?,
            index: FileIdentity::of(&beside(database, "-shm"))?,
            log_bytes,
        })
    }

    /// Fails when one of them is gone or another. Else how long the log is now.
    pub fn check(self, database: &Path) -> Result<u64, DbErr> {
        let log = beside(database, "-wal");
        self.log.check(&log)?;
        self.index.check(&beside(database, "-shm"))?;
        Ok(log.metadata().map_or(0, |found| found.len()))
    }

    /// Whether the log was longer. A log is cut by whoever folds all of it into the
    /// database, which tools for backups do as well.
    pub fn is_cut(self, log_bytes: u64) -> bool {
        log_bytes < self.log_bytes
    }
}

fn beside(database: &Path, end: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(end);
    name.into()
}
