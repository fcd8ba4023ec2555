//! The data folder: private to its owner, held by one process at a time.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::file_modes;
use crate::error::{Error, Result};
use crate::file_fault;

/// A data folder and, while this value lives, the exclusive right to write to it.
pub struct DataDir {
    path: PathBuf,
    _locks: Vec<File>,
}

/// A data folder as who only looks at it finds it.
pub enum Found {
    Missing,
    /// Another process holds it.
    Busy,
    Free(DataDir),
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    Error::invalid(format!("cannot use the data folder {}", file_fault::describe(path, error)))
}

impl DataDir {
    /// Creates the folder if needed and locks it. `Ok(None)` means that another
    /// process holds it.
    pub fn acquire(path: &Path) -> Result<Option<Self>> {
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| failed(path, &error))?;
        Self::lock(path)
    }

    /// As [`DataDir::acquire`], for a folder that a server has used: whoever mistypes
    /// its path shall not be given a new one, in which nothing is.
    pub fn acquire_used(path: &Path) -> Result<Option<Self>> {
        Self::require_used(path)?;
        Self::lock(path)
    }

    /// Fails where no server was ever started.
    pub fn require_used(path: &Path) -> Result<()> {
        let traces = ["app.db", "events.db", "master.key"];
        if traces.iter().any(|name| path.join(name).exists()) {
            return Ok(());
        }
        let shown = path.display();
        let what = match fs::read_dir(path) {
            Ok(_) => format!("{shown} is no data folder: no server was ever started on it"),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                format!("there is no data folder {shown}")
            }
            Err(error) => return Err(failed(path, &error)),
        };
        Err(Error::invalid(format!(
            "{what}. Name the right one with --data-dir or UNKEY_DATA_DIR; `unkey serve` makes new ones."
        )))
    }

    fn lock(path: &Path) -> Result<Option<Self>> {
        let failed = |error: std::io::Error| failed(path, &error);
        let path = fs::canonicalize(path).map_err(failed)?;
        let lock = path.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&lock)
            .map_err(|error| self::failed(&lock, &error))?;
        // The folder as well: somebody may remove the file while the lock is held.
        let locks = vec![lock, File::open(&path).map_err(failed)?];
        if !all_taken(&locks).map_err(failed)? {
            return Ok(None);
        }
        file_modes::keep_private(&path);
        Ok(Some(Self { path, _locks: locks }))
    }

    /// Locks a folder that is there, and changes nothing in it.
    pub fn find(path: &Path) -> Result<Found> {
        let failed = |error: std::io::Error| {
            Error::invalid(format!("cannot look at the data folder {}: {error}", path.display()))
                .because(error)
        };
        let path = match fs::canonicalize(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Missing),
            path => path.map_err(failed)?,
        };
        let mut locks = vec![File::open(&path).map_err(failed)?];
        match File::open(path.join("lock")) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            lock => locks.push(lock.map_err(failed)?),
        }
        Ok(match all_taken(&locks).map_err(failed)? {
            true => Found::Free(Self { path, _locks: locks }),
            false => Found::Busy,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes a folder away again that was made for nothing. One that has anything in it
    /// stays.
    pub fn take_away_unused(self) {
        let is_lock =
            |entry: std::io::Result<fs::DirEntry>| entry.is_ok_and(|entry| entry.file_name() == "lock");
        if fs::read_dir(&self.path).is_ok_and(|mut entries| entries.all(is_lock)) {
            let _ = fs::remove_file(self.path.join("lock"));
            let _ = fs::remove_dir(&self.path);
        }
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

    /// Where a backup lies from which something is brought back.
    pub fn recovering_in(path: &Path) -> PathBuf {
        path.join("recovery.part")
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

/// Whether each of these is locked by this process now, and by no other.
fn all_taken(locks: &[File]) -> std::io::Result<bool> {
    for lock in locks {
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(true)
}
