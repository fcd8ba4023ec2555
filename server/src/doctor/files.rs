//! Files of the data folder: whose they are, who may read them, and which are left from
//! something that was cut short.

use std::path::{Path, PathBuf};

use super::{Finding, Fix, Subject, count, size, some};
use crate::backup;
use base::error::{Error, Result};
use base::store::{DataDir, FileFault, WrongFile, wrong_files};

/// What a process that died while it wrote leaves behind, below the data folder.
const DRAFTS: [&str; 7] = [
    "master.draft",
    "index/manifest.json.new",
    "app.db.before",
    "events.db.before",
    "backup.part",
    "recovery.part",
    "recovery.lock",
];

pub(super) async fn permissions(subject: &Subject) -> Result<Vec<Finding>> {
    let dir = subject.data_dir.clone();
    let wrong = tokio::task::spawn_blocking(move || wrong_files(&dir)).await.map_err(Error::internal)?;
    let dir = subject.data_dir.as_path();
    let name = |file: &WrongFile| match file.path.strip_prefix(dir) {
        Ok(below) if !below.as_os_str().is_empty() => below.display().to_string(),
        _ => dir.display().to_string(),
    };
    let mut found = Vec::new();
    let is_mode = |file: &&WrongFile| matches!(file.fault, FileFault::Mode { .. });
    let modes: Vec<String> = wrong.iter().filter(is_mode).map(name).collect();
    if !modes.is_empty() {
        let text = format!(
            "Others may read {}, or their owner may not: {}.",
            count(modes.len(), "file"),
            some(&modes)
        );
        found.push(Finding::error(text).fix(Fix::FileModes));
    }
    let strange: Vec<String> = wrong.iter().filter(|file| !is_mode(file)).map(name).collect();
    if !strange.is_empty() {
        let text = format!(
            "{} not of the user to whom the folder belongs: {}.",
            match strange.len() {
                1 => "1 file is".to_owned(),
                several => format!("{several} files are"),
            },
            some(&strange)
        );
        let remedy = format!("chown -R --reference={0} {0}", dir.display());
        found.push(Finding::error(text).remedy(remedy));
    }
    if found.is_empty() {
        found.push(Finding::ok("Nobody but its owner may read the data folder."));
    }
    Ok(found)
}

pub(super) async fn leftovers(subject: &Subject) -> Result<Vec<Finding>> {
    let dir = subject.data_dir.clone();
    let (drafts, damaged) =
        tokio::task::spawn_blocking(move || (drafts(&dir), damaged(&dir))).await.map_err(Error::internal)?;
    let mut found = Vec::new();
    if DataDir::restoring_in(&subject.data_dir).exists() {
        let text = "A restore of the folder was interrupted: no server starts on what is there.";
        let remedy = format!("unkey restore SOURCE --data-dir {}", subject.data_dir.display());
        found.push(Finding::error(text).remedy(remedy));
    }
    let unpacked = DataDir::recovering_in(&subject.data_dir);
    if subject.running.is_some() && backup::is_abandoned(&subject.data_dir) {
        let text =
            format!("A restore that was cut short left {}, with all that a backup has.", unpacked.display());
        found.push(Finding::warning(text).remedy(format!("rm -r {}", unpacked.display())));
    }
    // What a running server writes at this moment is no leftover.
    if subject.running.is_none() && !drafts.is_empty() {
        let names: Vec<_> = drafts.iter().map(|path| path.display()).collect();
        let text = format!("Something that was cut short left {}.", some(&names));
        found.push(Finding::warning(text).fix(Fix::RemoveLeftovers));
    }
    for (path, bytes) in damaged {
        let text = format!("{} is kept from when it was damaged, and takes {}.", path.display(), size(bytes));
        let remedy = format!("rm {}", path.display());
        found.push(Finding::warning(text).remedy(format!("once nobody needs what is left in it: {remedy}")));
    }
    if found.is_empty() {
        found.push(Finding::ok("Nothing is left from what was cut short."));
    }
    Ok(found)
}

/// Files that nobody needs while no server runs.
fn drafts(dir: &Path) -> Vec<PathBuf> {
    DRAFTS.iter().map(|name| dir.join(name)).filter(|path| path.exists()).collect()
}

pub(super) fn remove_drafts(dir: &Path) -> std::io::Result<()> {
    drafts(dir).iter().try_for_each(|path| match path.is_dir() {
        true => std::fs::remove_dir_all(path),
        false => std::fs::remove_file(path),
    })
}

/// Databases that were set aside.
fn damaged(dir: &Path) -> Vec<(PathBuf, u64)> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let is_damaged = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().contains(".db.damaged-");
    let mut found: Vec<_> = entries
        .filter(is_damaged)
        .map(|entry| (entry.path(), entry.metadata().map_or(0, |metadata| metadata.len())))
        .collect();
    found.sort();
    found
}
