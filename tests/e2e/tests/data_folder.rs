//! The data folder: whose it is, and what happens when files of it go missing.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use e2e::{Server, cli, cli_ok, eventually, folder, refused_start, start_and_kill};
use serde_json::json;

fn mode(path: &Path) -> u32 {
    path.metadata().expect("it is there").permissions().mode() & 0o777
}

fn all_below(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    found.push(folder.to_owned());
    for entry in folder.read_dir().expect("a folder").flatten() {
        match entry.file_type().expect("a kind").is_dir() {
            true => all_below(&entry.path(), found),
            false => found.push(entry.path()),
        }
    }
}

#[test]
fn nobody_else_may_read_anything_whatever_the_umask_and_the_folder() {
    let data = folder();
    std::fs::set_permissions(data.path(), PermissionsExt::from_mode(0o755)).expect("it is ours");
    assert_eq!(Server::start(data.path()).stop(), Some(0));
    std::fs::create_dir_all(data.path().join("index/old")).expect("it is ours");
    std::fs::write(data.path().join("index/old/file"), "x").expect("it is ours");
    let mut found = Vec::new();
    all_below(data.path(), &mut found);
    for path in found {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o777)).expect("it is ours");
    }
    let server = Server::start_with_umask(data.path(), "000");
    let (_, key) = server.key(&server.api(), json!({}));
    server.verify(&key);
    cli_ok(data.path(), &["root-key", "create", "--name", "x"]);
    let mut found = Vec::new();
    all_below(data.path(), &mut found);
    for path in found {
        let wanted = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(&path), wanted, "{}", path.display());
    }
}

/// Kills at every moment of a first start: the next one always works.
#[test]
fn a_first_start_that_is_killed_is_repeated() {
    for step in 0..25 {
        let data = folder();
        for again in 0..2 {
            start_and_kill(data.path(), Duration::from_millis(step * 6 + again * 3));
        }
        let server = Server::start(data.path());
        server.api();
        assert_eq!(server.stop(), Some(0));
    }
}

#[test]
fn a_folder_that_was_in_use_never_becomes_a_new_server() {
    for emptied in [false, true] {
        let data = folder();
        assert_eq!(Server::start(data.path()).stop(), Some(0));
        let app = data.path().join("app.db");
        match emptied {
            true => std::fs::write(&app, "").expect("it is ours"),
            false => std::fs::remove_file(&app).expect("it is ours"),
        }
        let text = refused_start(data.path());
        assert!(text.contains("app.db") && text.contains("backup"), "{text}");
        assert!(!cli(data.path(), &["root-key", "create", "--name", "x", "--full"]).status.success());
    }
}

#[test]
fn a_damaged_app_db_is_named_and_left_alone() {
    let data = folder();
    assert_eq!(Server::start(data.path()).stop(), Some(0));
    let app = data.path().join("app.db");
    let nonsense = "not a database at all, but long enough to be taken for one. ".repeat(100);
    std::fs::write(&app, &nonsense).expect("it is ours");
    let text = refused_start(data.path());
    assert!(text.contains("app.db"), "{text}");
    assert_eq!(std::fs::read_to_string(&app).expect("it is there"), nonsense);
}

#[test]
fn a_damaged_events_db_is_set_aside_and_the_rest_serves() {
    let data = folder();
    let server = Server::start(data.path());
    let (_, key) = server.key(&server.api(), json!({}));
    assert_eq!(server.stop(), Some(0));
    let events = data.path().join("events.db");
    std::fs::write(&events, "no database ".repeat(1000)).expect("it is ours");
    let server = Server::start(data.path());
    assert_eq!(server.verify(&key), "VALID");
    assert_eq!(server.get("/readyz").0, 200);
    let aside = data.path().read_dir().expect("a folder").flatten();
    let aside: Vec<_> =
        aside.filter(|entry| entry.file_name().to_string_lossy().starts_with("events.db.damaged-")).collect();
    assert_eq!(aside.len(), 1, "what was there is kept");
}

