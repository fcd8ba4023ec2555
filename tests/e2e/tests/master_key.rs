//! Rotating the master key: at once, killed, on a full disk. What was encrypted
//! stays readable, and the next start works.

use std::time::Duration;

use e2e::{Server, cli, cli_ok, folder};
use serde_json::json;

/// A server with one recoverable key.
fn start(data: &std::path::Path) -> (Server, String, String) {
    let server = Server::start_limitable(data);
    let api = server.api();
    cli_ok(data, &["api", "set", &api, "--recoverable", "on"]);
    let (id, key) = server.key(&api, json!({ "recoverable": true }));
    (server, id, key)
}

#[track_caller]
fn is_readable(server: &Server, id: &str, key: &str) {
    let read = server.call("keys.getKey", &json!({ "keyId": id, "decrypt": true })).data();
    assert_eq!(read["plaintext"], key);
}

#[test]
fn rotations_at_once_leave_a_server_that_starts_and_reads() {
    let data = folder();
    let (mut server, id, key) = start(data.path());
    for _ in 0..3 {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| assert!(cli(data.path(), &["master-key", "rotate"]).status.success()));
            }
        });
        is_readable(&server, &id, &key);
        assert_eq!(server.stop(), Some(0));
        server = Server::start(data.path());
        is_readable(&server, &id, &key);
    }
}

#[test]
fn a_rotation_that_is_killed_leaves_a_server_that_starts_and_reads() {
    let data = folder();
    let (mut server, id, key) = start(data.path());
    for round in 0..25 {
        std::thread::scope(|scope| {
            scope.spawn(|| cli(data.path(), &["master-key", "rotate"]));
            std::thread::sleep(Duration::from_millis(round * 2));
            server.kill();
        });
        server = Server::start(data.path());
        is_readable(&server, &id, &key);
    }
}

#[test]
fn a_rotation_on_a_full_disk_changes_nothing_and_can_be_repeated() {
    let data = folder();
    let (server, id, key) = start(data.path());
    // Not even a key fits.
    server.limit_files(Some(10));
    assert!(!cli(data.path(), &["master-key", "rotate"]).status.success());
    server.limit_files(None);
    is_readable(&server, &id, &key);
    cli_ok(data.path(), &["master-key", "rotate"]);
    is_readable(&server, &id, &key);
    assert_eq!(server.stop(), Some(0));
    is_readable(&Server::start(data.path()), &id, &key);
}
