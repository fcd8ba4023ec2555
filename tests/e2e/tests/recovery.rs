//! One deleted API, or one workspace, comes back with a backup: into a server that runs,
//! with what it knows better than the backup, and with what it does not have any more.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use e2e::recovery::{back_up, bring_back, is_sound, lab, put_back, refused, said, text};
use e2e::{Random, Server, binary, cli, cli_ok, eventually, folder};
use serde_json::{Value, json};

fn checked(server: &Server, key: &str) -> Value {
    server.call("keys.verifyKey", &json!({ "key": key })).data()
}

fn audited(data: &Path, event: &str) -> usize {
    let rows = cli_ok(data, &["audit", "list", "--event", event, "--format", "csv", "--limit", "1000"]);
    rows.lines().count() - 1
}

#[test]
fn a_deleted_api_comes_back_as_it_was_when_it_was_deleted() {
    let (data, backups) = (folder(), folder());
    let server = Server::start(data.path());
    let api = server.api();
    let (_, plain) = server.key(&api, json!({}));
    let (_, funded) = server.key(&api, json!({ "credits": { "remaining": 100 } }));
    let (revoked_id, revoked) = server.key(&api, json!({}));
    let backup = back_up(data.path(), &backups, "one.tar.zst");
    for left in (70..100).rev() {
        assert_eq!(checked(&server, &funded)["credits"], left);
    }
    assert_eq!(server.call("keys.deleteKey", &json!({ "keyId": revoked_id })).status, 200);
    let (_, later) = server.key(&api, json!({}));
    assert_eq!(server.call("apis.deleteApi", &json!({ "apiId": api })).status, 200);
    for key in [&plain, &funded, &revoked, &later] {
        assert_eq!(server.verify(key), "NOT_FOUND");
    }
    eventually("the keys of the API are deleted", || (audited(data.path(), "key.delete") == 4).then_some(()));
    let told = said(&bring_back(data.path(), &backup, &api));
    assert!(told.contains("with 3 keys") && told.contains("1 of the backup left out"), "{told}");
    for key in [&plain, &later] {
        assert_eq!(server.verify(key), "VALID");
    }
    assert_eq!(checked(&server, &funded)["credits"], 69, "credits are never given twice");
    assert_eq!(server.verify(&revoked), "NOT_FOUND", "who was revoked stays so");
    assert_eq!((audited(data.path(), "api.restore"), audited(data.path(), "key.restore")), (1, 3));
    let listed = server.call("apis.listKeys", &json!({ "apiId": api })).data();
    assert_eq!(listed.as_array().map(Vec::len), Some(3));
    let again = said(&bring_back(data.path(), &backup, &api));
    assert!(again.contains("with its keys as they are here"), "{again}");
    assert_eq!((audited(data.path(), "api.restore"), audited(data.path(), "key.restore")), (1, 3));
    is_sound(data.path());
    // And without a server.
    assert_eq!(server.call("apis.deleteApi", &json!({ "apiId": api })).status, 200);
    assert_eq!(server.stop(), Some(0));
    said(&bring_back(data.path(), &backup, &api));
    let server = Server::start(data.path());
    assert_eq!(server.verify(&plain), "VALID");
    assert_eq!(checked(&server, &funded)["credits"], 68);
}

/// An API with all that a key may have, and what its keys are.
struct Furnished {
    api: String,
    rich: String,
    rich_id: String,
    old: String,
    new: String,
}

fn furnish(server: &Server, data: &Path) -> Furnished {
    let api = server.api();
    cli_ok(data, &["api", "set", &api, "--recoverable", "on"]);
    let limits = json!([{ "name": "requests", "limit": 3, "duration": 86_400_000, "autoApply": true }]);
    let identity = json!({ "externalId": "user_1", "ratelimits": limits, "monthlyCredits": 50 });
    assert_eq!(server.call("identities.createIdentity", &identity).status, 200);
    for slug in ["docs.read", "docs.write"] {
        let body = json!({ "name": slug, "slug": slug });
        assert_eq!(server.call("permissions.createPermission", &body).status, 200);
    }
    assert_eq!(server.call("permissions.createRole", &json!({ "name": "reader" })).status, 200);
    let (rich_id, rich) = server.key(
        &api,
        json!({ "externalId": "user_1", "permissions": ["docs.write"], "roles": ["reader"], "recoverable": true,
            "meta": { "plan": "gold" }, "expires": 4_102_444_800_000_i64 }),
    );
    // Its own limit hides that of the identity, which counts for the other key alone.
    let own = json!([{ "name": "requests", "limit": 99, "duration": 60_000, "autoApply": true }]);
    let (_, spender) = server.key(&api, json!({ "externalId": "user_1", "ratelimits": own }));
    let spend = json!({ "key": spender, "credits": { "cost": 40 } });
    assert_eq!(server.call("keys.verifyKey", &spend).data()["code"], "VALID");
    let (old_id, old) = server.key(&api, json!({ "credits": { "remaining": 50 } }));
    let rerolled =
        server.call("keys.rerollKey", &json!({ "keyId": old_id, "expiration": 86_400_000 })).data();
    Furnished { api, rich, rich_id, old, new: rerolled["key"].as_str().expect("a key").to_owned() }
}

