//! A database that cannot be written: a clear 503, nothing half done, and keys
//! that are cached keep verifying.

use std::io::Write;
use std::process::{Command, Stdio};

use e2e::{Answer, Launch, ROOT_KEY, Server, eventually, folder};
use serde_json::json;

#[track_caller]
fn is_unavailable(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.body);
    let error = &answer.body["error"];
    assert!(error["type"].as_str().is_some_and(|kind| kind.ends_with("service_unavailable")), "{error}");
    assert!(answer.body["meta"]["requestId"].as_str().is_some_and(|id| id.starts_with("req_")));
    let text = answer.body.to_string();
    assert!(!text.contains("SQL") && !text.contains("sqlite") && !text.contains("locked"), "{text}");
}

#[test]
fn a_locked_database_fails_writes_and_not_cached_keys() {
    let data = folder();
    let server = Server::start(data.path());
    let api = server.api();
    let (_, key) = server.key(&api, json!({}));
    assert_eq!(server.verify(&key), "VALID");
    let mut holder = Command::new("sqlite3")
        .arg(data.path().join("app.db"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sqlite3 is installed by tests/run.sh");
    let mut commands = holder.stdin.take().expect("stdin is piped");
    commands.write_all(b".timeout 10000\nBEGIN IMMEDIATE;\nSELECT 'held';\n").expect("sqlite3 reads");
    let mut said = [0; 4];
    std::io::Read::read_exact(holder.stdout.as_mut().expect("stdout is piped"), &mut said)
        .expect("an answer");
    is_unavailable(&server.call("keys.createKey", &json!({ "apiId": api })));
    let body = json!({ "name": "locked" }).to_string();
    for version in ["v1", "v2"] {
        let mut raw = server.connect();
        raw.send(format!(
            "POST /{version}/apis.createApi HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {ROOT_KEY}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        let refused = raw.answer().expect("an answer");
        assert_eq!((refused.status, refused.header("retry-after")), (503, "1"), "{refused:?}");
    }
    assert_eq!(server.verify(&key), "VALID");
    drop(commands);
    holder.wait().expect("sqlite3 ends");
    let keys = server.call("apis.listKeys", &json!({ "apiId": api })).data();
    assert_eq!(keys.as_array().map(Vec::len), Some(1), "nothing was half done");
    server.key(&api, json!({}));
}

#[test]
fn a_full_disk_fails_writes_and_not_cached_keys() {
    let data = folder();
    // No file may grow past 2 MiB: what SQLite meets is what a full disk gives.
    let server = Server::start_with_file_limit(data.path(), 2048);
    let api = server.api();
    let (_, key) = server.key(&api, json!({}));
    assert_eq!(server.verify(&key), "VALID");
    let big = json!({ "apiId": api, "meta": { "text": "x".repeat(200_000) } });
    let refused = (0..40).map(|_| server.call("keys.createKey", &big)).find(|answer| answer.status != 200);
    is_unavailable(&refused.expect("the limit is reached"));
    assert_eq!(server.verify(&key), "VALID");
}

#[test]
fn events_that_cannot_be_stored_turn_readiness_red_and_stop_nothing() {
    let data = folder();
    // The log of events.db reaches the limit after some hundred chunks.
    let server = Server::start_with_file_limit(data.path(), 2048);
    let api = server.api();
    let (_, key) = server.key(&api, json!({}));
    assert_eq!(server.get("/readyz").0, 200);
    let mut rounds = 0;
    while server.get("/readyz").0 == 200 {
        assert_eq!(server.verify(&key), "VALID");
        rounds += 1;
        assert!(rounds < 200_000, "the limit is not reached");
    }
    assert_eq!(server.get("/livez").0, 200);
    assert_eq!(server.verify(&key), "VALID");
    assert_eq!(server.verify("no_such_key"), "NOT_FOUND");
}

/// A log on a full disk.
#[test]
fn a_log_that_cannot_be_written_ends_nothing() {
    let (data, logs) = (folder(), folder());
    let launch = Launch::new(data.path()).file_limit("unlimited");
    let server = launch.log(&logs.path().join("log")).start();
    let (_, key) = server.key(&server.api(), json!({}));
    assert_eq!(server.verify(&key), "VALID");
    server.limit_files(Some(0));
    for _ in 0..3 {
        assert_eq!(server.call("apis.createApi", &json!({ "name": "refused" })).status, 503);
        assert_eq!(server.verify(&key), "VALID");
    }
    server.limit_files(None);
    eventually("changes to be stored", || {
        (server.call("apis.createApi", &json!({ "name": "stored" })).status == 200).then_some(())
    });
    assert_eq!(server.stop(), Some(0));
}
