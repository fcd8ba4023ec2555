//! Where backups are put and found: a file, a folder with one file for each, a bucket, or
//! the standard streams.
//!
//! A file appears under its name when all of it is on the disk. Until then it is called
//! `.part`; what a process that died left under such a name, the next backup to the same
//! place takes away.

use std::fs::{self, File};
use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use tokio::io::AsyncWriteExt;

use super::archive;
use super::bucket::{Bucket, Upload};
use super::name::{self, BackupName};
use super::unpack::{sync_folder, unmade};
use base::error::{Error, Result};

const PART: &str = ".part";

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
    pub async fn create(&self, name: &BackupName) -> Result<Sink> {
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
    pub fn open(&self) -> Result<(String, Box<dyn Read + Send>)> {
        let path = match self {
            Self::Stream => return Ok(("standard input".to_owned(), Box::new(io::stdin()))),
            Self::Bucket(bucket) => {
                let (name, reader) = bucket.open()?;
                return Ok((name, Box::new(reader)));
            }
            Self::File(path) => path.clone(),
            Self::Folder(folder) => {
                let newest = list(folder)?.into_iter().max_by_key(|name| (name.time_ms, name.to_string()));
                let newest = newest.ok_or_else(|| {
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
        let file = File::options().create(true).truncate(false).write(true).open(&part);
        let file = file.map_err(|error| unmade(&part, error))?;
        if is_locked(&file) {
            return Err(Error::invalid(format!("another backup is being written to {}", path.display())));
        }
        file.set_len(0).map_err(|error| unmade(&part, error))?;
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
        blocking(move || {
            fs::rename(&part, &path).map_err(|error| unmade(&path, error))?;
            sync_folder(
                path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")),
            )
        })
        .await?;
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

/// Whether another process has it. File systems without locks let everybody.
fn is_locked(file: &File) -> bool {
    matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock))
}

fn remove_abandoned(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(|error| unmade(folder, error))?.flatten() {
        let path = entry.path();
        let is_part =
            entry.file_name().to_str().and_then(|name| name.strip_suffix(PART)).and_then(name::parse);
        if is_part.is_some() && File::open(&path).is_ok_and(|file| !is_locked(&file)) {
            let _ = fs::remove_file(&path);
        }
    }
    Ok(())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}
