//! v1 `identities.*`.

use serde_json::{Value, json};

use super::text;
use crate::support::TestApp;

// row: api-reference/identities/create-identity
#[tokio::test]
async fn an_identity_is_made_once() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let limits = json!([{ "name": "tokens", "limit": 5, "duration": 1000 }]);
    let body = json!({ "externalId": "ann", "meta": { "a": 1 }, "ratelimits": limits });
    let made = v1.post("identities.createIdentity", body.clone()).await.ok();
    assert!(text(&made["identityId"]).starts_with("id_"));
    assert_eq!(test.last_audit().await, ["identity.create", "ratelimit.create"]);
    let again = v1.post("identities.createIdentity", body).await;
    let message = "Identity with externalId \"ann\" already exists in this workspace";
    assert_eq!(again.refused(409, "CONFLICT"), message);
    let limit = json!({ "name": "tokens", "limit": 5, "duration": 1000 });
    let twice = json!({ "externalId": "bob", "ratelimits": [limit, limit] });
    let refused = v1.post("identities.createIdentity", twice).await;
    assert_eq!(
        refused.refused(400, "BAD_REQUEST"),
        "Ratelimit with name \"tokens\" is already defined in the request"
    );
    let short = v1.post("identities.createIdentity", json!({ "externalId": "ab" })).await;
    assert_eq!(short.refused(400, "BAD_REQUEST"), "externalId: String must contain at least 3 character(s)");
    let large = json!({ "externalId": "large", "meta": { "a": "x".repeat(64_000) } });
    let refused = v1.post("identities.createIdentity", large).await;
    assert!(
        refused.refused(400, "BAD_REQUEST").starts_with("metadata is too large, it must be less than 64k")
    );
    let short = json!({ "externalId": "bob", "ratelimits": [{ "name": "n", "limit": 1, "duration": 999 }] });
    let refused = v1.post("identities.createIdentity", short).await;
    assert_eq!(
        refused.refused(400, "BAD_REQUEST"),
        "ratelimits.0.duration: Number must be greater than or equal to 1000"
    );
}

// row: api-reference/identities/get-identity
#[tokio::test]
async fn an_identity_is_found_by_either_id() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let id =
        text(&v1.post("identities.createIdentity", json!({ "externalId": "ann" })).await.ok()["identityId"]);
    let other = json!({ "externalId": id, "meta": { "trap": true } });
    v1.post("identities.createIdentity", other).await.ok();
    let get = async |query: &str| v1.get(&format!("identities.getIdentity?{query}")).await;
    let ann = json!({ "id": id, "externalId": "ann", "meta": {}, "ratelimits": [] });
    assert_eq!(get(&format!("identityId={id}")).await.ok(), ann);
    assert_eq!(get("externalId=ann").await.ok(), ann);
    assert_eq!(get(&format!("identityId={id}&externalId=nobody")).await.ok(), ann);
    assert_eq!(get(&format!("externalId={id}")).await.ok()["meta"], json!({ "trap": true }));
    assert_eq!(get("").await.refused(400, "BAD_REQUEST"), "Provide either identityId or externalId");
    assert_eq!(get("externalId=nobody").await.refused(404, "NOT_FOUND"), "identity nobody not found");
    assert_eq!(get("identityId=ann").await.refused(404, "NOT_FOUND"), "identity ann not found");
    let one = test.v1_with(&[&format!("identity.{id}.read_identity")]).await;
    one.get(&format!("identities.getIdentity?identityId={id}")).await.ok();
    let refused = one.get(&format!("identities.getIdentity?externalId={id}")).await;
    refused.refused(403, "INSUFFICIENT_PERMISSIONS");
}

