//! Audit exports, the index over a crash, and metrics, of the built binary.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use e2e::{ROOT_KEY, Server, binary, cli_ok, eventually, folder};
use serde_json::{Value, json};

#[test]
fn an_export_holds_every_entry_with_the_server_running_or_not() {
    let data = folder();
    let server = Server::start(data.path());
    for number in 0..1100 {
        server
            .call("permissions.createPermission", &json!({ "name": "n", "slug": format!("slug_{number}") }))
            .data();
    }
    let arguments = ["audit", "export", "--event", "permission.create"];
    let running = cli_ok(data.path(), &arguments);
    let lines: Vec<Value> =
        running.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
    assert_eq!(lines.len(), 1100);
    assert_eq!(lines[0]["actor"]["type"], "rootkey");
    assert_eq!(server.stop(), Some(0));
    assert_eq!(cli_ok(data.path(), &arguments), running);
    let csv = cli_ok(data.path(), &["audit", "export", "--format", "csv", "--event", "permission.create"]);
    assert_eq!(csv.lines().count(), 1101);
    assert!(csv.starts_with("id,time,event,"), "{}", csv.lines().next().unwrap_or_default());
    let listed = cli_ok(data.path(), &["audit", "list", "--text", "slug_1099", "--format", "json"]);
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
}

/// Rows of a table, which has a heading where it has any.
fn listed(table: &str) -> usize {
    table.lines().count().saturating_sub(1)
}

/// How many documents an index has, once none is behind.
fn indexed(data: &std::path::Path, name: &str) -> u64 {
    eventually("the indexes", || {
        let status = cli_ok(data, &["index", "status", "--format", "json"]);
        let status: Value = serde_json::from_str(&status).expect("JSON");
        let indexes = status.as_array().expect("a list");
        let index = indexes.iter().find(|index| index["index"] == name).expect("it is there");
        let is_done = indexes.iter().all(|index| index["state"] == "complete" && index["behind"] == 0);
        is_done.then(|| index["documents"].as_u64().expect("a number"))
    })
}

/// Waits until an index has at least so many documents: the last events may
/// still be on their way to the disk.
fn wait_for(data: &std::path::Path, name: &str, count: u64) {
    eventually(name, || (indexed(data, name) >= count).then_some(()));
}

