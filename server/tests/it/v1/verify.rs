//! v1 `keys.verifyKey`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{START_MS, TestApp};

// row: api-reference/keys/verify
#[tokio::test]
async fn a_key_is_verified_without_a_root_key() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let identity = json!({ "externalId": "ann", "meta": { "plan": "pro" } });
    v1.post("identities.createIdentity", identity).await.ok();
    let options = json!({
        "name": "n", "externalId": "ann", "meta": { "a": 1 }, "expires": START_MS + 1000, "remaining": 5,
        "permissions": ["p"], "roles": ["r"], "environment": "test", "ratelimit": { "limit": 9, "duration": 60000 },
    });
    let (key_id, key) = v1.key(&api, options).await;
    for caller in [test.v1_anonymous(), test.v1_as("public")] {
        let answer = caller.post("keys.verifyKey", json!({ "key": key, "apiId": api, "unknown": 1 })).await;
        let request_id = answer.header("unkey-request-id").to_owned();
        let mut verified = answer.ok();
        let remaining = verified["ratelimit"]["remaining"].take();
        let left = verified["remaining"].take();
        assert!(remaining.as_i64() >= Some(7) && left.as_i64() >= Some(3));
        let expected = json!({
            "keyId": key_id, "valid": true, "code": "VALID", "name": "n", "ownerId": "ann", "meta": { "a": 1 },
            "expires": START_MS + 1000, "remaining": null, "enabled": true, "permissions": ["p"], "roles": ["r"],
            "environment": "test", "requestId": request_id,
            "identity": { "id": verified["identity"]["id"], "externalId": "ann", "meta": { "plan": "pro" } },
            "ratelimit": { "limit": 9, "remaining": null, "reset": START_MS - START_MS.rem_euclid(60_000) + 60_000 },
        });
        assert_eq!(verified, expected);
    }
    let unknown = v1.post("keys.verifyKey", json!({ "key": "unknown" })).await.ok();
    assert_eq!(unknown.as_object().unwrap().len(), 3);
    assert_eq!((&unknown["valid"], &unknown["code"]), (&json!(false), &json!("NOT_FOUND")));
    let other = v1.api().await;
    let elsewhere = v1.verify_with(json!({ "key": key, "apiId": other })).await;
    assert_eq!((&elsewhere["code"], elsewhere.get("remaining")), (&json!("FORBIDDEN"), None));
    assert_eq!(v1.verify_with(json!({ "key": key, "apiId": "" })).await["code"], "VALID");
    let empty = v1.post("keys.verifyKey", json!({ "key": "" })).await;
    assert_eq!(empty.refused(400, "BAD_REQUEST"), "key: String must contain at least 1 character(s)");
    let limits = json!({ "key": key, "ratelimits": [{ "name": "tokens" }] });
    let undefined = v1.post("keys.verifyKey", limits).await;
    let id = v1.get("identities.getIdentity?externalId=ann").await.ok()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        undefined.refused(400, "BAD_REQUEST"),
        format!(
            r#"ratelimit "tokens" was requested but does not exist for key "{key_id}" nor identity {{ id: {id}, externalId: ann}}"#
        )
    );
    let (plain_id, plain) = v1.key(&api, json!({})).await;
    let undefined = v1.post("keys.verifyKey", json!({ "key": plain, "ratelimits": [{ "name": "x" }] })).await;
    let message = format!(
        r#"ratelimit "x" was requested but does not exist for key "{plain_id}" and there is no identity connected"#
    );
    assert_eq!(undefined.refused(400, "BAD_REQUEST"), message);
}

#[tokio::test(flavor = "multi_thread")]
async fn credits_are_never_given_twice() {
    let test = Arc::new(TestApp::start().await);
    let api = test.v1().api().await;
    let (_, key) = test.v1().key(&api, json!({ "remaining": 20 })).await;
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (test, key) = (test.clone(), key.clone());
        running.spawn(async move { test.v1_anonymous().verify(&key).await["code"] == "VALID" });
    }
    let outcomes = running.join_all().await;
    assert_eq!(outcomes.into_iter().filter(|valid| *valid).count(), 20);
}

