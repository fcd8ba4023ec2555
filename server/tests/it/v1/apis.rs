//! v1 `apis.*`.

use base::audit::AuditFilter;
use base::secret::KeyHash;
use base::store::Page;
use domain::apis::SetApi;
use serde_json::{Value, json};

use super::{set_api, text};
use crate::support::TestApp;

// row: api-reference/apis/create
#[tokio::test]
async fn an_api_is_made() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let made = v1.post("apis.createApi", json!({ "name": "orders" })).await.ok();
    assert!(text(&made["apiId"]).starts_with("api_"));
    assert_eq!(made["name"], "orders");
    assert_eq!(test.last_audit().await, ["api.create"]);
    let short = v1.post("apis.createApi", json!({ "name": "ab" })).await;
    assert_eq!(short.refused(400, "BAD_REQUEST"), "name: String must contain at least 3 character(s)");
}

// row: api-reference/apis/get
#[tokio::test]
async fn an_api_is_read() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let workspace = test.operator().await.workspace.into_string();
    let read = v1.get(&format!("apis.getApi?apiId={api}")).await.ok();
    assert_eq!(read, json!({ "id": api, "name": "payments", "workspaceId": workspace }));
    v1.post("apis.deleteApi", json!({ "apiId": api })).await.ok();
    let gone = v1.get(&format!("apis.getApi?apiId={api}")).await;
    assert_eq!(gone.refused(404, "NOT_FOUND"), format!("api {api} not found"));
    assert_eq!(v1.get("apis.getApi").await.refused(400, "BAD_REQUEST"), "apiId: Required");
    let twice = v1.get("apis.getApi?apiId=a&apiId=b").await;
    assert_eq!(twice.refused(400, "BAD_REQUEST"), "apiId: Expected string, received array");
}

// row: api-reference/apis/list-keys
#[tokio::test]
async fn keys_are_listed_in_pages() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    test.set_recoverable(&api).await;
    let role = json!({ "name": "editor", "permissions": ["write"] });
    test.call("permissions.createRole", role).await.data();
    for options in [
        json!({ "externalId": "ann", "roles": ["editor"], "permissions": ["read"], "recoverable": true }),
        json!({ "environment": "test", "ratelimit": { "limit": 1, "duration": 1000 } }),
        json!({ "remaining": 3, "refill": { "interval": "daily", "amount": 3 } }),
    ] {
        v1.key(&api, options).await;
    }
    let list = async |query: &str| v1.get(&format!("apis.listKeys?apiId={api}&{query}")).await;
    let first = list("limit=2").await.ok();
    assert_eq!((first["keys"].as_array().unwrap().len(), &first["total"]), (2, &json!(3)));
    let second = list(&format!("limit=2&cursor={}", text(&first["cursor"]))).await.ok();
    assert_eq!((second["keys"].as_array().unwrap().len(), second.get("cursor")), (1, None));
    let anns = list("externalId=ann").await.ok();
    assert_eq!((anns["keys"].as_array().unwrap().len(), &anns["total"]), (1, &json!(3)));
    assert_eq!(list("ownerId=ann").await.ok()["keys"], anns["keys"]);
    let ann = &anns["keys"][0];
    assert_eq!(ann["permissions"], json!(["read", "write"]));
    assert_eq!((&ann["enabled"], ann.get("plaintext")), (&json!(true), None));
    let nobodys = list("externalId=nobody").await.ok();
    assert_eq!(nobodys, json!({ "keys": [], "total": 0 }));
    let shown = list("decrypt=true&revalidateKeysCache=true").await.ok();
    let shown: Vec<&Value> =
        shown["keys"].as_array().unwrap().iter().filter(|key| key.get("plaintext").is_some()).collect();
    assert_eq!(shown.len(), 1);
    for limit in ["0", "101", "x", "1.5"] {
        list(&format!("limit={limit}")).await.refused(400, "BAD_REQUEST");
    }
    assert_eq!(list("limit=x").await.refused(400, "BAD_REQUEST"), "limit: Expected number, received nan");
    let reader = test.v1_with(&["api.*.read_key", "api.*.read_api"]).await;
    reader.get(&format!("apis.listKeys?apiId={api}")).await.ok();
    reader
        .get(&format!("apis.listKeys?apiId={api}&decrypt=1"))
        .await
        .refused(403, "INSUFFICIENT_PERMISSIONS");
    let half = test.v1_with(&["api.*.read_key"]).await;
    let refused = half.get(&format!("apis.listKeys?apiId={api}")).await;
    let message = refused.refused(403, "INSUFFICIENT_PERMISSIONS");
    assert!(message.contains(r#"{"and":[{"or":["api.*.read_key""#), "{message}");
}

// row: api-reference/apis/delete
#[tokio::test]
async fn an_api_is_deleted_with_its_keys() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let mut keys = Vec::new();
    for _ in 0..3 {
        keys.push(v1.key(&api, json!({})).await.1);
    }
    let protect = |on: bool| SetApi { delete_protection: Some(on), ..SetApi::new(api.as_str().into()) };
    set_api(&test, protect(true)).await;
    let refused = v1.post("apis.deleteApi", json!({ "apiId": api })).await;
    assert_eq!(refused.refused(429, "DELETE_PROTECTED"), format!("api {api} is protected from deletions"));
    set_api(&test, protect(false)).await;
    assert_eq!(v1.post("apis.deleteApi", json!({ "apiId": api })).await.ok(), json!({}));
    assert_eq!(test.last_audit().await, ["api.delete"]);
    for key in &keys {
        assert_eq!(v1.verify(key).await["code"], "NOT_FOUND");
    }
    v1.get(&format!("apis.getApi?apiId={api}")).await.refused(404, "NOT_FOUND");
    assert_eq!(test.app.keys.delete_orphans(test.app.clock.now_ms()).await.unwrap(), 3);
    assert_eq!(test.audit_events("key.delete").await, 3);
    let filter = AuditFilter { event: Some("key.delete".to_owned()), ..AuditFilter::default() };
    let page = Page { limit: 10, cursor: None };
    let entries = test.app.audit_log.list(&test.operator().await, &filter, &page).await.unwrap().items;
    let left = entries.iter().map(|entry| entry.targets[1].meta.as_ref().unwrap()["keysLeft"].clone());
    assert_eq!(left.collect::<Vec<_>>(), [0, 1, 2], "the newest first");
}

