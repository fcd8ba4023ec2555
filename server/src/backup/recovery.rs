//! The part of a backup from which a server brings one API or one workspace back.
//!
//! It lies in the data folder while it is used: a server that runs may see no other
//! folder of this machine, and its user may read nothing else. One command at a time has
//! its turn there, and a server holds the folder while it reads in it.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, lchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::manifest::APP_DB;
use super::progress::Report;
use super::unpack::{Wanted, remove_folder, unmade, unpack};
use base::clock::Stopwatch;
use base::error::{Error, Result};
use base::store::{AppSchema, DataDir, Database, Durability};

/// How long a server may take to notice that the command it works for is gone.
const PATIENCE: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(50);

/// `app.db` of a backup, in the data folder. Dropped, it goes.
pub struct UnpackedBackup {
    folder: PathBuf,
    _turn: Turn,
}

impl UnpackedBackup {
    /// Reads and checks all of a backup, of which `app.db` stays. What a call left that
    /// was killed is removed.
    pub fn read(source: impl Read, data_dir: &Path, report: &mut impl Report) -> Result<Self> {
        let owner = data_dir.metadata().map_err(|error| unmade(data_dir, error))?;
        let turn = Turn::take(data_dir)?;
        // The next call may be of the server's user.
        give(&turn.path, owner.uid(), owner.gid())?;
        let folder = DataDir::recovering_in(data_dir);
        wait_for_server(&folder)?;
        remove_folder(&folder)?;
        // From here on, whatever becomes of it goes.
        let unpacked = Self { folder, _turn: turn };
        unpack(source, &unpacked.folder, Wanted::AppDb, report)?;
        if !unpacked.app_db().exists() {
            return Err(Error::invalid(
                "it is of a server on Postgres, and has no app.db: only a dump of the database has what you want",
            ));
        }
        unpacked.give_to(owner.uid(), owner.gid())?;
        Ok(unpacked)
    }

    /// Brings it to the present schema.
    pub async fn migrate(&self) -> Result<()> {
        let owner = self.folder.metadata().map_err(|error| unmade(&self.folder, error))?;
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
            give(&path.map_err(Error::internal)?, user, group)?;
        }
        Ok(())
    }
}

fn give(path: &Path, user: u32, group: u32) -> Result<()> {
    let file = path.symlink_metadata().map_err(|error| unmade(path, error))?;
    if (file.uid(), file.gid()) != (user, group) {
        lchown(path, Some(user), Some(group)).map_err(|error| unmade(path, error))?;
    }
    Ok(())
}

impl Drop for UnpackedBackup {
    fn drop(&mut self) {
        let _ = remove_folder(&self.folder);
    }
}

/// Removes what a call has left that was killed, unless another one is at it.
pub fn remove_unpacked(data_dir: &Path) -> Result<()> {
    match is_abandoned(data_dir) {
        true => remove_folder(&DataDir::recovering_in(data_dir)),
        false => Ok(()),
    }
}

/// Whether something is unpacked there that nobody uses.
pub fn is_abandoned(data_dir: &Path) -> bool {
    let folder = DataDir::recovering_in(data_dir);
    let in_turn = File::open(Turn::path(data_dir)).is_ok_and(|lock| is_locked(&lock));
    let in_use = File::open(&folder).is_ok_and(|folder| is_locked(&folder));
    folder.exists() && !in_turn && !in_use
}

/// For a server, while it reads what is unpacked in its data folder.
pub fn hold_unpacked(data_dir: &Path) -> Result<File> {
    let folder = DataDir::recovering_in(data_dir);
    let file = File::open(&folder).map_err(|error| unmade(&folder, error))?;
    file.try_lock().map_err(|_| busy(&folder))?;
    Ok(file)
}

/// A server that worked for a command which was killed lets go of the folder soon.
fn wait_for_server(folder: &Path) -> Result<()> {
    let since = Stopwatch::start();
    loop {
        match File::open(folder) {
            Ok(file) if is_locked(&file) && since.elapsed() < PATIENCE => std::thread::sleep(RETRY),
            Ok(file) if is_locked(&file) => return Err(busy(folder)),
            // Whatever else it is, removing it tells.
            _ => return Ok(()),
        }
    }
}

fn is_locked(file: &File) -> bool {
    matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

fn busy(folder: &Path) -> Error {
    Error::invalid(format!("another restore uses {}: try again once it has ended", folder.display()))
}

/// The turn of one command: the lock on a file that is there as long.
struct Turn {
    path: PathBuf,
    lock: File,
}

impl Turn {
    fn path(data_dir: &Path) -> PathBuf {
        DataDir::recovering_in(data_dir).with_extension("lock")
    }

    fn take(data_dir: &Path) -> Result<Self> {
        let path = Self::path(data_dir);
        loop {
            let lock = File::options().create(true).truncate(false).write(true).mode(0o600).open(&path);
            let lock = lock.map_err(|error| unmade(&path, error))?;
            match lock.try_lock() {
                Err(TryLockError::WouldBlock) => return Err(busy(&path.with_extension("part"))),
                Err(TryLockError::Error(error)) => return Err(unmade(&path, error)),
                Ok(()) => {}
            }
            // Whoever had it before may have removed it meanwhile.
            let own = lock.metadata().map_err(|error| unmade(&path, error))?;
            match path.symlink_metadata() {
                Ok(there) if (there.dev(), there.ino()) == (own.dev(), own.ino()) => {
                    return Ok(Self { path, lock });
                }
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(unmade(&path, error)),
                _ => {}
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // First the name, then the lock.
        let _ = fs::remove_file(&self.path);
        let _ = self.lock.unlock();
    }
}
