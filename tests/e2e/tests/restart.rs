//! What a graceful restart keeps.

use e2e::{Server, folder};
use serde_json::json;

#[test]
fn a_graceful_restart_forgets_nothing() {
    let data = folder();
    let server = Server::start(data.path());
    let api = server.api();
    let hour = json!([{ "name": "all", "limit": 2, "duration": 3_600_000, "autoApply": true }]);
    let (limited_id, limited) = server.key(&api, json!({ "ratelimits": hour }));
    let (_, funded) = server.key(&api, json!({ "credits": { "remaining": 2 } }));
    assert_eq!(server.verify(&limited), "VALID");
    assert_eq!(server.verify(&funded), "VALID");
    let day = json!({ "namespace": "n", "identifier": "i", "limit": 1, "duration": 86_400_000 });
    assert_eq!(server.call("ratelimit.limit", &day).data()["success"], true);
    assert_eq!(server.stop(), Some(0));

    let server = Server::start(data.path());
    assert_eq!(server.verify(&limited), "VALID");
    assert_eq!(server.verify(&limited), "RATE_LIMITED");
    assert_eq!(server.verify(&funded), "VALID");
    assert_eq!(server.verify(&funded), "USAGE_EXCEEDED");
    assert_eq!(server.call("ratelimit.limit", &day).data()["success"], false);
    let key = server.call("keys.getKey", &json!({ "keyId": limited_id })).data();
    assert!(key["lastUsedAt"].as_i64().is_some_and(|time| time > 0), "{key}");
}

#[test]
fn an_idle_server_ends_without_cutting_anything_off() {
    let data = folder();
    let log = data.path().join("log");
    let server = Server::start_with_log(&data.path().join("data"), &log);
    server.call("keys.whoami", &json!({ "key": "unknown" }));
    assert_eq!(server.stop(), Some(0));
    let log = std::fs::read_to_string(log).expect("a log");
    assert!(log.contains("\"stopped\"") && !log.contains("cut off"), "{log}");
}
