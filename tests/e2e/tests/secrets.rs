//! Secrets in the wrong places: whatever a client pastes where, no log, index or
//! list has it afterwards.
//!
//! A text that an operation is told to keep, such as the name of a key or the
//! identifier of a limit, is data and not tested here.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::fs;
use std::path::Path;

use e2e::{ROOT_KEY, Server, cli_ok, eventually, folder};
use serde_json::{Value, json};

const JSON: (&str, &str) = ("content-type", "application/json");

/// What must not be found, and how it can be told.
struct Secret {
    text: String,
    /// By its shape, wherever it stands. Others' secrets have none: those are kept
    /// out of the logs where a text has no business.
    has_shape: bool,
}

fn shaped(text: impl Into<String>) -> Secret {
    Secret { text: text.into(), has_shape: true }
}

fn foreign(text: &str) -> Secret {
    Secret { text: text.to_owned(), has_shape: false }
}

/// Secrets of every kind that a server hands out or is given.
fn secrets(server: &Server) -> Vec<Secret> {
    let api = server.api();
    let (_, plain) = server.key(&api, json!({}));
    let (_, prefixed) =
        server.key(&api, json!({ "prefix": "acme_live", "byteLength": 32, "externalId": "ann" }));
    let verified = server.call("keys.verifyKey", &json!({ "key": prefixed })).data();
    let portal = json!({ "slug": "my-portal", "displayName": "Mine", "keyspaceId": verified["keyspaceId"] });
    server.call("portal.createPortal", &portal).data();
    let session = json!({ "portal": "my-portal", "externalId": "ann", "scopes": ["keys:read"] });
    let code_of = |data: &Value| data["url"].as_str().unwrap().split_once("?code=").unwrap().1.to_owned();
    let used = code_of(&server.call("portal.createSession", &session).data());
    let token = server.call("portal.exchangeCode", &json!({ "code": used })).data();
    let unused = code_of(&server.call("portal.createSession", &session).data());
    let webhook = json!({ "url": "https://hooks.invalid/", "events": ["webhook.*"] });
    let webhook = server.call("webhooks.createEndpoint", &webhook).data();
    vec![
        shaped(ROOT_KEY),
        shaped(webhook["secret"].as_str().unwrap()),
        shaped(plain),
        shaped(prefixed),
        shaped(used),
        shaped(unused),
        shaped(token["accessToken"].as_str().unwrap()),
        // As links, recovery codes, cookies and hashes look.
        shaped("5HzBq7eSbSLnM3kG9rTtUxYwVp2DfJ4cQa8N6ZbXhRmK"),
        shaped("0k3v-9m2x-q1w2-7fgh"),
        shaped("eyJhbGciOiJIUzI1NiJ9.eyJzaWQiOiJzZXNfMSJ9.q83vEjRWeJCrze8SNFZ4kKvN7xI"),
        shaped("ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="),
        foreign("sk_test_FOREIGN42"),
        foreign("Zx9-foreign.key"),
        // Not in an order in which an index may have digits.
        foreign("8350172946"),
    ]
}

/// Bodies with a secret where no text belongs, or where a secret does.
fn misplaced(secret: &str) -> Vec<Value> {
    vec![
        json!(secret),
        json!([secret]),
        json!([[secret]]),
        json!([{ "key": [secret] }]),
        json!({ "key": secret }),
        json!({ "key": [secret] }),
        json!({ "key": { "a": secret } }),
        json!({ "keyId": secret }),
        json!({ "key": secret, "apiId": secret }),
        json!({ "key": "abc", "typo": secret }),
        json!({ "key": "abc", "typo": { "a": [secret] } }),
        json!({ secret: 1 }),
        json!({ "key": "abc", secret: true }),
        json!({ "key": "abc", "credits": secret, "remaining": secret }),
        json!({ "key": "abc", "ratelimits": [[secret]] }),
        json!({ "key": "abc", "ratelimits": secret }),
        json!({ "key": "abc", "tags": secret }),
        json!({ "key": "abc", "authorization": secret, "password": secret, "token": secret }),
        json!({ "namespace": [secret], "identifier": "a", "limit": secret, "duration": 1000 }),
        json!({ "refill": { "interval": secret }, "apiId": [secret], "keyId": { "a": secret } }),
        json!({ "hash": secret, "plaintext": secret, "secret": secret, "code": secret }),
    ]
}

/// Bodies that ask for something by a secret.
fn named(secret: &str) -> Vec<Value> {
    vec![
        json!({ "apiId": secret }),
        json!({ "identity": secret, "externalId": secret, "identityId": secret }),
        json!({ "role": secret, "permission": secret, "roleId": secret, "permissionId": secret }),
        json!({ "apiId": format!("see {secret}."), "keyId": format!("it is {secret}") }),
        json!({ "key": "abc", "migrationId": secret }),
        json!({ "cursor": secret, "apiId": "api_1" }),
    ]
}

const OPERATIONS: [&str; 13] = [
    "/v2/keys.verifyKey",
    "/v2/keys.getKey",
    "/v2/keys.createKey",
    "/v2/apis.getApi",
    "/v2/identities.getIdentity",
    "/v2/permissions.getRole",
    "/v2/ratelimit.limit",
    "/v2/ratelimit.multiLimit",
    "/v1/keys.verifyKey",
    "/v1/keys.whoami",
    "/v1/keys.deleteKey",
    "/v1/ratelimits.limit",
    "/v1/migrations.createKeys",
];

