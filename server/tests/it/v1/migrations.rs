//! v1 `migrations.*`.

use base::secret::KeyHash;
use serde_json::{Value, json};

use super::{V1, text};
use crate::support::{START_MS, TestApp};

fn hashed(api: &str, key: &str) -> Value {
    json!({ "apiId": api, "hash": { "value": KeyHash::of(key).to_base64(), "variant": "sha256_base64" } })
}

async fn create(v1: &V1<'_>, keys: Value) -> crate::support::Answer {
    v1.post("migrations.createKeys", keys).await
}

// row: api-reference/migrations/create-keys
#[tokio::test]
async fn keys_are_imported_all_or_none() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let plaintexts: Vec<String> = (0..100).map(|number| format!("old_{number}")).collect();
    let keys: Vec<Value> = plaintexts.iter().map(|plaintext| hashed(&api, plaintext)).collect();
    let made = create(&v1, json!(keys)).await.ok();
    assert_eq!(made["keyIds"].as_array().unwrap().len(), 100);
    for (plaintext, id) in plaintexts.iter().zip(made["keyIds"].as_array().unwrap()) {
        let verified = v1.verify(plaintext).await;
        assert_eq!((&verified["code"], &verified["keyId"]), (&json!("VALID"), id));
    }
    let many: Vec<Value> = (0..101).map(|number| hashed(&api, &format!("many_{number}"))).collect();
    let refused = create(&v1, json!(many)).await;
    assert_eq!(refused.refused(400, "BAD_REQUEST"), ": Array must contain at most 100 element(s)");
    assert_eq!(create(&v1, json!([])).await.ok(), json!({ "keyIds": [] }));
    for duplicate in [
        json!([hashed(&api, "new"), hashed(&api, "old_1")]),
        json!([hashed(&api, "new"), hashed(&api, "new")]),
    ] {
        create(&v1, duplicate).await.refused(409, "CONFLICT");
        assert_eq!(v1.verify("new").await["code"], "NOT_FOUND");
    }
    let neither = create(&v1, json!([{ "apiId": api }])).await;
    assert_eq!(neither.refused(400, "BAD_REQUEST"), "provide either `hash` or `plaintext`");
    let unknown = create(&v1, json!([hashed("api_none", "new")])).await;
    assert_eq!(unknown.refused(404, "NOT_FOUND"), "api api_none not found");
    let variant = json!([{ "apiId": api, "hash": { "value": "a", "variant": "md5" } }]);
    let message = "0.hash.variant: Invalid enum value. Expected 'sha256_base64', received 'md5'";
    assert_eq!(create(&v1, variant).await.refused(400, "BAD_REQUEST"), message);
}

#[tokio::test]
async fn an_imported_key_has_all_its_settings() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    test.call("permissions.createRole", json!({ "name": "editor", "permissions": ["write"] })).await.data();
    let key = |plaintext: &str| {
        let mut key = hashed(&api, plaintext);
        let settings = json!({
            "start": "old_", "prefix": "old", "name": "n", "externalId": "ann", "ownerId": "owner", "meta": { "a": 1 },
            "roles": ["editor"], "permissions": ["write"], "expires": START_MS + 1000, "remaining": 3,
            "refill": { "interval": "monthly", "amount": 3 },
            "ratelimit": { "limit": 5, "refillRate": 1, "refillInterval": 60000 }, "enabled": false, "environment": "live",
        });
        key.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        key
    };
    // One new identity for two keys of one batch.
    let ids = create(&v1, json!([key("one"), key("two")])).await.ok();
    let id = text(&ids["keyIds"][0]);
    let read = v1.get(&format!("keys.getKey?keyId={id}")).await.ok();
    assert_eq!((&read["start"], &read["ownerId"]), (&json!("old_"), &json!("owner")));
    assert_eq!((&read["roles"], &read["permissions"]), (&json!(["editor"]), &json!(["write"])));
    assert_eq!((&read["enabled"], &read["refill"]["refillDay"]), (&json!(false), &json!(1)));
    let ratelimit = &read["ratelimit"];
    assert_eq!((&ratelimit["async"], &ratelimit["duration"]), (&json!(true), &json!(60_000)));
    let other = text(&ids["keyIds"][1]);
    let other = v1.get(&format!("keys.getKey?keyId={other}")).await.ok();
    assert_eq!(other["identity"]["id"], read["identity"]["id"]);
    let verified = v1.verify("one").await;
    assert_eq!((&verified["code"], &verified["environment"]), (&json!("DISABLED"), &json!("live")));
    let unknown = |member: &str| {
        let mut key = hashed(&api, "three");
        key[member] = json!(["nothing"]);
        json!([key])
    };
    assert_eq!(
        create(&v1, unknown("roles")).await.refused(412, "PRECONDITION_FAILED"),
        r#"Roles ["nothing"] are missing, please create them first"#
    );
    let refused = create(&v1, unknown("permissions")).await;
    let message = r#"Permissions ["nothing"] are missing, please create them first"#;
    assert_eq!(refused.refused(412, "PRECONDITION_FAILED"), message);
    let mut refilled = hashed(&api, "three");
    refilled["refill"] = json!({ "interval": "daily", "amount": 1 });
    let refused = create(&v1, json!([refilled])).await;
    assert_eq!(refused.refused(400, "BAD_REQUEST"), "remaining must be set if you are using refill.");
}

