//! Files that are there as a whole or not at all, also after a power cut.
//!
//! A file is written under another name, brought to the disk, given its name, and its
//! folder is brought to the disk: without the last step the name may be lost. Not here:
//! what is wrong with a file, in words ([`crate::file_fault`]).

use std::fs::{self, File, OpenOptions};
use std::io::{Result, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Writes a file that its owner alone may read, by way of `draft`, which is beside it.
/// Of a failure no draft is left.
pub fn write(path: &Path, draft: &Path, content: &[u8]) -> Result<()> {
    let store = || {
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(draft)?;
        file.write_all(content)?;
        file.sync_all()?;
        rename(draft, path)
    };
    store().inspect_err(|_| {
        let _ = fs::remove_file(draft);
    })
}

/// Gives a file that is on the disk its name.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to)?;
    sync_folder(folder_of(to))
}

/// Brings the names in a folder to the disk.
pub fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)?.sync_all()
}

/// The folder that a path without one is in is the present one.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_written_as_a_whole_and_a_failure_leaves_no_draft() {
        let dir = tempfile::tempdir().unwrap();
        let (path, draft) = (dir.path().join("file"), dir.path().join("file.new"));
        for content in ["first", "second, and longer"] {
            write(&path, &draft, content.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        // A folder cannot be replaced by a file.
        assert!(write(dir.path(), &draft, b"x").is_err());
        assert!(!draft.exists());
    }

    #[test]
    fn every_path_has_a_folder() {
        let folders = ["a", "a/b", "/a"].map(|path| folder_of(Path::new(path)).to_str().unwrap().to_owned());
        assert_eq!(folders, [".", "a", "/"]);
    }
}
