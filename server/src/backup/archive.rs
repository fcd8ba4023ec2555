//! The form of a backup: a tar in one frame of zstd, which `tar --zstd -xf` opens.
//!
//! The manifest comes first, so that whoever reads knows what follows and how large
//! it is before anything is written. An end that is missing is always noticed: of a
//! file, of the tar, and of the frame, which ends with a checksum.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

use super::manifest::{FileEntry, MANIFEST, MAX_MANIFEST_BYTES, Manifest};
use base::error::{Error, Result};

/// Twice as fast as the next one, and within a tenth of its size.
const LEVEL: i32 = 3;

/// Most memory that reading takes is two to the power of it.
const MAX_WINDOW_LOG: u32 = 24;

const BUFFER_BYTES: usize = 256 << 10;

/// What may follow the end of a tar: programs fill up blocks.
const MAX_PADDING_BYTES: u64 = 64 << 10;

/// Writes a backup of the files in `folder` that the manifest names.
pub(super) fn write(manifest: &Manifest, folder: &Path, out: impl Write) -> io::Result<()> {
    let mut frame = zstd::Encoder::new(out, LEVEL)?;
    frame.include_checksum(true)?;
    let mut tar = Builder::new(frame);
    let text = serde_json::to_vec_pretty(manifest)?;
    append(&mut tar, manifest, MANIFEST, text.len() as u64, text.as_slice())?;
    for file in &manifest.files {
        let content = File::open(folder.join(&file.name))?;
        append(&mut tar, manifest, &file.name, file.bytes, BufReader::with_capacity(BUFFER_BYTES, content))?;
    }
    tar.into_inner()?.finish()?.flush()
}

fn append(
    tar: &mut Builder<impl Write>,
    manifest: &Manifest,
    name: &str,
    bytes: u64,
    content: impl Read,
) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o600);
    header.set_size(bytes);
    header.set_mtime(manifest.made_at_ms.max(0).unsigned_abs() / 1000);
    tar.append_data(&mut header, name, content)
}

/// What becomes of a backup that is read.
pub(super) trait Receiver {
    /// Whether this one is wanted, and there is room for it.
    fn begin(&mut self, manifest: &Manifest) -> Result<()>;
    /// Where a file goes; `None` for nowhere.
    fn file(&mut self, entry: &FileEntry) -> Result<Option<File>>;
    /// So many bytes were read since the last call.
    fn progress(&mut self, bytes: u64) -> Result<()>;
}

/// Reads a backup to its end. Every file has the size and the checksum that the
/// manifest says, or this fails.
pub(super) fn read(source: impl Read, receiver: &mut impl Receiver) -> Result<Manifest> {
    let mut frame = zstd::Decoder::new(source).map_err(Error::internal)?;
    frame.window_log_max(MAX_WINDOW_LOG).map_err(Error::internal)?;
    let mut tar = tar::Archive::new(frame);
    let manifest = read_files(&mut tar, receiver)?;
    read_end(tar.into_inner())?;
    Ok(manifest)
}

/// The manifest of a backup, which is not read any further.
pub(super) fn read_manifest(source: impl Read) -> Result<Manifest> {
    let mut frame = zstd::Decoder::new(source).map_err(Error::internal)?;
    frame.window_log_max(MAX_WINDOW_LOG).map_err(Error::internal)?;
    let mut tar = tar::Archive::new(frame);
    let mut entries = tar.entries().map_err(unreadable)?.raw(true);
    first_entry(&mut entries)
}

fn read_files<R: Read>(tar: &mut tar::Archive<R>, receiver: &mut impl Receiver) -> Result<Manifest> {
    // Raw: what names longer than ours are made of is not read into memory.
    let mut entries = tar.entries().map_err(unreadable)?.raw(true);
    let manifest = first_entry(&mut entries)?;
    receiver.begin(&manifest)?;
    for file in &manifest.files {
        let mut entry = entries.next().ok_or_else(cut_short)?.map_err(unreadable)?;
        let header = entry.header();
        let is_ours = header.entry_type() == EntryType::Regular
            && entry.path_bytes() == file.name.as_bytes()
            && entry.size() == file.bytes;
        if !is_ours {
            return Err(Error::invalid(format!("it has something else where {} should be", file.name)));
        }
        let sha256 = take(&mut entry, file, receiver)?;
        if sha256 != file.sha256 {
            return Err(Error::invalid(format!("{} is damaged: its checksum is another", file.name)));
        }
    }
    match entries.next() {
        None => Ok(manifest),
        Some(Ok(_)) => Err(Error::invalid("it holds more than its manifest says")),
        Some(Err(error)) => Err(unreadable(error)),
    }
}

