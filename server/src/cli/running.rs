//! Finding the server that runs, for who asks after it without knowing how it was
//! started: as a health check of a container does.
//!
//! The folder that the caller's own settings name comes first. Where no server holds it,
//! the processes of this user are looked through for one of this program, and its
//! arguments and variables are read as it read them itself.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::command::Command;
use super::{flags, parser};
use base::config::{Config, Raw};

/// The data folders of servers of this program that run as this user.
pub(super) fn data_dirs() -> Vec<PathBuf> {
    let Some(own) = program(Path::new("/proc/self")) else { return Vec::new() };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.filter_map(|entry| data_dir(&entry.path(), &own)).collect()
}

/// Of a process that is one; those of others cannot be looked into.
fn data_dir(process: &Path, own: &Path) -> Option<PathBuf> {
    if program(process)? != own {
        return None;
    }
    let arguments = texts(&process.join("cmdline"))?;
    let matches = parser::syntax().try_get_matches_from(arguments).ok()?;
    let (Command::Serve, _) = parser::read(&matches)? else { return None };
    let variables = texts(&process.join("environ"))?;
    let pairs = variables.iter().filter_map(|pair| pair.split_once('='));
    let variables = pairs.filter(|(name, _)| name.starts_with("UNKEY_"));
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let raw = Raw { flags: flags(&matches), variables, ..Raw::default() };
    Some(Config::data_dir_of(raw, &fs::read_link(process.join("cwd")).ok()?))
}

/// The file a process runs, also once an update has taken its place.
fn program(process: &Path) -> Option<PathBuf> {
    let shown = fs::read_link(process.join("exe")).ok()?;
    let text = shown.to_str()?;
    Some(PathBuf::from(text.strip_suffix(" (deleted)").unwrap_or(text)))
}

/// What the kernel lists with a zero after each.
fn texts(file: &Path) -> Option<Vec<String>> {
    let bytes = fs::read(file).ok()?;
    let text = |part: &[u8]| OsString::from_vec(part.to_vec()).to_string_lossy().into_owned();
    let mut texts: Vec<String> = bytes.split(|byte| *byte == 0).map(text).collect();
    texts.pop();
    Some(texts)
}
