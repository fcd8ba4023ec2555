//! What the product promises of keys, identities and limits, as callers of v1
//! see it.

use std::sync::Arc;

use base::access::{Door, Principal};
use base::address::ClientAddress;
use base::secret::PlainKey;
use domain::apis::SetApi;
use domain::verification::{Outcome, Rules, VerifyKey};
use serde_json::{Value, json};

use super::{set_api, text};
use crate::support::{START_MS, TestApp};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

// row: apis/introduction
#[tokio::test]
async fn the_first_call_of_the_manual_works() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let (_, key) = v1.key(&api, json!({})).await;
    let verified = test.v1_anonymous().verify_with(json!({ "apiId": api, "key": key })).await;
    assert_eq!((&verified["valid"], &verified["code"]), (&json!(true), &json!("VALID")));
}

// row: apis/features/environments
#[tokio::test]
async fn an_environment_is_shown_where_there_is_one() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let (_, key) = v1.key(&api, json!({ "environment": "test", "prefix": "sk_test" })).await;
    assert_eq!(v1.verify(&key).await["environment"], "test");
    let (_, key) = v1.key(&api, json!({})).await;
    assert!(v1.verify(&key).await.get("environment").is_none());
    let long = json!({ "apiId": api, "environment": "e".repeat(257) });
    v1.post("keys.createKey", long).await.refused(400, "BAD_REQUEST");
}

// row: apis/features/enabled
#[tokio::test]
async fn a_key_is_switched_off_and_on() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let (key_id, key) = v1.key(&v1.api().await, json!({ "meta": { "a": 1 } })).await;
    let switch = async |enabled: bool| {
        v1.post("keys.updateKey", json!({ "keyId": key_id, "enabled": enabled })).await.ok();
        v1.verify(&key).await
    };
    let off = switch(false).await;
    assert_eq!(
        (&off["valid"], &off["code"], &off["enabled"]),
        (&json!(false), &json!("DISABLED"), &json!(false))
    );
    assert_eq!(off["meta"], json!({ "a": 1 }));
    assert_eq!(switch(true).await["code"], "VALID");
}

// row: apis/features/remaining
#[tokio::test]
async fn credits_count_down() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let (key_id, key) = v1.key(&v1.api().await, json!({ "remaining": 100 })).await;
    assert_eq!(v1.verify(&key).await["remaining"], 99);
    v1.post("keys.updateRemaining", json!({ "keyId": key_id, "op": "set", "value": 3 })).await.ok();
    let spend = async |cost: i64| v1.verify_with(json!({ "key": key, "remaining": { "cost": cost } })).await;
    let refused = spend(4).await;
    assert_eq!((&refused["code"], &refused["remaining"]), (&json!("USAGE_EXCEEDED"), &json!(3)));
    let wrong = json!({ "key": key, "authorization": { "permissions": "p" } });
    assert_eq!(v1.verify_with(wrong).await["code"], "INSUFFICIENT_PERMISSIONS");
    assert_eq!(spend(3).await["remaining"], 0);
    let free = spend(0).await;
    assert_eq!((&free["code"], &free["remaining"]), (&json!("VALID"), &json!(0)));
    assert_eq!(spend(1).await["code"], "USAGE_EXCEEDED");
}