/// Sends a secret everywhere; how many requests the log will have at least.
fn send_everywhere(server: &Server, secret: &Secret) -> usize {
    let text = secret.text.as_str();
    let bearer = format!("Bearer {ROOT_KEY}");
    let mut sent = 0;
    for operation in OPERATIONS {
        let bodies =
            misplaced(text).into_iter().chain(if secret.has_shape { named(text) } else { Vec::new() });
        for body in bodies {
            for authorization in [&bearer, &format!("Bearer {text}")] {
                let headers = [JSON, ("authorization", authorization.as_str())];
                sent += usize::from(server.send("POST", operation, &headers, &body.to_string()).is_some());
            }
        }
        sent += usize::from(server.send("POST", operation, &[JSON], text).is_some());
    }
    let target: String = text.replace('+', "%2B").replace('=', "%3D");
    for target in [
        format!("/v2/{target}"),
        format!("/v2/keys.verifyKey/{target}"),
        format!("/v1/{target}"),
        format!("/v1/keys/{target}"),
        format!("/v1/keys/verify/{target}"),
        format!("/v1/apis/{target}"),
        format!("/v1/apis/{target}/keys"),
        format!("/v1/keys.getKey?keyId={target}"),
        format!("/v1/apis.getApi?apiId={target}"),
        format!("/v1/identities.getIdentity?identityId={target}"),
        format!("/v1/keys.getKey?{target}=1"),
        format!("/{target}"),
        format!("/keys/{target}"),
        format!("/login?next={target}"),
        format!("/docs/{target}"),
    ] {
        for method in ["GET", "DELETE", "POST"] {
            server.send(method, &target, &[("authorization", &bearer)], "");
        }
    }
    for name in ["authorization", "cookie", "idempotency-key", "x-forwarded-for", "accept", "x-api-key"] {
        let cookie = format!("portal_session={text}; session={text}");
        let value = if name == "cookie" { cookie.as_str() } else { text };
        server.send("POST", "/v2/portal.listKeys", &[JSON, (name, value)], "{}");
        server.send("POST", "/v1/keys.verifyKey", &[JSON, (name, value)], "{}");
    }
    if secret.has_shape {
        server.send("POST", "/v2/apis.getApi", &[JSON, ("user-agent", text)], "{}");
        server.send("POST", "/v1/keys.verifyKey", &[JSON, ("user-agent", text)], "{}");
    }
    let form = ("content-type", "application/x-www-form-urlencoded");
    server.send("POST", "/login", &[form], &format!("email={target}&password={target}"));
    sent
}

fn files_below(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else if let Ok(bytes) = fs::read(&path) {
            found.push((path.display().to_string(), bytes));
        }
    }
}

#[test]
fn a_secret_in_the_wrong_place_is_logged_nowhere() {
    let (data, logs) = (folder(), folder());
    let log = logs.path().join("log");
    let server = Server::start_with_log(data.path(), &log);
    let secrets = secrets(&server);
    let sent: usize = secrets.iter().map(|secret| send_everywhere(&server, secret)).sum();
    assert!(sent > 5000, "only {sent} requests were answered");
    // A list has a thousand lines at most: one of each operation, and the rest.
    let list = |flags: &[&str]| {
        let arguments = [&["requests", "list", "--bodies", "--limit", "1000"], flags].concat();
        cli_ok(data.path(), &arguments)
    };
    let of_operations = || {
        let both = |path| [list(&["--path", path]), list(&["--path", path, "--unauthenticated"])];
        OPERATIONS.into_iter().flat_map(both).collect::<Vec<_>>().join("\n")
    };
    let listed = eventually("all requests to be listed", || {
        let listed = of_operations();
        (listed.lines().filter(|line| !line.is_empty()).count() >= sent).then_some(listed)
    });
    let mut found = vec![
        ("requests of the operations".to_owned(), listed.into_bytes()),
        ("requests".to_owned(), list(&[]).into_bytes()),
        ("requests of nobody".to_owned(), list(&["--unauthenticated"]).into_bytes()),
    ];
    for command in [
        &["export", "keys"][..],
        &["audit", "export"],
        &["events", "list", "--limit", "100000"],
        &["config", "print"],
    ] {
        found.push((command.join(" "), cli_ok(data.path(), command).into_bytes()));
    }
    assert_eq!(server.stop(), Some(0));
    files_below(data.path(), &mut found);
    files_below(logs.path(), &mut found);
    let text_of_log = String::from_utf8_lossy(&fs::read(&log).unwrap()).into_owned();
    assert!(text_of_log.contains("request refused"), "the log holds every request");
    for Secret { text, .. } in &secrets {
        for (place, bytes) in &found {
            let at = bytes.windows(text.len()).position(|window| window == text.as_bytes());
            let around = at.map(|at| {
                String::from_utf8_lossy(&bytes[at.saturating_sub(300)..bytes.len().min(at + 100)])
                    .into_owned()
            });
            assert!(around.is_none(), "{text} is in {place}: {}", around.unwrap_or_default());
        }
    }
}
