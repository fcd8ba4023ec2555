//! v1 `keys.{createKey,getKey,whoami,deleteKey,updateRemaining}`.

use domain::apis::SetApi;
use serde_json::{Value, json};

use super::{set_api, text};
use crate::support::{START_MS, TestApp};

// row: api-reference/keys/create
#[tokio::test]
async fn a_key_is_made_with_every_option() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    test.set_recoverable(&api).await;
    let options = json!({
        "prefix": "abc", "name": "n", "byteLength": 32, "externalId": "ann", "meta": { "a": [1] },
        "roles": ["editor"], "permissions": ["docs.read"], "expires": START_MS + 1000, "remaining": 7,
        "refill": { "interval": "monthly", "amount": 7, "refillDay": 15 },
        "ratelimit": { "type": "fast", "limit": 3, "refillRate": 1, "refillInterval": 60000 },
        "enabled": true, "recoverable": true, "environment": "test",
    });
    let (key_id, key) = v1.key(&api, options).await;
    assert!(key_id.starts_with("key_") && key.starts_with("abc_") && key.len() > 40, "{key}");
    let events = test.last_audit().await;
    for event in ["role.create", "permission.create", "identity.create", "key.create"] {
        assert!(events.iter().any(|found| found == event), "{event} is not in {events:?}");
    }
    let read = v1.get(&format!("keys.getKey?keyId={key_id}")).await.ok();
    let workspace = test.operator().await.workspace.into_string();
    let identity = &read["identity"];
    assert_eq!(
        read,
        json!({
            "id": key_id, "start": &key[..8], "workspaceId": workspace, "apiId": api, "name": "n",
            "ownerId": "ann", "meta": { "a": [1] }, "createdAt": START_MS, "expires": START_MS + 1000,
            "remaining": 7,
            "refill": { "interval": "monthly", "amount": 7, "refillDay": 15, "lastRefillAt": START_MS },
            "ratelimit": {
                "async": true, "type": "fast", "limit": 3, "duration": 60000, "refillRate": 3, "refillInterval": 60000,
            },
            "roles": ["editor"], "permissions": ["docs.read"], "enabled": true,
            "identity": { "id": identity["id"], "externalId": "ann", "meta": {} },
        })
    );
    // No later call shows the secret unless it is asked to.
    assert!(!read.to_string().contains(&key));
    let listed = v1.get(&format!("apis.listKeys?apiId={api}")).await.ok();
    assert!(!listed.to_string().contains(&key));
    assert_eq!(listed["keys"][0]["environment"], "test");
}

#[tokio::test]
async fn what_cannot_be_a_key_is_refused() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let create = async |mut options: Value| {
        options["apiId"] = api.clone().into();
        v1.post("keys.createKey", options).await
    };
    let unknown = v1.post("keys.createKey", json!({ "apiId": "api_none" })).await;
    assert_eq!(unknown.refused(404, "NOT_FOUND"), "api api_none not found");
    for (options, message) in [
        (json!({ "byteLength": 8 }), "byteLength: Number must be greater than or equal to 16"),
        (json!({ "remaining": 0 }), "remaining must be greater than 0."),
        (
            json!({ "refill": { "interval": "daily", "amount": 1 } }),
            "remaining must be set if you are using refill.",
        ),
        (
            json!({ "remaining": 1, "refill": { "interval": "daily", "amount": 1, "refillDay": 2 } }),
            "when interval is set to 'daily', 'refillDay' must be null.",
        ),
        (json!({ "prefix": "a".repeat(17) }), "prefix: String must contain at most 16 character(s)"),
        (
            json!({ "environment": "e".repeat(257) }),
            "environment: String must contain at most 256 character(s)",
        ),
        (json!({ "roles": [""] }), "roles.0: String must contain at least 1 character(s)"),
        (json!({ "meta": null }), "meta: Expected object, received null"),
    ] {
        assert_eq!(create(options).await.refused(400, "BAD_REQUEST"), message);
    }
    let recoverable = create(json!({ "recoverable": true })).await;
    assert_eq!(
        recoverable.refused(412, "PRECONDITION_FAILED"),
        format!("api {api} does not support recoverable keys")
    );
}

#[tokio::test]
async fn a_refusal_leaves_nothing_behind() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    test.set_recoverable(&api).await;
    let maker = test.v1_with(&["api.*.create_key"]).await;
    let before = test.audit_entries().await;
    for options in
        [json!({ "roles": ["new"] }), json!({ "permissions": ["new"] }), json!({ "recoverable": true })]
    {
        let mut options = options;
        options["apiId"] = api.clone().into();
        maker.post("keys.createKey", options).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    assert_eq!(test.audit_entries().await, before);
    assert_eq!(v1.get(&format!("apis.listKeys?apiId={api}")).await.ok()["total"], 0);
    // Known names need no right of their own, however often they are named.
    v1.post("permissions.createRole", json!({ "name": "editor" })).await.ok();
    maker.key(&api, json!({ "roles": ["editor", "editor"] })).await;
}