#[tokio::test]
async fn the_first_denial_ends_it() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let (api, other) = (v1.api().await, v1.api().await);
    let options = json!({
        "enabled": false, "expires": START_MS - 1, "remaining": 1, "ratelimit": { "limit": 1, "duration": 60000 },
    });
    let (key_id, key) = v1.key(&api, options).await;
    let verify = async |mut body: Value| {
        body["key"] = key.clone().into();
        v1.post("keys.verifyKey", body).await
    };
    let broken = json!({ "authorization": { "permissions": { "and": [] } }, "apiId": other });
    assert_eq!(verify(broken.clone()).await.ok()["code"], "DISABLED");
    v1.post("keys.updateKey", json!({ "keyId": key_id, "enabled": true })).await.ok();
    assert_eq!(verify(broken.clone()).await.ok()["code"], "FORBIDDEN");
    let broken = json!({ "authorization": { "permissions": { "and": [] } } });
    assert_eq!(verify(broken.clone()).await.ok()["code"], "EXPIRED");
    v1.post("keys.updateKey", json!({ "keyId": key_id, "expires": null })).await.ok();
    // A broken query is told only once the key has passed the steps before it.
    assert!(verify(broken).await.refused(400, "BAD_REQUEST").starts_with("permission query is invalid"));
    let lacks = verify(json!({ "authorization": { "permissions": "p" } })).await.ok();
    assert_eq!((&lacks["code"], lacks.get("ratelimit")), (&json!("INSUFFICIENT_PERMISSIONS"), None));
    // Nothing was spent so far.
    assert_eq!(verify(json!({})).await.ok()["remaining"], 0);
    let limited = verify(json!({})).await;
    assert_eq!(limited.header("unkey-ratelimit-triggered"), "default");
    let limited = limited.ok();
    assert_eq!((&limited["code"], &limited["valid"]), (&json!("RATE_LIMITED"), &json!(false)));
    assert_eq!((&limited["ratelimit"]["remaining"], limited.get("remaining")), (&json!(0), None));
    test.advance_ms(120_000);
    let spent = verify(json!({})).await.ok();
    assert_eq!((&spent["code"], &spent["remaining"]), (&json!("USAGE_EXCEEDED"), &json!(0)));
}

#[tokio::test]
async fn a_disabled_workspace_fails_the_call() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let (_, key) = v1.key(&v1.api().await, json!({})).await;
    test.app.workspaces.set_enabled(&test.operator().await, "default", false).await.unwrap();
    let refused = v1.post("keys.verifyKey", json!({ "key": key })).await;
    assert_eq!(refused.refused(403, "FORBIDDEN"), "workspace is disabled");
    v1.post("keys/verify", json!({ "key": key })).await.refused(403, "FORBIDDEN");
    assert_eq!(v1.get("permissions.listRoles").await.refused(403, "FORBIDDEN"), "workspace is disabled");
}

#[tokio::test]
async fn the_old_cost_counts_for_the_old_limit() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let (_, key) = v1.key(&api, json!({ "ratelimit": { "limit": 10, "duration": 60000 } })).await;
    let verify = async |mut body: Value| {
        body["key"] = key.clone().into();
        v1.verify_with(body).await
    };
    let left = async |body: Value| verify(body).await["ratelimit"]["remaining"].clone();
    assert_eq!(left(json!({ "ratelimit": { "cost": 4 } })).await, 6);
    assert_eq!(left(json!({ "ratelimit": { "cost": 0 } })).await, 6);
    assert_eq!(left(json!({})).await, 5);
    // With a list of limits the old cost counts for nothing, the limit still applies.
    assert_eq!(left(json!({ "ratelimit": { "cost": 5 }, "ratelimits": [] })).await, 4);
    let named = json!({ "ratelimits": [{ "name": "default", "cost": 3 }] });
    assert_eq!(left(named).await, 1);
    assert_eq!(verify(json!({ "ratelimit": { "cost": 2 } })).await["code"], "RATE_LIMITED");
    // A key without that limit has none.
    let (_, free) = v1.key(&api, json!({})).await;
    let verified = v1.verify_with(json!({ "key": free, "ratelimit": { "cost": 9 } })).await;
    assert_eq!((&verified["code"], verified.get("ratelimit")), (&json!("VALID"), None));
}

