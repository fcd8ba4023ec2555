use serde_json::{Value, json};

use crate::support::{START_MS, TestApp};

async fn outcome(test: &TestApp, body: Value) -> String {
    test.verify_with(body).await["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_plain_key_is_valid_and_shows_no_empty_members() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key_id, key) = test.key(&api, json!({})).await;
    let mut verdict = test.verify(&key).await;
    let keyspace = verdict.as_object_mut().unwrap().remove("keyspaceId").unwrap();
    assert!(keyspace.as_str().unwrap().starts_with("ks_"));
    assert_eq!(verdict, json!({ "valid": true, "code": "VALID", "keyId": key_id, "enabled": true }));
}

#[tokio::test]
async fn everything_stored_is_shown() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let limits = json!([{ "name": "requests", "limit": 10, "duration": 60000, "autoApply": true }]);
    test.call(
        "identities.createIdentity",
        json!({
            "externalId": "user_1", "meta": { "plan": "pro" },
            "ratelimits": [{ "name": "tokens", "limit": 100, "duration": 60000, "autoApply": false }],
        }),
    )
    .await
    .data();
    test.call("permissions.createRole", json!({ "name": "editor", "permissions": ["documents.write"] }))
        .await
        .data();
    let (_, key) = test.key(&api, json!({
        "name": "n", "meta": { "a": 1 }, "externalId": "user_1", "roles": ["editor"], "permissions": ["documents.read"],
        "credits": { "remaining": 10 }, "ratelimits": limits, "expires": START_MS + 1000,
    })).await;
    let seen = test.verify(&key).await;
    assert_eq!(seen["name"], "n");
    assert_eq!(seen["meta"], json!({ "a": 1 }));
    assert_eq!(seen["identity"]["externalId"], "user_1");
    assert_eq!(seen["identity"]["meta"], json!({ "plan": "pro" }));
    assert_eq!(seen["identity"]["ratelimits"][0]["name"], "tokens");
    assert_eq!(seen["roles"], json!(["editor"]));
    assert_eq!(seen["permissions"], json!(["documents.read", "documents.write"]));
    assert_eq!(seen["credits"], 9);
    assert_eq!(seen["expires"], START_MS + 1000);
    let limit = &seen["ratelimits"][0];
    assert_eq!(
        (&limit["remaining"], &limit["exceeded"], &limit["autoApply"]),
        (&json!(9), &json!(false), &json!(true))
    );
    assert!(limit["reset"].as_i64().unwrap() > START_MS);
}

#[tokio::test]
async fn roles_come_by_name_whenever_they_were_made() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let names = ["f", "b", "e", "a", "d", "c"].map(|letter| format!("role-{letter}"));
    for name in &names {
        test.call("permissions.createRole", json!({ "name": name })).await.data();
    }
    let (key_id, key) = test.key(&api, json!({ "roles": names })).await;
    let sorted = json!(["role-a", "role-b", "role-c", "role-d", "role-e", "role-f"]);
    assert_eq!(test.verify(&key).await["roles"], sorted);
    assert_eq!(test.call("keys.getKey", json!({ "keyId": key_id })).await.data()["roles"], sorted);
}

#[tokio::test]
async fn unknown_and_hidden_keys_look_the_same() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, key) = test.key(&api, json!({})).await;
    let absent = json!({ "valid": false, "code": "NOT_FOUND" });
    assert_eq!(test.verify("nobody").await, absent);
    let powerless = test.new_root_key(false, &["api.*.read_key"]).await;
    assert_eq!(test.call_as(&powerless, "keys.verifyKey", json!({ "key": key })).await.data(), absent);
    let narrow = test.new_root_key(false, &[&format!("api.{api}.verify_key")]).await;
    assert_eq!(test.call_as(&narrow, "keys.verifyKey", json!({ "key": key })).await.data()["code"], "VALID");
}