#[tokio::test]
async fn an_empty_option_is_as_if_left_out_and_half_a_limit_is_refused() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let half = json!({ "apiId": api, "ratelimit": { "limit": 1 } });
    let refused = v1.post("keys.createKey", half).await;
    assert!(refused.refused(400, "BAD_REQUEST").contains("needs its `duration`"));
    let options = json!({ "externalId": "", "prefix": "", "expires": 0 });
    let (key_id, key) = v1.key(&api, options).await;
    let read = v1.get(&format!("keys.getKey?keyId={key_id}")).await.ok();
    for member in ["identity", "ownerId", "expires", "ratelimit"] {
        assert!(read.get(member).is_none(), "{member}: {read}");
    }
    assert_eq!(read["start"], key[..4]);
    let (key_id, _) = v1.key(&api, json!({ "ownerId": "bob" })).await;
    let read = v1.get(&format!("keys.getKey?keyId={key_id}")).await.ok();
    assert_eq!((&read["ownerId"], &read["identity"]["externalId"]), (&json!("bob"), &json!("bob")));
}

// row: api-reference/keys/get
#[tokio::test]
async fn a_key_is_read_and_its_secret_only_on_demand() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    test.set_recoverable(&api).await;
    let (plain_id, _) = v1.key(&api, json!({})).await;
    let (key_id, key) = v1.key(&api, json!({ "prefix": "sk", "recoverable": true })).await;
    let get = async |query: &str| v1.get(&format!("keys.getKey?{query}")).await;
    let read = get(&format!("keyId={key_id}")).await.ok();
    assert_eq!((&read["start"], read.get("plaintext")), (&json!(key[..7]), None));
    assert_eq!((&read["roles"], &read["permissions"]), (&json!([]), &json!([])));
    for off in ["false", "0", ""] {
        assert!(get(&format!("keyId={key_id}&decrypt={off}")).await.ok().get("plaintext").is_none(), "{off}");
    }
    assert_eq!(get(&format!("keyId={key_id}&decrypt=true")).await.ok()["plaintext"], *key);
    assert_eq!(test.last_audit().await, ["key.decrypt"]);
    assert!(get(&format!("keyId={plain_id}&decrypt=true")).await.ok().get("plaintext").is_none());
    let reader = test.v1_with(&["api.*.read_key"]).await;
    let refused = reader.get(&format!("keys.getKey?keyId={key_id}&decrypt=true")).await;
    assert!(refused.refused(403, "INSUFFICIENT_PERMISSIONS").contains("decrypt_key"));
    // Where the API takes its permission back there is none to show.
    let off = SetApi { recoverable: Some(false), ..SetApi::new(api.as_str().into()) };
    set_api(&test, off).await;
    assert!(get(&format!("keyId={key_id}&decrypt=true")).await.ok().get("plaintext").is_none());
    v1.post("keys.deleteKey", json!({ "keyId": key_id })).await.ok();
    assert_eq!(
        get(&format!("keyId={key_id}")).await.refused(404, "NOT_FOUND"),
        format!("key {key_id} not found")
    );
}

// row: api-reference/keys/delete
#[tokio::test]
async fn a_deleted_key_is_gone_and_its_hash_reserved() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let delete = async |permanent: bool| {
        let (key_id, key) = v1.key(&api, json!({})).await;
        assert_eq!(v1.verify(&key).await["code"], "VALID");
        let body = json!({ "keyId": key_id, "permanent": permanent });
        assert_eq!(v1.post("keys.deleteKey", body.clone()).await.ok(), json!({}));
        assert_eq!(test.last_audit().await, ["key.delete"]);
        assert_eq!(v1.verify(&key).await["code"], "NOT_FOUND");
        v1.get(&format!("keys.getKey?keyId={key_id}")).await.refused(404, "NOT_FOUND");
        v1.post("keys.deleteKey", body).await.refused(404, "NOT_FOUND");
        let hash = base::secret::KeyHash::of(&key).to_base64();
        let import = json!([{ "apiId": api, "hash": { "value": hash, "variant": "sha256_base64" } }]);
        v1.post("migrations.createKeys", import).await
    };
    delete(false).await.refused(409, "CONFLICT");
    delete(true).await.ok();
}

