//! What a backup that comes back in part is not trusted with: to know better than the audit
//! log who was revoked, and to hold only what a server wrote.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::recovery::{back_up, bring_back, is_sound, lab, put_back, refused, said, text};
use e2e::{Server, cli_ok, folder};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Changes the database of a stopped server as nobody but its owner could.
fn change(data: &Path, sql: &str) {
    let database = Connection::open(data.join("app.db")).expect("there is a database");
    database.execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}")).expect("it is changed");
}

/// A backup that somebody changed, with sums that are right.
fn crafted(backup: &Path, backups: &TempDir, sql: &str) -> PathBuf {
    let place = folder();
    let data = place.path().join("data");
    cli_ok(&data, &["restore", text(backup)]);
    change(&data, sql);
    fs::remove_file(data.join("master.key")).ok();
    back_up(&data, backups, "crafted.tar.zst")
}

/// Deleted rows are removed for good after some time; only the audit log knows then.
#[test]
fn what_was_changed_after_the_backup_comes_back_disabled() {
    let (data, backups) = (folder(), folder());
    let server = Server::start(data.path());
    let api = server.api();
    let keys: Vec<_> = (0..5).map(|_| server.key(&api, json!({ "credits": { "remaining": 9 } }))).collect();
    let before = back_up(data.path(), &backups, "before.tar.zst");
    let change_key = |at: usize, mut body: Value, operation: &str| {
        body["keyId"] = json!(keys[at].0);
        assert_eq!(server.call(operation, &body).status, 200);
    };
    change_key(1, json!({ "expiration": 0 }), "keys.rerollKey");
    change_key(2, json!({ "enabled": false }), "keys.updateKey");
    change_key(3, json!({ "expires": 1 }), "keys.updateKey");
    change_key(4, json!({}), "keys.deleteKey");
    assert_eq!(server.call("apis.deleteApi", &json!({ "apiId": api })).status, 200);
    assert_eq!(server.stop(), Some(0));
    change(data.path(), "DELETE FROM keys");
    let server = Server::start(data.path());
    let told = said(&bring_back(data.path(), &before, &api));
    assert!(
        told.contains("4 from the backup") && told.contains("3 disabled") && told.contains("1 of the"),
        "{told}"
    );
    let codes: Vec<String> = keys.iter().map(|(_, key)| server.verify(key)).collect();
    assert_eq!(codes, ["VALID", "DISABLED", "DISABLED", "DISABLED", "NOT_FOUND"]);
    is_sound(data.path());
}

/// Ids of a backup may be those of other workspaces here, and its values anything: what would
/// leave a limit out ends the command, and a key that cannot be stays away.
#[test]
fn a_backup_written_by_hand_reaches_nobody_else_and_loses_no_limit() {
    let (data, backups) = (folder(), folder());
    let server = Server::start(data.path());
    let before = back_up(data.path(), &backups, "before.tar.zst");
    let (id, root_key) = lab(data.path());
    let call = |operation: &str, body: Value| server.call_as(&root_key, operation, &body).data();
    let api = call("apis.createApi", json!({ "name": "lab" }))["apiId"].clone();
    let limits = json!([{ "name": "requests", "limit": 3, "duration": 86_400_000, "autoApply": true }]);
    call("identities.createIdentity", json!({ "externalId": "own", "ratelimits": limits }));
    let key = |name: &str| call("keys.createKey", json!({ "apiId": api, "externalId": name, "name": name }));
    let (own, broken) = (key("own"), key("broken"));
    let post = json!({ "namespace": "post", "identifier": "b", "limit": 1, "duration": 60_000 });
    call("ratelimit.limit", post.clone());
    call("ratelimit.setOverride", post);
    let after = back_up(data.path(), &backups, "after.tar.zst");
    assert_eq!(server.stop(), Some(0));

    let (_place, put_back) = put_back(&before, &data.path().join("master.key"));
    let server = Server::start(&put_back);
    let identity = json!({ "externalId": "secret-corp", "meta": { "secret": 1 } });
    let identity = server.call("identities.createIdentity", &identity).data()["identityId"].clone();
    let identity = identity.as_str().expect("an id");
    let limit = json!({ "namespace": "mail", "identifier": "a", "limit": 5, "duration": 60_000 });
    assert_eq!(server.call("ratelimit.limit", &limit).status, 200);
    let listed = cli_ok(&put_back, &["namespace", "list", "--format", "json"]);
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let namespace = listed[0]["id"].as_str().expect("an id");
    for by_hand in [
        &format!(
            "UPDATE keys SET identity_id = '{identity}' WHERE name = 'own';
             UPDATE identities SET id = '{identity}' WHERE external_id = 'own';"
        ),
        "UPDATE identities SET meta = '{not json' WHERE external_id = 'own'",
        "UPDATE identities SET id = 'id_''; DROP' WHERE external_id = 'own'",
        "UPDATE limits SET max_count = -1",
        "UPDATE limits SET duration_ms = 0",
        "UPDATE overrides SET duration_ms = 0",
        &format!("UPDATE overrides SET namespace_id = '{namespace}'"),
    ] {
        let said = refused(&bring_back(&put_back, &crafted(&after, &backups, by_hand), &id));
        assert!(said.contains("damaged, or was changed by hand"), "{by_hand}: {said}");
    }
    assert!(
        !cli_ok(&put_back, &["workspace", "list", "--format", "csv"]).contains(&id),
        "nobody sees any of it"
    );
    let rules = server.call("ratelimit.listOverrides", &json!({ "namespace": "mail" })).data();
    assert_eq!(rules, json!([]), "none of another workspace");

    let by_hand = "UPDATE keys SET meta = '{not json', remaining = -5 WHERE name = 'broken'";
    let told = said(&bring_back(&put_back, &crafted(&after, &backups, by_hand), &id));
    assert!(told.contains("with 1 key") && told.contains("1 of the backup left out"), "{told}");
    let code = |key: &Value| {
        let key = json!({ "key": key["key"] });
        server.call_as(&root_key, "keys.verifyKey", &key).data()["code"].clone()
    };
    let codes: Vec<Value> = [&own, &own, &own, &own, &broken].map(code).into();
    assert_eq!(codes, ["VALID", "VALID", "VALID", "RATE_LIMITED", "NOT_FOUND"]);
    assert_eq!(server.call_as(&root_key, "apis.listKeys", &json!({ "apiId": api })).status, 200);
    is_sound(&put_back);
}
