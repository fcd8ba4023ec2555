//! v2 `ratelimit.{set,get,delete,list}Override`.

use serde_json::{Value, json};

use crate::support::TestApp;

async fn limit(test: &TestApp, identifier: &str) -> Value {
    let body = json!({ "namespace": "email", "identifier": identifier, "limit": 10, "duration": 60000 });
    test.call("ratelimit.limit", body).await.data()
}

async fn set(test: &TestApp, identifier: &str, limit: i64) -> String {
    let body = json!({ "namespace": "email", "identifier": identifier, "limit": limit, "duration": 60000 });
    test.call("ratelimit.setOverride", body).await.data()["overrideId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_override_applies_from_the_next_request_and_goes_away_again() {
    let test = TestApp::start().await;
    assert_eq!(limit(&test, "ann").await["limit"], 10);
    let id = set(&test, "ann", 3).await;
    assert_eq!(test.last_audit().await, ["ratelimit.set_override"]);
    let applied = limit(&test, "ann").await;
    assert_eq!((applied["limit"].as_i64(), applied["overrideId"].as_str()), (Some(3), Some(id.as_str())));
    assert_eq!(set(&test, "ann", 4).await, id, "a replacement keeps its id");
    assert_eq!(limit(&test, "ann").await["limit"], 4);
    let body = json!({ "namespace": "email", "identifier": "ann" });
    test.call("ratelimit.deleteOverride", body.clone()).await.data();
    assert_eq!(test.last_audit().await, ["ratelimit.delete_override"]);
    assert_eq!(limit(&test, "ann").await["limit"], 10);
    test.call("ratelimit.deleteOverride", body).await.fails(404, "data/ratelimit_override_not_found");
    set(&test, "ann", 0).await;
    let blocked = limit(&test, "ann").await;
    assert_eq!((blocked["success"].as_bool(), blocked["remaining"].as_i64()), (Some(false), Some(0)));
}

#[tokio::test]
async fn reading_one_finds_the_pattern_that_applies() {
    let test = TestApp::start().await;
    limit(&test, "x").await;
    set(&test, "*@example.com", 5).await;
    let get = async |identifier: &str| {
        test.call("ratelimit.getOverride", json!({ "namespace": "email", "identifier": identifier })).await
    };
    assert_eq!(get("ann@example.com").await.data()["identifier"], "*@example.com");
    get("ann@example.org").await.fails(404, "data/ratelimit_override_not_found");
    let stranger = test.new_root_key(false, &[]).await;
    let body = json!({ "namespace": "email", "identifier": "ann@example.com" });
    let masked = test.call_as(&stranger, "ratelimit.getOverride", body).await;
    masked.fails(404, "data/ratelimit_override_not_found");
}

#[tokio::test]
async fn overrides_are_listed_in_pages_and_never_make_a_namespace() {
    let test = TestApp::start().await;
    let missing = json!({ "namespace": "none", "identifier": "a", "limit": 1, "duration": 1000 });
    test.call("ratelimit.setOverride", missing).await.fails(404, "data/ratelimit_namespace_not_found");
    limit(&test, "x").await;
    for number in 0..5 {
        set(&test, &format!("user_{number}"), number).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let mut body = json!({ "namespace": "email", "limit": 2 });
        if cursor.is_string() {
            body["cursor"] = cursor;
        }
        let answer = test.call("ratelimit.listOverrides", body).await;
        seen.extend(
            answer.body["data"].as_array().unwrap().iter().map(|item| item["limit"].as_i64().unwrap()),
        );
        cursor = answer.body["pagination"]["cursor"].clone();
        if answer.body["pagination"]["hasMore"] == false {
            break;
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, [0, 1, 2, 3, 4]);
}

async fn set_until(test: &TestApp, identifier: &str, limit: i64, expires: i64) {
    let body = json!({
        "namespace": "email", "identifier": identifier, "limit": limit, "duration": 60000, "expires": expires
    });
    test.call("ratelimit.setOverride", body).await.data();
}

#[tokio::test]
async fn an_override_ends_by_itself_and_what_it_replaced_holds_again() {
    let test = TestApp::start().await;
    assert_eq!(limit(&test, "ann").await["limit"], 10);
    let id = set(&test, "ann", 3).await;
    let end = test.app.clock.now_ms() + 86_400_000;
    set_until(&test, "ann", 500, end).await;
    set_until(&test, "bob", 700, end).await;
    let of = |identifier: &str| json!({ "namespace": "email", "identifier": identifier });
    let found = test.call("ratelimit.getOverride", of("ann")).await.data();
    let expected = json!({
        "overrideId": id, "identifier": "ann", "limit": 500, "duration": 60000, "expires": end,
        "afterwards": { "limit": 3, "duration": 60000 }
    });
    assert_eq!(found, expected);
    let found = test.call("ratelimit.getOverride", of("bob")).await.data();
    assert_eq!((found["expires"].as_i64(), found.get("afterwards")), (Some(end), None));
    test.advance_ms(86_400_000 - 1);
    assert_eq!(limit(&test, "ann").await["limit"], 500);
    assert_eq!(limit(&test, "bob").await["limit"], 700);
    let before = test.audit_entries().await;
    test.advance_ms(1);
    // By the clock of the request: no job has run.
    assert_eq!(limit(&test, "ann").await["limit"], 3);
    assert_eq!(limit(&test, "bob").await["limit"], 10);
    let found = test.call("ratelimit.getOverride", of("ann")).await.data();
    assert_eq!(found, json!({ "overrideId": id, "identifier": "ann", "limit": 3, "duration": 60000 }));
    test.call("ratelimit.getOverride", of("bob")).await.fails(404, "data/ratelimit_override_not_found");
    let listed = test.call("ratelimit.listOverrides", json!({ "namespace": "email" })).await.data();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(test.audit_entries().await, before);
    test.app.jobs.run_due(test.app.clock.moment()).await.unwrap();
    assert_eq!(test.audit_entries().await, before + 2);
    assert_eq!(limit(&test, "ann").await["limit"], 3);
    assert_eq!(limit(&test, "bob").await["limit"], 10);
}

#[tokio::test]
async fn an_end_that_would_not_end_anything_is_refused() {
    let test = TestApp::start().await;
    limit(&test, "ann").await;
    let now_ms = test.app.clock.now_ms();
    let body = |expires: Value| json!({ "namespace": "email", "identifier": "ann", "limit": 1, "duration": 60000, "expires": expires });
    for expires in [
        json!(now_ms),
        json!(now_ms - 1),
        json!(0),
        json!(-1),
        Value::Null,
        json!("tomorrow"),
        json!(1e300),
        json!(1.5),
    ] {
        let refused = test.call("ratelimit.setOverride", body(expires.clone())).await;
        assert_eq!(refused.status, 400, "{expires}");
    }
    // v1 knows no ends, and says so.
    let v1 = json!({ "namespaceName": "email", "identifier": "ann", "limit": 1, "duration": 60000, "expires": now_ms + 1 });
    assert_eq!(test.v1().post("ratelimits.setOverride", v1).await.status, 400);
    assert_eq!(limit(&test, "ann").await["limit"], 10);
}