#[tokio::test]
async fn limits_of_the_request_are_shared_by_an_identity() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let (_, one) = v1.key(&api, json!({ "externalId": "ann" })).await;
    let (_, two) = v1.key(&api, json!({ "externalId": "ann" })).await;
    let (_, alone) = v1.key(&api, json!({})).await;
    let limits = json!([{ "name": "own", "limit": 1, "duration": 60000 }]);
    let verify =
        async |key: &str| v1.verify_with(json!({ "key": key, "ratelimits": limits })).await["code"].clone();
    assert_eq!((verify(&one).await, verify(&two).await), (json!("VALID"), json!("RATE_LIMITED")));
    assert_eq!(verify(&alone).await, "VALID");
    // v2 counts them per key: another counter.
    let body = json!({ "key": two, "ratelimits": [{ "name": "own", "limit": 1, "duration": 60000 }] });
    assert_eq!(test.verify_with(body).await["code"], "VALID");
    for (limit, status) in
        [(json!({ "limit": 0, "duration": 1000 }), 200), (json!({ "limit": 1, "duration": 999 }), 400)]
    {
        let mut limit = limit;
        limit["name"] = "edge".into();
        let answer = v1.post("keys.verifyKey", json!({ "key": alone, "ratelimits": [limit] })).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
    }
}

#[tokio::test]
async fn strict_and_explained_parsing_agree() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let (_, key) = v1.key(&v1.api().await, json!({ "remaining": 50 })).await;
    for (member, good, bad, message) in [
        (
            "tags",
            json!(vec!["a"; 10]),
            json!(vec!["a"; 11]),
            "tags: Array must contain at most 10 element(s)",
        ),
        (
            "tags",
            json!(["a".repeat(128)]),
            json!(["a".repeat(129)]),
            "tags.0: String must contain at most 128 character(s)",
        ),
        ("tags", json!(["a"]), json!([""]), "tags.0: String must contain at least 1 character(s)"),
        (
            "remaining",
            json!({ "cost": 0 }),
            json!({ "cost": -1 }),
            "remaining.cost: Number must be greater than or equal to 0",
        ),
        ("remaining", json!({}), json!({ "cost": 1.5 }), "remaining.cost: Expected integer, received float"),
        (
            "ratelimit",
            json!({ "cost": 1 }),
            json!({ "cost": "1" }),
            "ratelimit.cost: Expected number, received string",
        ),
        ("ratelimits", json!([]), json!([{}]), "ratelimits.0.name: Required"),
        (
            "ratelimits",
            json!([]),
            json!([{ "name": "" }]),
            "ratelimits.0.name: String must contain at least 1 character(s)",
        ),
        ("apiId", json!(""), json!(null), "apiId: Expected string, received null"),
        (
            "authorization",
            json!({ "permissions": null }),
            json!("p"),
            "authorization: Expected object, received string",
        ),
    ] {
        let call = async |value: Value| v1.post("keys.verifyKey", json!({ "key": key, member: value })).await;
        assert_eq!(call(good).await.status.as_u16(), 200, "{member}");
        assert_eq!(call(bad).await.refused(400, "BAD_REQUEST"), message);
    }
    // Numbers as another language writes them.
    let floats = r#"{"key":"KEY","remaining":{"cost":1.0}}"#.replace("KEY", &key);
    let request =
        test.client.post("/v1/keys.verifyKey").body(floats).header("content-type", "application/json");
    assert_eq!(v1.send(request).await.ok()["code"], "VALID");
}
