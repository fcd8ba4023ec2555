//! Every member that protects, at every operation that makes or changes what it
//! protects: stored, or refused by name.

use serde_json::{Value, json};

use super::text;
use crate::support::TestApp;

/// A member of v1, and where v2 shows it of the key.
fn members() -> Vec<(Value, &'static str, Value)> {
    vec![
        (json!({ "ratelimit": { "limit": 7, "duration": 5000 } }), "/ratelimits/0/limit", json!(7)),
        (
            json!({ "ratelimit": { "limit": 7, "refillRate": 7, "refillInterval": 5000 } }),
            "/ratelimits/0/duration",
            json!(5000),
        ),
        (
            json!({ "ratelimits": [{ "name": "requests", "limit": 9, "duration": 60_000, "autoApply": true }] }),
            "/ratelimits/0",
            json!({ "name": "requests", "limit": 9, "duration": 60_000, "autoApply": true }),
        ),
        (
            json!({ "ratelimits": [{ "name": "requests", "limit": 9, "duration": 60_000 }] }),
            "/ratelimits/0/autoApply",
            json!(false),
        ),
        (json!({ "remaining": 5 }), "/credits/remaining", json!(5)),
        (
            json!({ "remaining": 5, "refill": { "interval": "monthly", "amount": 8, "refillDay": 3 } }),
            "/credits/refill/refillDay",
            json!(3),
        ),
        (json!({ "expires": 1_900_000_000_000_i64 }), "/expires", json!(1_900_000_000_000_i64)),
        (json!({ "enabled": false }), "/enabled", json!(false)),
    ]
}

/// Sends a member to an operation; the id of the key if it was accepted.
async fn sent(
    test: &TestApp,
    api: &str,
    operation: &str,
    member: &Value,
    turn: usize,
) -> Result<String, String> {
    let v1 = test.v1();
    let with = |mut body: Value| {
        body.as_object_mut().unwrap().extend(member.as_object().unwrap().clone());
        body
    };
    let plaintext = format!("sk_{turn}_{}", operation.replace('.', "_"));
    let imported = || json!({ "plaintext": plaintext });
    let (answer, key) = match operation {
        "keys.createKey" => (v1.post(operation, with(json!({ "apiId": api }))).await, None),
        "keys" => (v1.post(operation, with(json!({ "apiId": api }))).await, None),
        "keys.updateKey" => {
            let (id, _) = v1.key(api, json!({})).await;
            (v1.post(operation, with(json!({ "keyId": id }))).await, Some(id))
        }
        "migrations.createKeys" => {
            let mut body = with(imported());
            body["apiId"] = api.into();
            (v1.post(operation, json!([body])).await, None)
        }
        _ => {
            let operator = test.operator().await;
            let migration = test.app.keys.create_migration(&operator, "sha256").await.unwrap().to_string();
            let body = json!({ "migrationId": migration, "apiId": api, "keys": [with(imported())] });
            (v1.post(operation, body).await, None)
        }
    };
    if answer.status == 400 {
        return Err(answer.refused(400, "BAD_REQUEST").to_owned());
    }
    let body = answer.ok();
    let made = || body.get("keyId").or(body["keyIds"].get(0)).map(text);
    match key.or_else(made) {
        Some(id) => Ok(id),
        None => Ok(text(&v1.post("keys.whoami", json!({ "key": plaintext })).await.ok()["id"])),
    }
}

#[tokio::test]
async fn every_member_that_protects_a_key_is_stored_or_refused() {
    let test = TestApp::start().await;
    let api = test.v1().api().await;
    test.set_recoverable(&api).await;
    let operations =
        ["keys.createKey", "keys.updateKey", "migrations.createKeys", "migrations.enqueueKeys", "keys"];
    let mut refused = Vec::new();
    for (turn, (member, pointer, wanted)) in members().into_iter().enumerate() {
        for operation in operations {
            let id = match sent(&test, &api, operation, &member, turn).await {
                Ok(id) => id,
                Err(message) => {
                    refused.push(format!("{operation}: {message}"));
                    continue;
                }
            };
            let stored = test.call("keys.getKey", json!({ "keyId": id })).await.data();
            let mut found =
                stored.pointer(pointer).unwrap_or_else(|| panic!("{operation} {member}: {stored}")).clone();
            if let Some(object) = found.as_object_mut() {
                object.remove("id");
            }
            assert_eq!(found, wanted, "{operation} {member}: {stored}");
        }
    }
    refused.sort();
    assert_eq!(
        refused,
        [
            "keys: enabled: this is no member of it here, and would be ignored",
            "keys: ratelimit.refillRate: Required",
            "keys: ratelimits: this is no member of it here, and would be ignored",
            "keys: ratelimits: this is no member of it here, and would be ignored",
            "keys: refill: this is no member of it here, and would be ignored",
            "migrations.createKeys: 0.ratelimit.refillRate: Required",
        ]
    );
}

