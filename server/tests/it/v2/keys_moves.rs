//! v2 `keys.rerollKey` and `keys.migrateKeys`.

use base::ids::KeyId;
use base::secret::PlainKey;
use serde_json::{Value, json};

use crate::support::{START_MS, TestApp};

async fn reroll(test: &TestApp, key_id: &str, expiration: Value) -> (String, String) {
    let data = test.call("keys.rerollKey", json!({ "keyId": key_id, "expiration": expiration })).await.data();
    (data["keyId"].as_str().unwrap().to_owned(), data["key"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn the_new_key_inherits_everything() {
    let test = TestApp::start().await;
    let api = test.api().await;
    test.set_recoverable(&api).await;
    test.call("permissions.createRole", json!({ "name": "editor", "permissions": ["write"] })).await.data();
    let (old_id, old) = test
        .key(
            &api,
            json!({
                "prefix": "my_app", "byteLength": 40, "name": "n", "meta": { "a": 1 }, "externalId": "ann",
                "roles": ["editor"], "permissions": ["read"], "expires": START_MS + 86_400_000,
                "credits": { "remaining": 9, "refill": { "interval": "monthly", "amount": 9, "refillDay": 3 } },
                "ratelimits": [{ "name": "requests", "limit": 5, "duration": 60000, "autoApply": true }],
                "recoverable": true,
            }),
        )
        .await;
    let (new_id, new) = reroll(&test, &old_id, json!(600_000)).await;
    assert_eq!(test.last_audit().await, ["key.reroll"]);
    assert!(new.starts_with("my_app_") && new != old && (new.len().abs_diff(old.len()) <= 1));
    let shown = async |id: &str| {
        let mut key = test.call("keys.getKey", json!({ "keyId": id, "decrypt": true })).await.data();
        for own in ["keyId", "start", "createdAt", "updatedAt", "expires", "plaintext"] {
            key.as_object_mut().unwrap().remove(own);
        }
        key["ratelimits"][0]["id"] = Value::Null;
        key
    };
    assert_eq!(shown(&old_id).await, shown(&new_id).await);
    let plaintext = test.call("keys.getKey", json!({ "keyId": new_id, "decrypt": true })).await.data();
    assert_eq!(plaintext["plaintext"], new);
    assert_eq!(plaintext["expires"], START_MS + 86_400_000);
}

#[tokio::test]
async fn an_overlap_shares_credits_and_limits() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let limits = json!([{ "name": "requests", "limit": 4, "duration": 60000, "autoApply": true }]);
    let (old_id, old) = test.key(&api, json!({ "credits": { "remaining": 5 }, "ratelimits": limits })).await;
    assert_eq!(test.verify(&old).await["credits"], 4);
    let (new_id, new) = reroll(&test, &old_id, json!(600_000)).await;
    assert_eq!(test.verify(&old).await["credits"], 3);
    assert_eq!(test.verify(&new).await["credits"], 2);
    assert_eq!(test.verify(&old).await["credits"], 1);
    assert_eq!(test.verify(&new).await["code"], "RATE_LIMITED");
    test.advance_ms(200_000);
    assert_eq!(test.verify(&new).await["credits"], 0);
    assert_eq!(test.verify(&old).await["code"], "USAGE_EXCEEDED");
    let body = json!({ "keyId": old_id, "operation": "set", "value": 1 });
    assert_eq!(test.call("keys.updateCredits", body).await.data()["remaining"], 1);
    assert_eq!(test.call("keys.getKey", json!({ "keyId": new_id })).await.data()["credits"]["remaining"], 1);
    test.call("keys.updateKey", json!({ "keyId": new_id, "credits": null })).await.data();
    let unlimited = test.verify(&old).await;
    assert_eq!((unlimited["code"].as_str(), unlimited.get("credits")), (Some("VALID"), None));
}

/// Each end of a reroll is deleted, its partner lives or goes too, and it comes
/// back: there are never more credits than there were.
#[tokio::test]
async fn a_restored_key_brings_no_credits_along() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let cx = test.operator().await;
    let restore = async |id: &str| test.app.keys.restore(&cx, &KeyId::from(id)).await.unwrap();
    let delete = async |id: &str, permanent: bool| {
        test.call("keys.deleteKey", json!({ "keyId": id, "permanent": permanent })).await.data()
    };
    let pair = async || {
        let (old_id, old) = test.key(&api, json!({ "credits": { "remaining": 5 } })).await;
        let (new_id, new) = reroll(&test, &old_id, json!(600_000)).await;
        (old_id, old, new_id, new)
    };

    let (_, old, new_id, new) = pair().await;
    delete(&new_id, false).await;
    assert_eq!(test.verify(&old).await["credits"], 4);
    restore(&new_id).await;
    assert_eq!(test.verify(&new).await["credits"], 3);
    assert_eq!(test.verify(&old).await["credits"], 2);

    let (old_id, old, new_id, _) = pair().await;
    delete(&old_id, false).await;
    delete(&new_id, true).await;
    restore(&old_id).await;
    assert_eq!(test.verify(&old).await["credits"], 4);

    let (old_id, old, new_id, new) = pair().await;
    delete(&old_id, false).await;
    delete(&new_id, false).await;
    restore(&old_id).await;
    assert_eq!(test.verify(&old).await["credits"], 4);
    restore(&new_id).await;
    assert_eq!(test.verify(&new).await["credits"], 3);
    assert_eq!(test.verify(&old).await["credits"], 2);
}

#[tokio::test]
async fn the_balance_survives_the_successor() {
    let test = TestApp::start().await;
    let api = test.api().await;
    for permanent in [false, true] {
        let (first_id, first) = test.key(&api, json!({ "credits": { "remaining": 5 } })).await;
        let (second_id, _) = reroll(&test, &first_id, Value::Null).await;
        let (third_id, third) = reroll(&test, &second_id, Value::Null).await;
        assert_eq!(test.verify(&first).await["credits"], 4);
        let body = json!({ "keyId": third_id, "permanent": permanent });
        test.call("keys.deleteKey", body).await.data();
        assert_eq!(test.verify(&third).await["code"], "NOT_FOUND");
        assert_eq!(test.verify(&first).await["credits"], 3);
    }
}

#[tokio::test]
async fn the_old_key_ends_as_asked_and_never_later_than_before() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (at_once, key) = test.key(&api, json!({})).await;
    reroll(&test, &at_once, json!(0)).await;
    assert_eq!(test.verify(&key).await["code"], "EXPIRED");

    let expires =
        async |id: &str| test.call("keys.getKey", json!({ "keyId": id })).await.data()["expires"].clone();
    let (later, _) = test.key(&api, json!({})).await;
    reroll(&test, &later, json!(90_001)).await;
    assert_eq!(expires(&later).await, START_MS + 120_000);
    let (sooner, _) = test.key(&api, json!({ "expires": START_MS + 5 })).await;
    reroll(&test, &sooner, json!(600_000)).await;
    assert_eq!(expires(&sooner).await, START_MS + 5);
    let (kept, key) = test.key(&api, json!({})).await;
    reroll(&test, &kept, Value::Null).await;
    assert_eq!(expires(&kept).await, Value::Null);
    assert_eq!(test.verify(&key).await["code"], "VALID");
    test.call("keys.rerollKey", json!({ "keyId": kept })).await.fails(400, "application/invalid_input");
}