// row: apis/features/refill
#[tokio::test]
async fn credits_come_back() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let refilled = async |interval: Value| {
        let (key_id, key) = v1.key(&api, json!({ "remaining": 100, "refill": interval })).await;
        v1.post("keys.updateRemaining", json!({ "keyId": key_id, "op": "set", "value": 3 })).await.ok();
        (key_id, key)
    };
    let run = async |test: &TestApp| test.app.jobs.run_due(test.app.clock.moment()).await.unwrap();
    let (daily_id, daily) = refilled(json!({ "interval": "daily", "amount": 100 })).await;
    let (_, monthly) = refilled(json!({ "interval": "monthly", "amount": 50, "refillDay": 31 })).await;
    run(&test).await;
    assert_eq!(v1.verify(&daily).await["remaining"], 2, "not before midnight");
    // Three days of downtime: one refill, at the start.
    test.advance_ms(3 * DAY_MS);
    run(&test).await;
    assert_eq!(v1.verify(&daily).await["remaining"], 99);
    assert_eq!(v1.verify(&monthly).await["remaining"], 2);
    let read = v1.get(&format!("keys.getKey?keyId={daily_id}")).await.ok();
    assert_eq!(read["refill"]["lastRefillAt"], START_MS + 3 * DAY_MS);
    run(&test).await;
    assert_eq!(v1.verify(&daily).await["remaining"], 98);
    // From 2026-10-10 to 2027-02-28, the last day of a month without a 31st.
    test.advance_ms(140 * DAY_MS);
    run(&test).await;
    test.advance_ms(DAY_MS);
    v1.verify_with(json!({ "key": monthly, "remaining": { "cost": 48 } })).await;
    run(&test).await;
    assert_eq!(v1.verify(&monthly).await["remaining"], 49);
    // A refill never takes away.
    v1.post("keys.updateRemaining", json!({ "keyId": daily_id, "op": "set", "value": 500 })).await.ok();
    test.advance_ms(DAY_MS);
    run(&test).await;
    assert_eq!(v1.verify(&daily).await["remaining"], 499);
}

// row: apis/features/temp-keys
#[tokio::test]
async fn a_key_expires_and_comes_back() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let (key_id, key) = v1.key(&v1.api().await, json!({ "expires": START_MS + 1000 })).await;
    test.advance_ms(1000);
    assert_eq!(v1.verify(&key).await["code"], "VALID");
    test.advance_ms(1);
    assert_eq!(v1.verify(&key).await["code"], "EXPIRED");
    for expires in [json!(START_MS + 5000), json!(null)] {
        v1.post("keys.updateKey", json!({ "keyId": key_id, "expires": expires })).await.ok();
        assert_eq!(v1.verify(&key).await["code"], "VALID");
    }
}

// row: apis/features/revocation
#[tokio::test]
async fn a_revoked_key_is_unknown_at_once() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let (key_id, key) = v1.key(&v1.api().await, json!({})).await;
    assert_eq!(v1.verify(&key).await["code"], "VALID");
    v1.post("keys.deleteKey", json!({ "keyId": key_id })).await.ok();
    assert_eq!(v1.verify(&key).await["code"], "NOT_FOUND");
}

// row: apis/features/whitelist
#[tokio::test]
async fn only_listed_addresses_verify() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let (_, key) = v1.key(&api, json!({})).await;
    let allow = async |list: &str| {
        let list = Some(Some(list.to_owned()));
        set_api(&test, SetApi { ip_allowlist: list, ..SetApi::new(api.as_str().into()) }).await;
    };
    let verify = async |ip: Option<&str>| {
        let mut cx = test.app.cx("".into(), Principal::Anonymous, Door::V1);
        cx.address = ip.map_or(ClientAddress::NONE, |ip| ClientAddress::direct(ip.parse().unwrap()));
        let request = VerifyKey::new(PlainKey::new(key.clone()), Rules::V1);
        test.app.verifier.verify(&cx, request).await.unwrap().outcome
    };
    allow("127.0.0.2").await;
    assert_eq!(verify(Some("127.0.0.1")).await, Outcome::Forbidden);
    assert_eq!(verify(None).await, Outcome::Forbidden);
    allow("127.0.0.2, 127.0.0.1").await;
    assert_eq!(verify(Some("127.0.0.1")).await, Outcome::Valid);
    allow("127.0.0.0/8,2001:db8::/32").await;
    assert_eq!(verify(Some("127.9.9.9")).await, Outcome::Valid);
    assert_eq!(verify(Some("2001:db8::1")).await, Outcome::Valid);
    let broken = SetApi { ip_allowlist: Some(Some("localhost".into())), ..SetApi::new(api.as_str().into()) };
    assert!(test.app.apis.set(&test.operator().await, broken).await.is_err());
}

