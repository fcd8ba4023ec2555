//! How much a request may hold, and what one key may make the server keep.

use serde_json::{Value, json};

use crate::support::TestApp;

/// Longest answer to a request that failed.
const MAX_ERROR_BYTES: usize = 64 << 10;

fn faults(body: &Value) -> usize {
    body["error"]["errors"].as_array().map_or(0, Vec::len)
}

fn detail(body: &Value) -> &str {
    body["error"]["detail"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn the_first_faults_are_listed_and_the_rest_is_counted() {
    let test = TestApp::start().await;
    for (count, told) in [
        (10, "failed to validate schema"),
        (60, "; the first 50 of 60 faults are listed"),
        (990, "; the first 50 of 990 faults are listed"),
        (19_000, "; the first 50 of 1000 faults or more are listed"),
    ] {
        let body = json!({ "apiId": "api_1", "roles": vec![0; count] });
        let refused = test.call("keys.createKey", body).await;
        refused.fails(400, "application/invalid_input");
        // A list that is too long is a fault as well.
        let expected = if count > 100 {
            told.replace(&count.to_string(), &(count + 1).to_string())
        } else {
            told.to_owned()
        };
        assert!(detail(&refused.body).ends_with(&expected), "{count}: {}", detail(&refused.body));
        assert_eq!(faults(&refused.body), count.min(50));
        assert!(refused.body.to_string().len() < MAX_ERROR_BYTES);
    }
}

#[tokio::test]
async fn what_an_error_repeats_is_cut() {
    let test = TestApp::start().await;
    let bearer = format!("Bearer {}", test.root_key);
    let long = "\u{1}".repeat(100_000);
    for body in [
        json!({ "apiId": "api_1", long.as_str(): 1 }),
        json!({ "apiId": "api_1", "byteLength": long }),
        json!({ "apiId": long }),
    ] {
        let refused =
            test.raw("keys.createKey", Some(&bearer), Some("application/json"), body.to_string()).await;
        assert_eq!(refused.status, 400);
        assert!(refused.body.to_string().len() < 8 << 10, "{}", refused.body);
    }
    for (operation, body) in [
        ("keys.createKey", json!({ "apiId": "a", "refill": { "interval": long, "amount": 1 } })),
        ("keys.whoami", json!({ "key": long })),
        ("identities.deleteIdentity", json!({ "identityId": long })),
        ("apis.deleteApi", json!({ "apiId": long })),
    ] {
        let refused = test.v1().post(operation, body).await;
        assert!(refused.status.is_client_error() && refused.body.to_string().len() < 32 << 10, "{operation}");
    }
}

#[tokio::test]
async fn a_body_of_too_much_is_refused_before_it_is_looked_at() {
    let test = TestApp::start().await;
    // Not even well-formed: nobody comes so far.
    let body = format!("{{\"apiId\":\"api_1\",\"permissions\":[{}", "\"\",".repeat(3_000_000));
    let bearer = format!("Bearer {}", test.root_key);
    let refused = test.raw("keys.createKey", Some(&bearer), Some("application/json"), body.clone()).await;
    refused.fails(400, "application/invalid_input");
    assert_eq!(faults(&refused.body), 1);
    let message = &refused.body["error"]["errors"][0]["message"];
    assert!(message.as_str().unwrap().contains("at most 20000 JSON values"), "{message}");
    let v1 = test.v1();
    let request =
        test.client.post("/v1/keys.createKey").body(body).header("content-type", "application/json");
    let refused = v1.send(request).await;
    assert!(refused.refused(400, "BAD_REQUEST").contains("at most 20000 JSON values"));
    let long = json!({ "identity": "x".repeat((1 << 20) + 1) });
    let refused = test.call("identities.getIdentity", long).await;
    assert!(
        refused.body["error"]["errors"][0]["message"].as_str().unwrap().contains("at most 1048576 bytes")
    );
    // One that is large and has few values is served.
    let api = test.api().await;
    let (_, key) = test.key(&api, json!({})).await;
    let body = format!("{{{}\"key\":\"{key}\"}}", " ".repeat(200_000));
    let verified = test.raw("keys.verifyKey", Some(&bearer), Some("application/json"), body).await;
    assert_eq!(verified.data()["code"], "VALID");
}

#[tokio::test]
async fn many_rows_are_read_only_for_callers_who_are_known() {
    let test = TestApp::start().await;
    let keys: Vec<Value> = (0..10_001).map(|number| json!({ "hash": format!("{number:064x}") })).collect();
    let migration = test.app.keys.create_migration(&test.operator().await, "sha256").await.unwrap();
    let body = json!({ "migrationId": migration.as_str(), "apiId": test.api().await, "keys": keys });
    let text = body.to_string();
    let stranger = test.raw("keys.migrateKeys", Some("Bearer none"), Some("application/json"), text).await;
    stranger.fails(401, "authentication/key_not_found");
    let refused = test.call("keys.migrateKeys", body.clone()).await;
    refused.fails(400, "application/invalid_input");
    assert!(detail(&refused.body).contains("at most 10000 keys"), "{}", refused.body);
    let mut wrong = body.clone();
    wrong["keys"][7]["hash"] = json!(7);
    wrong["keys"][8]["hash"] = json!(8);
    let refused = test.call("keys.migrateKeys", wrong).await;
    assert!(detail(&refused.body).ends_with("; only the first fault is listed"), "{}", refused.body);
    assert_eq!(faults(&refused.body), 1);
    let mut few = body;
    few["keys"].as_array_mut().unwrap().truncate(10);
    assert_eq!(test.call("keys.migrateKeys", few).await.data()["migrated"].as_array().unwrap().len(), 10);
}

fn own_limits(names: std::ops::Range<usize>, duration_ms: u64) -> Value {
    let limit =
        |number| json!({ "name": format!("own{number}"), "limit": 1_000_000, "duration": duration_ms });
    names.map(limit).collect()
}

#[tokio::test]
async fn a_verification_names_a_hundred_limits() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, key) = test.key(&api, json!({})).await;
    let ask = |count| json!({ "key": key, "ratelimits": own_limits(0..count, 60_000) });
    assert_eq!(test.verify_with(ask(100)).await["ratelimits"].as_array().unwrap().len(), 100);
    test.call("keys.verifyKey", ask(101)).await.fails(400, "application/invalid_input");
    test.call("keys.explainKey", ask(101)).await.fails(400, "application/invalid_input");
    let v1 = test.v1();
    assert_eq!(v1.verify_with(ask(100)).await["code"], "VALID");
    let refused = v1.post("keys.verifyKey", ask(101)).await;
    assert_eq!(refused.refused(400, "BAD_REQUEST"), "ratelimits: Array must contain at most 100 element(s)");
    let long =
        json!({ "key": key, "ratelimits": [{ "name": "n".repeat(256), "limit": 1, "duration": 1000 }] });
    v1.post("keys.verifyKey", long).await.refused(400, "BAD_REQUEST");
}

