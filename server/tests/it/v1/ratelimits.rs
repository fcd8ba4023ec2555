//! v1 `ratelimits.*`.

use serde_json::{Value, json};

use super::{V1, text};
use crate::support::{START_MS, TestApp};

fn call(identifier: &str, limit: i64) -> Value {
    json!({ "namespace": "email", "identifier": identifier, "limit": limit, "duration": 60_000 })
}

async fn limit(v1: &V1<'_>, body: Value) -> Value {
    v1.post("ratelimits.limit", body).await.ok()
}

// row: api-reference/ratelimits/limit
#[tokio::test]
async fn a_limit_admits_what_it_says() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let first = limit(&v1, call("ann", 2)).await;
    let reset = START_MS - START_MS.rem_euclid(60_000) + 60_000;
    assert_eq!(first, json!({ "success": true, "limit": 2, "remaining": 1, "reset": reset }));
    assert_eq!(test.last_audit().await, ["ratelimitNamespace.create"]);
    assert_eq!(limit(&v1, call("ann", 2)).await["success"], true);
    let denied = v1.post("ratelimits.limit", call("ann", 2)).await;
    assert_eq!(denied.header("unkey-ratelimit-triggered"), "email");
    assert_eq!(denied.ok(), json!({ "success": false, "limit": 2, "remaining": 0, "reset": reset }));
    assert_eq!(test.audit_events("ratelimitNamespace.create").await, 1);
    let cost = |cost: i64| {
        let mut body = call("bob", 3);
        body["cost"] = cost.into();
        body["async"] = true.into();
        body["meta"] = json!({ "a": null, "b": 1 });
        body["resources"] = json!([{ "type": "project", "id": "p_1", "meta": { "a": true } }]);
        body
    };
    assert_eq!(limit(&v1, cost(4)).await["success"], false);
    assert_eq!(limit(&v1, cost(0)).await["remaining"], 3);
    assert_eq!(limit(&v1, cost(3)).await["remaining"], 0);
    // The default namespace, and the empty identifier.
    let bare = json!({ "identifier": "", "limit": 1, "duration": 1000 });
    assert_eq!(limit(&v1, bare).await["success"], true);
    for (member, value, message) in [
        ("duration", json!(600), "duration: Number must be greater than or equal to 1000"),
        ("limit", json!(0), "limit: Number must be greater than or equal to 1"),
        ("cost", json!(-1), "cost: Number must be greater than or equal to 0"),
        ("identifier", json!(null), "identifier: Expected string, received null"),
        ("resources", json!([{ "type": "t" }]), "resources.0.id: Required"),
    ] {
        let mut body = call("ann", 1);
        body[member] = value;
        assert_eq!(v1.post("ratelimits.limit", body).await.refused(400, "BAD_REQUEST"), message);
    }
}

#[tokio::test]
async fn a_namespace_is_made_by_whoever_may() {
    let test = TestApp::start().await;
    let limiter = test.v1_with(&["ratelimit.*.limit"]).await;
    let refused = limiter.post("ratelimits.limit", call("ann", 1)).await;
    assert_eq!(refused.refused(404, "NOT_FOUND"), "namespace email not found");
    let maker = test.v1_with(&["ratelimit.*.limit", "ratelimit.*.create_namespace"]).await;
    limit(&maker, call("ann", 1)).await;
    limit(&limiter, call("bob", 1)).await;
    let elsewhere = test.v1_with(&["ratelimit.rlns_other.limit"]).await;
    elsewhere.post("ratelimits.limit", call("ann", 1)).await.refused(403, "INSUFFICIENT_PERMISSIONS");
}

// row: api-reference/ratelimits/set-override
#[tokio::test]
async fn an_override_is_set_and_set_again() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    limit(&v1, call("ann", 5)).await;
    let set = async |limit: i64| {
        let body =
            json!({ "namespaceName": "email", "identifier": "ann", "limit": limit, "duration": 60_000 });
        v1.post("ratelimits.setOverride", body).await.ok()
    };
    let id = set(9).await["overrideId"].clone();
    assert!(text(&id).starts_with("rlor_"));
    assert_eq!(test.last_audit().await, ["ratelimit.set_override"]);
    assert_eq!(limit(&v1, call("ann", 5)).await["limit"], 9);
    assert_eq!(set(0).await["overrideId"], id);
    assert_eq!(limit(&v1, call("ann", 5)).await["success"], false);
    for (body, message) in [
        (
            json!({ "identifier": "ann", "limit": 1, "duration": 1000 }),
            "You must provide a namespaceId or a namespaceName",
        ),
        (
            json!({ "namespaceName": "email", "identifier": "*", "limit": 1, "duration": 1000 }),
            "identifier: String must contain at least 3 character(s)",
        ),
        (
            json!({ "namespaceName": "email", "identifier": "ann", "limit": -1, "duration": 1000 }),
            "limit: Number must be greater than or equal to 0",
        ),
    ] {
        assert_eq!(v1.post("ratelimits.setOverride", body).await.refused(400, "BAD_REQUEST"), message);
    }
    let absent = json!({ "namespaceName": "sms", "identifier": "ann", "limit": 1, "duration": 1000 });
    let refused = v1.post("ratelimits.setOverride", absent).await;
    assert_eq!(refused.refused(404, "NOT_FOUND"), "Namespace sms not found");
}

