use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn create_get_delete() {
    let test = TestApp::start().await;
    let api = test.api().await;
    assert_eq!(test.last_audit().await, ["api.create"]);
    let got = test.call("apis.getApi", json!({ "apiId": api })).await.data();
    assert_eq!(got, json!({ "id": api, "name": "payments" }));
    assert_eq!(test.call("apis.deleteApi", json!({ "apiId": api })).await.data(), json!({}));
    test.call("apis.getApi", json!({ "apiId": api })).await.fails(404, "data/api_not_found");
    test.call("apis.deleteApi", json!({ "apiId": api })).await.fails(404, "data/api_not_found");
}

#[tokio::test]
async fn deleting_an_api_revokes_its_keys_at_once() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key_id, key) = test.key(&api, json!({})).await;
    assert_eq!(test.verify(&key).await["code"], "VALID");
    test.call("apis.deleteApi", json!({ "apiId": api })).await.data();
    assert_eq!(test.verify(&key).await, json!({ "valid": false, "code": "NOT_FOUND" }));
    test.call("keys.getKey", json!({ "keyId": key_id })).await.fails(404, "data/key_not_found");
    test.call("keys.createKey", json!({ "apiId": api })).await.fails(404, "data/api_not_found");
}

#[tokio::test]
async fn grants_are_checked_before_existence_is_shown() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let powerless = test.new_root_key(false, &[]).await;
    for (operation, body) in [
        ("apis.createApi", json!({ "name": "nope" })),
        ("apis.getApi", json!({ "apiId": api })),
        ("apis.deleteApi", json!({ "apiId": api })),
    ] {
        test.call_as(&powerless, operation, body).await.fails(403, "authorization/insufficient_permissions");
    }
    test.call_as(&powerless, "apis.listKeys", json!({ "apiId": api })).await.fails(404, "data/api_not_found");
    let narrow = test.new_root_key(false, &[&format!("api.{api}.read_api")]).await;
    test.call_as(&narrow, "apis.getApi", json!({ "apiId": api })).await.data();
}

#[tokio::test]
async fn list_keys_pages_through_all() {
    let test = TestApp::start().await;
    let api = test.api().await;
    for number in 0..5 {
        let external = if number % 2 == 0 { "even" } else { "odd" };
        test.key(&api, json!({ "name": format!("key {number}"), "externalId": external })).await;
    }
    let mut seen = Vec::new();
    let mut body = json!({ "apiId": api, "limit": 2 });
    loop {
        let page = test.call("apis.listKeys", body.clone()).await.body;
        seen.extend(
            page["data"].as_array().unwrap().iter().map(|key| key["keyId"].as_str().unwrap().to_owned()),
        );
        assert_eq!(page["pagination"]["hasMore"], page["pagination"]["cursor"].is_string());
        match page["pagination"]["cursor"].as_str() {
            Some(cursor) => body["cursor"] = cursor.into(),
            None => break,
        }
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted());
    let even = test.call("apis.listKeys", json!({ "apiId": api, "externalId": "even" })).await.data();
    assert_eq!(even.as_array().unwrap().len(), 3);
    let nobody = test.call("apis.listKeys", json!({ "apiId": api, "externalId": "nobody" })).await.data();
    assert_eq!(nobody, json!([]));
}