#[tokio::test]
async fn a_change_shows_on_the_very_next_verification() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key_id, key) = test.key(&api, json!({})).await;
    assert_eq!(outcome(&test, json!({ "key": key })).await, "VALID");
    let update = async |change: Value| {
        let mut body = change;
        body["keyId"] = key_id.clone().into();
        test.call("keys.updateKey", body).await.data()
    };
    update(json!({ "enabled": false })).await;
    assert_eq!(outcome(&test, json!({ "key": key })).await, "DISABLED");
    update(json!({ "enabled": true, "expires": START_MS - 1 })).await;
    assert_eq!(outcome(&test, json!({ "key": key })).await, "EXPIRED");
    update(json!({ "expires": null, "permissions": ["a.b"] })).await;
    assert_eq!(outcome(&test, json!({ "key": key, "permissions": "a.b" })).await, "VALID");
    update(json!({ "permissions": [] })).await;
    assert_eq!(outcome(&test, json!({ "key": key, "permissions": "a.b" })).await, "INSUFFICIENT_PERMISSIONS");
    update(json!({ "credits": { "remaining": 0 } })).await;
    assert_eq!(outcome(&test, json!({ "key": key })).await, "USAGE_EXCEEDED");
    update(json!({ "credits": null, "ratelimits": [{ "name": "all", "limit": 1, "duration": 60000, "autoApply": true }] })).await;
    assert_eq!(outcome(&test, json!({ "key": key })).await, "VALID");
    assert_eq!(outcome(&test, json!({ "key": key })).await, "RATE_LIMITED");
    test.call("keys.deleteKey", json!({ "keyId": key_id })).await.data();
    assert_eq!(outcome(&test, json!({ "key": key })).await, "NOT_FOUND");
}

#[tokio::test]
async fn expiry_is_strictly_after() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, key) = test.key(&api, json!({ "expires": START_MS + 500 })).await;
    test.advance_ms(500);
    assert_eq!(outcome(&test, json!({ "key": key })).await, "VALID");
    test.advance_ms(1);
    assert_eq!(outcome(&test, json!({ "key": key })).await, "EXPIRED");
}

#[tokio::test]
async fn a_denied_step_consumes_nothing_after_it() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let limits = json!([{ "name": "all", "limit": 1, "duration": 60000, "autoApply": true }]);
    let (_, key) = test.key(&api, json!({ "credits": { "remaining": 5 }, "ratelimits": limits })).await;
    let refused = test.verify_with(json!({ "key": key, "permissions": "none" })).await;
    assert_eq!((&refused["code"], &refused["credits"]), (&json!("INSUFFICIENT_PERMISSIONS"), &json!(5)));
    assert!(refused.get("ratelimits").is_none());
    assert_eq!(test.verify(&key).await["credits"], 4);
    let limited = test.verify(&key).await;
    assert_eq!((&limited["code"], &limited["credits"]), (&json!("RATE_LIMITED"), &json!(4)));
    assert_eq!(limited["ratelimits"][0]["exceeded"], true);
}

#[tokio::test]
async fn credits_are_spent_all_or_nothing() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, key) = test.key(&api, json!({ "credits": { "remaining": 3 } })).await;
    let spend = async |cost: i64| {
        let data = test.verify_with(json!({ "key": key, "credits": { "cost": cost } })).await;
        (data["code"].as_str().unwrap().to_owned(), data["credits"].as_i64().unwrap())
    };
    assert_eq!(spend(4).await, ("USAGE_EXCEEDED".into(), 3));
    assert_eq!(spend(3).await, ("VALID".into(), 0));
    assert_eq!(spend(0).await, ("VALID".into(), 0));
    assert_eq!(spend(1).await, ("USAGE_EXCEEDED".into(), 0));
}

