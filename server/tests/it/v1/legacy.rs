//! Routes older than v1's names for them.

use poem::http::Method;
use serde_json::{Value, json};

use super::V1;
use crate::support::{Answer, START_MS, TestApp};

async fn send(test: &TestApp, v1: &V1<'_>, method: Method, path: &str, body: Value) -> Answer {
    let request = test.client.request(method, format!("/v1/{path}")).body(body.to_string());
    v1.send(request.header("content-type", "application/json")).await
}

#[tokio::test]
async fn a_key_is_made_in_the_old_form() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let body = json!({
        "apiId": api, "prefix": "old", "name": "n", "byteLength": 24, "ownerId": "ann", "meta": { "a": 1 },
        "expires": START_MS + 1000, "remaining": 3,
        "ratelimit": { "type": "consistent", "limit": 5, "refillRate": 7, "refillInterval": 60000 },
    });
    let made = v1.post("keys", body).await.ok();
    let id = made["keyId"].as_str().unwrap();
    assert!(made["key"].as_str().unwrap().starts_with("old_"));
    let read = v1.get(&format!("keys.getKey?keyId={id}")).await.ok();
    assert_eq!((&read["ownerId"], read.get("identity")), (&json!("ann"), None));
    let limit = &read["ratelimit"];
    assert_eq!(
        (&limit["limit"], &limit["duration"], &limit["type"]),
        (&json!(5), &json!(60_000), &json!("consistent"))
    );
    v1.post("keys", json!({ "apiId": "api_none" })).await.refused(404, "NOT_FOUND");
    v1.post("keys", json!({ "apiId": api, "ratelimit": { "limit": 1 } })).await.refused(400, "BAD_REQUEST");
    // The old routes are no way around rights.
    test.v1_with(&[])
        .await
        .post("keys", json!({ "apiId": api }))
        .await
        .refused(403, "INSUFFICIENT_PERMISSIONS");
}

#[tokio::test]
async fn a_key_is_verified_in_the_old_form() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let options = json!({ "externalId": "ann", "meta": { "a": 1 }, "remaining": 1, "ratelimit": { "limit": 9, "duration": 60000 } });
    let (key_id, key) = v1.key(&api, options).await;
    let nobody = test.v1_anonymous();
    let verified = nobody.post("keys/verify", json!({ "key": key, "apiId": api })).await.ok();
    let limit = &verified["ratelimit"];
    let expected = json!({
        "keyId": key_id, "valid": true, "ownerId": "ann", "meta": { "a": 1 }, "remaining": 0,
        "ratelimit": { "limit": 9, "remaining": 8, "reset": limit["reset"] },
    });
    assert_eq!(verified, expected);
    let spent = nobody.post("keys/verify", json!({ "key": key })).await.ok();
    assert_eq!(
        (&spent["valid"], &spent["code"], &spent["remaining"]),
        (&json!(false), &json!("USAGE_EXCEEDED"), &json!(0))
    );
    let unknown = nobody.post("keys/verify", json!({ "key": "unknown" })).await;
    assert_eq!(
        (unknown.status.as_u16(), &unknown.body),
        (404, &json!({ "valid": false, "code": "NOT_FOUND" }))
    );
    let (_, old) = v1.key(&api, json!({ "expires": START_MS - 1 })).await;
    let expired = nobody.post("keys/verify", json!({ "key": old })).await;
    assert_eq!((expired.status.as_u16(), &expired.body["code"]), (404, &json!("EXPIRED")));
    let elsewhere = nobody.post("keys/verify", json!({ "key": key, "apiId": "api_none" })).await.ok();
    assert_eq!(elsewhere["code"], "FORBIDDEN");
}

#[tokio::test]
async fn a_key_is_changed_and_deleted_by_its_path() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let (key_id, key) = v1.key(&v1.api().await, json!({ "name": "n", "remaining": 9 })).await;
    let path = format!("keys/{key_id}");
    let ratelimit = json!({ "type": "fast", "limit": 5, "refillRate": 1, "refillInterval": 60000 });
    let change = json!({ "name": null, "remaining": 5, "ratelimit": ratelimit, "keyId": "key_other" });
    assert_eq!(send(&test, &v1, Method::PUT, &path, change).await.ok(), json!({}));
    let read = v1.get(&format!("keys.getKey?keyId={key_id}")).await.ok();
    assert_eq!(
        (read.get("name"), &read["remaining"], &read["ratelimit"]["limit"]),
        (None, &json!(5), &json!(5))
    );
    assert_eq!(send(&test, &v1, Method::DELETE, &path, json!({})).await.ok(), json!({}));
    assert_eq!(v1.verify(&key).await["code"], "NOT_FOUND");
    send(&test, &v1, Method::DELETE, &path, json!({})).await.refused(404, "NOT_FOUND");
    send(&test, &v1, Method::DELETE, "keys/", json!({})).await.refused(404, "NOT_FOUND");
    send(&test, &v1, Method::PATCH, &path, json!({})).await.refused(404, "NOT_FOUND");
}

#[tokio::test]
async fn apis_and_their_keys_are_read_by_path() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let mut ids = Vec::new();
    for owner in ["ann", "bob", "ann"] {
        ids.push(v1.key(&api, json!({ "ownerId": owner })).await.0);
    }
    ids.sort_unstable();
    assert_eq!(v1.get(&format!("apis/{api}")).await.ok()["name"], "payments");
    v1.get("apis/api_none").await.refused(404, "NOT_FOUND");
    let list = async |query: &str| v1.get(&format!("apis/{api}/keys?{query}")).await.ok();
    let found = |list: &Value| -> Vec<String> {
        list["keys"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap().to_owned()).collect()
    };
    let page = list("limit=2&offset=1").await;
    assert_eq!((found(&page), &page["total"]), (ids[1..].to_vec(), &json!(3)));
    assert_eq!(page["cursor"], *ids[2]);
    let anns = list("ownerId=ann").await;
    assert_eq!((found(&anns).len(), &anns["total"]), (2, &json!(3)));
    assert_eq!(list("offset=9").await, json!({ "keys": [], "total": 3 }));
    v1.get("apis/api_none/keys").await.refused(404, "NOT_FOUND");
}