impl Furnished {
    /// All of it works as it did, and as often as it did.
    #[track_caller]
    fn is_there(&self, server: &Server, root_key: &str) {
        let rich = checked(server, &self.rich);
        assert_eq!((&rich["code"], &rich["meta"]["plan"]), (&json!("VALID"), &json!("gold")), "{rich}");
        assert_eq!(rich["permissions"], json!(["docs.write"]));
        assert_eq!((&rich["roles"], &rich["expires"]), (&json!(["reader"]), &json!(4_102_444_800_000_i64)));
        assert_eq!(rich["identity"]["externalId"], "user_1");
        assert_eq!(rich["ratelimits"][0]["remaining"], 2, "the limit of the identity came along");
        let identity = server.call_as(root_key, "identities.getIdentity", &json!({ "identity": "user_1" }));
        let identity = identity.data();
        assert_eq!(identity["monthlyCredits"], 50, "{identity}");
        assert!(identity["spentCredits"].as_i64().is_some_and(|spent| spent >= 40), "{identity}");
        let shown =
            server.call_as(root_key, "keys.getKey", &json!({ "keyId": self.rich_id, "decrypt": true }));
        assert_eq!(shown.data()["plaintext"], self.rich);
        // They share their credits.
        assert_eq!(checked(server, &self.old)["credits"], 49);
        assert_eq!(checked(server, &self.new)["credits"], 48);
    }
}

#[test]
fn an_api_that_a_server_never_had_comes_from_the_backup() {
    let (data, backups) = (folder(), folder());
    let server = Server::start(data.path());
    let before = back_up(data.path(), &backups, "before.tar.zst");
    let furnished = furnish(&server, data.path());
    let after = back_up(data.path(), &backups, "after.tar.zst");
    assert_eq!(server.stop(), Some(0));
    let (_place, put_back) = put_back(&before, &data.path().join("master.key"));
    let server = Server::start(&put_back);
    assert_eq!(server.verify(&furnished.rich), "NOT_FOUND");
    let told = said(&bring_back(&put_back, &after, &furnished.api));
    assert!(told.contains("with 4 keys") && told.contains("4 from the backup"), "{told}");
    furnished.is_there(&server, e2e::ROOT_KEY);
    is_sound(&put_back);
    assert_eq!(server.stop(), Some(0));
    assert_eq!(Server::start(&put_back).verify(&furnished.new), "VALID");
}

