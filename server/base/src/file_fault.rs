//! What is wrong with a file, in one line for who has to mend it: which file, whose
//! it is, as whom this process runs, and what helps.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The path and why it could not be used.
pub fn describe(path: &Path, error: &io::Error) -> String {
    let shown = path.display();
    match error.kind() {
        ErrorKind::PermissionDenied => match denying(path) {
            Some(reason) => format!("{shown}: permission denied: {reason}"),
            None => format!("{shown}: permission denied"),
        },
        ErrorKind::NotFound => format!("{shown}: there is no such file or folder"),
        ErrorKind::ReadOnlyFilesystem => format!("{shown}: the file system is mounted read-only"),
        ErrorKind::StorageFull => format!("{shown}: the disk is full"),
        _ => format!("{shown}: {error}"),
    }
}

/// What of a folder, or of all that is below it, cannot be read, and why: the first such.
pub fn unreadable(path: &Path) -> Option<(PathBuf, io::Error)> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::read_dir(path),
        Ok(_) => return fs::File::open(path).err().map(|error| (path.to_owned(), error)),
        Err(error) => return Some((path.to_owned(), error)),
    };
    match found {
        Err(error) => Some((path.to_owned(), error)),
        // What goes away meanwhile is nobody's fault.
        Ok(entries) => entries.flatten().find_map(|entry| {
            unreadable(&entry.path()).filter(|(_, error)| error.kind() != ErrorKind::NotFound)
        }),
    }
}

/// Whose the nearest thing is that can be looked at, and who we are: the path, or the
/// folder on the way that keeps us out.
fn denying(path: &Path) -> Option<String> {
    let (nearest, found) = path.ancestors().find_map(|at| Some((at, fs::metadata(at).ok()?)))?;
    let own_uid = rustix::process::geteuid().as_raw();
    let (owner, own) = (user(found.uid()), user(own_uid));
    let (mode, what) = (found.mode() & 0o7777, if nearest == path { "it" } else { "its folder" });
    let place = nearest.display();
    if found.uid() == own_uid {
        return Some(format!("{what} has mode {mode:04o}; `chmod u+rwX {place}` helps"));
    }
    Some(format!(
        "{what} belongs to {owner} with mode {mode:04o}, and this runs as {own}; `chown {own_uid} {place}` helps, or running \
         as {owner}"
    ))
}

/// The name of a user and the number, where the machine has a name for it.
fn user(uid: u32) -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = users.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        (parts.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    named.map_or_else(|| format!("user {uid}"), |name| format!("user {name} ({uid})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_may_not_read_is_told_whose_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.pem");
        fs::write(&file, "x").unwrap();
        let denied = io::Error::from(ErrorKind::PermissionDenied);
        let told = describe(&file, &denied);
        assert!(
            told.contains("key.pem: permission denied: it has mode") && told.contains("chmod u+rwX"),
            "{told}"
        );
        let told = describe(&folder.path().join("none/at all"), &denied);
        assert!(told.contains("its folder has mode") && told.contains("chmod"), "{told}");
        let of_root = Path::new("/proc/1/none");
        let told = describe(of_root, &denied);
        assert!(told.contains("/proc/1"), "{told}");
        let told = describe(&file, &io::Error::from(ErrorKind::NotFound));
        assert!(told.ends_with("there is no such file or folder") && !told.contains('\n'), "{told}");
    }
}