#[test]
fn a_crash_and_a_lost_index_lose_no_stored_event_and_count_none_twice() {
    let data = folder();
    let mut server = Server::start(data.path());
    let api = server.api();
    let (_, key) = server.key(&api, json!({}));
    for _ in 0..300 {
        server.verify(&key);
    }
    wait_for(data.path(), "verifications", 300);
    let listed = cli_ok(data.path(), &["events", "list", "--outcome", "VALID", "--limit", "20"]);
    assert_eq!(listed.lines().filter(|line| line.contains("VALID")).count(), 20, "{listed}");
    let top = cli_ok(data.path(), &["events", "top", "--by", "api", "--format", "csv"]);
    assert!(top.contains(&format!("{api},300,0")), "{top}");
    for round in 1..=3 {
        for _ in 0..100 {
            server.verify(&key);
        }
        server.kill();
        server = Server::start(data.path());
        let now = indexed(data.path(), "verifications");
        // Events of the last moments before a kill may be lost; none may be doubled.
        assert!(now <= 300 + round * 100 && now >= 300, "{now}");
    }
    let before = indexed(data.path(), "verifications");
    assert_eq!(server.stop(), Some(0));
    std::fs::remove_dir_all(data.path().join("index")).expect("an index to lose");
    let server = Server::start(data.path());
    assert_eq!(indexed(data.path(), "verifications"), before);
    cli_ok(data.path(), &["index", "rebuild"]);
    assert_eq!(indexed(data.path(), "verifications"), before);
    cli_ok(data.path(), &["index", "rebuild", "--wait"]);
    let status = cli_ok(data.path(), &["index", "status", "--format", "csv"]);
    assert!(status.contains(&format!("verifications,complete,{before},")), "{status}");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn killed_or_damaged_indexes_of_every_kind_lose_nothing_and_double_nothing() {
    let data = folder();
    let mut server = Server::start(data.path());
    let api = server.api();
    let mut made = 0;
    for round in 0..3 {
        for _ in 0..40 {
            made += 1;
            server.key(&api, json!({ "name": format!("number{made}"), "externalId": format!("user{made}") }));
        }
        // Acknowledged, perhaps not indexed yet.
        server.kill();
        let damaged = data.path().join("index").join(["audit", "entities", "manifest.json"][round]);
        if damaged.is_dir() {
            std::fs::write(damaged.join("meta.json"), "{").expect("an index to damage");
        } else {
            std::fs::write(damaged, "{\"format\":1}").expect("a manifest to age");
        }
        server = Server::start(data.path());
        // It serves while it builds.
        server.key(&api, json!({ "name": "meanwhile" }));
        made += 1;
    }
    // Keys with their identities, the API, and the root key of the environment.
    assert_eq!(indexed(data.path(), "entities"), made + (made - 3) + 2);
    let found = cli_ok(data.path(), &["search", "number77"]);
    assert_eq!(listed(&found), 1, "{found}");
    let found = cli_ok(data.path(), &["search", "user77", "--kind", "key", "--kind", "identity"]);
    assert_eq!(listed(&found), 2, "{found}");
    let entries = cli_ok(data.path(), &["audit", "export"]).lines().count();
    assert_eq!(indexed(data.path(), "audit"), entries as u64);
    let found = cli_ok(data.path(), &["audit", "list", "--event", "key.create", "--text", "meanwhile"]);
    assert_eq!(listed(&found), 3, "{found}");
    // Every one of these requests is logged; the last moments before a kill may be lost.
    let requests =
        cli_ok(data.path(), &["requests", "list", "--path", "/v2/keys.createKey", "--limit", "1000"]);
    let unique: std::collections::BTreeSet<&str> =
        requests.lines().skip(1).filter_map(|line| line.split_whitespace().last()).collect();
    assert_eq!(unique.len(), listed(&requests), "a request is logged twice");
    assert!(unique.len() as u64 <= made && unique.len() > 60, "{} of {made}", unique.len());
    assert!(!requests.contains("number77 "), "{requests}");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn operators_see_requests_latencies_and_namespaces() {
    let data = folder();
    let server = Server::start(data.path());
    let api = server.api();
    let (_, key) = server.key(&api, json!({}));
    for _ in 0..5 {
        server.verify(&key);
    }
    assert_eq!(server.verify("no_such_key"), "NOT_FOUND");
    server.call("apis.getApi", &json!({ "apiId": "api_none" }));
    let limit = json!({ "namespace": "mails", "identifier": "ann", "limit": 5, "duration": 60_000 });
    server.call("ratelimit.limit", &limit).data();
    wait_for(data.path(), "ratelimits", 1);
    wait_for(data.path(), "verifications", 5);
    let missing = cli_ok(data.path(), &["requests", "list", "--status", "404"]);
    assert!(missing.contains("/v2/apis.getApi") && missing.contains("api_not_found"), "{missing}");
    let unknown = cli_ok(data.path(), &["requests", "list", "--outcome", "NOT_FOUND", "--bodies"]);
    assert!(unknown.contains("/v2/keys.verifyKey") && !unknown.contains("no_such_key"), "{unknown}");
    let latency = cli_ok(data.path(), &["events", "latency", "--days", "1"]);
    assert!(latency.contains("P99") && latency.contains(" ms"), "{latency}");
    let found = cli_ok(data.path(), &["events", "list", "--kind", "ratelimits", "--text", "an"]);
    assert!(found.contains("ann"), "{found}");
    cli_ok(data.path(), &["namespace", "rename", "mails", "letters"]);
    assert!(cli_ok(data.path(), &["namespace", "list"]).contains("letters"));
    cli_ok(data.path(), &["namespace", "delete", "letters"]);
    assert_eq!(cli_ok(data.path(), &["namespace", "list"]), "");
    cli_ok(data.path(), &["workspace", "create", "second"]);
    cli_ok(data.path(), &["workspace", "rename", "second", "--name", "Second one"]);
    assert!(cli_ok(data.path(), &["workspace", "list"]).contains("Second one"));
    assert!(
        !e2e::cli(data.path(), &["workspace", "delete", "second", "--confirm", "second"]).status.success()
    );
    cli_ok(data.path(), &["workspace", "delete", "second", "--confirm", "Second one"]);
    assert!(!cli_ok(data.path(), &["workspace", "list"]).contains("second"));
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn metrics_have_an_address_of_their_own() {
    let data = folder();
    let mut child = Command::new(binary())
        .args(["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--data-dir"])
        .arg(data.path())
        .env("UNKEY_ROOT_KEY", ROOT_KEY)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary is built");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let line = lines.map_while(Result::ok).find(|line| line.starts_with("Metrics")).expect("an address");
    let url = line.split_whitespace().last().expect("a URL").to_owned();
    let text = ureq::get(&url).call().expect("an answer").body_mut().read_to_string().expect("text");
    for name in [
        "unkey_verifications_total",
        "unkey_requests_total{door=\"v1\",result=\"success\"}",
        "unkey_events_waiting",
        "unkey_logged_requests_total{state=\"stored\"}",
        "unkey_events_dropped_total",
        "unkey_index_behind{index=\"audit\"}",
        "unkey_index_behind{index=\"requests\"}",
        "unkey_job_last_run_timestamp_seconds",
        "unkey_held_bytes{by=\"key_cache\"}",
        "unkey_held_bytes{by=\"answers\"}",
        "unkey_held_bytes{by=\"waiting_events\"}",
    ] {
        assert!(text.contains(name), "{name} is missing in {text}");
    }
    let bytes_of = |name: &str| -> u64 {
        let value = text.lines().find_map(|line| line.strip_prefix(name));
        value.unwrap_or_else(|| panic!("{name} is missing in {text}")).trim().parse().expect("a number")
    };
    let allocated = bytes_of("unkey_allocator_bytes{is=\"allocated\"}");
    assert!((1 << 20..1 << 30).contains(&allocated), "{allocated} bytes of a server that was just started");
    assert!(allocated < bytes_of("unkey_allocator_bytes{is=\"held\"}"));
    if cfg!(target_os = "linux") {
        for of in ["heap", "files"] {
            assert!(bytes_of(&format!("unkey_resident_bytes{{of=\"{of}\"}}")) > 1 << 20, "{of}");
        }
    }
    assert!(text.ends_with("# EOF\n"));
    let _ = child.kill();
    let _ = child.wait();
}

#[test]
fn sql_is_answered_at_the_command_line_with_the_server_running_or_not() {
    let data = folder();
    let server = Server::start(data.path());
    let api = server.api();
    let (key_id, key) = server.key(&api, json!({}));
    for _ in 0..3 {
        server.verify(&key);
    }
    wait_for(data.path(), "verifications", 3);
    let query = "SELECT key_id, outcome, count() AS n FROM key_verifications_v1 GROUP BY key_id, outcome";
    let ask = |format: &str| cli_ok(data.path(), &["analytics", "query", query, "--format", format]);
    let csv = format!("key_id,outcome,n\r\n{key_id},VALID,3\r\n");
    assert_eq!(ask("csv"), csv.trim());
    let rows: Value = serde_json::from_str(&ask("json")).expect("JSON");
    assert_eq!(rows, json!([{ "key_id": key_id, "outcome": "VALID", "n": 3 }]));
    let table = ask("table");
    let cells: Vec<&str> = table.lines().nth(1).unwrap_or_default().split_whitespace().collect();
    assert_eq!(cells, [key_id.as_str(), "VALID", "3"]);
    assert_eq!(server.stop(), Some(0));
    assert_eq!(ask("csv"), csv.trim());
    let refused = Command::new(binary())
        .args(["analytics", "query", "SELECT 1 FROM sqlite_master", "--data-dir"])
        .arg(data.path())
        .output()
        .expect("the binary runs");
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("not allowed"));
}
