use serde_json::{Value, json};

use crate::support::{START_MS, TestApp};

#[tokio::test]
async fn created_keys_have_their_prefix_and_start() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key_id, key) = test.key(&api, json!({ "prefix": "sk_live", "byteLength": 32 })).await;
    assert!(key.starts_with("sk_live_") && key.len() > 45, "{key}");
    let got = test.call("keys.getKey", json!({ "keyId": key_id })).await.data();
    assert_eq!(got["start"], key[..12]);
    assert!(!got.to_string().contains(&key));
}

#[tokio::test]
async fn get_shows_every_option() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key_id, key) = test
        .key(&api, json!({
            "name": "everything", "externalId": "user_1", "meta": { "nested": { "a": [1, null] } },
            "roles": [], "permissions": ["b", "a"], "expires": START_MS + 5000, "enabled": false,
            "credits": { "remaining": 7, "refill": { "interval": "monthly", "amount": 9, "refillDay": 31 } },
            "ratelimits": [{ "name": "requests", "limit": 5, "duration": 1000, "autoApply": true }],
        }))
        .await;
    let got = test.call("keys.getKey", json!({ "keyId": key_id })).await.data();
    assert_eq!(got["name"], "everything");
    assert_eq!(got["meta"], json!({ "nested": { "a": [1, null] } }));
    assert_eq!(got["createdAt"], START_MS);
    assert_eq!(got["expires"], START_MS + 5000);
    assert_eq!(got["enabled"], false);
    assert_eq!(
        got["credits"],
        json!({ "remaining": 7, "refill": { "interval": "monthly", "amount": 9, "refillDay": 31 } })
    );
    assert_eq!(got["identity"]["externalId"], "user_1");
    assert_eq!(got["ratelimits"][0]["limit"], 5);
    let mut slugs: Vec<_> =
        got["permissions"].as_array().unwrap().iter().map(|slug| slug.as_str().unwrap()).collect();
    slugs.sort_unstable();
    assert_eq!(slugs, ["a", "b"]);
    assert!(got.get("roles").is_none() && got.get("updatedAt").is_none() && got.get("plaintext").is_none());
    let who = test.call("keys.whoami", json!({ "key": key })).await.data();
    assert_eq!(who["keyId"], got["keyId"]);
}

#[tokio::test]
async fn create_writes_one_audit_group() {
    let test = TestApp::start().await;
    let api = test.api().await;
    test.call("permissions.createRole", json!({ "name": "reader" })).await.data();
    test.key(&api, json!({ "externalId": "new", "permissions": ["p"], "roles": ["reader"] })).await;
    let mut events = test.last_audit().await;
    events.sort();
    assert_eq!(
        events,
        [
            "authorization.connect_permission_and_key",
            "authorization.connect_role_and_key",
            "identity.create",
            "key.create",
            "permission.create",
        ]
    );
}

#[tokio::test]
async fn create_refuses_what_the_contract_refuses() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let create = async |mut body: Value| {
        body["apiId"] = api.clone().into();
        test.call("keys.createKey", body).await
    };
    create(json!({ "roles": ["ghost"] })).await.fails(404, "data/role_not_found");
    create(json!({ "recoverable": true })).await.fails(412, "application/precondition_failed");
    let refill = |interval: &str| json!({ "remaining": 5, "refill": { "interval": interval, "amount": 5 } });
    create(json!({ "credits": refill("monthly") })).await.fails(400, "application/invalid_input");
    let unlimited = json!({ "remaining": null, "refill": { "interval": "daily", "amount": 5 } });
    create(json!({ "credits": unlimited })).await.fails(400, "application/invalid_input");
    create(json!({ "credits": { "remaining": null } })).await.data();
    create(json!({ "name": null })).await.fails(400, "application/invalid_input");
    test.call("keys.createKey", json!({ "apiId": "api_none" })).await.fails(404, "data/api_not_found");
}

// row: security/recovering-keys
#[tokio::test]
async fn recoverable_keys_come_back_only_with_the_right() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (before, _) = test.key(&api, json!({})).await;
    test.set_recoverable(&api).await;
    let (key_id, key) = test.key(&api, json!({ "recoverable": true })).await;
    let got = test.call("keys.getKey", json!({ "keyId": key_id, "decrypt": true })).await.data();
    assert_eq!(got["plaintext"], key.as_str());
    assert_eq!(test.last_audit().await, ["key.decrypt"]);
    let plain = test.call("keys.getKey", json!({ "keyId": before, "decrypt": true })).await.data();
    assert!(plain.get("plaintext").is_none());
    let reader = test.new_root_key(false, &["api.*.read_key"]).await;
    let refused = test.call_as(&reader, "keys.getKey", json!({ "keyId": key_id, "decrypt": true })).await;
    refused.fails(403, "authorization/insufficient_permissions");
    let listed = test.call("apis.listKeys", json!({ "apiId": api, "decrypt": true })).await.data();
    assert!(listed.as_array().unwrap().iter().any(|item| item["plaintext"] == key.as_str()));
}

