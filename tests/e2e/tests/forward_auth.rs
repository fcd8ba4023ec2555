//! Real proxies in front of a service, asking about each request as the pages of the
//! documentation configure them.

use e2e::proxies::{CLIENT, Kind, Passed, Proxy};
use e2e::{Server, cli_ok, folder};
use serde_json::json;
use tempfile::TempDir;

/// A server with one API, behind a proxy that it believes.
struct Gate {
    server: Server,
    data: TempDir,
    api: String,
    kind: Kind,
}

impl Gate {
    fn new(kind: Kind) -> Self {
        let data = folder();
        let settings = [("UNKEY_TRUSTED_PROXIES", "127.0.0.1")];
        let server = Server::start_with_settings(data.path(), &settings);
        let api = server.api();
        Self { server, data, api, kind }
    }

    fn key(&self, mut options: serde_json::Value) -> (String, String) {
        let permissions = options.as_object_mut().expect("options").entry("permissions");
        permissions.or_insert(json!(["documents.read"]));
        self.server.key(&self.api, options)
    }

    /// With an owner, whose id version 2 would not take.
    fn v1_key(&self, owner: String) -> (String, String) {
        let made = self.server.v1("keys.createKey", &json!({ "apiId": self.api, "ownerId": owner }));
        let (id, key) = (made["keyId"].as_str().expect("an id"), made["key"].as_str().expect("a key"));
        self.server
            .call("keys.addPermissions", &json!({ "keyId": id, "permissions": ["documents.read"] }))
            .data();
        (id.to_owned(), key.to_owned())
    }

    fn proxy(&self, extra: &str) -> Proxy {
        Proxy::start(self.kind, &self.server, &self.api, extra)
    }
}

fn bearer(key: &str) -> (&'static str, String) {
    ("Authorization", format!("Bearer {key}"))
}

fn ask(proxy: &Proxy, key: &str, more: &[(&str, &str)]) -> Passed {
    let (name, value) = bearer(key);
    let headers: Vec<_> = std::iter::once((name, value.as_str())).chain(more.iter().copied()).collect();
    proxy.get("/documents/1?cost=0&permissions=none", &headers)
}

fn passes_and_refuses(kind: Kind) {
    let gate = Gate::new(kind);
    let proxy = gate.proxy("");
    let limits = json!([{ "name": "requests", "limit": 3, "duration": 600_000, "autoApply": true }]);
    let options = json!({ "externalId": "ann", "credits": { "remaining": 9 }, "ratelimits": limits });
    let (id, key) = gate.key(options);
    let passed = ask(&proxy, &key, &[("X-Unkey-Key-Id", "forged"), ("X-Unkey-External-Id", "root")]);
    assert_eq!(passed.status, 200, "{passed:?}");
    assert_eq!((passed.seen("x-unkey-key-id"), passed.seen("x-unkey-external-id")), (id.as_str(), "ann"));
    assert_eq!((passed.seen("x-unkey-credits"), passed.seen("authorization")), ("8", ""));
    assert_eq!(passed.seen.as_ref().expect("seen")["target"], "/documents/1?cost=0&permissions=none");
    // Of a key without an identity, no client says one.
    let (_, plain) = gate.key(json!({}));
    let passed = ask(&proxy, &plain, &[("X-Unkey-External-Id", "root"), ("X-Unkey-Credits", "1")]);
    assert_eq!(passed.status, 200, "{passed:?}");
    assert_eq!((passed.seen("x-unkey-external-id"), passed.seen("x-unkey-credits")), ("", ""), "{passed:?}");

    // Nor under names that some services take for the same.
    let passed = ask(&proxy, &plain, &[("X_Unkey_Key_Id", "forged"), ("Connection", "X-Unkey-Key-Id")]);
    let headers = passed.seen.as_ref().map(|seen| seen["headers"].to_string()).unwrap_or_default();
    assert!(kind == Kind::Traefik || !headers.contains("forged"), "{passed:?}");
    assert!(passed.status == 400 || passed.seen("x-unkey-key-id").starts_with("key_"), "{passed:?}");

    let refused = |passed: Passed, status: u16| {
        assert_eq!((passed.status, &passed.seen), (status, &None), "{passed:?}");
        passed
    };
    let missing = refused(proxy.get("/documents/1", &[]), 401);
    assert_eq!(missing.header("www-authenticate"), "Bearer");
    refused(ask(&proxy, "nobody", &[]), 401);
    refused(ask(&proxy, e2e::ROOT_KEY, &[]), 401);
    let (_, poor) = gate.key(json!({ "permissions": ["documents.write"] }));
    refused(ask(&proxy, &poor, &[]), 403);
    for status in [200, 200] {
        assert_eq!(ask(&proxy, &key, &[]).status, status);
    }
    let limited = refused(ask(&proxy, &key, &[]), 429);
    let seconds: u64 = limited.header("retry-after").parse().expect("seconds");
    assert!((1..=600).contains(&seconds), "{limited:?}");

    let (revoked_id, revoked) = gate.key(json!({}));
    assert_eq!(ask(&proxy, &revoked, &[]).status, 200);
    gate.server.call("keys.updateKey", &json!({ "keyId": revoked_id, "enabled": false })).data();
    refused(ask(&proxy, &revoked, &[]), 401);
}

