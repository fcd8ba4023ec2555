//! Where backups are put and found: a file, a folder with one file for each, a bucket, or
//! the standard streams.
//!
//! A file appears under its name when all of it is on the disk. Until then it is called
//! `.part`; what a process that died left under such a name, the next backup to the same
//! place takes away.

use std::fs::{self, File};
use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use tokio::io::AsyncWriteExt;

use super::archive;
use super::bucket::{Bucket, Upload};
use super::name::{self, BackupName};
use super::unpack::unmade;
use base::durable;
use base::error::{Error, Result};

const PART: &str = ".part";
/// With which a backup begins, however little of it was written.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A place for backups, as people write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Standard output, or standard input.
    Stream,
    File(PathBuf),
    Folder(PathBuf),
    /// With one object for each.
    Bucket(Bucket),
}

impl Place {
    /// `-`, `s3://...`, a folder that is there or ends with `/`, or else a file.
    pub fn read(text: &str) -> Result<Self> {
        if let Some(bucket) = Bucket::read(text) {
            return bucket.map(Self::Bucket);
        }
        let path = PathBuf::from(text);
        match text {
            "" => Err(Error::invalid("a place for backups cannot be empty")),
            "-" => Ok(Self::Stream),
            _ if text.contains("://") && !text.starts_with('/') => {
                Err(Error::invalid(format!("{text} is no file, no folder, no bucket and not -")))
            }
            _ if text.ends_with('/') || path.is_dir() => Ok(Self::Folder(path)),
            _ => Ok(Self::File(path)),
        }
    }

    /// Opens it for one backup of this name, which says what a file in a folder is called.
    /// Refused in `data_dir`, which holds what is backed up.
    pub async fn create(&self, name: &BackupName, data_dir: &Path) -> Result<Sink> {
        self.require_outside(data_dir)?;
        match self.clone() {
            Self::Stream if io::stdout().is_terminal() => {
                Err(Error::invalid("a backup is nothing to read: send it to a file or another program"))
            }
            Self::Stream => Ok(Sink::Stream),
            Self::Bucket(bucket) => bucket.create(name).await.map(Box::new).map(Sink::Bucket),
            Self::File(path) => blocking(move || FileSink::create(&path)).await.map(Sink::File),
            Self::Folder(folder) => {
                let name = name.to_string();
                let create = move || {
                    if !folder.is_dir() {
                        return Err(Error::invalid(format!("{} is no folder", folder.display())));
                    }
                    remove_abandoned(&folder)?;
                    FileSink::create(&folder.join(name))
                };
                blocking(create).await.map(Sink::File)
            }
        }
    }

    fn require_outside(&self, data_dir: &Path) -> Result<()> {
        let folder = match self {
            Self::Stream | Self::Bucket(_) => return Ok(()),
            Self::File(path) => durable::folder_of(path),
            Self::Folder(folder) => folder,
        };
        // What cannot be found is told when it is opened.
        let is_inside = folder
            .canonicalize()
            .is_ok_and(|folder| data_dir.canonicalize().is_ok_and(|data_dir| folder.starts_with(data_dir)));
        match is_inside {
            true => Err(Error::invalid(format!(
                "{} is in the data folder: name a place outside of it, on another disk if there is one",
                folder.display()
            ))),
            false => Ok(()),
        }
    }

    /// The backups that are here, by their names; none where each replaces the one before.
    pub async fn list(&self) -> Result<Vec<BackupName>> {
        match self.clone() {
            Self::Stream | Self::File(_) => Ok(Vec::new()),
            Self::Folder(folder) => blocking(move || list(&folder)).await,
            Self::Bucket(bucket) => bucket.list().await,
        }
    }

    /// Removes a backup of this name.
    pub async fn remove(&self, name: &BackupName) -> Result<()> {
        match self {
            Self::Stream | Self::File(_) => Ok(()),
            Self::Folder(folder) => {
                let path = folder.join(name.to_string());
                blocking(move || fs::remove_file(&path).map_err(|error| unmade(&path, error))).await
            }
            Self::Bucket(bucket) => bucket.remove(name).await,
        }
    }

    /// Opens a backup that is here, the newest of a folder or a bucket. Says which it is.
    /// Blocks.
    pub fn open(&self, now_ms: i64) -> Result<(String, Box<dyn Read + Send>)> {
        let path = match self {
            Self::Stream => return Ok(("standard input".to_owned(), Box::new(io::stdin()))),
            Self::Bucket(bucket) => {
                let (name, reader) = bucket.open(now_ms)?;
                return Ok((name, Box::new(reader)));
            }
            Self::File(path) => path.clone(),
            Self::Folder(folder) => {
                let newest = name::newest(list(folder)?, now_ms).ok_or_else(|| {
                    Error::invalid(format!("there is no backup in the folder {}", folder.display()))
                })?;
                folder.join(newest.to_string())
            }
        };
        let file = File::open(&path).map_err(|error| unmade(&path, error))?;
        Ok((path.display().to_string(), Box::new(file)))
    }
}

/// The backups in a folder, by their names.
fn list(folder: &Path) -> Result<Vec<BackupName>> {
    let entries = fs::read_dir(folder).map_err(|error| unmade(folder, error))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| unmade(folder, error))?;
        names.extend(entry.file_name().to_str().and_then(name::parse));
    }
    Ok(names)
}