#[tokio::test]
async fn a_limit_that_is_half_given_is_refused_400() {
    let test = TestApp::start().await;
    let api = test.v1().api().await;
    for (operation, member) in [
        ("keys.createKey", json!({ "ratelimit": { "limit": 7 } })),
        ("keys.updateKey", json!({ "ratelimit": { "limit": 7 } })),
        ("migrations.enqueueKeys", json!({ "ratelimit": { "limit": 7 } })),
        ("keys.createKey", json!({ "ratelimits": [{ "name": "a", "limit": 7 }] })),
        ("keys.createKey", json!({ "ratelimits": [{ "name": "a", "duration": 7000 }] })),
        ("keys.updateKey", json!({ "ratelimits": [{ "limit": 1, "duration": 7000 }] })),
        ("keys.createKey", json!({ "refill": { "interval": "daily", "amount": 5 } })),
        ("keys.createKey", json!({ "remaining": 5, "refill": { "interval": "daily" } })),
        (
            "keys.createKey",
            json!({ "ratelimits": [{ "name": "a", "limit": 1, "duration": 1000 }, { "name": "a", "limit": 2, "duration": 1000 }] }),
        ),
        (
            "keys.createKey",
            json!({ "ratelimit": { "limit": 1, "duration": 1000 }, "ratelimits": [{ "name": "default", "limit": 2, "duration": 1000 }] }),
        ),
        (
            "keys.updateKey",
            json!({ "ratelimit": { "limit": 1, "duration": 1000 }, "ratelimits": [{ "name": "default", "limit": 2, "duration": 1000 }] }),
        ),
    ] {
        let answer = sent(&test, &api, operation, &member, 0).await;
        assert!(answer.is_err(), "{operation} {member}: {answer:?}");
    }
}

async fn limits(test: &TestApp, id: &str) -> Vec<(String, i64)> {
    let stored = test.call("keys.getKey", json!({ "keyId": id })).await.data();
    let limits = stored["ratelimits"].as_array().cloned().unwrap_or_default();
    limits.iter().map(|limit| (text(&limit["name"]), limit["limit"].as_i64().unwrap())).collect()
}

#[tokio::test]
async fn named_limits_replace_each_other_and_not_the_one_of_v1() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let named = |name: &str, limit: i64| json!({ "name": name, "limit": limit, "duration": 1000 });
    let options = json!({ "ratelimit": { "limit": 3, "duration": 1000 }, "ratelimits": [named("a", 1)] });
    let (id, _) = v1.key(&api, options).await;
    let update = async |body: Value| {
        let mut body = body;
        body["keyId"] = id.as_str().into();
        v1.post("keys.updateKey", body).await.ok();
        limits(&test, &id).await
    };
    let pairs = |pairs: &[(&str, i64)]| {
        pairs.iter().map(|(name, limit)| ((*name).to_owned(), *limit)).collect::<Vec<_>>()
    };
    assert_eq!(limits(&test, &id).await, pairs(&[("a", 1), ("default", 3)]));
    assert_eq!(update(json!({ "ratelimits": [named("b", 2)] })).await, pairs(&[("b", 2), ("default", 3)]));
    assert_eq!(update(json!({ "ratelimit": { "limit": 4 } })).await, pairs(&[("b", 2), ("default", 4)]));
    let both = json!({ "ratelimit": { "limit": 5 }, "ratelimits": [named("c", 6)] });
    assert_eq!(update(both).await, pairs(&[("c", 6), ("default", 5)]));
    assert_eq!(update(json!({ "ratelimits": [named("default", 9)] })).await, pairs(&[("default", 9)]));
    assert_eq!(update(json!({ "ratelimits": [] })).await, pairs(&[("default", 9)]));
    assert_eq!(update(json!({ "ratelimit": null, "ratelimits": null })).await, pairs(&[]));
}