#[test]
fn a_workspace_comes_back_and_where_it_never_was() {
    let (data, backups) = (folder(), folder());
    let server = Server::start(data.path());
    let before = back_up(data.path(), &backups, "before.tar.zst");
    let (id, root_key) = lab(data.path());
    let api = server.call_as(&root_key, "apis.createApi", &json!({ "name": "lab" })).data();
    let api = api["apiId"].as_str().expect("an id").to_owned();
    let made = server.call_as(&root_key, "keys.createKey", &json!({ "apiId": api })).data();
    let key = made["key"].as_str().expect("a key").to_owned();
    let limit = json!({ "namespace": "mail", "identifier": "a", "limit": 5, "duration": 60_000 });
    assert_eq!(server.call_as(&root_key, "ratelimit.limit", &limit).status, 200);
    let rule = json!({ "namespace": "mail", "identifier": "b", "limit": 1, "duration": 60_000 });
    assert_eq!(server.call_as(&root_key, "ratelimit.setOverride", &rule).status, 200);
    let after = back_up(data.path(), &backups, "after.tar.zst");
    let is_there = |server: &Server| {
        let checked = server.call_as(&root_key, "keys.verifyKey", &json!({ "key": key }));
        let limit = json!({ "namespace": "mail", "identifier": "b", "limit": 5, "duration": 60_000 });
        let limited = || server.call_as(&root_key, "ratelimit.limit", &limit).body["data"]["success"].clone();
        assert_eq!(checked.data()["code"], "VALID");
        assert_eq!((limited(), limited()), (json!(true), json!(false)), "the override holds");
    };
    let live = refused(&bring_back(data.path(), &after, &id));
    assert!(live.contains("is not deleted"), "{live}");
    cli_ok(data.path(), &["workspace", "delete", "lab", "--confirm", "Lab"]);
    assert_eq!(server.call_as(&root_key, "keys.verifyKey", &json!({ "key": key })).status, 404);
    cli_ok(data.path(), &["workspace", "create", "lab"]);
    let taken = refused(&bring_back(data.path(), &after, &id));
    assert!(taken.contains("The slug 'lab' is taken"), "{taken}");
    cli_ok(data.path(), &["workspace", "rename", "lab", "--new-slug", "lab2"]);
    said(&bring_back(data.path(), &after, &id));
    is_there(&server);
    assert_eq!(server.stop(), Some(0));
    let (_place, put_back) = put_back(&before, &data.path().join("master.key"));
    let server = Server::start(&put_back);
    let told = said(&bring_back(&put_back, &after, &id));
    assert!(told.contains("as lab with 1 key") && told.contains("Nobody can see it yet"), "{told}");
    is_there(&server);
    is_sound(&put_back);
}

/// What a first call left half done is nothing that a second one trusts.
#[test]
fn a_workspace_is_copied_from_one_backup_alone() {
    let (data, backups) = (folder(), folder());
    let server = Server::start(data.path());
    let before = back_up(data.path(), &backups, "before.tar.zst");
    let (id, root_key) = lab(data.path());
    let call = |operation: &str, body: Value| server.call_as(&root_key, operation, &body).data();
    let api = call("apis.createApi", json!({ "name": "lab" }))["apiId"].clone();
    let keys: Vec<Value> = (0..450)
        .map(|_| call("keys.createKey", json!({ "apiId": api, "credits": { "remaining": 9 } })))
        .collect();
    let old = back_up(data.path(), &backups, "old.tar.zst");
    for (at, key) in keys.iter().enumerate() {
        match at % 3 {
            0 => _ = call("keys.deleteKey", json!({ "keyId": key["keyId"], "permanent": at % 2 == 0 })),
            1 => _ = call("keys.updateKey", json!({ "keyId": key["keyId"], "enabled": false })),
            _ => _ = call("keys.verifyKey", json!({ "key": key["key"], "credits": { "cost": 9 } })),
        }
    }
    let new = back_up(data.path(), &backups, "new.tar.zst");
    let (_place, put_back) = put_back(&before, &data.path().join("master.key"));
    for delay_ms in [150, 300, 450, 600] {
        let mut command = Command::new(binary());
        command.args(["restore", text(&old), "--only", &id, "--data-dir"]).arg(&put_back);
        let mut child =
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary is built");
        std::thread::sleep(Duration::from_millis(delay_ms));
        child.kill().expect("it is ours");
        child.wait().expect("it ends");
        if cli_ok(&put_back, &["workspace", "list", "--format", "csv"]).contains(&id) {
            // It was through: a copy that is whole is what was asked for.
            return;
        }
    }
    said(&bring_back(&put_back, &new, &id));
    let there = Server::start(&put_back);
    for (at, key) in keys.iter().enumerate() {
        let code =
            there.call_as(&root_key, "keys.verifyKey", &json!({ "key": key["key"] })).data()["code"].clone();
        assert_eq!(code, ["NOT_FOUND", "DISABLED", "USAGE_EXCEEDED"][at % 3], "key {at}");
    }
    is_sound(&put_back);
}

