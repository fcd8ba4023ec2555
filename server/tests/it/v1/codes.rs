//! Every error code of v1: provoked, its status, and where its page is.

use domain::apis::SetApi;
use domain::root_keys::UpdateRootKey;
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::set_api;
use crate::support::{START_MS, TestApp};

// row: api-reference/errors/introduction
#[tokio::test]
async fn a_failure_has_a_code_a_text_a_page_and_a_request() {
    let test = TestApp::start().await;
    let failed = test.v1().get("apis.getApi?apiId=api_none").await;
    assert_eq!(failed.refused(404, "NOT_FOUND"), "api api_none not found");
    let error = failed.body["error"].as_object().unwrap();
    assert_eq!(error.len(), 4);
    assert!(error["requestId"].as_str().unwrap().starts_with("req_"));
    // Without a public address the link points where the client came from.
    let request = test.client.get("/v1/nowhere").header("host", "keys.example.com:8080");
    let failed = crate::support::answer(request.send().await.0).await;
    let docs = "http://keys.example.com:8080/docs/api-reference/errors/code/NOT_FOUND";
    assert_eq!(failed.body["error"]["docs"], docs);
}

// row: api-reference/errors/code/BAD_REQUEST
#[tokio::test]
async fn bad_request() {
    let test = TestApp::start().await;
    let refused = test.v1().post("keys.createKey", json!({ "apiId": "a", "byteLength": 1 })).await;
    assert!(refused.refused(400, "BAD_REQUEST").starts_with("byteLength: "));
}

// row: api-reference/errors/code/CONFLICT
#[tokio::test]
async fn conflict() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let import = json!([{ "apiId": api, "hash": { "value": "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", "variant": "sha256_base64" } }]);
    for (operation, body) in [
        ("identities.createIdentity", json!({ "externalId": "ann" })),
        ("permissions.createRole", json!({ "name": "editor" })),
        ("permissions.createPermission", json!({ "name": "read" })),
        ("migrations.createKeys", import),
    ] {
        v1.post(operation, body.clone()).await.ok();
        v1.post(operation, body).await.refused(409, "CONFLICT");
    }
}

// row: api-reference/errors/code/DELETE_PROTECTED
#[tokio::test]
async fn delete_protected() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    set_api(&test, SetApi { delete_protection: Some(true), ..SetApi::new(api.as_str().into()) }).await;
    let refused = v1.post("apis.deleteApi", json!({ "apiId": api })).await;
    assert!(refused.refused(429, "DELETE_PROTECTED").contains(&api));
}

// row: api-reference/errors/code/DISABLED
#[tokio::test]
async fn disabled() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let (_, key) = v1.key(&v1.api().await, json!({ "enabled": false })).await;
    assert_eq!(v1.verify(&key).await["code"], "DISABLED");
    let root_key = test.new_root_key(true, &[]).await;
    let operator = test.operator().await;
    let id = test.app.root_keys.list(&operator).await.unwrap().pop().unwrap().id;
    let off = UpdateRootKey { enabled: Some(false), ..UpdateRootKey::new(id) };
    test.app.root_keys.update(&operator, off).await.unwrap();
    let refused = test.v1_as(&root_key).get("permissions.listRoles").await;
    assert_eq!(refused.refused(403, "DISABLED"), "the key is disabled");
}

// row: api-reference/errors/code/EXPIRED
#[tokio::test]
async fn expired() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let (_, key) = v1.key(&v1.api().await, json!({ "expires": START_MS - 1 })).await;
    assert_eq!(v1.verify(&key).await["code"], "EXPIRED");
    let expires = json!({ "permissions": [], "expires": START_MS + 1000 });
    let root_key = test.call("rootKeys.createKey", expires).await.data()["key"].as_str().unwrap().to_owned();
    test.advance_ms(1001);
    test.v1_as(&root_key).get("permissions.listRoles").await.refused(403, "EXPIRED");
    // v2 has no name of its own for it.
    test.call_as(&root_key, "permissions.listRoles", json!({})).await.fails(403, "authorization/forbidden");
}