// row: apis/features/analytics
#[tokio::test]
async fn tags_are_free_and_bounded() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let (key_id, key) = v1.key(&api, json!({})).await;
    let verify = async |tags: Value| v1.post("keys.verifyKey", json!({ "key": key, "tags": tags })).await;
    verify(json!(vec!["t"; 11])).await.refused(400, "BAD_REQUEST");
    verify(json!(["t".repeat(129)])).await.refused(400, "BAD_REQUEST");
    verify(json!(["path=/v1", "t"])).await.ok();
    test.flush_events().await;
    let of_tag =
        v1.get(&format!("analytics.getVerifications?apiId={api}&tag=path=/v1&keyId={key_id}")).await.ok();
    assert_eq!(of_tag[0]["total"], 1);
}

// row: apis/features/authorization/introduction
#[tokio::test]
async fn a_key_has_its_own_permissions_and_those_of_its_roles() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    test.call("permissions.createRole", json!({ "name": "r", "permissions": ["p1"] })).await.data();
    let (_, key) = v1.key(&v1.api().await, json!({ "roles": ["r"], "permissions": ["p2"] })).await;
    let verified = v1.verify(&key).await;
    assert_eq!((&verified["permissions"], &verified["roles"]), (&json!(["p1", "p2"]), &json!(["r"])));
}

// row: apis/features/authorization/roles-and-permissions
#[tokio::test]
async fn what_a_role_grants_changes_the_next_verification() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let role = text(&v1.post("permissions.createRole", json!({ "name": "editor" })).await.ok()["roleId"]);
    let (_, key) = v1.key(&v1.api().await, json!({ "roles": ["editor"] })).await;
    let grant = async |permissions: Value| {
        let body = json!({ "roleId": role, "permissions": permissions });
        test.call("permissions.setRolePermissions", body).await.data();
        v1.verify(&key).await["permissions"].clone()
    };
    assert_eq!(grant(json!(["read"])).await, json!(["read"]));
    assert_eq!(test.last_audit().await, ["permission.create", "authorization.connect_role_and_permission"]);
    assert_eq!(grant(json!([])).await, json!([]));
    assert_eq!(test.last_audit().await, ["authorization.disconnect_role_and_permissions"]);
}

// row: apis/features/authorization/verifying
#[tokio::test]
async fn a_query_asks_for_permissions() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let query = json!({ "or": ["admin", { "and": ["dns.record.read", "dns.record.update"] }] });
    let options = |permissions: Value| json!({ "permissions": permissions, "remaining": 5, "ratelimit": { "limit": 5, "duration": 60000 } });
    for (permissions, code) in [
        (json!(["admin"]), "VALID"),
        (json!(["dns.record.read", "dns.record.update"]), "VALID"),
        (json!(["dns.record.read"]), "INSUFFICIENT_PERMISSIONS"),
        (json!(["*"]), "INSUFFICIENT_PERMISSIONS"),
    ] {
        let (_, key) = v1.key(&api, options(permissions.clone())).await;
        let body = json!({ "key": key, "authorization": { "permissions": query } });
        let verified = v1.verify_with(body).await;
        assert_eq!((&verified["code"], &verified["permissions"]), (&json!(code), &permissions));
        if code != "VALID" {
            let next = v1.verify(&key).await;
            assert_eq!((&next["remaining"], &next["ratelimit"]["remaining"]), (&json!(4), &json!(4)));
        }
        for broken in [json!({ "or": [] }), json!(7), json!({ "not": ["a"] }), json!(["a"])] {
            let body = json!({ "key": key, "authorization": { "permissions": broken } });
            v1.post("keys.verifyKey", body).await.refused(400, "BAD_REQUEST");
        }
        for none in [json!(null), json!(""), json!(0), json!(false)] {
            let body = json!({ "key": key, "authorization": { "permissions": none }, "remaining": { "cost": 0 }, "ratelimits": [{ "name": "default", "cost": 0 }] });
            assert_eq!(v1.verify_with(body).await["code"], "VALID");
        }
    }
}