fn first_entry<'a, R: Read + 'a>(
    entries: &mut impl Iterator<Item = io::Result<tar::Entry<'a, R>>>,
) -> Result<Manifest> {
    let mut entry = entries.next().ok_or_else(foreign)?.map_err(unreadable)?;
    if entry.path_bytes() != MANIFEST.as_bytes() || entry.size() > MAX_MANIFEST_BYTES {
        return Err(foreign());
    }
    let mut text = Vec::new();
    entry.read_to_end(&mut text).map_err(unreadable)?;
    if (text.len() as u64) < entry.size() {
        return Err(cut_short());
    }
    Manifest::read(&text)
}

/// Writes a file where the receiver wants it, and on the disk. Its checksum.
fn take(content: &mut impl Read, entry: &FileEntry, receiver: &mut impl Receiver) -> Result<String> {
    let mut file = receiver.file(entry)?;
    let (mut digest, mut buffer, mut left) = (Sha256::new(), vec![0; BUFFER_BYTES], entry.bytes);
    while left > 0 {
        let read = content.read(&mut buffer).map_err(unreadable)?;
        if read == 0 {
            return Err(cut_short());
        }
        digest.update(&buffer[..read]);
        if let Some(file) = &mut file {
            file.write_all(&buffer[..read]).map_err(|error| unwritten(entry, error))?;
        }
        left -= read as u64;
        receiver.progress(read as u64)?;
    }
    if let Some(file) = file {
        file.sync_all().map_err(|error| unwritten(entry, error))?;
    }
    Ok(hex(&digest.finalize()))
}

/// The end of a tar is blocks of zeros, then the frame ends.
fn read_end(mut rest: impl Read) -> Result<()> {
    let (mut buffer, mut padding) = ([0; 4096], 0);
    loop {
        let read = rest.read(&mut buffer).map_err(unreadable)?;
        if read == 0 {
            return Ok(());
        }
        padding += read as u64;
        if padding > MAX_PADDING_BYTES || buffer[..read].iter().any(|byte| *byte != 0) {
            return Err(Error::invalid("something follows the end of it"));
        }
    }
}

/// The checksum and the size of a file.
pub(super) fn digest(path: &Path, mut go_on: impl FnMut(u64) -> Result<()>) -> Result<(String, u64)> {
    let mut file = File::open(path).map_err(Error::internal)?;
    let (mut digest, mut buffer, mut bytes) = (Sha256::new(), vec![0; BUFFER_BYTES], 0);
    loop {
        let read = file.read(&mut buffer).map_err(Error::internal)?;
        if read == 0 {
            return Ok((hex(&digest.finalize()), bytes));
        }
        digest.update(&buffer[..read]);
        bytes += read as u64;
        go_on(read as u64)?;
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn cut_short() -> Error {
    Error::invalid("it is cut short: its end is missing")
}

fn foreign() -> Error {
    Error::invalid("it is no backup of this program")
}

fn unreadable(error: io::Error) -> Error {
    match error.kind() {
        ErrorKind::UnexpectedEof => cut_short().because(error),
        ErrorKind::Other | ErrorKind::InvalidData | ErrorKind::InvalidInput => {
            Error::invalid(format!("it is damaged, or no backup of this program: {error}")).because(error)
        }
        _ => Error::invalid(format!("it cannot be read: {error}")).because(error),
    }
}

fn unwritten(entry: &FileEntry, error: io::Error) -> Error {
    Error::invalid(format!("{} cannot be written: {error}", entry.name)).because(error)
}