/// A server that is older than the backup has keys that were rerolled after it, one of them
/// twice, while all three of its line are valid.
#[test]
fn a_line_of_rerolls_has_its_credits_once() {
    let (data, backups) = (folder(), folder());
    let server = Server::start(data.path());
    let api = server.api();
    let (old_id, old) = server.key(&api, json!({ "credits": { "remaining": 10 } }));
    let (first_id, first) = server.key(&api, json!({ "credits": { "remaining": 10 } }));
    let before = back_up(data.path(), &backups, "before.tar.zst");
    let rerolled = server.call("keys.rerollKey", &json!({ "keyId": old_id, "expiration": 0 })).data();
    let new = rerolled["key"].as_str().expect("a key").to_owned();
    assert_eq!(server.call("keys.deleteKey", &json!({ "keyId": old_id, "permanent": true })).status, 200);
    let overlapping =
        |id: &Value| server.call("keys.rerollKey", &json!({ "keyId": id, "expiration": 86_400_000 })).data();
    let second = overlapping(&json!(first_id));
    let third = overlapping(&second["keyId"]);
    let after = back_up(data.path(), &backups, "after.tar.zst");
    let (_place, put_back) = put_back(&before, &data.path().join("master.key"));
    let server = Server::start(&put_back);
    said(&bring_back(&put_back, &after, &api));
    let admitted = |line: &[&str]| {
        let valid = |key: &&&str| server.verify(key) == "VALID";
        (0..15).map(|_| line.iter().filter(valid).count()).sum::<usize>()
    };
    assert_eq!(admitted(&[&old, &new]), 10);
    let text = |key: &Value| key["key"].as_str().expect("a key").to_owned();
    assert_eq!(admitted(&[&first, &text(&second), &text(&third)]), 10);
    is_sound(&put_back);
}

/// What a customer spent after the older backup was spent, even if the server that was
/// put back from it does not remember.
#[test]
fn a_month_is_not_given_out_twice() {
    let (data, backups) = (folder(), folder());
    let server = Server::start(data.path());
    let identity = json!({ "externalId": "studio", "monthlyCredits": 20 });
    assert_eq!(server.call("identities.createIdentity", &identity).status, 200);
    let api = server.api();
    let (_, key) = server.key(&api, json!({ "externalId": "studio" }));
    let spend = |server: &Server, cost: i64| {
        let body = json!({ "key": key, "credits": { "cost": cost } });
        server.call("keys.verifyKey", &body).data()["code"].clone()
    };
    let spent = |server: &Server| {
        server.call("identities.getIdentity", &json!({ "identity": "studio" })).data()["spentCredits"].clone()
    };
    assert_eq!(spend(&server, 5), "VALID");
    let before = back_up(data.path(), &backups, "before.tar.zst");
    assert_eq!(spend(&server, 10), "VALID");
    let young = server.api();
    server.key(&young, json!({ "externalId": "studio" }));
    let after = back_up(data.path(), &backups, "after.tar.zst");
    assert_eq!(server.stop(), Some(0));
    let (_place, put_back) = put_back(&before, &data.path().join("master.key"));
    let server = Server::start(&put_back);
    assert_eq!(spent(&server), 5);
    said(&bring_back(&put_back, &after, &young));
    assert_eq!(spent(&server), 15);
    assert_eq!((spend(&server, 6), spend(&server, 5)), (json!("USAGE_EXCEEDED"), json!("VALID")));
    // Less than what is remembered here changes nothing.
    said(&bring_back(&put_back, &before, &api));
    assert_eq!(spent(&server), 20);
    is_sound(&put_back);
}

/// Names that are in use here are no reason for an error.
#[test]
fn what_was_made_anew_under_the_same_name_stays_what_it_is() {
    let (data, backups) = (folder(), folder());
    let server = Server::start(data.path());
    let before = back_up(data.path(), &backups, "before.tar.zst");
    let furnished = furnish(&server, data.path());
    let after = back_up(data.path(), &backups, "after.tar.zst");
    assert_eq!(server.stop(), Some(0));
    let (_place, put_back) = put_back(&before, &data.path().join("master.key"));
    let server = Server::start(&put_back);
    for (operation, body) in [
        ("identities.createIdentity", json!({ "externalId": "user_1" })),
        ("permissions.createPermission", json!({ "name": "docs.write", "slug": "docs.write" })),
        ("permissions.createRole", json!({ "name": "reader" })),
    ] {
        assert_eq!(server.call(operation, &body).status, 200);
    }
    let told = said(&bring_back(&put_back, &after, &furnished.api));
    assert!(
        told.contains("2 below identities that were made here anew, with the limits and the spend cap"),
        "{told}"
    );
    let rich = checked(&server, &furnished.rich);
    assert_eq!((&rich["code"], &rich["identity"]["externalId"]), (&json!("VALID"), &json!("user_1")));
    assert!(rich["permissions"].as_array().is_none_or(Vec::is_empty), "{rich}");
    assert!(rich["roles"].as_array().is_none_or(Vec::is_empty), "{rich}");
    is_sound(&put_back);
}

