use serde_json::{Value, json};

use crate::support::{START_MS, TestApp};

fn limit(namespace: &str, identifier: &str, max: i64) -> Value {
    json!({ "namespace": namespace, "identifier": identifier, "limit": max, "duration": 60_000 })
}

#[tokio::test]
async fn counts_per_identifier_and_resets_at_the_window_end() {
    let test = TestApp::start().await;
    let first = test.call("ratelimit.limit", limit("api", "u", 2)).await.data();
    let reset = START_MS - START_MS % 60_000 + 60_000;
    assert_eq!(first, json!({ "success": true, "limit": 2, "remaining": 1, "reset": reset }));
    assert_eq!(test.last_audit().await, ["ratelimitNamespace.create"]);
    test.call("ratelimit.limit", limit("api", "u", 2)).await.data();
    let denied = test.call("ratelimit.limit", limit("api", "u", 2)).await.data();
    assert_eq!((&denied["success"], &denied["remaining"]), (&json!(false), &json!(0)));
    assert_eq!(test.call("ratelimit.limit", limit("api", "other", 2)).await.data()["remaining"], 1);
    test.advance_ms(120_000);
    assert_eq!(test.call("ratelimit.limit", limit("api", "u", 2)).await.data()["success"], true);
}

#[tokio::test]
async fn a_namespace_needs_its_grants() {
    let test = TestApp::start().await;
    let limiter = test.new_root_key(false, &["ratelimit.*.limit"]).await;
    let refused = test.call_as(&limiter, "ratelimit.limit", limit("new", "u", 2)).await;
    refused.fails(403, "authorization/insufficient_permissions");
    test.call("ratelimit.limit", limit("new", "u", 2)).await.data();
    test.call_as(&limiter, "ratelimit.limit", limit("new", "u", 2)).await.data();
    let creator = test.new_root_key(false, &["ratelimit.*.create_namespace"]).await;
    let refused = test.call_as(&creator, "ratelimit.limit", limit("fresh", "u", 2)).await;
    refused.fails(403, "authorization/insufficient_permissions");
}

#[tokio::test]
async fn several_limits_consume_all_or_none() {
    let test = TestApp::start().await;
    let batch = json!([limit("a", "u", 5), limit("b", "u", 1), limit("a", "u", 5)]);
    let passed = test.call("ratelimit.multiLimit", batch.clone()).await.data();
    assert_eq!(passed["passed"], true);
    let remaining: Vec<_> =
        passed["limits"].as_array().unwrap().iter().map(|item| item["remaining"].clone()).collect();
    assert_eq!(remaining, [json!(4), json!(0), json!(3)]);
    let refused = test.call("ratelimit.multiLimit", batch).await.data();
    assert_eq!(refused["passed"], false);
    let passed: Vec<_> =
        refused["limits"].as_array().unwrap().iter().map(|item| item["passed"].clone()).collect();
    assert_eq!(passed, [json!(true), json!(false), json!(true)]);
    let peek = json!({ "namespace": "a", "identifier": "u", "limit": 5, "duration": 60000, "cost": 0 });
    assert_eq!(test.call("ratelimit.limit", peek).await.data()["remaining"], 3);
}

#[tokio::test]
async fn two_hundred_calls_share_fifty_tokens() {
    let test = std::sync::Arc::new(TestApp::start().await);
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let test = test.clone();
            tokio::spawn(async move {
                test.call("ratelimit.limit", limit("n", "u", 50)).await.data()["success"] == true
            })
        })
        .collect();
    let mut admitted = 0;
    for task in tasks {
        admitted += usize::from(task.await.unwrap());
    }
    assert_eq!(admitted, 50);
}
