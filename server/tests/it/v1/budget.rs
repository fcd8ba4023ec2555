//! The budget of unknown keys per address
//! (docs/decisions.md#unknown-keys-have-a-budget).

use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn an_address_may_ask_for_so_many_unknown_keys() {
    let test = TestApp::start_with(|config| config.v1_unknown_keys_per_minute = Some(3)).await;
    let (v1, nobody) = (test.v1(), test.v1_anonymous());
    let (_, key) = v1.key(&v1.api().await, json!({})).await;
    let unknown = async |number: i64| {
        nobody.post("keys.verifyKey", json!({ "key": format!("unknown {number}") })).await
    };
    assert_eq!(nobody.verify(&key).await["code"], "VALID");
    for number in 0..3 {
        assert_eq!(unknown(number).await.ok()["code"], "NOT_FOUND");
    }
    let refused = unknown(3).await;
    refused.refused(429, "TOO_MANY_REQUESTS");
    let says = ["retry-after", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"];
    assert_eq!(says.map(|name| refused.header(name)), ["60", "3", "0", "60"]);
    // Neither keys in memory nor root keys are refused for it; other ways to ask are.
    assert_eq!(nobody.verify(&key).await["code"], "VALID");
    v1.get("keys.getKey?keyId=key_none").await.refused(404, "NOT_FOUND");
    nobody.post("keys/verify", json!({ "key": "unknown" })).await.refused(429, "TOO_MANY_REQUESTS");
    let loads = test.app.verifier.loads();
    for number in 5..50 {
        unknown(number).await.refused(429, "TOO_MANY_REQUESTS");
    }
    assert_eq!(test.app.verifier.loads(), loads, "the database is not asked any more");
    test.advance_ms(120_000);
    assert_eq!(unknown(4).await.ok()["code"], "NOT_FOUND");
}

#[tokio::test]
async fn the_budget_can_be_lifted() {
    let test = TestApp::start_with(|config| config.v1_unknown_keys_per_minute = None).await;
    for number in 0..700 {
        let verified = test.v1_anonymous().verify(&format!("unknown {number}")).await;
        assert_eq!(verified["code"], "NOT_FOUND");
    }
}
