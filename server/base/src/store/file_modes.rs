//! Keeping everything below the data folder to its owner, whoever made it and
//! with which umask.

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::Path;

const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;

/// Folders become 0700, files and sockets 0600. Links are left alone, and not
/// followed. What cannot be changed, because it belongs to somebody else, is said.
pub(super) fn make(path: &Path) {
    let Ok(found) = path.symlink_metadata() else { return };
    let kind = found.file_type();
    let mode = match kind.is_dir() {
        true => FOLDER,
        false if kind.is_file() || kind.is_socket() => FILE,
        false => return,
    };
    if found.mode() & 0o777 != mode
        && let Err(error) = fs::set_permissions(path, Permissions::from_mode(mode))
    {
        tracing::warn!(path = %path.display(), %error, "others may read this, and it cannot be changed");
    }
    if kind.is_dir() {
        fs::read_dir(path).into_iter().flatten().flatten().for_each(|entry| make(&entry.path()));
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
            make(dir.path());
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
