use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn create_and_get_by_either_id() {
    let test = TestApp::start().await;
    let body = json!({
        "externalId": "user_1", "meta": { "plan": "pro" },
        "ratelimits": [{ "name": "requests", "limit": 10, "duration": 1000, "autoApply": true }],
    });
    let id = test.call("identities.createIdentity", body.clone()).await.data()["identityId"].clone();
    assert_eq!(test.last_audit().await, ["identity.create", "ratelimit.create"]);
    for name in [&id, &json!("user_1")] {
        let got = test.call("identities.getIdentity", json!({ "identity": name })).await.data();
        assert_eq!(
            (&got["id"], &got["externalId"], &got["meta"]),
            (&id, &json!("user_1"), &json!({ "plan": "pro" }))
        );
        assert_eq!(got["ratelimits"][0]["autoApply"], true);
    }
    test.call("identities.createIdentity", body).await.fails(409, "data/identity_already_exists");
    test.call("identities.getIdentity", json!({ "identity": "nobody" }))
        .await
        .fails(404, "data/identity_not_found");
}

#[tokio::test]
async fn external_ids_are_case_sensitive_and_bodies_open() {
    let test = TestApp::start().await;
    test.call("identities.createIdentity", json!({ "externalId": "User" })).await.data();
    test.call("identities.createIdentity", json!({ "externalId": "user", "unknown": true })).await.data();
    let got = test.call("identities.getIdentity", json!({ "identity": "user" })).await.data();
    assert!(got.get("meta").is_none() && got.get("ratelimits").is_none());
}

#[tokio::test]
async fn reads_need_the_wide_grant_or_the_own_id() {
    let test = TestApp::start().await;
    let id = test.call("identities.createIdentity", json!({ "externalId": "u" })).await.data()["identityId"]
        .clone();
    let narrow =
        test.new_root_key(false, &[&format!("identity.{}.read_identity", id.as_str().unwrap())]).await;
    test.call_as(&narrow, "identities.getIdentity", json!({ "identity": "u" })).await.data();
    let refused = test.call_as(&narrow, "identities.createIdentity", json!({ "externalId": "v" })).await;
    refused.fails(403, "authorization/insufficient_permissions");
}
