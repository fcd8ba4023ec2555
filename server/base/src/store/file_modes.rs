//! Keeping everything below the data folder to its owner, whoever made it and
//! with which umask.

use std::fs::{self, Metadata, Permissions};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;

/// Something below the data folder that is not as it should be.
pub struct WrongFile {
    pub path: PathBuf,
    pub fault: FileFault,
}

/// What is wrong with a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFault {
    /// Others may read or change it, or its owner may not; this is its mode, and the one it should have.
    Mode { is: u32, wanted: u32 },
    /// It belongs to the user of this number, not to the one who looks.
    Owner(u32),
}

/// What is not as it should be at `path` and below. Links are not followed.
pub fn wrong_files(path: &Path) -> Vec<WrongFile> {
    let mut found = Vec::new();
    let user = rustix::process::geteuid().as_raw();
    each(path, &mut |path, metadata, wanted| {
        let is = metadata.mode() & 0o777;
        let faults = [
            (metadata.uid() != user).then_some(FileFault::Owner(metadata.uid())),
            (is != wanted).then_some(FileFault::Mode { is, wanted }),
        ];
        found.extend(faults.into_iter().flatten().map(|fault| WrongFile { path: path.to_owned(), fault }));
    });
    found
}

/// Folders become 0700, files and sockets 0600. Links are left alone, and not
/// followed. What cannot be changed, because it belongs to somebody else, is said.
pub fn keep_private(path: &Path) {
    each(path, &mut |path, metadata, wanted| {
        if metadata.mode() & 0o777 != wanted
            && let Err(error) = fs::set_permissions(path, Permissions::from_mode(wanted))
        {
            tracing::warn!(path = %path.display(), %error, "others may read this, and it cannot be changed");
        }
    });
}

/// Calls for everything there is with the mode it should have, a folder before what is in it.
fn each(path: &Path, seen: &mut impl FnMut(&Path, &Metadata, u32)) {
    let Ok(found) = path.symlink_metadata() else { return };
    let kind = found.file_type();
    let mode = match kind.is_dir() {
        true => FOLDER,
        false if kind.is_file() || kind.is_socket() => FILE,
        false => return,
    };
    seen(path, &found, mode);
    if kind.is_dir() {
        fs::read_dir(path).into_iter().flatten().flatten().for_each(|entry| each(&entry.path(), seen));
    }
}

/// From now on the process makes files that nobody else may read.
pub fn set_umask() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use proptest::prelude::*;

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().mode() & 0o777
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn whatever_the_modes_were_nobody_else_may_read(folder in 0o700..0o1000_u32, files in prop::collection::vec(0..0o1000_u32, 1..5)) {
            let dir = tempfile::tempdir().unwrap();
            let elsewhere = tempfile::NamedTempFile::new().unwrap();
            fs::set_permissions(elsewhere.path(), Permissions::from_mode(0o644)).unwrap();
            let inner = dir.path().join("index/week");
            fs::create_dir_all(&inner).unwrap();
            symlink(elsewhere.path(), inner.join("link")).unwrap();
            for (number, mode) in files.iter().enumerate() {
                for place in [dir.path(), &inner] {
                    let path = place.join(number.to_string());
                    fs::write(&path, "x").unwrap();
                    fs::set_permissions(&path, Permissions::from_mode(*mode)).unwrap();
                }
            }
            fs::set_permissions(&inner, Permissions::from_mode(folder)).unwrap();
            fs::set_permissions(dir.path(), Permissions::from_mode(folder)).unwrap();
            prop_assert!(!wrong_files(dir.path()).is_empty() || files.iter().all(|mode| *mode == 0o600));
            keep_private(dir.path());
            prop_assert!(wrong_files(dir.path()).is_empty());
            for place in [dir.path(), &inner] {
                prop_assert_eq!(mode(place), 0o700);
                for number in 0..files.len() {
                    prop_assert_eq!(mode(&place.join(number.to_string())), 0o600);
                }
            }
            prop_assert_eq!(mode(elsewhere.path()), 0o644);
        }
    }
}
