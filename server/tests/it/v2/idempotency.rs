//! `Idempotency-Key` on operations that create.

use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn the_same_request_gets_the_first_answer_again() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let body = json!({ "apiId": api, "name": "once" });
    let first = test.call_once("keys.createKey", "retry-1", body.clone()).await;
    let entries = test.audit_entries().await;
    let second = test.call_once("keys.createKey", "retry-1", body.clone()).await;
    assert_eq!(first.body, second.body);
    assert_eq!(test.audit_entries().await, entries);
    let listed = test.call("apis.listKeys", json!({ "apiId": api })).await.data();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    let key = first.data()["key"].as_str().unwrap().to_owned();
    assert_eq!(test.verify(&key).await["code"], "VALID");

    let another = test.call_once("keys.createKey", "retry-2", body.clone()).await.data();
    assert_ne!(another["key"], key);
    let changed = json!({ "apiId": api, "name": "twice" });
    test.call_once("keys.createKey", "retry-1", changed).await.fails(400, "application/invalid_input");
    test.call_once("keys.createKey", "", body.clone()).await.fails(400, "application/invalid_input");

    test.advance_ms(24 * 3_600_000 + 1);
    let later = test.call_once("keys.createKey", "retry-1", body).await.data();
    assert_ne!(later["key"], key);
}

#[tokio::test]
async fn a_refused_request_claims_nothing() {
    let test = TestApp::start().await;
    let missing = json!({ "apiId": "api_missing" });
    test.call_once("keys.createKey", "retry", missing).await.fails(404, "data/api_not_found");
    let api = test.api().await;
    test.call_once("keys.createKey", "retry", json!({ "apiId": api })).await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_creates() {
    let test = TestApp::start().await;
    let body = json!({ "name": "once" });
    let calls: Vec<_> = (0..20).map(|_| test.call_once("apis.createApi", "burst", body.clone())).collect();
    let answers = futures_util::future::join_all(calls).await;
    let ids: std::collections::BTreeSet<String> =
        answers.into_iter().map(|answer| answer.data()["apiId"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(test.audit_events("api.create").await, 1);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_not_made_again() {
    let test = TestApp::start().await;
    let body = json!({ "name": "once" });
    test.call_once("apis.createApi", "lost", body.clone()).await.data();
    test.lose_answers().await;
    let again = test.call_once("apis.createApi", "lost", body).await;
    again.fails(409, "application/idempotency_conflict");
    assert_eq!(test.audit_events("api.create").await, 1);
}