// row: api-reference/keys/update-remaining
#[tokio::test]
async fn credits_are_set_added_and_taken() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let (key_id, key) = v1.key(&v1.api().await, json!({})).await;
    let update = async |op: &str, value: Value| {
        v1.post("keys.updateRemaining", json!({ "keyId": key_id, "op": op, "value": value })).await
    };
    assert_eq!(update("set", json!(10)).await.ok(), json!({ "remaining": 10 }));
    assert_eq!(update("increment", json!(5)).await.ok(), json!({ "remaining": 15 }));
    assert_eq!(update("decrement", json!(3)).await.ok(), json!({ "remaining": 12 }));
    assert_eq!(v1.verify(&key).await["remaining"], 11);
    assert_eq!(update("decrement", json!(99)).await.ok(), json!({ "remaining": 0 }));
    assert_eq!(update("set", json!(null)).await.ok(), json!({ "remaining": null }));
    assert_eq!(test.last_audit().await, ["key.update"]);
    update("increment", json!(1)).await.refused(400, "BAD_REQUEST");
    let refused = update("decrement", json!(null)).await;
    assert_eq!(refused.refused(400, "BAD_REQUEST"), "cannot decrement a key by null.");
    let missing = v1.post("keys.updateRemaining", json!({ "keyId": key_id, "op": "set" })).await;
    assert_eq!(missing.refused(400, "BAD_REQUEST"), "value: Required");
    assert_eq!(
        update("raise", json!(1)).await.refused(400, "BAD_REQUEST"),
        "op: Invalid enum value. Expected 'increment' | 'decrement' | 'set', received 'raise'"
    );
}

#[tokio::test]
async fn unlimited_keeps_the_refill() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let refill = json!({ "interval": "daily", "amount": 5 });
    let (key_id, _) = v1.key(&v1.api().await, json!({ "remaining": 5, "refill": refill })).await;
    v1.post("keys.updateRemaining", json!({ "keyId": key_id, "op": "set", "value": null })).await.ok();
    let read = v1.get(&format!("keys.getKey?keyId={key_id}")).await.ok();
    let expected = json!({ "interval": "daily", "amount": 5, "refillDay": null, "lastRefillAt": START_MS });
    assert_eq!((read.get("remaining"), &read["refill"]), (None, &expected));
}

// row: api-reference/keys/whoami
#[tokio::test]
async fn a_key_is_found_by_its_secret_and_nothing_is_spent() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let options = json!({ "name": "n", "remaining": 3, "externalId": "ann", "meta": { "a": 1 }, "environment": "live" });
    let (key_id, key) = v1.key(&api, options).await;
    let who = v1.post("keys.whoami", json!({ "key": key })).await.ok();
    let read = v1.get(&format!("keys.getKey?keyId={key_id}")).await.ok();
    let identity = json!({ "id": read["identity"]["id"], "externalId": "ann" });
    let expected = json!({
        "id": key_id, "name": "n", "remaining": 3, "identity": identity, "meta": { "a": 1 },
        "createdAt": START_MS, "enabled": true, "environment": "live",
    });
    assert_eq!((&who, &read["remaining"]), (&expected, &json!(3)));
    let unknown = v1.post("keys.whoami", json!({ "key": "unknown" })).await;
    assert_eq!(unknown.refused(404, "NOT_FOUND"), "Key not found");
    let powerless = test.v1_with(&[]).await;
    powerless.post("keys.whoami", json!({ "key": key })).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    let (_, bare) = v1.key(&api, json!({ "meta": {} })).await;
    let who = v1.post("keys.whoami", json!({ "key": bare })).await.ok();
    assert_eq!(who.as_object().unwrap().len(), 3, "{who}");
    assert!(text(&who["id"]).starts_with("key_"));
}

#[tokio::test]
async fn usage_is_counted_by_day_of_a_key_or_an_owner() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let (key_id, key) = v1.key(&api, json!({ "ownerId": "ann", "remaining": 2 })).await;
    let (_, other) = v1.key(&api, json!({ "externalId": "ann" })).await;
    let usage = async |query: &str| v1.get(&format!("keys.getVerifications?{query}")).await;
    assert_eq!(usage(&format!("keyId={key_id}")).await.ok(), json!({ "verifications": [] }));
    for _ in 0..3 {
        v1.verify(&key).await;
    }
    v1.verify(&other).await;
    test.flush_events().await;
    let midnight = START_MS - START_MS.rem_euclid(86_400_000);
    let day = |time: i64, success: i64, usage_exceeded: i64| json!({ "time": time, "success": success, "rateLimited": 0, "usageExceeded": usage_exceeded });
    let of_key = usage(&format!("keyId={key_id}")).await.ok();
    assert_eq!(of_key["verifications"], json!([day(midnight - 86_400_000, 0, 0), day(midnight, 2, 1)]));
    let of_owner = usage(&format!("ownerId=ann&start={START_MS}&granularity=day")).await.ok();
    assert_eq!(of_owner["verifications"], json!([day(midnight, 3, 1)]));
    assert_eq!(usage("").await.refused(400, "BAD_REQUEST"), "keyId or ownerId must be provided");
    let nobody = usage("ownerId=nobody").await;
    assert_eq!(nobody.refused(404, "NOT_FOUND"), "No keys were found to match your query");
    let powerless = test.v1_with(&[]).await;
    powerless.get("keys.getVerifications?ownerId=ann").await.refused(403, "INSUFFICIENT_PERMISSIONS");
}
