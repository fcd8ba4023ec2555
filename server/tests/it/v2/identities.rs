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

#[tokio::test]
async fn a_change_replaces_what_it_names_and_keys_notice() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let limits = json!([{ "name": "requests", "limit": 100, "duration": 60000, "autoApply": true }]);
    let body = json!({ "externalId": "ann", "meta": { "a": 1 }, "ratelimits": limits });
    test.call("identities.createIdentity", body).await.data();
    let (_, key) = test.key(&api, json!({ "externalId": "ann" })).await;
    assert_eq!(test.verify(&key).await["ratelimits"][0]["limit"], 100);

    let limits = json!([
        { "name": "requests", "limit": 1, "duration": 60000, "autoApply": true },
        { "name": "tokens", "limit": 5, "duration": 60000, "autoApply": false },
    ]);
    let before = test.call("identities.getIdentity", json!({ "identity": "ann" })).await.data();
    let after = test
        .call("identities.updateIdentity", json!({ "identity": "ann", "ratelimits": limits }))
        .await
        .data();
    assert_eq!(test.last_audit().await, ["identity.update", "ratelimit.create", "ratelimit.update"]);
    assert_eq!(after["meta"], json!({ "a": 1 }));
    assert_eq!(after["ratelimits"][0]["id"], before["ratelimits"][0]["id"]);
    assert_eq!(test.verify(&key).await["code"], "RATE_LIMITED");

    let cleared = json!({ "identity": "ann", "meta": {}, "ratelimits": [] });
    let after = test.call("identities.updateIdentity", cleared).await.data();
    assert_eq!((after.get("meta"), after.get("ratelimits")), (None, None));
    assert_eq!(test.verify(&key).await["code"], "VALID");
    let limit = json!({ "name": "same", "limit": 1, "duration": 1000, "autoApply": true });
    let twice = json!({ "identity": "ann", "ratelimits": [limit, limit] });
    test.call("identities.updateIdentity", twice).await.fails(400, "application/invalid_input");
    test.call("identities.updateIdentity", json!({ "identity": "nobody" }))
        .await
        .fails(404, "data/identity_not_found");
}

#[tokio::test]
async fn a_deleted_identity_lets_its_keys_and_its_external_id_go() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, key) = test.key(&api, json!({ "externalId": "ann" })).await;
    assert_eq!(test.verify(&key).await["identity"]["externalId"], "ann");
    let answer = test.call("identities.deleteIdentity", json!({ "identity": "ann" })).await;
    assert_eq!((answer.status.as_u16(), answer.body.get("data")), (200, None));
    let verified = test.verify(&key).await;
    assert_eq!((verified["code"].as_str(), verified.get("identity")), (Some("VALID"), None));
    test.call("identities.deleteIdentity", json!({ "identity": "ann" }))
        .await
        .fails(404, "data/identity_not_found");
    test.call("identities.createIdentity", json!({ "externalId": "ann" })).await.data();
    assert_eq!(test.verify(&key).await.get("identity"), None);
}

#[tokio::test]
async fn identities_are_searched_literally_and_paged() {
    let test = TestApp::start().await;
    for external_id in ["Ann_1", "ann-2", "bob", "annex"] {
        test.call("identities.createIdentity", json!({ "externalId": external_id })).await.data();
    }
    let count = async |search: &str| {
        let listed = test.call("identities.listIdentities", json!({ "search": search })).await;
        listed.body["data"].as_array().unwrap().len()
    };
    assert_eq!((count("ANN").await, count("n_").await, count("%").await, count(" ").await), (3, 1, 0, 4));
    let page = test.call("identities.listIdentities", json!({ "limit": 3 })).await;
    assert_eq!(page.body["pagination"]["hasMore"], true);
    let rest = json!({ "limit": 3, "cursor": page.body["pagination"]["cursor"] });
    let rest = test.call("identities.listIdentities", rest).await;
    assert_eq!(
        (rest.body["data"].as_array().unwrap().len(), &rest.body["pagination"]),
        (1, &json!({ "hasMore": false }))
    );
    let narrow = test.new_root_key(false, &["identity.id_other.read_identity"]).await;
    let refused = test.call_as(&narrow, "identities.listIdentities", json!({})).await;
    refused.fails(403, "authorization/insufficient_permissions");
}
