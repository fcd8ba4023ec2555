//! The samples on the product's pages about keys, each as its page has it, with ids
//! and secrets of a server that is there. Where a page shows `meta: {}` of a key that
//! has none, the published types leave it out, and so does this server.

use serde_json::{Value, json};

use super::V1;
use crate::support::{START_MS, TestApp};

async fn make(v1: &V1<'_>, mut sample: Value, api: &str) -> (String, String) {
    sample["apiId"] = json!(api);
    let made = v1.post("keys.createKey", sample).await.ok();
    (super::text(&made["keyId"]), super::text(&made["key"]))
}

/// How many of a hundred and twenty verifications pass.
async fn passed(v1: &V1<'_>, body: &Value) -> usize {
    let mut count = 0;
    for _ in 0..120 {
        count += usize::from(v1.verify_with(body.clone()).await["code"] == "VALID");
    }
    count
}

// row: apis/features/environments
#[tokio::test]
async fn environments() {
    let test = TestApp::start().await;
    let (v1, nobody) = (test.v1(), test.v1_anonymous());
    let api = v1.api().await;
    for (environment, prefix) in [("test", "sk_test"), ("live", "sk_live")] {
        let (_, key) = make(&v1, json!({ "environment": environment, "prefix": prefix }), &api).await;
        assert!(key.starts_with(prefix), "{key}");
        let verified = nobody.verify_with(json!({ "apiId": api, "key": key })).await;
        assert_eq!((&verified["valid"], &verified["environment"]), (&json!(true), &json!(environment)));
    }
}

// row: apis/features/enabled
#[tokio::test]
async fn disabling_keys() {
    let test = TestApp::start().await;
    let (v1, nobody) = (test.v1(), test.v1_anonymous());
    let (key_id, key) = make(&v1, json!({}), &v1.api().await).await;
    v1.post("keys.updateKey", json!({ "enabled": false, "keyId": key_id })).await.ok();
    let verified = nobody.verify_with(json!({ "key": key })).await;
    for (member, value) in [("keyId", json!(key_id)), ("valid", json!(false)), ("enabled", json!(false))] {
        assert_eq!(verified[member], value, "{verified}");
    }
}

// row: apis/features/remaining
#[tokio::test]
async fn usage_limited_keys() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let (_, key) = make(&v1, json!({ "remaining": 100 }), &v1.api().await).await;
    let verified = test.v1_anonymous().verify_with(json!({ "key": key })).await;
    assert_eq!((&verified["valid"], &verified["remaining"]), (&json!(true), &json!(99)));
    assert_eq!(passed(&v1, &json!({ "key": key })).await, 99);
}

// row: apis/features/refill
#[tokio::test]
async fn refill() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let sample = json!({ "remaining": 100, "refill": { "interval": "daily", "amount": 100 } });
    let (key_id, key) = make(&v1, sample, &v1.api().await).await;
    let verified = test.v1_anonymous().verify_with(json!({ "key": key })).await;
    for (member, value) in [("keyId", json!(key_id)), ("valid", json!(true)), ("remaining", json!(99))] {
        assert_eq!(verified[member], value, "{verified}");
    }
}

// row: apis/features/temp-keys
#[tokio::test]
async fn temporary_keys() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let expires = START_MS + 60_000;
    let sample = json!({ "prefix": "xyz", "byteLength": 16, "ownerId": "USER_ID", "expires": expires });
    let (_, key) = make(&v1, sample, &v1.api().await).await;
    assert!(key.starts_with("xyz_"), "{key}");
    let verified = v1.verify(&key).await;
    assert_eq!((&verified["ownerId"], &verified["expires"]), (&json!("USER_ID"), &json!(expires)));
    test.advance_ms(60_001);
    assert_eq!(v1.verify(&key).await["code"], "EXPIRED");
}

