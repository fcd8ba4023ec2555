//! v1 `keys.updateKey`.

use serde_json::{Value, json};

use crate::support::{START_MS, TestApp};

// row: api-reference/keys/update
#[tokio::test]
async fn what_is_left_out_stays_and_null_clears() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let options = json!({
        "name": "n", "externalId": "ann", "meta": { "a": 1 }, "expires": START_MS + 9_000_000, "remaining": 5,
        "refill": { "interval": "daily", "amount": 5 }, "ratelimit": { "limit": 2, "duration": 60000 },
        "permissions": ["p"],
    });
    let (key_id, key) = v1.key(&api, options).await;
    let read = async || v1.get(&format!("keys.getKey?keyId={key_id}")).await.ok();
    let update = async |mut change: Value| {
        change["keyId"] = key_id.clone().into();
        assert_eq!(v1.post("keys.updateKey", change).await.ok(), json!({}));
    };
    let mut expected = read().await;
    expected["updatedAt"] = START_MS.into();
    for member in ["name", "meta", "expires", "ratelimit", "refill", "remaining"] {
        update(json!({ member: null })).await;
        let also: &[&str] = if member == "ratelimit" { &["ratelimit.delete"] } else { &[] };
        assert_eq!(test.last_audit().await, [&["key.update"][..], also].concat(), "{member}");
        expected.as_object_mut().unwrap().remove(member);
        assert_eq!(read().await, expected, "after clearing {member}");
    }
    update(json!({ "externalId": null })).await;
    expected.as_object_mut().unwrap().retain(|member, _| member != "identity" && member != "ownerId");
    assert_eq!(read().await, expected);
    update(json!({ "ownerId": "bob" })).await;
    assert_eq!(read().await["identity"]["externalId"], "bob");
    update(json!({ "enabled": false })).await;
    assert_eq!(v1.verify(&key).await["code"], "DISABLED");
    let missing = v1.post("keys.updateKey", json!({ "keyId": "key_none" })).await;
    assert_eq!(missing.refused(404, "NOT_FOUND"), "key key_none not found");
}

#[tokio::test]
async fn the_refill_of_a_key_is_set() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let (key_id, _) = v1.key(&v1.api().await, json!({ "remaining": 5 })).await;
    let update = async |mut change: Value| {
        change["keyId"] = key_id.clone().into();
        v1.post("keys.updateKey", change).await
    };
    update(json!({ "refill": { "interval": "daily", "amount": 3 } })).await.ok();
    let read = v1.get(&format!("keys.getKey?keyId={key_id}")).await.ok();
    assert_eq!((&read["refill"]["interval"], &read["refill"]["refillDay"]), (&json!("daily"), &Value::Null));
    update(json!({ "refill": { "interval": "monthly", "amount": 3 } })).await.ok();
    assert_eq!(v1.get(&format!("keys.getKey?keyId={key_id}")).await.ok()["refill"]["refillDay"], 1);
    let day = json!({ "refill": { "interval": "daily", "amount": 3, "refillDay": 3 } });
    assert_eq!(
        update(day).await.refused(400, "BAD_REQUEST"),
        "Cannot set 'refillDay' if 'interval' is 'daily'"
    );
    let both = json!({ "remaining": null, "refill": { "interval": "daily", "amount": 3 } });
    assert_eq!(
        update(both).await.refused(400, "BAD_REQUEST"),
        "Cannot set refill on a key with unlimited requests"
    );
}

#[tokio::test]
async fn the_limit_of_a_key_leaves_its_other_limits_alone() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let limits = json!([{ "name": "tokens", "limit": 9, "duration": 1000, "autoApply": true }]);
    let (key_id, _) = test.key(&api, json!({ "ratelimits": limits })).await;
    let update = async |limit: Value| {
        v1.post("keys.updateKey", json!({ "keyId": key_id, "ratelimit": limit })).await.ok();
        test.call("keys.getKey", json!({ "keyId": key_id })).await.data()["ratelimits"].clone()
    };
    let names = |limits: &Value| -> Vec<String> {
        limits.as_array().unwrap().iter().map(|limit| limit["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        names(&update(json!({ "limit": 2, "duration": 5000, "async": true })).await),
        ["default", "tokens"]
    );
    // Without a window the old one stays.
    let changed = update(json!({ "limit": 3, "type": "consistent" })).await;
    let default = &changed[0];
    assert_eq!(
        (&default["limit"], &default["duration"], &default["autoApply"]),
        (&json!(3), &json!(5000), &json!(true))
    );
    let read = v1.get(&format!("keys.getKey?keyId={key_id}")).await.ok();
    assert_eq!(
        (&read["ratelimit"]["async"], &read["ratelimit"]["type"]),
        (&json!(false), &json!("consistent"))
    );
    assert_eq!(names(&update(Value::Null).await), ["tokens"]);
}

#[tokio::test]
async fn roles_and_permissions_are_replaced() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let (key_id, _) = v1.key(&v1.api().await, json!({ "roles": ["old"], "permissions": ["old"] })).await;
    let update = async |caller: &super::V1<'_>, mut change: Value| {
        change["keyId"] = key_id.clone().into();
        caller.post("keys.updateKey", change).await
    };
    let read = async || {
        let read = v1.get(&format!("keys.getKey?keyId={key_id}")).await.ok();
        (read["roles"].clone(), read["permissions"].clone())
    };
    update(&v1, json!({ "roles": [{ "name": "new", "create": true }, "old"] })).await.ok();
    assert_eq!(read().await, (json!(["new", "old"]), json!(["old"])));
    update(&v1, json!({ "permissions": [], "roles": [] })).await.ok();
    assert_eq!(read().await, (json!([]), json!([])));
    update(&v1, json!({ "roles": [{ "name": "nobody" }] })).await.refused(404, "NOT_FOUND");
    update(&v1, json!({ "roles": [{}] })).await.refused(400, "BAD_REQUEST");
    // The right to change keys alone changes no rights.
    let updater = test.v1_with(&["api.*.update_key"]).await;
    update(&updater, json!({ "roles": ["old"] })).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    update(&updater, json!({ "roles": [], "name": "same" })).await.ok();
}