async fn migration(test: &TestApp, algorithm: &str) -> String {
    test.app.keys.create_migration(&test.operator().await, algorithm).await.unwrap().into_string()
}

#[tokio::test]
async fn native_hashes_work_at_once_and_known_ones_are_reported() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let migration = migration(&test, "sha256").await;
    let hash = |key: &str| PlainKey::new(key.to_owned()).hash().to_base64();
    let body = json!({ "migrationId": migration, "apiId": api, "keys": [
        { "hash": hash("one"), "name": "first", "roles": ["made"], "permissions": ["p"], "externalId": "u 1",
          "credits": { "remaining": null }, "ratelimits": [{ "name": "lim", "limit": 1, "duration": 1000 }] },
        { "hash": hash("two"), "enabled": false },
        { "hash": hash("one") },
    ] });
    let data = test.call("keys.migrateKeys", body.clone()).await.data();
    assert_eq!(data["migrated"].as_array().unwrap().len(), 2);
    assert_eq!(data["failed"], json!([hash("one")]));
    let one = test.verify("one").await;
    assert_eq!((one["code"].as_str(), one["name"].as_str()), (Some("VALID"), Some("first")));
    assert_eq!(one["roles"], json!(["made"]));
    assert_eq!(test.verify("two").await["code"], "DISABLED");
    let again = test.call("keys.migrateKeys", body).await.data();
    assert_eq!((again["migrated"].clone(), again["failed"].as_array().unwrap().len()), (json!([]), 3));

    let unknown = json!({ "migrationId": "mig_nothing", "apiId": api, "keys": [{ "hash": hash("other") }] });
    test.call("keys.migrateKeys", unknown).await.fails(404, "data/migration_not_found");
}

