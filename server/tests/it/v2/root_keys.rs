//! v2 `rootKeys.*`, `workspace.*` and the budgets of API requests.

use serde_json::{Value, json};

use crate::support::{START_MS, TestApp};

async fn workspace(test: &TestApp) -> String {
    test.operator().await.workspace.into_string()
}

async fn create(test: &TestApp, caller: &str, permissions: Value) -> (String, String) {
    let body = json!({ "name": "child", "permissions": permissions });
    let data = test.call_as(caller, "rootKeys.createKey", body).await.data();
    (data["keyId"].as_str().unwrap().to_owned(), data["key"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_child_never_exceeds_its_maker() {
    let test = TestApp::start().await;
    let ws = workspace(&test).await;
    let write = format!("unkey:v1:{ws}:rootKeys/*#write");
    let read = format!("unkey:v1:{ws}:keyspaces/*/keys/*#read_key");
    let maker = test.new_root_key(false, &[&write, &read, "api.*.read_api", "api.api_1.create_key"]).await;
    let (_, child) = create(&test, &maker, json!(["api.*.read_api", "api.api_9.read_api"])).await;
    test.call_as(&child, "apis.getApi", json!({ "apiId": "api_none" }))
        .await
        .fails(404, "data/api_not_found");
    create(&test, &maker, json!([format!("unkey:v1:{ws}:keyspaces/ks_1/keys/*#read_key")])).await;
    for beyond in [
        "api.*.create_key".to_owned(),
        format!("unkey:v1:{ws}:keyspaces/**#read_key"),
        format!("unkey:v1:{ws}:**#*"),
        "unkey:v1:ws_other:rootKeys/*#write".to_owned(),
    ] {
        let body = json!({ "permissions": [beyond] });
        test.call_as(&maker, "rootKeys.createKey", body).await.fails(403, "insufficient_permissions");
    }
    for unknown in ["api.*.fly", "unkey:v1:ws_other:rootKeys/*#write"] {
        let body = json!({ "permissions": [unknown] });
        test.call("rootKeys.createKey", body).await.fails(400, "application/invalid_input");
    }
    let past = json!({ "permissions": [], "expires": START_MS });
    test.call("rootKeys.createKey", past).await.fails(400, "application/invalid_input");
    test.call_as(&child, "rootKeys.createKey", json!({ "permissions": [] }))
        .await
        .fails(403, "insufficient_permissions");
}

#[tokio::test]
async fn a_maker_that_expires_makes_nothing_that_lives_longer() {
    let test = TestApp::start().await;
    let write = format!("unkey:v1:{}:rootKeys/*#write", workspace(&test).await);
    let body = json!({ "permissions": [write], "expires": START_MS + 1000 });
    let maker = test.call("rootKeys.createKey", body).await.data()["key"].as_str().unwrap().to_owned();
    for (expires, status) in
        [(json!(START_MS + 1000), 200), (json!(START_MS + 1001), 403), (Value::Null, 403)]
    {
        let body = json!({ "permissions": [], "expires": expires });
        assert_eq!(test.call_as(&maker, "rootKeys.createKey", body).await.status.as_u16(), status);
    }
    test.advance_ms(1001);
    test.call_as(&maker, "rootKeys.listKeys", json!({})).await.fails(403, "authorization/forbidden");
}

#[tokio::test]
async fn root_keys_are_listed_changed_rerolled_and_revoked() {
    let test = TestApp::start().await;
    let root = test.new_root_key(true, &[]).await;
    let (id, key) = create(&test, &root, json!(["api.*.read_api"])).await;
    let listed = test.call("rootKeys.listKeys", json!({ "limit": 1 })).await;
    assert_eq!(listed.body["pagination"]["hasMore"], true);
    assert_eq!(
        listed.body["data"][0]["permissions"],
        json!([format!("unkey:v1:{}:**#*", workspace(&test).await)])
    );
    let all = test.call("rootKeys.listKeys", json!({})).await.data();
    let own = all.as_array().unwrap().iter().find(|row| row["keyId"] == id).unwrap();
    assert_eq!(
        (own["name"].clone(), own["expires"].clone(), own["lastUsedAt"].clone()),
        (json!("child"), Value::Null, json!(0))
    );
    assert!(key.starts_with(own["start"].as_str().unwrap()) && key.ends_with(own["end"].as_str().unwrap()));

    let update = json!({ "keyId": id, "name": null, "permissions": ["api.*.create_api"] });
    test.call("rootKeys.updateKey", update).await.data();
    assert_eq!(test.last_audit().await, ["rootkey.update"]);
    test.call_as(&key, "apis.createApi", json!({ "name": "made" })).await.data();
    test.call("rootKeys.updateKey", json!({ "keyId": id, "enabled": false })).await.data();
    test.call_as(&key, "apis.createApi", json!({ "name": "made" })).await.fails(403, "key_disabled");
    test.call("rootKeys.updateKey", json!({ "keyId": id, "enabled": true })).await.data();

    let new = test.call("rootKeys.rerollKey", json!({ "keyId": id, "expiration": 5000 })).await.data();
    let new_key = new["key"].as_str().unwrap().to_owned();
    for works in [&key, &new_key] {
        test.call_as(works, "apis.createApi", json!({ "name": "made" })).await.data();
    }
    test.advance_ms(5001);
    test.call_as(&key, "apis.createApi", json!({ "name": "made" }))
        .await
        .fails(403, "authorization/forbidden");
    test.call_as(&new_key, "apis.createApi", json!({ "name": "made" })).await.data();
    test.call("rootKeys.rerollKey", json!({ "keyId": new["keyId"], "expiration": 0 })).await.data();
    test.call_as(&new_key, "apis.createApi", json!({ "name": "made" })).await.fails(401, "key_not_found");
    test.call("rootKeys.deleteKey", json!({ "keyId": id })).await.data();
    test.call("rootKeys.deleteKey", json!({ "keyId": id })).await.fails(404, "data/key_not_found");
}

#[tokio::test]
async fn lists_show_only_what_the_caller_may_read() {
    let test = TestApp::start().await;
    let root = test.new_root_key(true, &[]).await;
    let (first, _) = create(&test, &root, json!([])).await;
    create(&test, &root, json!([])).await;
    let read = format!("unkey:v1:{}:rootKeys/{first}#read", workspace(&test).await);
    let narrow = test.new_root_key(false, &[&read]).await;
    let listed = test.call_as(&narrow, "rootKeys.listKeys", json!({})).await.data();
    assert_eq!(
        listed.as_array().unwrap().iter().map(|row| &row["keyId"]).collect::<Vec<_>>(),
        [&json!(first)]
    );
    let blind = test.new_root_key(false, &[]).await;
    assert_eq!(test.call_as(&blind, "rootKeys.listKeys", json!({})).await.data(), json!([]));
}

#[tokio::test]
async fn budgets_bound_the_requests_of_a_minute_and_say_so() {
    let test = TestApp::start().await;
    let operator = test.operator().await;
    test.app.workspaces.set_api_limit(&operator, "default", Some(2)).await.unwrap();
    let call = async || test.call("apis.createApi", json!({ "name": "made" })).await;
    let first = call().await;
    assert_eq!(
        (first.status.as_u16(), first.header("ratelimit-limit"), first.header("ratelimit-remaining")),
        (200, "2", "1")
    );
    assert_eq!(first.header("retry-after"), "");
    let bad = test.call("apis.createApi", json!({ "name": "a" })).await;
    assert_eq!(
        (bad.status.as_u16(), bad.header("ratelimit-limit")),
        (400, ""),
        "an invalid body is not charged"
    );
    call().await.data();
    let refused = call().await;
    refused.fails(429, "too_many_requests/workspace_rate_limited");
    assert_eq!(refused.content_type, "application/problem+json");
    assert_eq!((refused.header("ratelimit-remaining"), refused.header("retry-after")), ("0", "60"));
    let limits = test.app.workspaces.limits(&operator).await.unwrap();
    assert_eq!(limits.api_requests_per_minute, Some(2));
    test.app.workspaces.set_api_limit(&operator, "default", Some(0)).await.unwrap();
    let blocked = call().await;
    blocked.fails(429, "workspace_rate_limited");
    assert_eq!(blocked.header("ratelimit-limit"), "");
    test.app.workspaces.set_api_limit(&operator, "default", None).await.unwrap();
    call().await.data();
}

#[tokio::test]
async fn limits_and_usage_of_a_workspace_are_shown() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, key) = test.key(&api, json!({})).await;
    test.verify(&key).await;
    test.verify("nothing").await;
    let call = json!({ "namespace": "n", "identifier": "i", "limit": 1, "duration": 60000 });
    test.call("ratelimit.limit", call.clone()).await.data();
    test.call("ratelimit.limit", call).await.data();
    let unrecorded = json!({ "namespace": "n", "identifier": "other", "limit": 1, "duration": 60000 });
    test.raw_with("ratelimit.limit", "x-unkey-metrics", "disabled", &unrecorded).await;
    test.flush_events().await;
    test.advance_ms(1000);
    let limits = test.call("workspace.getLimits", json!({})).await.data();
    assert_eq!(limits["apiRequestsCountMaxPerMinute"], json!({ "limit": null }));
    assert_eq!(limits["apiBillableOperationsCountMaxPerMonth"], json!({ "limit": null, "current": 2 }));
    let usage = test.call("workspace.getUsage", json!({})).await.data();
    assert_eq!(usage["totals"]["api"], json!({ "verifications": 1, "ratelimits": 1 }));
    assert_eq!(usage["period"]["start"], 1_790_812_800_000_i64);
    assert_eq!(usage["period"]["end"], START_MS + 1000);
    let past = json!({ "period": { "year": 2026, "month": 9 } });
    let usage = test.call("workspace.getUsage", past).await.data();
    assert_eq!(usage["totals"]["api"], json!({ "verifications": 0, "ratelimits": 0 }));
    assert_eq!(usage["period"]["end"], 1_790_812_800_000_i64);
    for (year, month) in [(2026, 11), (2026, 3), (2026, 13)] {
        let body = json!({ "period": { "year": year, "month": month } });
        test.call("workspace.getUsage", body).await.fails(400, "application/invalid_input");
    }
    let blind = test.new_root_key(false, &[]).await;
    test.call_as(&blind, "workspace.getUsage", json!({})).await.fails(403, "insufficient_permissions");
    let query = json!({ "query": "SELECT 1" });
    test.call("analytics.getVerifications", query.clone()).await.fails(400, "invalid_analytics_query");
    test.call_as(&blind, "analytics.getRatelimits", query).await.fails(403, "insufficient_permissions");
}