/// Each has its turn, or is told; nobody gets what another one asked for.
#[test]
fn several_at_once_do_not_meet() {
    let (data, backups) = (folder(), folder());
    let server = Server::start(data.path());
    let before = back_up(data.path(), &backups, "before.tar.zst");
    let apis: Vec<String> = (0..4).map(|_| server.api()).collect();
    let keys: Vec<String> = apis.iter().map(|api| server.key(api, json!({})).1).collect();
    let after = back_up(data.path(), &backups, "after.tar.zst");
    let (_place, put_back) = put_back(&before, &data.path().join("master.key"));
    let server = Server::start(&put_back);
    let one = |api: &String| {
        loop {
            let output = cli(&put_back, &["restore", text(&after), "--only", api]);
            if output.status.success() {
                return;
            }
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(said.contains("another restore uses"), "{said}");
        }
    };
    std::thread::scope(|scope| apis.iter().for_each(|api| _ = scope.spawn(|| one(api))));
    for key in &keys {
        assert_eq!(server.verify(key), "VALID");
    }
    assert!(!put_back.join("recovery.part").exists() && !put_back.join("recovery.lock").exists());
}

#[test]
fn what_cannot_come_back_is_told_and_changes_nothing() {
    let (data, backups) = (folder(), folder());
    let server = Server::start(data.path());
    let before = back_up(data.path(), &backups, "before.tar.zst");
    let api = server.api();
    let backup = back_up(data.path(), &backups, "after.tar.zst");
    let foreign = backups.path().join("foreign.tar.zst");
    fs::write(&foreign, "no backup").expect("ours");
    for (source, id, told) in [
        (&before, api.as_str(), "The backup does not have"),
        (&backup, "api_none", "The backup does not have"),
        (&backup, "ws_none", "The backup does not have"),
        (&backup, "key_1", "is no id of an API"),
        (&backup, "", "is no id of an API"),
        (&foreign, api.as_str(), "no backup of this program"),
    ] {
        let said = refused(&bring_back(data.path(), source, id));
        assert!(said.contains(told), "{said}");
    }
    let nowhere = backups.path().join("nowhere");
    assert!(refused(&bring_back(&nowhere, &backup, &api)).contains("there is no data folder"));
    assert!(!nowhere.exists());
    assert_eq!(audited(data.path(), "api.restore"), 0);
}

/// Whenever it is killed, the command or the server, calling it again completes it.
#[test]
fn a_recovery_that_was_killed_is_completed_by_the_next() {
    const KEYS: usize = 450;
    let (data, backups) = (folder(), folder());
    let server = Server::start(data.path());
    let before = back_up(data.path(), &backups, "before.tar.zst");
    let api = server.api();
    let keys: Vec<String> = (0..KEYS).map(|_| server.key(&api, json!({})).1).collect();
    let after = back_up(data.path(), &backups, "after.tar.zst");
    assert_eq!(server.stop(), Some(0));
    let mut random = Random(7);
    for round in 0..if e2e::is_long() { 40 } else { 6 } {
        let (_place, put_back) = put_back(&before, &data.path().join("master.key"));
        let mut server = Server::start(&put_back);
        let mut command = Command::new(binary());
        command.args(["restore", text(&after), "--only", &api, "--data-dir"]).arg(&put_back);
        let mut child =
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary is built");
        std::thread::sleep(Duration::from_millis(random.below(900)));
        if round % 2 == 0 {
            server.kill();
        } else {
            child.kill().expect("it is ours");
        }
        child.wait().expect("it ends");
        let server = if round % 2 == 0 { Server::start(&put_back) } else { server };
        said(&bring_back(&put_back, &after, &api));
        for key in &keys {
            assert_eq!(server.verify(key), "VALID", "round {round}");
        }
        assert_eq!(audited(&put_back, "key.restore"), KEYS, "each came back once");
        is_sound(&put_back);
    }
}