// row: apis/features/authorization/verifying
#[tokio::test]
async fn verifying_permissions() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let (_, admin) = make(&v1, json!({ "permissions": ["admin"] }), &api).await;
    let (_, dns) = make(&v1, json!({ "permissions": ["dns.record.read", "dns.record.update"] }), &api).await;
    let single = json!("admin");
    let nested = json!({ "or": ["admin", { "and": ["dns.record.read", "dns.record.update"] }] });
    for (key, query, code) in [
        (&admin, &single, "VALID"),
        (&dns, &single, "INSUFFICIENT_PERMISSIONS"),
        (&admin, &nested, "VALID"),
        (&dns, &nested, "VALID"),
    ] {
        let body = json!({ "apiId": api, "key": key, "authorization": { "permissions": query } });
        assert_eq!(v1.verify_with(body).await["code"], code, "{query}");
    }
}

// row: apis/features/ratelimiting/overview
#[tokio::test]
async fn key_based_limits() {
    let test = TestApp::start().await;
    let (v1, nobody) = (test.v1(), test.v1_anonymous());
    let api = v1.api().await;
    // The first sample of the page, and the verification beside it.
    let general = json!({ "name": "general-requests", "limit": 100, "duration": 60_000, "autoApply": true });
    let (_, key) = make(&v1, json!({ "ratelimits": [general] }), &api).await;
    assert_eq!(passed(&nobody, &json!({ "apiId": api, "key": key })).await, 100);

    // One that counts when it is named, at its cost.
    let expensive = json!({ "name": "expensive-operations", "limit": 5, "duration": 60_000 });
    let (_, key) = make(&v1, json!({ "ratelimits": [expensive] }), &api).await;
    assert_eq!(passed(&nobody, &json!({ "apiId": api, "key": key })).await, 120);
    let named =
        json!({ "apiId": api, "key": key, "ratelimits": [{ "name": "expensive-operations", "cost": 2 }] });
    assert_eq!(passed(&nobody, &named).await, 2);
    // Printed without its numbers it would limit nothing: that is refused.
    let half = json!({ "apiId": api, "ratelimits": [{ "name": "expensive-operations" }] });
    v1.post("keys.createKey", half).await.refused(400, "BAD_REQUEST");

    let two = json!({ "ratelimits": [
        { "name": "requests", "limit": 100, "duration": 60_000, "autoApply": true },
        { "name": "daily-quota", "limit": 1000, "duration": 86_400_000, "autoApply": true },
    ] });
    let (_, key) = make(&v1, two, &api).await;
    assert_eq!(passed(&nobody, &json!({ "key": key })).await, 100);

    // The older member, and what it becomes.
    let older = json!({ "ratelimit": { "limit": 100, "duration": 60_000 } });
    let newer =
        json!({ "ratelimits": [{ "name": "default", "limit": 100, "duration": 60_000, "autoApply": true }] });
    for sample in [older, newer] {
        let (key_id, key) = make(&v1, sample, &api).await;
        let read = v1.get(&format!("keys.getKey?keyId={key_id}")).await.ok();
        assert_eq!(
            (&read["ratelimit"]["limit"], &read["ratelimit"]["duration"]),
            (&json!(100), &json!(60_000))
        );
        assert_eq!(passed(&nobody, &json!({ "key": key })).await, 100);
    }

    let of_user = json!({
        "externalId": "user_123",
        "ratelimits": [{ "name": "user-requests", "limit": 1000, "duration": 3_600_000 }],
    });
    v1.post("identities.createIdentity", of_user).await.ok();
    let (_, key) = make(&v1, json!({ "externalId": "user_123" }), &api).await;
    let named = json!({ "key": key, "ratelimits": [{ "name": "user-requests" }] });
    assert_eq!(nobody.verify_with(named).await["ratelimit"]["remaining"], 999);
}

// row: apis/features/ratelimiting/modes
#[tokio::test]
async fn both_modes() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    for mode in [true, false] {
        let sample = json!({
            "prefix": "xyz", "byteLength": 16, "ownerId": "USER_ID",
            "ratelimit": { "async": mode, "limit": 10, "duration": 1000 },
        });
        let (_, key) = make(&v1, sample, &api).await;
        assert_eq!(passed(&v1, &json!({ "key": key })).await, 10);
    }
}
