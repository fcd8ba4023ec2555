//! Telling whether a database file is still the one that was opened.
//!
//! A file that was removed or replaced stays open, and SQLite goes on writing
//! into what nobody will find again.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use sea_orm::DbErr;

use super::connection::refused;

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