#[tokio::test]
async fn a_foreign_hash_is_completed_by_its_first_verification() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let migration = migration(&test, "github.com/seamapi/prefixed-api-key").await;
    let key = "my_company_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG";
    let hash = "d70d981d87b449c107327c2a2afbf00d4b58070d6ba571aac35d7ea3e7c79f37";
    let body =
        json!({ "migrationId": migration, "apiId": api, "keys": [{ "hash": hash, "name": "theirs" }] });
    test.call("keys.migrateKeys", body).await.data();
    assert_eq!(test.verify(key).await["code"], "NOT_FOUND");
    let other = json!({ "key": key, "migrationId": "mig_nothing" });
    assert_eq!(test.verify_with(other).await["code"], "NOT_FOUND");
    let malformed = json!({ "key": "short", "migrationId": migration });
    test.call("keys.verifyKey", malformed).await.fails(400, "authentication/malformed");

    let first = test.verify_with(json!({ "key": key, "migrationId": migration })).await;
    assert_eq!((first["code"].as_str(), first["name"].as_str()), (Some("VALID"), Some("theirs")));
    assert_eq!(test.verify(key).await["code"], "VALID");
    let shown = test.call("keys.whoami", json!({ "key": key })).await.data();
    assert_eq!(shown["start"], "my_company_BRTR");
}

#[tokio::test]
async fn keys_outside_the_asked_keyspaces_do_not_exist() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, key) = test.key(&api, json!({ "credits": { "remaining": 1 } })).await;
    let elsewhere = test.verify_with(json!({ "key": key, "keyspaces": ["ks_other"] })).await;
    assert_eq!(elsewhere, json!({ "valid": false, "code": "NOT_FOUND" }));
    let found = test.verify(&key).await;
    assert_eq!(found["credits"], 0);
    let here = test.verify_with(json!({ "key": key, "keyspaces": ["ks_other", found["keyspaceId"]] })).await;
    assert_eq!(here["code"], "USAGE_EXCEEDED");
}

#[tokio::test]
async fn hashes_are_migrated_in_the_forms_of_other_systems_and_nothing_else_is() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let hash = |key: &str| PlainKey::new(key.to_owned()).hash();
    let url = |key: &str| hash(key).to_base64().trim_end_matches('=').replace('+', "-").replace('/', "_");
    let native = migration(&test, "sha256").await;
    let call = async |migration: &str, hashes: &[String]| {
        let keys: Vec<Value> = hashes.iter().map(|hash| json!({ "hash": hash })).collect();
        test.call("keys.migrateKeys", json!({ "migrationId": migration, "apiId": api, "keys": keys })).await
    };
    let given = [hash("one").to_hex(), hash("two").to_hex().to_uppercase(), url("three"), url("one")];
    let data = call(&native, &given).await.data();
    let migrated: Vec<&str> =
        data["migrated"].as_array().unwrap().iter().map(|key| key["hash"].as_str().unwrap()).collect();
    assert_eq!(
        (migrated, &data["failed"]),
        (given[..3].iter().map(String::as_str).collect(), &json!([url("one")])),
        "as given"
    );
    for key in ["one", "two", "three"] {
        assert_eq!(test.verify(key).await["code"], "VALID", "{key}");
    }

    let foreign = migration(&test, "github.com/seamapi/prefixed-api-key").await;
    let prefixed =
        [("acme_short_longer", hash("longer").to_hex().to_uppercase()), ("acme_s_other", url("other"))];
    call(&foreign, &prefixed.clone().map(|(_, hash)| hash)).await.data();
    for (key, _) in prefixed {
        let body = json!({ "key": key, "migrationId": foreign });
        assert_eq!(test.verify_with(body).await["code"], "VALID", "{key}");
    }

    for migration in [&native, &foreign] {
        for dead in ["900150983cd24fb0d6963f7d28e17f72", "sk_live_plain", &given[0][1..]] {
            let refused = call(migration, &[hash("four").to_base64(), dead.to_owned()]).await;
            refused.fails(400, "application/invalid_input");
            let detail = refused.body["error"]["detail"].as_str().unwrap();
            assert!(detail.contains("`keys[1].hash`") && !detail.contains(dead), "{detail}");
        }
    }
    assert_eq!(test.verify("four").await["code"], "NOT_FOUND", "all or none");
}