// row: apis/features/authorization/example
#[tokio::test]
async fn the_worked_example() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let all = [
        "domain.delete_domain",
        "domain.dns.create_record",
        "domain.dns.read_record",
        "domain.dns.update_record",
        "domain.dns.delete_record",
        "domain.create_domain",
        "domain.read_domain",
        "domain.update_domain",
    ];
    for (role, permissions) in
        [("admin", &all[..]), ("dns.manager", &all[1..5]), ("read-only", &[all[2], all[6]])]
    {
        test.call("permissions.createRole", json!({ "name": role, "permissions": permissions })).await.data();
    }
    let (key_id, key) = v1.key(&v1.api().await, json!({ "roles": ["dns.manager", "read-only"] })).await;
    let read = v1.get(&format!("keys.getKey?keyId={key_id}")).await.ok();
    assert_eq!(read["roles"].as_array().unwrap().len(), 2);
    assert_eq!(v1.verify(&key).await["permissions"].as_array().unwrap().len(), 5);
    let ask = async |permission: &str| {
        let body = json!({ "key": key, "authorization": { "permissions": permission } });
        v1.verify_with(body).await["code"].clone()
    };
    assert_eq!(ask("domain.dns.create_record").await, "VALID");
    assert_eq!(ask("domain.delete_domain").await, "INSUFFICIENT_PERMISSIONS");
}

// row: apis/features/ratelimiting/overview
#[tokio::test]
async fn limits_of_the_request_beat_those_of_the_key_beat_those_of_the_identity() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let limit = |limit: i64| json!([{ "name": "default", "limit": limit, "duration": 60000 }]);
    v1.post("identities.createIdentity", json!({ "externalId": "ann", "ratelimits": limit(50) })).await.ok();
    let options = json!({ "externalId": "ann", "ratelimit": { "limit": 2, "duration": 60000 } });
    let (key_id, key) = v1.key(&api, options).await;
    assert_eq!(v1.verify(&key).await["ratelimit"]["limit"], 2);
    assert_eq!(v1.verify(&key).await["code"], "VALID");
    assert_eq!(v1.verify(&key).await["code"], "RATE_LIMITED");
    let own = v1.verify_with(json!({ "key": key, "ratelimits": limit(7) })).await;
    assert_eq!((&own["code"], &own["ratelimit"]["limit"]), (&json!("VALID"), &json!(7)));
    v1.post("keys.updateKey", json!({ "keyId": key_id, "ratelimit": null })).await.ok();
    let lifted = v1.verify(&key).await;
    assert_eq!((&lifted["code"], lifted.get("ratelimit")), (&json!("VALID"), None));
    // The limit of the identity has to be asked for.
    let asked = v1.verify_with(json!({ "key": key, "ratelimits": [{ "name": "default" }] })).await;
    assert_eq!(asked["ratelimit"]["limit"], 50);
}

// row: apis/features/ratelimiting/modes
#[tokio::test(flavor = "multi_thread")]
async fn either_mode_is_exact() {
    let test = Arc::new(TestApp::start().await);
    let api = test.v1().api().await;
    for mode in [true, false] {
        let limit = json!({ "ratelimit": { "async": mode, "limit": 10, "duration": 60000 } });
        let (key_id, key) = test.v1().key(&api, limit).await;
        let read = test.v1().get(&format!("keys.getKey?keyId={key_id}")).await.ok();
        assert_eq!(read["ratelimit"]["async"], mode);
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let (test, key) = (test.clone(), key.clone());
            running.spawn(async move { test.v1().verify(&key).await["code"] == "VALID" });
        }
        assert_eq!(running.join_all().await.into_iter().filter(|valid| *valid).count(), 10);
    }
}

// row: concepts/identities/overview
#[tokio::test]
async fn keys_of_an_identity_share_it() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let (_, one) = v1.key(&api, json!({ "externalId": "ann" })).await;
    let (_, two) = v1.key(&api, json!({ "externalId": "ann" })).await;
    let id = v1.verify(&one).await["identity"]["id"].clone();
    assert_eq!(v1.verify(&two).await["identity"]["id"], id);
    let body = json!({ "identityId": id, "meta": { "plan": "pro" } });
    v1.post("identities.updateIdentity", body).await.ok();
    for key in [&one, &two] {
        assert_eq!(v1.verify(key).await["identity"]["meta"], json!({ "plan": "pro" }));
    }
    test.flush_events().await;
    let counted = v1.get(&format!("analytics.getVerifications?apiId={api}&groupBy=identity")).await.ok();
    assert_eq!((&counted[0]["identity"]["id"], &counted[0]["total"]), (&id, &json!(4)));
}

