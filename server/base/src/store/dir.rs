//! The data folder: private to its owner, held by one process at a time.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::file_modes;
use crate::error::{Error, Result};

/// A data folder and, while this value lives, the exclusive right to write to it.
pub struct DataDir {
    path: PathBuf,
    _locks: [File; 2],
}

impl DataDir {
    /// Creates the folder if needed and locks it. `Ok(None)` means that another
    /// process holds it.
    pub fn acquire(path: &Path) -> Result<Option<Self>> {
        let failed = |error: std::io::Error| {
            Error::invalid(format!("cannot use the data folder {}: {error}", path.display())).because(error)
        };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let path = fs::canonicalize(path).map_err(failed)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path.join("lock"))
            .map_err(failed)?;
        // The folder as well: somebody may remove the file while the lock is held.
        let locks = [lock, File::open(&path).map_err(failed)?];
        for lock in &locks {
            match lock.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        file_modes::make(&path);
        Ok(Some(Self { path, _locks: locks }))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn app_db(&self) -> PathBuf {
        self.path.join("app.db")
    }

    pub fn events_db(&self) -> PathBuf {
        self.path.join("events.db")
    }

    /// Where a restore gathers what it puts into the folder at its end.
    pub fn restoring(&self) -> PathBuf {
        Self::restoring_in(&self.path)
    }

    /// As [`DataDir::restoring`], of a folder that nobody holds yet.
    pub fn restoring_in(path: &Path) -> PathBuf {
        path.join("restore.part")
    }

    /// Fails in a folder that holds half of a restore: it is neither new nor whole.
    pub fn refuse_half_restored(&self) -> Result<()> {
        match self.restoring().exists() {
            false => Ok(()),
            true => Err(Error::invalid(format!(
                "{} holds half of a restore that was interrupted: call `unkey restore` again",
                self.path.display()
            ))),
        }
    }

    /// Where a backup gathers its copies of the databases.
    pub fn backup_copies(&self) -> PathBuf {
        self.path.join("backup.part")
    }

    /// Whether the folder was in use before, whatever became of `app.db`: what
    /// else a first start makes is only made once `app.db` is complete.
    pub fn was_in_use(&self) -> bool {
        let has_content = |path: PathBuf| path.metadata().is_ok_and(|file| file.len() > 0);
        has_content(self.master_key()) || has_content(self.events_db()) || self.index().is_dir()
    }

    pub fn index(&self) -> PathBuf {
        self.path.join("index")
    }

    pub fn master_key(&self) -> PathBuf {
        self.path.join("master.key")
    }

    /// Where the control socket of the process that holds `data_dir` listens.
    pub fn control_socket(data_dir: &Path) -> PathBuf {
        data_dir.join("control.sock")
    }
}