#[tokio::test]
async fn limits_of_an_identity_say_whether_they_apply_or_go_on_as_they_did() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let named = |auto_apply: Option<bool>, limit: i64| {
        let mut body = json!({ "name": "requests", "limit": limit, "duration": 1000 });
        if let Some(auto_apply) = auto_apply {
            body["autoApply"] = auto_apply.into();
        }
        json!([body])
    };
    let create = json!({ "externalId": "user_1", "ratelimits": named(Some(true), 1) });
    v1.post("identities.createIdentity", create).await.ok();
    let stored = async || {
        let identity = test.call("identities.getIdentity", json!({ "identity": "user_1" })).await.data();
        let limit = &identity["ratelimits"][0];
        (limit["limit"].as_i64().unwrap(), limit["autoApply"].as_bool().unwrap())
    };
    assert_eq!(stored().await, (1, true));
    for (auto_apply, limit, wanted) in [(None, 2, true), (Some(false), 3, false), (None, 4, false)] {
        let update = json!({ "externalId": "user_1", "ratelimits": named(auto_apply, limit) });
        v1.post("identities.updateIdentity", update).await.ok();
        assert_eq!(stored().await, (limit, wanted));
    }
}

#[tokio::test]
async fn a_verification_ignores_nothing_that_it_was_asked_to_check() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let (_, key) = v1.key(&api, json!({})).await;
    for (name, value) in [
        ("permissions", json!("admin")),
        ("credits", json!({ "cost": 5 })),
        ("cost", json!(5)),
        ("api_id", json!("api_other")),
        ("authorization", json!({ "permission": "admin" })),
        ("authorization", json!({ "roles": ["admin"] })),
        ("authorization", json!({ "and": ["admin"] })),
        ("authorization", json!({ "or": ["admin"] })),
        ("authorization", json!({ "query": "admin" })),
        ("keyspaceId", json!("ks_other")),
        ("keyspaces", json!(["ks_other"])),
    ] {
        let mut body = json!({ "key": key });
        body[name] = value;
        let answer = v1.post("keys.verifyKey", body.clone()).await;
        assert!(answer.refused(400, "BAD_REQUEST").contains("would be ignored"), "{body}");
    }
    let asks = json!({ "key": key, "authorization": { "permissions": "admin" } });
    let older = v1.post("keys/verify", asks).await;
    assert!(older.refused(400, "BAD_REQUEST").contains("would be ignored"));
    assert_eq!(v1.verify_with(json!({ "key": key, "colour": "red" })).await["valid"], true);
}

#[tokio::test]
async fn what_asks_for_no_check_by_contract_asks_for_none() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let (_, key) = v1.key(&api, json!({})).await;
    for none in [json!({ "apiId": "" }), json!({ "authorization": {} })] {
        let mut body = none;
        body["key"] = key.as_str().into();
        assert_eq!(v1.verify_with(body.clone()).await["valid"], true, "{body}");
    }
}

#[tokio::test]
async fn a_member_that_is_there_twice_is_refused_by_name() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let (id, key) = v1.key(&api, json!({ "enabled": false })).await;
    for (operation, name, body) in [
        ("keys.createKey", "enabled", format!(r#"{{"apiId":"{api}","enabled":false,"enabled":true}}"#)),
        ("keys.updateKey", "enabled", format!(r#"{{"keyId":"{id}","enabled":false,"enabled":true}}"#)),
        (
            "keys.createKey",
            "limit",
            format!(r#"{{"apiId":"{api}","ratelimit":{{"limit":1,"duration":1000,"limit":9}}}}"#),
        ),
        ("keys.verifyKey", "apiId", format!(r#"{{"key":"{key}","apiId":"api_other","apiId":"{api}"}}"#)),
        (
            "keys.verifyKey",
            "permissions",
            format!(r#"{{"key":"{key}","authorization":{{"permissions":"admin","permissions":""}}}}"#),
        ),
        (
            "keys.verifyKey",
            "and",
            format!(r#"{{"key":"{key}","authorization":{{"permissions":{{"and":["a"],"and":["b"]}}}}}}"#),
        ),
    ] {
        let answer = v1.raw(operation, body.clone()).await;
        let message = answer.refused(400, "BAD_REQUEST");
        assert!(message.contains(&format!("`{name}` is there twice")), "{body}: {message}");
    }
    assert_eq!(v1.verify(&key).await["code"], "DISABLED");
}

#[tokio::test]
async fn an_expiry_of_0_is_none_on_creation_by_contract_and_over_in_a_change() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let (id, key) = v1.key(&api, json!({ "expires": 0 })).await;
    assert_eq!(v1.verify(&key).await["code"], "VALID");
    v1.post("keys.updateKey", json!({ "keyId": id, "expires": 0 })).await.ok();
    assert_eq!(v1.verify(&key).await["code"], "EXPIRED");
}