// row: api-reference/errors/code/FORBIDDEN
#[tokio::test]
async fn forbidden() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let (_, key) = v1.key(&v1.api().await, json!({})).await;
    let elsewhere = v1.verify_with(json!({ "key": key, "apiId": "api_other" })).await;
    assert_eq!(elsewhere["code"], "FORBIDDEN");
    test.app.workspaces.set_enabled(&test.operator().await, "default", false).await.unwrap();
    v1.get("permissions.listRoles").await.refused(403, "FORBIDDEN");
}

// row: api-reference/errors/code/INSUFFICIENT_PERMISSIONS
#[tokio::test]
async fn insufficient_permissions() {
    let test = TestApp::start().await;
    let reader = test.v1_with(&["api.*.read_api"]).await;
    let refused = reader.post("apis.createApi", json!({ "name": "orders" })).await;
    assert!(refused.refused(403, "INSUFFICIENT_PERMISSIONS").contains("api.*.create_api"));
    let writer = test.v1_with(&["api.*.read_api", "api.*.create_api"]).await;
    writer.post("apis.createApi", json!({ "name": "orders" })).await.ok();
}

// row: api-reference/errors/code/INTERNAL_SERVER_ERROR
#[tokio::test]
async fn internal_server_error() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    v1.api().await;
    test.app.store.database().writer().execute_unprepared("ALTER TABLE apis RENAME TO gone").await.unwrap();
    let failed = v1.post("apis.createApi", json!({ "name": "orders" })).await;
    let message = failed.refused(500, "INTERNAL_SERVER_ERROR");
    assert!(!message.contains("apis") && !message.contains("SELECT"), "{message}");
    assert_eq!(failed.header("retry-after"), "", "another try does not help");
}

#[tokio::test]
async fn a_full_disk_passes() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let big = json!({ "apiId": v1.api().await, "meta": { "text": "x".repeat(500_000) } });
    test.fill_disk_once("keys").await;
    let failed = v1.post("keys.createKey", big.clone()).await;
    failed.refused(503, "INTERNAL_SERVER_ERROR");
    assert_eq!(failed.header("retry-after"), "1");
    v1.post("keys.createKey", big).await.ok();
}

// row: api-reference/errors/code/NOT_FOUND
#[tokio::test]
async fn not_found() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    v1.get("keys.getKey?keyId=key_none").await.refused(404, "NOT_FOUND");
    let (key_id, _) = v1.key(&v1.api().await, json!({})).await;
    let stranger = test.root_key_of_another_workspace().await;
    let foreign = test.v1_as(&stranger).get(&format!("keys.getKey?keyId={key_id}")).await;
    foreign.refused(404, "NOT_FOUND");
}

// row: api-reference/errors/code/TOO_MANY_REQUESTS
#[tokio::test]
async fn too_many_requests() {
    let test = TestApp::start().await;
    test.app.workspaces.set_api_limit(&test.operator().await, "default", Some(1)).await.unwrap();
    let budget = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"];
    let within = test.v1().get("permissions.listRoles").await;
    assert_eq!(budget.map(|name| within.header(name)), ["1", "0", "60"]);
    within.ok();
    let beyond = test.v1().get("permissions.listRoles").await;
    beyond.refused(429, "TOO_MANY_REQUESTS");
    assert_eq!(budget.map(|name| beyond.header(name)), ["1", "0", "60"]);
    assert_eq!(beyond.header("retry-after"), "60");
    // A workspace that may make none is told no time.
    test.app.workspaces.set_api_limit(&test.operator().await, "default", Some(0)).await.unwrap();
    let closed = test.v1().get("permissions.listRoles").await;
    closed.refused(429, "TOO_MANY_REQUESTS");
    assert_eq!((closed.header("retry-after"), closed.header("ratelimit-limit")), ("", ""));
}

// row: api-reference/errors/code/UNAUTHORIZED
#[tokio::test]
async fn unauthorized() {
    let test = TestApp::start().await;
    test.v1_anonymous().get("permissions.listRoles").await.refused(401, "UNAUTHORIZED");
}