// row: api-reference/identities/list-identities
#[tokio::test]
async fn identities_are_listed_in_pages() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    assert_eq!(v1.get("identities.listIdentities").await.ok(), json!({ "identities": [], "total": 0 }));
    for number in 0..101 {
        v1.post("identities.createIdentity", json!({ "externalId": format!("user {number}") })).await.ok();
    }
    let first = v1.get("identities.listIdentities").await.ok();
    assert_eq!((first["identities"].as_array().unwrap().len(), &first["total"]), (100, &json!(101)));
    let members: Vec<&String> = first["identities"][0].as_object().unwrap().keys().collect();
    assert_eq!(members, ["externalId", "id", "ratelimits"]);
    let cursor = text(&first["cursor"]);
    let second = v1.get(&format!("identities.listIdentities?cursor={cursor}")).await.ok();
    assert_eq!((second["identities"].as_array().unwrap().len(), second.get("cursor")), (1, None));
    assert_eq!(v1.get("identities.listIdentities?environment=live").await.ok()["total"], 0);
    for right in ["identity.*.read_identity", "identity.default.read_identity"] {
        test.v1_with(&[right]).await.get("identities.listIdentities?limit=1").await.ok();
    }
    test.v1_with(&[]).await.get("identities.listIdentities").await.refused(403, "INSUFFICIENT_PERMISSIONS");
}

// row: api-reference/identities/update-identity
#[tokio::test]
async fn an_identity_is_changed_in_part() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let limit = json!({ "name": "tokens", "limit": 5, "duration": 1000 });
    let body = json!({ "externalId": "ann", "meta": { "a": 1 }, "ratelimits": [limit] });
    let id = text(&v1.post("identities.createIdentity", body).await.ok()["identityId"]);
    let (_, key) = v1.key(&v1.api().await, json!({ "externalId": "ann" })).await;
    let update = async |mut change: Value| {
        change["externalId"] = "ann".into();
        v1.post("identities.updateIdentity", change).await
    };
    let changed = update(json!({ "meta": { "b": 2 } })).await.ok();
    assert_eq!(changed, json!({ "id": id, "externalId": "ann", "meta": { "b": 2 }, "ratelimits": [limit] }));
    assert_eq!(test.last_audit().await, ["identity.update"]);
    assert_eq!(v1.verify(&key).await["identity"]["meta"], json!({ "b": 2 }));
    assert_eq!(update(json!({ "ratelimits": [] })).await.ok()["ratelimits"], json!([]));
    assert_eq!(update(json!({ "meta": {}, "environment": "default" })).await.ok()["meta"], json!({}));
    let twice = update(json!({ "ratelimits": [limit, limit] })).await;
    assert_eq!(
        twice.refused(409, "CONFLICT"),
        "Ratelimit with name \"tokens\" is already defined in the request"
    );
    update(json!({ "meta": null })).await.refused(400, "BAD_REQUEST");
    let neither = v1.post("identities.updateIdentity", json!({ "meta": {} })).await;
    assert_eq!(neither.refused(400, "BAD_REQUEST"), "Provide either identityId or externalId");
    let absent = v1.post("identities.updateIdentity", json!({ "identityId": "ann", "meta": {} })).await;
    assert_eq!(absent.refused(404, "NOT_FOUND"), "identity ann not found");
}

// row: api-reference/identities/delete-identity
#[tokio::test]
async fn an_identity_goes_and_its_keys_stay() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let (_, key) = v1.key(&v1.api().await, json!({ "externalId": "ann" })).await;
    let id = text(&v1.verify(&key).await["identity"]["id"]);
    let body = json!({ "identityId": id });
    let other = test.v1_with(&["identity.id_other.delete_identity"]).await;
    other.post("identities.deleteIdentity", body.clone()).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    let one = test.v1_with(&[&format!("identity.{id}.delete_identity")]).await;
    assert_eq!(one.post("identities.deleteIdentity", body.clone()).await.ok(), json!({}));
    assert_eq!(test.last_audit().await, ["identity.delete"]);
    let verified = v1.verify(&key).await;
    assert_eq!((&verified["code"], verified.get("identity")), (&json!("VALID"), None));
    assert_eq!(verified["ownerId"], "ann");
    let again = v1.post("identities.deleteIdentity", body).await;
    assert_eq!(again.refused(404, "NOT_FOUND"), format!("identity {id} not found"));
    // The external id is free again; the old key is not linked to its new owner.
    v1.post("identities.createIdentity", json!({ "externalId": "ann" })).await.ok();
    assert!(v1.verify(&key).await.get("identity").is_none());
}