#[tokio::test]
async fn named_and_inline_limits() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let limits = json!([{ "name": "tokens", "limit": 10, "duration": 60000, "autoApply": false }]);
    let (key_id, key) = test.key(&api, json!({ "ratelimits": limits })).await;
    assert!(test.verify(&key).await.get("ratelimits").is_none());
    let ask = |item: Value| json!({ "key": key, "ratelimits": [item] });
    let used = test.verify_with(ask(json!({ "name": "tokens", "cost": 7 }))).await;
    assert_eq!(used["ratelimits"][0]["remaining"], 3);
    assert_eq!(outcome(&test, ask(json!({ "name": "tokens", "cost": 4 }))).await, "RATE_LIMITED");
    // Inline limits of the same name and duration share the counter of the key.
    let inline = test.verify_with(ask(json!({ "name": "tokens", "limit": 20, "duration": 60000 }))).await;
    assert_eq!(
        (&inline["ratelimits"][0]["remaining"], &inline["ratelimits"][0]["id"]),
        (&json!(12), &json!(""))
    );
    assert_eq!(
        outcome(&test, ask(json!({ "name": "none", "limit": 0, "duration": 60000 }))).await,
        "RATE_LIMITED"
    );
    let unknown = test.call("keys.verifyKey", ask(json!({ "name": "missing" }))).await;
    unknown.fails(412, "application/precondition_failed");
    assert!(unknown.body["error"]["detail"].as_str().unwrap().contains(&key_id));
    test.call("keys.verifyKey", ask(json!({ "name": "odd", "limit": 1, "duration": 10 })))
        .await
        .fails(400, "invalid_input");
}

#[tokio::test]
async fn identity_limits_are_shared_and_key_limits_hide_them() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let limit = |max: i64| json!([{ "name": "all", "limit": max, "duration": 60000, "autoApply": true }]);
    test.call("identities.createIdentity", json!({ "externalId": "org", "ratelimits": limit(3) }))
        .await
        .data();
    let (_, one) = test.key(&api, json!({ "externalId": "org" })).await;
    let (_, two) = test.key(&api, json!({ "externalId": "org" })).await;
    let (_, own) = test.key(&api, json!({ "externalId": "org", "ratelimits": limit(1) })).await;
    assert_eq!(test.verify(&own).await["ratelimits"][0]["limit"], 1);
    for key in [&one, &one, &two] {
        assert_eq!(test.verify(key).await["code"], "VALID");
    }
    for key in [&one, &two, &own] {
        assert_eq!(test.verify(key).await["code"], "RATE_LIMITED");
    }
}

#[tokio::test]
async fn malformed_queries_are_refused_even_for_disabled_keys() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, key) = test.key(&api, json!({ "enabled": false })).await;
    for query in ["a AND", "(a", "a b", "OR a", "()", "a$"] {
        let answer = test.call("keys.verifyKey", json!({ "key": key, "permissions": query })).await;
        answer.fails(400, "user/bad_request/permissions_query_syntax_error");
        assert_eq!(answer.body["error"]["errors"], json!([]));
    }
    assert_eq!(
        test.verify_with(json!({ "key": "nobody", "permissions": "a AND" })).await["code"],
        "NOT_FOUND"
    );
}

/// Between the look at a key and the spend of its credits somebody may delete it.
#[tokio::test]
async fn a_key_that_goes_while_it_is_verified_is_unknown() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (id, key) = test.key(&api, json!({ "credits": { "remaining": 5 } })).await;
    assert_eq!(outcome(&test, json!({ "key": key })).await, "VALID");
    test.force_past_references(&format!("UPDATE keys SET deleted_at = 1 WHERE id = '{id}'")).await;
    assert_eq!(outcome(&test, json!({ "key": key })).await, "NOT_FOUND");
}

#[tokio::test]
async fn two_hundred_verifications_share_fifty_credits() {
    let test = std::sync::Arc::new(TestApp::start().await);
    let api = test.api().await;
    let (_, key) = test.key(&api, json!({ "credits": { "remaining": 50 } })).await;
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let (test, key) = (test.clone(), key.clone());
            tokio::spawn(async move { test.verify(&key).await["code"] == "VALID" })
        })
        .collect();
    let mut admitted = 0;
    for task in tasks {
        admitted += usize::from(task.await.unwrap());
    }
    assert_eq!(admitted, 50);
}
