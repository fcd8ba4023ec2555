//! A certificate in files that somebody else replaces.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

use super::certificate::{Certificate, Fault};
use base::file_fault;

/// Far larger than any chain.
const MAX_BYTES: u64 = 1 << 20;

pub struct Files {
    certificate: PathBuf,
    key: PathBuf,
    /// What the files were when they were read last.
    read: Mutex<[Option<Stamp>; 2]>,
}

/// What changes with a file: its place, length and times.
type Stamp = (u64, u64, u64, i64, i64, i64, i64);

impl Files {
    pub fn new(certificate: PathBuf, key: PathBuf) -> Self {
        Self { certificate, key, read: Mutex::default() }
    }

    pub fn have_changed(&self) -> bool {
        *self.read.lock() != self.stamps()
    }

    /// `Err` names the file, and what is wrong with it, in one line.
    pub fn load(&self) -> Result<Certificate, String> {
        // Before reading: what changes meanwhile is read again.
        *self.read.lock() = self.stamps();
        let (chain, key) = (read(&self.certificate)?, read(&self.key)?);
        Certificate::parse(&chain, &key).map_err(|fault| match fault {
            Fault::Chain(what) => format!("tls_certificate: {} {what}", self.certificate.display()),
            Fault::Key(what) => format!("tls_key: {} {what}", self.key.display()),
        })
    }

    fn stamps(&self) -> [Option<Stamp>; 2] {
        [&self.certificate, &self.key].map(|path| {
            let file = fs::metadata(path).ok()?;
            let times = (file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec());
            Some((file.dev(), file.ino(), file.len(), times.0, times.1, times.2, times.3))
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |error| format!("cannot read {}", file_fault::describe(path, &error));
    let file = fs::metadata(path).map_err(failed)?;
    if !file.is_file() || file.len() > MAX_BYTES {
        return Err(format!("cannot read {}: it is no file of {MAX_BYTES} bytes at most", path.display()));
    }
    fs::read(path).map_err(failed)
}