// row: concepts/identities/ratelimits
#[tokio::test]
async fn keys_of_an_identity_share_its_limits() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let limits = json!([
        { "name": "requests", "limit": 3, "duration": 3_600_000 },
        { "name": "tokens", "limit": 20_000, "duration": 86_400_000 },
    ]);
    v1.post("identities.createIdentity", json!({ "externalId": "ann", "ratelimits": limits })).await.ok();
    let (_, one) = v1.key(&api, json!({ "externalId": "ann" })).await;
    let (_, two) = v1.key(&api, json!({ "externalId": "ann" })).await;
    let both = json!([{ "name": "requests" }, { "name": "tokens", "cost": 200 }]);
    let verify =
        async |key: &str| v1.verify_with(json!({ "key": key, "ratelimits": both })).await["code"].clone();
    assert_eq!(
        (verify(&one).await, verify(&one).await, verify(&two).await),
        (json!("VALID"), json!("VALID"), json!("VALID"))
    );
    assert_eq!((verify(&one).await, verify(&two).await), (json!("RATE_LIMITED"), json!("RATE_LIMITED")));
    // What passed with one that was exceeded is not charged.
    let tokens = json!({ "key": one, "ratelimits": [{ "name": "tokens", "cost": 0 }] });
    assert_eq!(v1.verify_with(tokens).await["ratelimit"]["remaining"], 20_000 - 600);
}

// row: ratelimiting/introduction
#[tokio::test]
async fn the_first_limit_makes_its_namespace() {
    let test = TestApp::start().await;
    let limiter = test.v1_with(&["ratelimit.*.create_namespace", "ratelimit.*.limit"]).await;
    let body = json!({ "namespace": "my-app", "identifier": "ann", "limit": 10, "duration": 60_000 });
    assert_eq!(limiter.post("ratelimits.limit", body).await.ok()["remaining"], 9);
    assert_eq!(test.last_audit().await, ["ratelimitNamespace.create"]);
    let overrides = test.v1().get("ratelimits.listOverrides?namespaceName=my-app").await.ok();
    assert_eq!(overrides["total"], 0);
}

// row: ratelimiting/modes
#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_is_exact_in_either_mode() {
    let test = Arc::new(TestApp::start().await);
    let body = json!({ "namespace": "warm", "identifier": "x", "limit": 1, "duration": 60_000 });
    test.v1().post("ratelimits.limit", body).await.ok();
    for mode in [true, false] {
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let test = test.clone();
            let body = json!({ "namespace": "warm", "identifier": format!("ann {mode}"), "limit": 10, "duration": 60_000, "async": mode });
            running
                .spawn(async move { test.v1().post("ratelimits.limit", body).await.ok()["success"] == true });
        }
        assert_eq!(running.join_all().await.into_iter().filter(|passed| *passed).count(), 10);
    }
}

// row: ratelimiting/overrides
#[tokio::test]
async fn the_closest_override_applies() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let limit = async |identifier: &str| {
        let body = json!({ "namespace": "email", "identifier": identifier, "limit": 10, "duration": 60_000 });
        v1.post("ratelimits.limit", body).await.ok()["limit"].clone()
    };
    assert_eq!(limit("xyz").await, 10);
    for (identifier, limit) in
        [("*@domain.com", 20), ("hello@domain.com", 100), ("prefix*suffix", 30), ("invite:*", 40), ("*", 50)]
    {
        let body =
            json!({ "namespaceName": "email", "identifier": identifier, "limit": limit, "duration": 60_000 });
        let set = v1.post("ratelimits.setOverride", body).await;
        assert_eq!(set.status.as_u16(), if identifier == "*" { 400 } else { 200 });
    }
    for (identifier, expected) in [
        ("abc@domain.com", 20),
        ("hello@domain.com", 100),
        ("xyz", 10),
        ("prefix-1-suffix", 30),
        ("invite:7", 40),
    ] {
        assert_eq!(limit(identifier).await, expected, "{identifier}");
    }
}

