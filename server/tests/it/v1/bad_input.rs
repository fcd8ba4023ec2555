//! The first fault of an input, in the words of v1.

use serde_json::{Value, json};

use crate::support::TestApp;

#[tokio::test]
async fn the_first_fault_is_told_in_the_words_of_v1() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    for (operation, body, message) in [
        ("keys.createKey", json!({}), "apiId: Required"),
        ("keys.createKey", json!({ "name": 1 }), "apiId: Required"),
        ("keys.createKey", json!({ "apiId": null }), "apiId: Expected string, received null"),
        ("keys.createKey", json!([]), ": Expected object, received array"),
        ("keys.createKey", json!("a"), ": Expected object, received string"),
        (
            "keys.createKey",
            json!({ "apiId": "a", "remaining": 1.5 }),
            "remaining: Expected integer, received float",
        ),
        (
            "keys.createKey",
            json!({ "apiId": "a", "remaining": "1" }),
            "remaining: Expected number, received string",
        ),
        (
            "keys.createKey",
            json!({ "apiId": "a", "enabled": "yes" }),
            "enabled: Expected boolean, received string",
        ),
        ("keys.createKey", json!({ "apiId": "a", "meta": [] }), "meta: Expected object, received array"),
        (
            "keys.createKey",
            json!({ "apiId": "a", "refill": { "interval": "weekly", "amount": 1 } }),
            "refill.interval: Invalid enum value. Expected 'daily' | 'monthly', received 'weekly'",
        ),
        (
            "keys.createKey",
            json!({ "apiId": "a", "refill": { "interval": 1, "amount": 1 } }),
            "refill.interval: Expected 'daily' | 'monthly', received number",
        ),
        (
            "keys.createKey",
            json!({ "apiId": "a", "refill": { "interval": "monthly", "amount": 1, "refillDay": 32 } }),
            "refill.refillDay: Number must be less than or equal to 31",
        ),
        ("keys.createKey", json!({ "apiId": "a", "ratelimit": {} }), "ratelimit.limit: Required"),
        ("ratelimits.limit", json!({}), "identifier: Required"),
        ("ratelimits.limit", json!({ "identifier": "a" }), "limit: Required"),
        ("migrations.createKeys", json!({}), ": Expected array, received object"),
        ("migrations.createKeys", json!([{ "apiId": "a" }, {}]), "1.apiId: Required"),
        (
            "keys.addRoles",
            json!({ "keyId": "k", "roles": [] }),
            "roles: Array must contain at least 1 element(s)",
        ),
        (
            "keys.addRoles",
            json!({ "keyId": "k", "roles": [{ "id": "r" }] }),
            "roles.0.id: String must contain at least 3 character(s)",
        ),
        ("keys.updateKey", json!({ "keyId": "k", "roles": [1] }), "roles.0: Invalid input"),
        (
            "keys.updateKey",
            json!({ "keyId": "k", "enabled": null }),
            "enabled: Expected boolean, received null",
        ),
    ] {
        let refused = v1.post(operation, body.clone()).await;
        assert_eq!(refused.refused(400, "BAD_REQUEST"), message, "{operation} {body}");
    }
}

#[tokio::test]
async fn hostile_input_is_refused_and_nothing_breaks() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    for body in [deep.as_str(), "\u{0}", "{\"key\":", "nul", "{\"key\":\"\\ud800\"}"] {
        let request = test.client.post("/v1/keys.verifyKey").body(body.to_owned());
        let refused = v1.send(request.header("content-type", "application/json")).await;
        refused.refused(400, "BAD_REQUEST");
    }
    let huge = json!({ "identifier": "a", "limit": 1e300, "duration": 1000 });
    v1.post("ratelimits.limit", huge).await.refused(400, "BAD_REQUEST");
    let long = json!({ "identifier": "a".repeat(5000), "limit": 1, "duration": 1000 });
    v1.post("ratelimits.limit", long).await.refused(400, "BAD_REQUEST");
    for query in ["keyId=%00", "keyId=%ff%fe", "keyId=a&keyId=b", "keyId=", "%", "keyId=%E2%82"] {
        let status = v1.get(&format!("keys.getKey?{query}")).await.status.as_u16();
        assert!([400, 404].contains(&status), "{query}: {status}");
    }
    let mut nested = json!("p");
    for _ in 0..50 {
        nested = json!({ "and": [nested] });
    }
    let (_, key) = v1.key(&v1.api().await, json!({ "permissions": ["p"] })).await;
    let body = json!({ "key": key, "authorization": { "permissions": nested } });
    assert_eq!(v1.verify_with(body).await["code"], "VALID");
}

#[tokio::test]
async fn values_outside_the_domain_are_bad_requests() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    for options in [
        json!({ "remaining": -1 }),
        json!({ "expires": -1 }),
        json!({ "name": "n".repeat(2000) }),
        json!({ "externalId": "e".repeat(300) }),
        json!({ "prefix": "a b" }),
        json!({ "ratelimit": { "limit": 1, "refillInterval": 1, "refillRate": 1 } }),
    ] {
        let mut body: Value = options;
        body["apiId"] = api.clone().into();
        v1.post("keys.createKey", body).await.refused(400, "BAD_REQUEST");
    }
}