/// Where the bytes of a backup go.
pub enum Sink {
    Stream,
    File(FileSink),
    Bucket(Box<Upload>),
}

impl Sink {
    pub async fn write(&mut self, bytes: Vec<u8>) -> Result<()> {
        match self {
            Self::Stream => {
                let write = move || io::stdout().lock().write_all(&bytes).map_err(unsaid);
                blocking(write).await
            }
            Self::File(file) => file.write(&bytes).await,
            Self::Bucket(upload) => upload.write(bytes).await,
        }
    }

    /// Makes the backup appear, or leaves nothing of it. Says where, if it has a place.
    pub async fn finish(self) -> Result<Option<String>> {
        match self {
            Self::Stream => blocking(|| io::stdout().flush().map_err(unsaid)).await.map(|()| None),
            Self::File(file) => file.finish().await.map(Some),
            Self::Bucket(mut upload) => {
                let finished = upload.finish().await;
                if finished.is_err() {
                    upload.abort().await;
                }
                finished.map(Some)
            }
        }
    }

    /// Leaves nothing of what was written.
    pub async fn abort(self) {
        if let Self::Bucket(mut upload) = self {
            upload.abort().await;
        }
    }
}

/// A file that has its name when it is whole. Dropped, it leaves nothing.
pub struct FileSink {
    file: tokio::fs::File,
    part: PathBuf,
    path: PathBuf,
    is_finished: bool,
}

impl FileSink {
    fn create(path: &Path) -> Result<Self> {
        require_replaceable(path)?;
        let mut part = path.as_os_str().to_owned();
        part.push(PART);
        let part = PathBuf::from(part);
        remove_draft(&part)?;
        // Never through a link, and for its owner alone, whatever was there.
        let file = File::options().create_new(true).write(true).mode(0o600).open(&part);
        let file = file.map_err(|error| unmade(&part, error))?;
        // Somebody else may have taken it for one that was left.
        if is_locked(&file) || !is_at(&file, &part) {
            return Err(is_busy(&part));
        }
        Ok(Self { file: file.into(), part, path: path.to_owned(), is_finished: false })
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = async {
            self.file.write_all(bytes).await?;
            // The library says with a later write how this one went.
            self.file.flush().await
        };
        written.await.map_err(|error| self.failed(error))
    }

    async fn finish(mut self) -> Result<String> {
        self.file.sync_all().await.map_err(|error| self.failed(error))?;
        let (part, path) = (self.part.clone(), self.path.clone());
        blocking(move || durable::rename(&part, &path).map_err(|error| unmade(&path, error))).await?;
        self.is_finished = true;
        Ok(self.path.display().to_string())
    }

    fn failed(&self, error: io::Error) -> Error {
        Error::invalid(format!("{} cannot be written: {error}", self.path.display())).because(error)
    }
}

impl Drop for FileSink {
    fn drop(&mut self) {
        if !self.is_finished {
            let _ = fs::remove_file(&self.part);
        }
    }
}

fn unsaid(error: io::Error) -> Error {
    Error::invalid(format!("standard output cannot be written: {error}")).because(error)
}

/// Nothing but an older backup is written over.
fn require_replaceable(path: &Path) -> Result<()> {
    let found = match path.metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        found => found.map_err(|error| unmade(path, error))?,
    };
    if !found.is_file() {
        return Err(Error::invalid(format!("{} is no file: name one, or -", path.display())));
    }
    let is_ours = File::open(path).is_ok_and(|file| archive::read_manifest(file).is_ok());
    match is_ours || found.len() == 0 {
        true => Ok(()),
        false => {
            Err(Error::invalid(format!("{} is there, and is no backup: name another file", path.display())))
        }
    }
}

/// Removes what a backup left that was killed. Anything else is left alone.
fn remove_draft(part: &Path) -> Result<()> {
    let found = match part.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        found => found.map_err(|error| unmade(part, error))?,
    };
    let mut start = Vec::new();
    let file = if found.is_file() { File::open(part).ok() } else { None };
    let is_read = |file: &File| file.take(ZSTD.len() as u64).read_to_end(&mut start).is_ok();
    match file.filter(is_read) {
        Some(file) if is_locked(&file) => Err(is_busy(part)),
        Some(_) if ZSTD.starts_with(&start) => fs::remove_file(part).map_err(|error| unmade(part, error)),
        _ => Err(Error::invalid(format!(
            "{} is there, and is no draft of a backup: remove it, or name another file",
            part.display()
        ))),
    }
}

fn is_busy(part: &Path) -> Error {
    Error::invalid(format!("another backup is being written: it has {} open", part.display()))
}

/// Whether this is the file that has the name.
fn is_at(file: &File, path: &Path) -> bool {
    let place = |found: fs::Metadata| (found.dev(), found.ino());
    file.metadata().is_ok_and(|own| path.symlink_metadata().is_ok_and(|there| place(there) == place(own)))
}

/// Whether another process has it. File systems without locks let everybody.
fn is_locked(file: &File) -> bool {
    matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock))
}

fn remove_abandoned(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(|error| unmade(folder, error))?.flatten() {
        let path = entry.path();
        let is_part =
            entry.file_name().to_str().and_then(|name| name.strip_suffix(PART)).and_then(name::parse);
        if is_part.is_some() {
            // One that another backup is at stays, and what only has such a name.
            let _ = remove_draft(&path);
        }
    }
    Ok(())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}