#[tokio::test]
async fn of_limits_with_one_name_the_last_counts_however_many_there_are() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, key) = test.key(&api, json!({})).await;
    let mut limits = own_limits(0..60, 60_000).as_array().unwrap().clone();
    limits.extend((0..40).map(|at| json!({ "name": "twice", "limit": 100 + at, "duration": 60_000 })));
    let shown = test.verify_with(json!({ "key": key, "ratelimits": limits })).await;
    let shown = shown["ratelimits"].as_array().unwrap();
    assert_eq!((shown.len(), &shown[60]["limit"], &shown[60]["remaining"]), (61, &json!(139), &json!(138)));
}

#[tokio::test]
async fn a_key_brings_up_ten_thousand_counters_and_no_more() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let stored = json!({ "ratelimit": { "limit": 1_000_000, "duration": 60_000 } });
    let (_, key) = v1.key(&api, stored).await;
    let (_, other) = v1.key(&api, json!({})).await;
    let ask = |key: &str, names| json!({ "key": key, "ratelimits": own_limits(names, 60_000) });
    for start in (0..10_000).step_by(100) {
        // The limit of the key itself takes a place, too.
        let end = if start == 9900 { 9999 } else { start + 100 };
        assert_eq!(v1.verify_with(ask(&key, start..end)).await["code"], "VALID", "{start}");
    }
    let full = v1.post("keys.verifyKey", ask(&key, 20_000..20_001)).await;
    let message = full.refused(412, "PRECONDITION_FAILED");
    assert!(message.contains("10000 of them still count"), "{message}");
    test.call("keys.verifyKey", ask(&key, 20_000..20_001)).await.fails(412, "precondition_failed");
    // Nothing was taken, what there is goes on, and so do others.
    assert_eq!(v1.verify_with(ask(&key, 0..100)).await["code"], "VALID");
    assert_eq!(v1.verify(&key).await["ratelimit"]["remaining"], 1_000_000 - 102);
    assert_eq!(v1.verify_with(ask(&other, 20_000..20_001)).await["code"], "VALID");
}

