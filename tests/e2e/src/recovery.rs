//! Deleted APIs and workspaces that come back: backups, the command, and what it said.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use tempfile::TempDir;

use super::{cli, cli_ok, folder};

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// Backs a folder up beside others.
pub fn back_up(data: &Path, backups: &TempDir, name: &str) -> PathBuf {
    let path = backups.path().join(name);
    cli_ok(data, &["backup", text(&path)]);
    path
}

/// `unkey restore --only`, which leaves nothing behind whatever comes of it.
pub fn bring_back(data: &Path, backup: &Path, id: &str) -> Output {
    let output = cli(data, &["restore", text(backup), "--only", id]);
    assert!(!data.join("recovery.part").exists(), "something is left");
    output
}

/// All that a successful command said.
#[track_caller]
pub fn said(output: &Output) -> String {
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    said
}

/// What a command said that did nothing.
#[track_caller]
pub fn refused(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.starts_with("unkey: ") && said.lines().count() == 1, "{said}");
    said
}

/// The doctor finds nothing wrong.
pub fn is_sound(data: &Path) {
    let report = cli_ok(data, &["doctor", "--format", "json"]);
    assert!(!report.contains("\"error\""), "{report}");
}

/// A server that was put back from a backup and never had what came after.
pub fn put_back(backup: &Path, master_key: &Path) -> (TempDir, PathBuf) {
    let place = folder();
    let data = place.path().join("data");
    cli_ok(&data, &["restore", text(backup)]);
    fs::copy(master_key, data.join("master.key")).expect("there is a master key");
    (place, data)
}

/// A second workspace: its id, and a root key that may do everything in it.
pub fn lab(data: &Path) -> (String, String) {
    let id = cli_ok(data, &["workspace", "create", "lab", "--name", "Lab"]);
    let made = ["root-key", "create", "--name", "lab", "--full", "--workspace", "lab"];
    let root_key = cli_ok(data, &made).lines().last().expect("a key").to_owned();
    (id, root_key)
}