#[test]
fn nothing_is_acknowledged_into_files_that_are_gone() {
    let data = folder();
    let server = Server::start(data.path());
    let api = server.api();
    let (_, key) = server.key(&api, json!({}));
    assert_eq!(server.verify(&key), "VALID");
    std::fs::remove_file(data.path().join("events.db")).expect("it is ours");
    server.verify(&key);
    eventually("readiness to notice", || (server.get("/readyz").0 == 503).then_some(()));
    assert_eq!(server.verify(&key), "VALID", "verification goes on");
    server.key(&api, json!({}));
    std::fs::rename(data.path().join("app.db"), data.path().join("elsewhere.db")).expect("it is ours");
    assert_eq!(server.call("keys.createKey", &json!({ "apiId": api })).status, 503);
    assert_eq!(server.verify(&key), "VALID", "what is cached goes on");
}

/// What is acknowledged before the log of the database is removed, and what is
/// refused after it, are so after a crash.
#[test]
fn nothing_is_acknowledged_into_a_log_that_is_gone() {
    for (file, is_replaced) in [("-wal", false), ("-wal", true), ("-shm", false)] {
        let data = folder();
        let mut server = Server::start(data.path());
        let api = server.api();
        let (kept, kept_key) = server.key(&api, json!({}));
        let (deleted, deleted_key) = server.key(&api, json!({}));
        server.call("keys.deleteKey", &json!({ "keyId": deleted })).data();
        let lost = data.path().join(format!("app.db{file}"));
        std::fs::remove_file(&lost).expect("it is ours");
        if is_replaced {
            std::fs::write(&lost, "").expect("it is ours");
        }
        for _ in 0..2 {
            assert_eq!(server.call("keys.deleteKey", &json!({ "keyId": kept })).status, 503, "{file}");
            assert_eq!(server.call("keys.createKey", &json!({ "apiId": api })).status, 503, "{file}");
        }
        assert_eq!(server.get("/readyz").0, 503);
        assert_eq!(
            (server.verify(&kept_key), server.verify(&deleted_key)),
            ("VALID".into(), "NOT_FOUND".into())
        );
        server.kill();
        let server = Server::start(data.path());
        assert_eq!(
            (server.verify(&kept_key), server.verify(&deleted_key)),
            ("VALID".into(), "NOT_FOUND".into())
        );
        server.call("keys.deleteKey", &json!({ "keyId": kept })).data();
    }
}

#[test]
fn nothing_is_acknowledged_into_a_log_that_was_cut() {
    let data = folder();
    let server = Server::start(data.path());
    let api = server.api();
    let (id, _) = server.key(&api, json!({}));
    // Who folds all of the log into the database may cut it.
    let folded = std::process::Command::new("sqlite3")
        .arg(data.path().join("app.db"))
        .arg("PRAGMA busy_timeout = 5000; PRAGMA wal_checkpoint(TRUNCATE)")
        .output()
        .expect("sqlite3 is installed");
    assert!(folded.status.success(), "{folded:?}");
    server.key(&api, json!({}));
    let log = std::fs::OpenOptions::new().write(true).open(data.path().join("app.db-wal")).expect("a log");
    log.set_len(0).expect("it is ours");
    assert_eq!(server.call("keys.deleteKey", &json!({ "keyId": id })).status, 503);
    assert_eq!(server.call("keys.deleteKey", &json!({ "keyId": id })).status, 503);
    assert_eq!(server.get("/readyz").0, 503);
}

#[test]
fn a_folder_in_use_is_nobody_elses_whatever_becomes_of_its_lock() {
    let data = folder();
    let _server = Server::start(data.path());
    std::fs::remove_file(data.path().join("lock")).expect("it is ours");
    refused_start(data.path());
}

#[test]
fn what_is_left_of_a_folder_does_not_become_a_new_server() {
    let data = folder();
    assert_eq!(Server::start(data.path()).stop(), Some(0));
    for entry in data.path().read_dir().expect("a folder").flatten() {
        if entry.file_type().expect("a kind").is_file() {
            std::fs::remove_file(entry.path()).expect("it is ours");
        }
    }
    let text = refused_start(data.path());
    assert!(text.contains("app.db"), "{text}");
}
