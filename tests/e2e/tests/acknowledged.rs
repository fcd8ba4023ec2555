//! What was answered with success is stored, whatever failed before it.

use e2e::{Server, folder};
use serde_json::json;

/// Two commits that fail, with room again afterwards: neither is acknowledged,
/// and everything that follows is as if nothing had been.
#[test]
fn failed_commits_are_told_and_leave_nothing_behind() {
    let data = folder();
    let server = Server::start_limitable(data.path());
    let api = server.api();
    let (old_id, old) = server.key(&api, json!({}));
    let (_, funded) = server.key(&api, json!({ "credits": { "remaining": 100 } }));
    let big = json!({ "apiId": api, "meta": { "text": "y".repeat(4000) } });
    let log = data.path().join("app.db-wal");
    for _ in 0..2 {
        server.limit_files(Some(log.metadata().expect("a write-ahead log").len() + 60_000));
        let refused =
            (0..2000).map(|_| server.call("keys.createKey", &big)).find(|answer| answer.status != 200);
        let refused = refused.expect("the limit is reached");
        assert_eq!(refused.status, 503, "{}", refused.body);
        assert_eq!(server.get("/readyz").0, 503, "readiness says that changes fail");
        server.limit_files(None);
        // An ordinary refusal in between.
        assert_eq!(server.call("keys.deleteKey", &json!({ "keyId": "key_none" })).status, 404);
    }
    let (new_id, new) = server.key(&api, json!({}));
    server.call("keys.deleteKey", &json!({ "keyId": old_id })).data();
    assert_eq!(server.verify(&funded), "VALID");
    assert_eq!((server.verify(&new), server.verify(&old)), ("VALID".into(), "NOT_FOUND".into()));
    e2e::eventually("readiness", || (server.get("/readyz").0 == 200).then_some(()));
    assert_eq!(server.stop(), Some(0));

    let server = Server::start(data.path());
    assert_eq!((server.verify(&new), server.verify(&old)), ("VALID".into(), "NOT_FOUND".into()), "{new_id}");
    let left = server.call("keys.verifyKey", &json!({ "key": funded, "credits": { "cost": 0 } })).data();
    assert_eq!(left["credits"], 99);
}
