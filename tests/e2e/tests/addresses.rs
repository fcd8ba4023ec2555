//! The client's address behind a proxy: what lists let pass, what is recorded.

use e2e::{Server, cli_ok, folder};
use serde_json::{Value, json};

const LISTED: &str = "203.0.113.7";

/// What a key of an API that only [`LISTED`] may use answers to a request with
/// these headers.
fn verified(server: &Server, key: &str, headers: &[(&str, &str)]) -> Value {
    server.call_with("keys.verifyKey", headers, &json!({ "key": key })).data()["code"].clone()
}

fn with_list(data: &std::path::Path, server: &Server) -> String {
    let api = server.api();
    let (_, key) = server.key(&api, json!({}));
    cli_ok(data, &["api", "set", &api, "--ip-allow", LISTED]);
    key
}

#[test]
fn a_client_behind_a_proxy_cannot_name_its_own_address() {
    let data = folder();
    let server = Server::start_with(data.path(), &["--trusted-proxies", "127.0.0.1,10.0.0.0/8"]);
    let key = with_list(data.path(), &server);
    for (lines, code) in [
        (&["198.51.100.9"][..], "FORBIDDEN"),
        (&["203.0.113.7, 198.51.100.9"], "FORBIDDEN"),
        (&["203.0.113.7, 198.51.100.9:51008"], "FORBIDDEN"),
        (&["203.0.113.7, [2001:db8::1]:443"], "FORBIDDEN"),
        (&["203.0.113.7, unknown"], "FORBIDDEN"),
        (&["203.0.113.7", "not an address"], "FORBIDDEN"),
        (&["203.0.113.7, unix:, 10.0.0.2"], "FORBIDDEN"),
        (&["203.0.113.7", ""], "FORBIDDEN"),
        (&[], "FORBIDDEN"),
        (&["203.0.113.7:40000"], "VALID"),
        (&["\"[::ffff:203.0.113.7]:40000\", 10.0.0.2:80"], "VALID"),
        (&["198.51.100.9", "203.0.113.7"], "VALID"),
    ] {
        let headers: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
        assert_eq!(verified(&server, &key, &headers), code, "{lines:?}");
    }
    assert_eq!(verified(&server, &key, &[("forwarded", "for=203.0.113.7")]), "FORBIDDEN", "not the header");
}

#[test]
fn the_audit_log_knows_the_client_or_nobody() {
    let data = folder();
    let server = Server::start_with(data.path(), &["--trusted-proxies", "127.0.0.1"]);
    for (line, name) in [("203.0.113.7, 198.51.100.9:1", "known"), ("203.0.113.7, -", "hidden")] {
        let body = json!({ "name": name });
        server.call_with("apis.createApi", &[("x-forwarded-for", line)], &body).data();
    }
    let log = cli_ok(data.path(), &["audit", "export", "--format", "jsonl"]);
    let entries: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let address = |name: &str| {
        let made = entries
            .iter()
            .find(|entry| entry["event"] == "api.create" && entry["targets"][0]["name"] == name);
        made.expect("an entry")["remoteIp"].clone()
    };
    assert_eq!((address("known"), address("hidden")), (json!("198.51.100.9"), Value::Null));
}

#[test]
fn a_proxy_that_sets_forwarded_is_read_by_it() {
    let data = folder();
    let settings = ["--trusted-proxies", "127.0.0.1", "--client-address-header", "forwarded"];
    let server = Server::start_with(data.path(), &settings);
    let key = with_list(data.path(), &server);
    for (name, value, code) in [
        ("forwarded", "for=203.0.113.7, for=\"198.51.100.9:51008\"", "FORBIDDEN"),
        ("forwarded", "for=203.0.113.7;x=\", for=198.51.100.9", "FORBIDDEN"),
        ("forwarded", "for=203.0.113.7, for=_hidden", "FORBIDDEN"),
        ("forwarded", "for=198.51.100.9, For=\"203.0.113.7:1\";proto=https", "VALID"),
        ("x-forwarded-for", "203.0.113.7", "FORBIDDEN"),
    ] {
        assert_eq!(verified(&server, &key, &[(name, value)]), code, "{value}");
    }
}

#[test]
fn without_trusted_proxies_the_peer_is_the_client() {
    let data = folder();
    let server = Server::start(data.path());
    let key = with_list(data.path(), &server);
    assert_eq!(verified(&server, &key, &[("x-forwarded-for", LISTED)]), "FORBIDDEN");
}
