//! The command line: with the server stopped and running, taking effect at once.

use e2e::{ROOT_KEY, Server, cli, cli_ok, eventually, folder, used_folder};
use serde_json::json;

#[test]
fn the_first_minutes_of_an_operator() {
    let data = used_folder();
    // The server is stopped: the command takes the folder itself.
    let key = cli_ok(data.path(), &["root-key", "create", "--name", "offline", "--full"]);
    assert!(key.starts_with("unkey_") && !key.contains(char::is_whitespace), "{key}");
    let server = Server::start(data.path());
    assert_eq!(server.get("/livez").0, 200);
    assert_eq!(server.get("/readyz").0, 200);
    // While it runs: over the control socket.
    let listed = cli_ok(data.path(), &["root-key", "list"]);
    assert!(listed.contains("offline"), "{listed}");
    assert!(!listed.contains(&key), "the secret is shown once");
    let link = cli_ok(data.path(), &["setup", "link"]);
    assert!(link.contains("/setup/"), "{link}");
    let path = &link[link.find("/setup/").expect("a path")..];
    assert_eq!(server.get(path.split_whitespace().next().expect("a path")).0, 200);
    assert_eq!(server.get("/setup/nonsense").0, 404);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn changes_by_command_show_on_the_next_verification() {
    let data = folder();
    let server = Server::start(data.path());
    let api = server.api();
    let (_, key) = server.key(&api, json!({}));
    assert_eq!(server.verify(&key), "VALID");
    cli_ok(data.path(), &["api", "set", &api, "--ip-allow", "10.1.2.3, 192.168.0.0/16"]);
    assert_eq!(server.verify(&key), "FORBIDDEN");
    cli_ok(data.path(), &["api", "set", &api, "--ip-allow", "127.0.0.0/8"]);
    assert_eq!(server.verify(&key), "VALID");
    for none in ["nonsense", ",", " , "] {
        assert!(!cli(data.path(), &["api", "set", &api, "--ip-allow", none]).status.success(), "{none}");
    }
    assert!(cli_ok(data.path(), &["api", "list"]).contains("127.0.0.0/8"));
    cli_ok(data.path(), &["api", "set", &api, "--ip-allow", ""]);
    cli_ok(data.path(), &["api", "set", &api, "--delete-protection", "on"]);
    assert_eq!(server.call("apis.deleteApi", &json!({ "apiId": api })).status, 412);
    cli_ok(data.path(), &["workspace", "disable", "default"]);
    assert_eq!(server.call("keys.verifyKey", &json!({ "key": key })).status, 403);
    cli_ok(data.path(), &["workspace", "enable", "default"]);
    assert_eq!(server.verify(&key), "VALID");
}

#[test]
fn a_root_key_with_a_list_of_no_address_is_not_made() {
    let data = used_folder();
    for none in ["", " ", ",", " , "] {
        let create = ["root-key", "create", "--name", "a", "--full", "--ip-allow", none];
        let made = cli(data.path(), &create);
        let told = String::from_utf8_lossy(&made.stderr);
        assert!(!made.status.success() && made.stdout.is_empty(), "{none}");
        assert!(told.contains("list of addresses is empty"), "{none}: {told}");
    }
}

#[test]
fn a_revoked_root_key_is_refused_at_once() {
    let data = folder();
    let server = Server::start(data.path());
    assert_eq!(server.call("apis.createApi", &json!({ "name": "abc" })).status, 200);
    let listed = cli_ok(data.path(), &["root-key", "list"]);
    let id = listed.split_whitespace().find(|word| word.starts_with("key_")).expect("an id");
    cli_ok(data.path(), &["root-key", "revoke", id]);
    assert_eq!(server.call("apis.createApi", &json!({ "name": "abc" })).status, 401);
}

#[test]
fn secrets_are_nowhere_on_disk() {
    let data = folder();
    let server = Server::start(data.path());
    let api = server.api();
    cli_ok(data.path(), &["api", "set", &api, "--recoverable", "on"]);
    let (id, key) = server.key(&api, json!({ "recoverable": true, "name": "findable-name" }));
    let got = server.call("keys.getKey", &json!({ "keyId": id, "decrypt": true })).data();
    assert_eq!(got["plaintext"], key.as_str());
    assert_eq!(server.verify(&key), "VALID");
    assert_eq!(server.stop(), Some(0));
    let mut found_name = false;
    for entry in std::fs::read_dir(data.path()).expect("the data folder") {
        let path = entry.expect("an entry").path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let holds = |needle: &str| bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
        assert!(!holds(&key) && !holds(ROOT_KEY), "{} holds a secret", path.display());
        found_name |= holds("findable-name");
    }
    assert!(found_name, "the search looks where data is");
}

#[test]
fn what_a_command_would_pass_over_is_wrong_usage() {
    let data = used_folder();
    for (wrong, code) in [
        (&["audit", "list", "--limit", "0"][..], 2),
        (&["audit", "list", "--limit", "1001"], 2),
        (&["audit", "list", "--since", "2026-02-02", "--until", "2026-02-01"], 1),
        (&["events", "list", "--limit", "0"], 2),
        (&["events", "list", "--days", "0"], 2),
        (&["events", "top", "--by", "key", "--days", "401"], 2),
        (&["requests", "list", "--status", "abc"], 2),
        (&["requests", "list", "--status", "99999"], 2),
        (&["search", "a", "--limit", "101"], 2),
        (&["workspace", "rename", "default"], 2),
        (&["api", "set", "api_1"], 1),
    ] {
        let output = cli(data.path(), wrong);
        assert_eq!(output.status.code(), Some(code), "{wrong:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{wrong:?}");
    }
    assert_eq!(cli_ok(data.path(), &["requests", "list", "--status", "404"]), "");
}

#[test]
fn usage_errors_and_failures_have_their_exit_codes() {
    let data = used_folder();
    assert_eq!(cli(data.path(), &["nonsense"]).status.code(), Some(2));
    assert_eq!(cli(data.path(), &["root-key", "revoke", "key_none"]).status.code(), Some(1));
}

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let data = folder();
    let _server = Server::start(data.path());
    let second = cli(data.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1));
}

