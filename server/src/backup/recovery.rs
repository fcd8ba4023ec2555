//! The part of a backup from which a server brings one API or one workspace back.
//!
//! It lies in the data folder while it is used: a server that runs may see no other
//! folder of this machine, and its user may read nothing else.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::manifest::APP_DB;
use super::progress::Report;
use super::unpack::{Wanted, remove_folder, unmade, unpack};
use base::error::{Error, Result};
use base::store::{AppSchema, DataDir, Database, Durability};

/// `app.db` of a backup, in the data folder. Dropped, it goes.
pub struct UnpackedBackup {
    folder: PathBuf,
    /// Held, so that another call does not take it for one that was left.
    _lock: File,
}

impl UnpackedBackup {
    /// Reads and checks all of a backup, of which `app.db` stays. What a call left that
    /// was killed is removed.
    pub fn read(source: impl Read, data_dir: &Path, report: &mut impl Report) -> Result<Self> {
        let folder = DataDir::recovering_in(data_dir);
        let data_dir = File::open(data_dir).map_err(|error| unmade(data_dir, error))?;
        let lock = take_turn(&folder)?;
        remove_folder(&folder)?;
        drop(lock);
        unpack(source, &folder, Wanted::AppDb, report).inspect_err(|_| {
            let _ = remove_folder(&folder);
        })?;
        let lock = take_turn(&folder)?
            .ok_or_else(|| Error::internal("an unpacked backup went away while it was made"))?;
        let unpacked = Self { folder, _lock: lock };
        if !unpacked.app_db().exists() {
            return Err(Error::invalid(
                "it is of a server on Postgres, and has no app.db: only a dump of the database has what you want",
            ));
        }
        let owner = data_dir.metadata().map_err(Error::internal)?;
        unpacked.give_to(owner.uid(), owner.gid())?;
        Ok(unpacked)
    }

    /// Brings it to the present schema.
    pub async fn migrate(&self) -> Result<()> {
        let owner = self.folder.metadata().map_err(Error::internal)?;
        Database::open_existing::<AppSchema>(&self.app_db(), Durability::Normal).await?.close().await?;
        self.give_to(owner.uid(), owner.gid())
    }

    fn app_db(&self) -> PathBuf {
        self.folder.join(APP_DB)
    }

    /// Whoever calls may be root, and the server is not.
    fn give_to(&self, user: u32, group: u32) -> Result<()> {
        let entries = fs::read_dir(&self.folder).map_err(|error| unmade(&self.folder, error))?;
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        for path in paths.chain([Ok(self.folder.clone())]) {
            let path = path.map_err(Error::internal)?;
            let file = path.symlink_metadata().map_err(|error| unmade(&path, error))?;
            if (file.uid(), file.gid()) != (user, group) {
                std::os::unix::fs::lchown(&path, Some(user), Some(group))
                    .map_err(|error| unmade(&path, error))?;
            }
        }
        Ok(())
    }
}

impl Drop for UnpackedBackup {
    fn drop(&mut self) {
        let _ = remove_folder(&self.folder);
    }
}

/// The lock on a folder that is there. Fails if another call has it.
fn take_turn(folder: &Path) -> Result<Option<File>> {
    let file = match File::open(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(|error| unmade(folder, error))?,
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => {
            Err(Error::invalid(format!("another restore uses {}", folder.display())))
        }
        Err(fs::TryLockError::Error(error)) => Err(unmade(folder, error)),
    }
}