// row: ratelimiting/automated-overrides
#[tokio::test]
async fn overrides_are_managed_from_code() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let limit = json!({ "namespace": "email.outbound", "identifier": "tim@calendso.com", "limit": 1, "duration": 1000 });
    v1.post("ratelimits.limit", limit.clone()).await.ok();
    let set = json!({ "namespaceName": "email.outbound", "identifier": "*@calendso.com", "limit": 10, "duration": 60_000 });
    v1.post("ratelimits.setOverride", set).await.ok();
    assert_eq!(v1.post("ratelimits.limit", limit).await.ok()["limit"], 10);
    let get = "ratelimits.getOverride?namespaceName=email.outbound&identifier=*@customer.com";
    v1.get(get).await.refused(404, "NOT_FOUND");
    assert_eq!(v1.get("ratelimits.listOverrides?namespaceName=email.outbound").await.ok()["total"], 1);
    let delete = json!({ "namespaceName": "email.outbound", "identifier": "*@customer.com" });
    v1.post("ratelimits.deleteOverride", delete).await.refused(404, "NOT_FOUND");
}

// row: migrations/introduction
// row: migrations/keys
#[tokio::test]
async fn a_key_of_another_system_keeps_working() {
    let test = TestApp::start().await;
    let v1 = test.v1();
    let api = v1.api().await;
    let importer = test.v1_with(&["api.*.create_key"]).await;
    let hash = base::secret::KeyHash::of("my-secret-key").to_base64();
    let keys = json!([{ "apiId": api, "externalId": "user_1", "hash": { "value": hash, "variant": "sha256_base64" } }]);
    let id = text(&importer.post("migrations.createKeys", keys).await.ok()["keyIds"][0]);
    let verified = v1.verify("my-secret-key").await;
    assert_eq!((&verified["code"], &verified["ownerId"]), (&json!("VALID"), &json!("user_1")));
    test.set_recoverable(&api).await;
    let read = v1.get(&format!("keys.getKey?keyId={id}&decrypt=true")).await.ok();
    assert!(read.get("plaintext").is_none());
}

/// The page's own calls, with only the host changed.
#[tokio::test]
async fn shared_limits_of_the_quickstart() {
    let test = TestApp::start().await;
    let v1 = test
        .v1_with(&[
            "identity.*.create_identity",
            "identity.*.read_identity",
            "identity.*.update_identity",
            "api.*.create_key",
        ])
        .await;
    let api = test.v1().api().await;
    v1.post(
        "identities.createIdentity",
        json!({ "externalId": "user_1234", "meta": { "stripeCustomerId": "cus_1" } }),
    )
    .await
    .ok();
    assert_eq!(
        v1.get("identities.getIdentity?externalId=user_1234").await.ok()["meta"]["stripeCustomerId"],
        "cus_1"
    );
    let (_, key) = v1.key(&api, json!({ "prefix": "acme", "externalId": "user_1234" })).await;
    assert_eq!(v1.verify(&key).await["identity"]["meta"]["stripeCustomerId"], "cus_1");
    let limits = json!([
        { "name": "requests", "limit": 10, "duration": 86_400_000 },
        { "name": "tokens", "limit": 1000, "duration": 60_000 },
    ]);
    v1.post("identities.updateIdentity", json!({ "externalId": "user_1234", "ratelimits": limits }))
        .await
        .ok();
    let both =
        json!({ "key": key, "ratelimits": [{ "name": "requests" }, { "name": "tokens", "cost": 200 }] });
    for _ in 0..5 {
        assert_eq!(v1.verify_with(both.clone()).await["code"], "VALID");
    }
    assert_eq!(v1.verify_with(both).await["code"], "RATE_LIMITED");
    let requests = json!({ "key": key, "ratelimits": [{ "name": "requests" }] });
    for _ in 0..5 {
        assert_eq!(v1.verify_with(requests.clone()).await["code"], "VALID");
    }
    assert_eq!(v1.verify_with(requests).await["code"], "RATE_LIMITED");
}