#[tokio::test]
async fn a_workspace_has_as_many_counters_as_it_is_set_to() {
    let test = TestApp::start_with(|config| config.limiter_max_counters_per_workspace = 3).await;
    let limit = |identifier: &str| json!({ "namespace": "n", "identifier": identifier, "limit": 5, "duration": 60_000 });
    for identifier in ["a", "b", "c", "a"] {
        assert_eq!(test.call("ratelimit.limit", limit(identifier)).await.data()["success"], true);
    }
    let refused = test.call("ratelimit.limit", limit("d")).await;
    refused.fails(412, "application/precondition_failed");
    let batch = json!([limit("a"), limit("d")]);
    test.call("ratelimit.multiLimit", batch).await.fails(412, "application/precondition_failed");
    assert_eq!(test.call("ratelimit.limit", limit("a")).await.data()["remaining"], 2);
}

#[tokio::test]
async fn lists_that_the_contracts_leave_open_have_an_end() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key, _) = test.key(&api, json!({})).await;
    let names: Vec<String> = (0..1001).map(|number| format!("name.{number}")).collect();
    let items: Vec<Value> = names.iter().map(|name| json!({ "name": name, "create": true })).collect();
    test.call("permissions.createRole", json!({ "name": "role" })).await.data();
    for (operation, body) in [
        ("keys.setPermissions", json!({ "keyId": key, "permissions": names })),
        ("permissions.createRole", json!({ "name": "large", "permissions": names })),
        ("permissions.setRolePermissions", json!({ "role": "role", "permissions": names })),
    ] {
        test.call(operation, body).await.fails(400, "application/invalid_input");
    }
    let v1 = test.v1();
    let limits: Vec<Value> =
        names[..101].iter().map(|name| json!({ "name": name, "limit": 1, "duration": 1000 })).collect();
    for (operation, body) in [
        ("keys.createKey", json!({ "apiId": api, "permissions": names })),
        ("keys.addPermissions", json!({ "keyId": key, "permissions": items })),
        ("keys.setRoles", json!({ "keyId": key, "roles": items })),
        ("keys.updateKey", json!({ "keyId": key, "permissions": items })),
        ("identities.createIdentity", json!({ "externalId": "ann", "ratelimits": limits })),
    ] {
        v1.post(operation, body).await.refused(400, "BAD_REQUEST");
    }
    // As many as there may be are taken.
    let thousand = json!({ "keyId": key, "permissions": names[..1000] });
    assert_eq!(test.call("keys.setPermissions", thousand).await.data().as_array().unwrap().len(), 1000);
    let many = format!("analytics.getVerifications?apiId={api}&{}", "tag=a&".repeat(101));
    v1.get(&many).await.refused(400, "BAD_REQUEST");
}