#[test]
fn people_come_by_invitation_and_the_operator_looks_after_them() {
    let data = folder();
    let server = Server::start(data.path());
    let link = cli_ok(data.path(), &["user", "invite", "--role", "operator", "--email", "ada@example.com"]);
    assert!(link.contains("/invites/") && !link.trim().contains(char::is_whitespace), "{link}");
    let password = cli_ok(data.path(), &["user", "create", "--email", "bob@example.com", "--name", "Bob"]);
    assert!(password.len() >= 20, "made and printed");
    let listed = cli_ok(data.path(), &["user", "list"]);
    assert!(listed.contains("bob@example.com") && listed.contains("viewer"), "{listed}");
    assert_eq!(cli_ok(data.path(), &["user", "sessions", "--email", "bob@example.com"]), "");
    cli_ok(data.path(), &["user", "sessions", "--email", "bob@example.com", "--end"]);
    let no_factor = cli(data.path(), &["user", "totp-reset", "--email", "bob@example.com"]);
    assert_eq!(no_factor.status.code(), Some(1));
    let nobody = cli(data.path(), &["user", "sessions", "--email", "eve@example.com"]);
    assert_eq!(nobody.status.code(), Some(1));
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn workspaces_are_renamed_and_deleted_by_name() {
    let data = used_folder();
    cli_ok(data.path(), &["workspace", "create", "lab", "--name", "Lab"]);
    cli_ok(data.path(), &["workspace", "rename", "lab", "--name", "Laboratory", "--new-slug", "laboratory"]);
    let listed = cli_ok(data.path(), &["workspace", "list"]);
    assert!(listed.contains("Laboratory") && !listed.contains(" lab "), "{listed}");
    let unsure = cli(data.path(), &["workspace", "delete", "laboratory", "--confirm", "laboratory"]);
    assert_eq!(unsure.status.code(), Some(1));
    cli_ok(data.path(), &["workspace", "delete", "laboratory", "--confirm", "Laboratory"]);
    assert!(!cli_ok(data.path(), &["workspace", "list"]).contains("aboratory"));
    let deleted = cli_ok(data.path(), &["workspace", "list", "--deleted"]);
    assert!(deleted.contains("Laboratory") && deleted.contains("deleted"), "{deleted}");
    let row = deleted.lines().last().expect("a row below the headings");
    let id = row.split_whitespace().next().expect("an id");
    let log = cli_ok(data.path(), &["audit", "list", "--workspace", id]);
    assert!(log.contains("workspace.delete") && log.contains("workspace.update"), "{log}");
    let exported = cli_ok(data.path(), &["audit", "export", "--workspace", id]);
    assert!(exported.contains("\"workspace.create\""), "{exported}");
    assert!(!cli(data.path(), &["api", "list", "--workspace", id]).status.success(), "nothing else is");
    let last = cli(data.path(), &["workspace", "delete", "default", "--confirm", "Default"]);
    assert_eq!(last.status.code(), Some(1));
}

#[test]
fn keys_of_a_deleted_api_are_deleted_at_once() {
    let data = folder();
    let server = Server::start(data.path());
    let api = server.api();
    for _ in 0..120 {
        server.key(&api, json!({}));
    }
    server.call("apis.deleteApi", &json!({ "apiId": api })).data();
    // Long before the clock would have it done.
    let mut asked = 0;
    let log = eventually("an entry for each key", || {
        asked += 1;
        assert!(asked < 200, "it waits for the clock");
        let log = cli_ok(data.path(), &["audit", "list", "--event", "key.delete", "--limit", "200"]);
        (log.lines().count() > 120).then_some(log)
    });
    assert!(log.lines().nth(1).is_some_and(|last| last.ends_with(" 0 keys left to delete")), "{log}");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn an_override_by_command_holds_at_once_and_over_a_kill_and_ends_by_itself() {
    let data = folder();
    let server = Server::start(data.path());
    let limit = |server: &Server| {
        let body = json!({ "namespace": "mail", "identifier": "ann", "limit": 1, "duration": 60_000 });
        server.call("ratelimit.limit", &body).data()["limit"].clone()
    };
    let set = |more: &[&str]| {
        cli(data.path(), &[&["override", "set", "mail", "ann", "--limit"][..], more].concat())
    };
    assert!(!set(&["5", "--every", "1m"]).status.success(), "there is no such namespace");
    assert_eq!(limit(&server), 1);
    for wrong in [
        &["5", "--every", "60"][..],
        &["5", "--every", "10ms"],
        &["-1", "--every", "1m"],
        &["5"],
        &["5", "--every", "1m", "--for", "0s"],
        &["5", "--every", "1m", "--for", "soon"],
        &["5", "--every", "1m", "--for", "9223372036854775807ms"],
    ] {
        assert!(!set(wrong).status.success(), "{wrong:?}");
    }
    assert_eq!(limit(&server), 1);
    assert!(set(&["50", "--every", "1m"]).status.success());
    assert!(set(&["500", "--every", "1m", "--for", "1d"]).status.success());
    assert_eq!(limit(&server), 500);
    drop(server);
    let server = Server::start(data.path());
    assert_eq!(limit(&server), 500);
    let listed = cli_ok(data.path(), &["override", "list", "mail", "--format", "json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    assert_eq!((&listed[0]["limit"], &listed[0]["limit_afterwards"]), (&json!(500), &json!(50)));
    assert!(listed[0]["expires_at"].is_string(), "{listed}");
    assert!(set(&["700", "--every", "1m", "--for", "100ms"]).status.success());
    eventually("the end of the override", || (limit(&server) == 50).then_some(()));
    cli_ok(data.path(), &["override", "delete", "mail", "ann"]);
    assert_eq!(limit(&server), 1);
    assert_eq!(cli_ok(data.path(), &["override", "list", "mail"]), "");
    assert_eq!(server.stop(), Some(0));
}
