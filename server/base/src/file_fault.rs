//! What is wrong with a file, in one line for who has to mend it: which file, whose
//! it is, as whom this process runs, and what helps.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

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

/// Whose the nearest thing is that can be looked at, and who we are: the path, or the
/// folder on the way that keeps us out.
fn denying(path: &Path) -> Option<String> {
    let (nearest, found) = path.ancestors().find_map(|at| Some((at, fs::metadata(at).ok()?)))?;
    let (owner, own) = (user(found.uid()), user(rustix::process::geteuid().as_raw()));
    let (mode, what) = (found.mode() & 0o7777, if nearest == path { "it" } else { "its folder" });
    let place = nearest.display();
    Some(format!(
        "{what} belongs to {owner} with mode {mode:04o}, and this runs as {own}; `chown {} {place}` helps, or running as \
         {owner}",
        rustix::process::geteuid().as_raw()
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
        let own = user(rustix::process::geteuid().as_raw());
        let told = describe(&file, &denied);
        assert!(told.contains("key.pem: permission denied: it belongs to") && told.contains(&own), "{told}");
        let told = describe(&folder.path().join("none/at all"), &denied);
        assert!(told.contains("its folder belongs to") && told.contains("chown"), "{told}");
        let told = describe(&file, &io::Error::from(ErrorKind::NotFound));
        assert!(told.ends_with("there is no such file or folder") && !told.contains('\n'), "{told}");
    }
}