// row: api-reference/ratelimits/get-override
#[tokio::test]
async fn an_override_is_read_by_its_literal_identifier() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    limit(&v1, call("ann", 5)).await;
    let body = json!({ "namespaceName": "email", "identifier": "*@x.com", "limit": 9, "duration": 1000, "async": true });
    let id = v1.post("ratelimits.setOverride", body).await.ok()["overrideId"].clone();
    let get = async |query: &str| v1.get(&format!("ratelimits.getOverride?{query}")).await;
    let found = get("namespaceName=email&identifier=*@x.com").await.ok();
    assert_eq!(
        found,
        json!({ "id": id, "identifier": "*@x.com", "limit": 9, "duration": 1000, "async": true })
    );
    let by_pattern = get("namespaceName=email&identifier=ann@x.com").await;
    assert_eq!(by_pattern.refused(404, "NOT_FOUND"), "Override not found");
    assert_eq!(get("namespaceName=sms&identifier=a").await.refused(404, "NOT_FOUND"), "Namespace not found");
    get("identifier=a").await.refused(400, "BAD_REQUEST");
    let powerless = test.v1_with(&[]).await;
    let refused = powerless.get("ratelimits.getOverride?namespaceName=email&identifier=*@x.com").await;
    refused.refused(403, "INSUFFICIENT_PERMISSIONS");
}

// row: api-reference/ratelimits/list-overrides
#[tokio::test]
async fn overrides_are_listed_in_pages() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    limit(&v1, call("ann", 5)).await;
    let list = async |query: &str| v1.get(&format!("ratelimits.listOverrides?{query}")).await;
    assert_eq!(list("namespaceName=email").await.ok(), json!({ "overrides": [], "total": 0 }));
    for number in 0..3 {
        let identifier = format!("user {number}");
        let body =
            json!({ "namespaceName": "email", "identifier": identifier, "limit": 1, "duration": 1000 });
        v1.post("ratelimits.setOverride", body).await.ok();
    }
    let first = list("namespaceName=email&limit=2").await.ok();
    assert_eq!((first["overrides"].as_array().unwrap().len(), &first["total"]), (2, &json!(3)));
    let cursor = text(&first["cursor"]);
    let second = list(&format!("namespaceName=email&limit=2&cursor={cursor}")).await.ok();
    assert_eq!((second["overrides"].as_array().unwrap().len(), second.get("cursor")), (1, None));
    assert_eq!(list("namespaceName=sms").await.refused(404, "NOT_FOUND"), "Namespace sms not found");
    list("limit=2").await.refused(400, "BAD_REQUEST");
}

// row: api-reference/ratelimits/delete-override
#[tokio::test]
async fn a_deleted_override_no_longer_applies_and_can_come_back() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    limit(&v1, call("ann", 5)).await;
    let body = json!({ "namespaceName": "email", "identifier": "ann", "limit": 9, "duration": 60_000 });
    v1.post("ratelimits.setOverride", body.clone()).await.ok();
    let named = json!({ "namespaceName": "email", "identifier": "ann" });
    assert_eq!(v1.post("ratelimits.deleteOverride", named.clone()).await.ok(), json!({}));
    assert_eq!(test.last_audit().await, ["ratelimit.delete_override"]);
    assert_eq!(limit(&v1, call("ann", 5)).await["limit"], 5);
    let again = v1.post("ratelimits.deleteOverride", named).await;
    assert_eq!(again.refused(404, "NOT_FOUND"), "Override with ann identifier not found");
    v1.post("ratelimits.setOverride", body).await.ok();
    assert_eq!(limit(&v1, call("ann", 5)).await["limit"], 9);
}