// row: api-reference/apis/delete-keys
#[tokio::test]
async fn all_keys_of_an_api_are_deleted() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let (api, other) = (v1.api().await, v1.api().await);
    set_api(&test, SetApi { delete_protection: Some(true), ..SetApi::new(api.as_str().into()) }).await;
    let (_, kept) = v1.key(&other, json!({})).await;
    let mut keys = Vec::new();
    for _ in 0..3 {
        keys.push(v1.key(&api, json!({ "remaining": 5 })).await);
        assert_eq!(v1.verify(&keys.last().unwrap().1).await["code"], "VALID");
    }
    v1.post("keys.deleteKey", json!({ "keyId": keys[0].0 })).await.ok();
    assert_eq!(v1.post("apis.deleteKeys", json!({ "apiId": api })).await.ok(), json!({ "deletedKeys": 2 }));
    assert_eq!(test.last_audit().await, ["key.delete"; 3]);
    for (_, key) in &keys {
        assert_eq!(v1.verify(key).await["code"], "NOT_FOUND");
    }
    assert_eq!(v1.verify(&kept).await["code"], "VALID");
    v1.get(&format!("apis.getApi?apiId={api}")).await.ok();
    // Nothing is left to delete, and nothing is recorded.
    let before = test.audit_entries().await;
    assert_eq!(v1.post("apis.deleteKeys", json!({ "apiId": api })).await.ok()["deletedKeys"], 0);
    assert_eq!(test.audit_entries().await, before);
    // Permanently, those deleted before go too, and their hashes are free.
    v1.key(&api, json!({})).await;
    let gone = v1.post("apis.deleteKeys", json!({ "apiId": api, "permanent": true })).await.ok();
    assert_eq!(gone, json!({ "deletedKeys": 4 }));
    let hash = base::secret::KeyHash::of(&keys[1].1).to_base64();
    let import = json!([{ "apiId": api, "hash": { "value": hash, "variant": "sha256_base64" } }]);
    v1.post("migrations.createKeys", import).await.ok();
    assert_eq!(v1.verify(&keys[1].1).await["code"], "VALID");
    v1.post("apis.deleteKeys", json!({ "apiId": "api_none" })).await.refused(404, "NOT_FOUND");
    test.v1_with(&["api.*.delete_api"])
        .await
        .post("apis.deleteKeys", json!({ "apiId": api }))
        .await
        .refused(403, "INSUFFICIENT_PERMISSIONS");
}

#[tokio::test]
async fn more_keys_than_a_batch_are_deleted_and_counted_once() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    for batch in 0..3 {
        let keys: Vec<Value> = (0..70)
            .map(|number| KeyHash::of(&format!("{batch}-{number}")).to_base64())
            .map(|hash| json!({ "apiId": api, "hash": { "value": hash, "variant": "sha256_base64" } }))
            .collect();
        v1.post("migrations.createKeys", json!(keys)).await.ok();
    }
    assert_eq!(v1.post("apis.deleteKeys", json!({ "apiId": api })).await.ok()["deletedKeys"], 210);
    assert_eq!(test.audit_events("key.delete").await, 211);
    assert_eq!(v1.get(&format!("apis.listKeys?apiId={api}")).await.ok(), json!({ "keys": [], "total": 0 }));
}