#[tokio::test]
async fn a_plaintext_is_kept_encrypted_by_whoever_may() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let keys = || json!([{ "apiId": api, "plaintext": "sk_old_secret" }]);
    create(&v1, keys()).await.refused(412, "PRECONDITION_FAILED");
    test.set_recoverable(&api).await;
    for right in ["api.*.create_key", "api.*.encrypt_key"] {
        let half = test.v1_with(&[right]).await;
        create(&half, keys()).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    let both = test.v1_with(&["api.*.create_key", "api.*.encrypt_key"]).await;
    let id = text(&create(&both, keys()).await.ok()["keyIds"][0]);
    let read = v1.get(&format!("keys.getKey?keyId={id}&decrypt=true")).await.ok();
    assert_eq!((&read["start"], &read["plaintext"]), (&json!("sk_o"), &json!("sk_old_secret")));
    assert_eq!(v1.verify("sk_old_secret").await["code"], "VALID");
    // With both the plaintext wins.
    let both = json!([{ "apiId": api, "plaintext": "sk_second", "hash": { "value": "x", "variant": "sha256_base64" } }]);
    create(&v1, both).await.ok();
    assert_eq!(v1.verify("sk_second").await["code"], "VALID");
}

#[tokio::test]
async fn queued_keys_are_imported_each_by_itself() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let migration = test.app.keys.create_migration(&test.operator().await, "sha256").await.unwrap();
    let key = |plaintext: &str| json!({ "hash": { "value": KeyHash::of(plaintext).to_base64(), "variant": "sha256_base64" } });
    let enqueue = async |api: &str, migration: &str, keys: Value| {
        v1.post("migrations.enqueueKeys", json!({ "migrationId": migration, "apiId": api, "keys": keys }))
            .await
    };
    let mut lost = key("lost");
    lost["roles"] = json!(["nothing"]);
    let mut limited = key("two");
    limited["ratelimit"] = json!({ "limit": 1, "duration": 1000 });
    limited["name"] = "n".into();
    let keys = json!([key("one"), key("one"), lost, limited]);
    let accepted = enqueue(&api, migration.as_str(), keys).await;
    assert_eq!((accepted.status.as_u16(), &accepted.body), (202, &json!({})));
    assert_eq!(v1.verify("one").await["code"], "VALID");
    assert_eq!(v1.verify("lost").await["code"], "NOT_FOUND");
    let two = v1.verify("two").await;
    assert_eq!((&two["name"], &two["ratelimit"]["limit"]), (&json!("n"), &json!(1)));
    assert_eq!(test.audit_events("key.create").await, 2);
    enqueue(&api, "none", json!([key("three")])).await.refused(404, "NOT_FOUND");
    let refused = enqueue("api_none", migration.as_str(), json!([key("three")])).await;
    assert_eq!(refused.refused(404, "NOT_FOUND"), "api not found");
    let refused = enqueue(&api, migration.as_str(), json!([{}])).await;
    assert_eq!(refused.refused(400, "BAD_REQUEST"), "Either plaintext or hash must be provided");
}

#[tokio::test]
async fn hashes_are_taken_in_the_forms_of_other_systems_and_nothing_else_is() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let with = |value: &str| json!({ "apiId": api, "hash": { "value": value, "variant": "sha256_base64" } });
    let (hex, url) = (KeyHash::of("one").to_hex().to_uppercase(), KeyHash::of("two").to_base64());
    let url = url.trim_end_matches('=').replace('+', "-").replace('/', "_");
    create(&v1, json!([with(&hex), with(&url)])).await.ok();
    for key in ["one", "two"] {
        assert_eq!(v1.verify(key).await["code"], "VALID", "{key}");
    }
    create(&v1, json!([with(&KeyHash::of("one").to_base64())])).await.refused(409, "CONFLICT");
    let migration = test.app.keys.create_migration(&test.operator().await, "sha256").await.unwrap();
    for dead in ["900150983cd24fb0d6963f7d28e17f72", "sk_live_plain", "", &hex[1..]] {
        let refused = create(&v1, json!([hashed(&api, "three"), with(dead)])).await;
        let message = refused.refused(400, "BAD_REQUEST").to_owned();
        assert!(
            message.contains("keys[1].hash") && (dead.is_empty() || !message.contains(dead)),
            "{message}"
        );
        let keys = json!([hashed(&api, "three"), with(dead)]);
        let keys: Vec<Value> =
            keys.as_array().unwrap().iter().map(|key| json!({ "hash": key["hash"] })).collect();
        let body = json!({ "migrationId": migration.as_str(), "apiId": api, "keys": keys });
        let refused = v1.post("migrations.enqueueKeys", body).await;
        assert_eq!(refused.refused(400, "BAD_REQUEST"), message);
    }
    assert_eq!(v1.verify("three").await["code"], "NOT_FOUND", "all or none");
}