#[tokio::test]
async fn update_keeps_what_it_does_not_name() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key_id, _) = test
        .key(
            &api,
            json!({ "name": "n", "meta": { "a": 1 }, "externalId": "u", "credits": { "remaining": 5 } }),
        )
        .await;
    let update = async |mut change: Value| {
        change["keyId"] = key_id.clone().into();
        test.call("keys.updateKey", change).await
    };
    let get = async || test.call("keys.getKey", json!({ "keyId": key_id })).await.data();
    test.advance_ms(5);
    assert_eq!(update(json!({ "name": "m" })).await.data(), json!({}));
    let got = get().await;
    assert_eq!(
        (&got["name"], &got["meta"], &got["credits"]["remaining"]),
        (&json!("m"), &json!({ "a": 1 }), &json!(5))
    );
    assert_eq!(got["updatedAt"], START_MS + 5);
    update(json!({ "name": null, "meta": null, "externalId": null })).await.data();
    let got = get().await;
    assert!(got.get("name").is_none() && got.get("meta").is_none() && got.get("identity").is_none());
    update(json!({ "credits": { "refill": { "interval": "daily", "amount": 3 } } })).await.data();
    assert_eq!(
        get().await["credits"],
        json!({ "remaining": 5, "refill": { "interval": "daily", "amount": 3 } })
    );
    update(json!({ "credits": { "refill": null } })).await.data();
    assert_eq!(get().await["credits"], json!({ "remaining": 5 }));
    update(json!({ "credits": { "remaining": null } })).await.data();
    assert!(get().await.get("credits").is_none());
    let refill = json!({ "interval": "daily", "amount": 3 });
    update(json!({ "credits": { "remaining": null, "refill": refill } })).await.data();
    assert!(get().await.get("credits").is_none());
    update(json!({ "credits": { "remaining": 4 } })).await.data();
    assert_eq!(get().await["credits"], json!({ "remaining": 4, "refill": refill }));
    let daily_with_day =
        json!({ "credits": { "refill": { "interval": "daily", "amount": 3, "refillDay": 2 } } });
    update(daily_with_day).await.fails(400, "application/invalid_input");
    update(json!({ "enabled": null })).await.fails(400, "application/invalid_input");
    update(json!({ "permissions": null })).await.fails(400, "application/invalid_input");
}

#[tokio::test]
async fn update_replaces_lists_and_keeps_limit_ids() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let limit =
        |name: &str, max: i64| json!({ "name": name, "limit": max, "duration": 1000, "autoApply": false });
    let (key_id, _) = test.key(&api, json!({ "ratelimits": [limit("one", 1), limit("two", 2)] })).await;
    let get =
        async || test.call("keys.getKey", json!({ "keyId": key_id })).await.data()["ratelimits"].clone();
    let before = get().await;
    let id_of = |limits: &Value, name: &str| {
        limits.as_array().unwrap().iter().find(|limit| limit["name"] == name).unwrap()["id"].clone()
    };
    let change = json!({ "keyId": key_id, "ratelimits": [limit("two", 5), limit("three", 3)] });
    test.call("keys.updateKey", change).await.data();
    let after = get().await;
    assert_eq!(id_of(&before, "two"), id_of(&after, "two"));
    assert_eq!(after.as_array().unwrap().len(), 2);
    test.call("keys.updateKey", json!({ "keyId": key_id, "ratelimits": [] })).await.data();
    assert_eq!(get().await, Value::Null);
}

#[tokio::test]
async fn update_credits_sets_adds_and_takes() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key_id, _) = test.key(&api, json!({})).await;
    let change = async |operation: &str, value: Value| {
        test.call("keys.updateCredits", json!({ "keyId": key_id, "operation": operation, "value": value }))
            .await
    };
    change("increment", json!(1)).await.fails(400, "application/invalid_input");
    assert_eq!(change("set", json!(10)).await.data()["remaining"], 10);
    assert_eq!(change("increment", json!(5)).await.data()["remaining"], 15);
    assert_eq!(change("decrement", json!(20)).await.data()["remaining"], 0);
    change("decrement", json!(null)).await.fails(400, "application/invalid_input");
    assert_eq!(change("set", json!(null)).await.data(), json!({ "remaining": null }));
    change("multiply", json!(2)).await.fails(400, "application/invalid_input");
}

#[tokio::test]
async fn delete_is_final_and_permanent_delete_removes_the_row() {
    let test = TestApp::start().await;
    let api = test.api().await;
    for permanent in [false, true] {
        let (key_id, key) = test.key(&api, json!({ "permissions": ["x"] })).await;
        test.call("keys.deleteKey", json!({ "keyId": key_id, "permanent": permanent })).await.data();
        assert_eq!(test.last_audit().await, ["key.delete"]);
        assert_eq!(test.verify(&key).await["code"], "NOT_FOUND");
        test.call("keys.deleteKey", json!({ "keyId": key_id })).await.fails(404, "data/key_not_found");
        test.call("keys.whoami", json!({ "key": key })).await.fails(404, "data/key_not_found");
    }
}

#[tokio::test]
async fn missing_grants_are_refused_or_masked() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key_id, key) = test.key(&api, json!({})).await;
    let powerless = test.new_root_key(false, &[]).await;
    for (operation, body) in [
        ("keys.getKey", json!({ "keyId": key_id })),
        ("keys.updateKey", json!({ "keyId": key_id })),
        ("keys.updateCredits", json!({ "keyId": key_id, "operation": "set", "value": 1 })),
        ("keys.deleteKey", json!({ "keyId": key_id })),
    ] {
        test.call_as(&powerless, operation, body).await.fails(403, "authorization/insufficient_permissions");
    }
    test.call_as(&powerless, "keys.createKey", json!({ "apiId": api }))
        .await
        .fails(404, "data/api_not_found");
    test.call_as(&powerless, "keys.whoami", json!({ "key": key })).await.fails(404, "data/key_not_found");
}