/// The address of a client is the one that reached the proxy, whatever the client says.
fn knows_the_client(kind: Kind) {
    let gate = Gate::new(kind);
    let proxy = gate.proxy("");
    let (_, key) = gate.key(json!({}));
    cli_ok(gate.data.path(), &["api", "set", &gate.api, "--ip-allow", CLIENT]);
    assert_eq!(ask(&proxy, &key, &[]).status, 200);
    cli_ok(gate.data.path(), &["api", "set", &gate.api, "--ip-allow", "127.0.0.3"]);
    assert_eq!(ask(&proxy, &key, &[("X-Forwarded-For", "127.0.0.3")]).status, 403);
    assert_eq!(ask(&proxy, &key, &[("X-Forwarded-For", "127.0.0.3, 127.0.0.3")]).status, 403);
}

fn takes_keys_from_queries(kind: Kind) {
    let gate = Gate::new(kind);
    let proxy = gate.proxy("&from=query:api_key&from=header:X-API-Key");
    let (_, key) = gate.key(json!({}));
    let (_, poor) = gate.key(json!({ "permissions": [] }));
    assert_eq!(proxy.get(&format!("/documents/1?x=%20&api_key={key}"), &[]).status, 200);
    let demands = format!("/documents/1?api_key={poor}&api={}&permissions=*", gate.api);
    assert_eq!(proxy.get(&demands, &[]).status, 403);
    assert_eq!(proxy.get(&format!("/documents/1?api_key={key}&api_key={poor}"), &[]).status, 401);
    assert_eq!(ask(&proxy, &key, &[]).status, 401, "not the place");
}

/// Names of any length pass, and no client makes one disappear by what it sends beside it.
fn has_room_for_long_names(kind: Kind) {
    let gate = Gate::new(kind);
    let proxy = gate.proxy("");
    let limits =
        json!([{ "name": "\u{1f600}".repeat(100), "limit": 99, "duration": 600_000, "autoApply": true }]);
    let names =
        json!({ "name": "\u{65e5}".repeat(255), "externalId": "e".repeat(255), "ratelimits": limits });
    let (_, key) = gate.key(names);
    let passed = ask(&proxy, &key, &[]);
    assert_eq!(
        (passed.status, passed.seen("x-unkey-external-id")),
        (200, "e".repeat(255).as_str()),
        "{passed:?}"
    );
    // Longer yet, as it is encoded: what the first version of the API takes.
    let (_, key) = gate.v1_key("\u{5ba2}".repeat(200));
    for padding in [0, 8000, 12_000, 13_500, 14_000, 14_500, 15_000, 15_500] {
        let passed = ask(&proxy, &key, &[("X-Pad", &"b".repeat(padding))]);
        let known = passed.status == 200 && passed.seen("x-unkey-external-id").len() == 1800;
        assert!(known || (passed.status >= 400 && passed.seen.is_none()), "{padding}: {passed:?}");
        assert!(known || padding > 4000, "{passed:?}");
    }
}

/// Nothing passes while nobody answers, and everything again when somebody does.
fn refuses_without_an_answer(kind: Kind) {
    let mut gate = Gate::new(kind);
    let (_, key) = gate.key(json!({}));
    let wrong = gate.proxy("&permissions=twice");
    let passed = ask(&wrong, &key, &[]);
    assert!(passed.status >= 400 && passed.seen.is_none(), "{passed:?}");
    drop(wrong);
    let proxy = gate.proxy("");
    assert_eq!(ask(&proxy, &key, &[]).status, 200);
    if kind != Kind::Traefik {
        gate.server.signal("STOP");
        let passed = ask(&proxy, &key, &[]);
        assert!(passed.status >= 500 && passed.seen.is_none(), "{passed:?}");
    }
    gate.server.kill();
    let passed = ask(&proxy, &key, &[]);
    assert!(passed.status >= 500 && passed.seen.is_none(), "{passed:?}");
}

macro_rules! proxies {
    ($($name:ident: $kind:ident;)+) => {$(
        mod $name {
            use super::Kind;

            #[test]
            fn passes_and_refuses() {
                super::passes_and_refuses(Kind::$kind);
            }

            #[test]
            fn knows_the_client() {
                super::knows_the_client(Kind::$kind);
            }

            #[test]
            fn takes_keys_from_queries() {
                super::takes_keys_from_queries(Kind::$kind);
            }

            #[test]
            fn has_room_for_long_names() {
                super::has_room_for_long_names(Kind::$kind);
            }

            #[test]
            fn refuses_without_an_answer() {
                super::refuses_without_an_answer(Kind::$kind);
            }
        }
    )+};
}

proxies! {
    nginx: Nginx;
    caddy: Caddy;
    haproxy: Haproxy;
    envoy: Envoy;
    traefik: Traefik;
}
