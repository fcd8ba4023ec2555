//! What a stranger can send: always the contract's envelope, never a 500, and
//! nothing written.

use serde_json::{Value, json};

use crate::support::TestApp;

const JSON: Option<&str> = Some("application/json");

fn locations(body: &Value) -> Vec<&str> {
    body["error"]["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["location"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn every_fault_is_listed_with_its_keyword_pointer() {
    let test = TestApp::start().await;
    let body =
        json!({ "apiId": "a!", "byteLength": 8, "unknown": 1, "ratelimits": [{ "name": "x", "limit": 0 }] });
    let answer = test.call("keys.createKey", body).await;
    answer.fails(400, "application/invalid_input");
    let found = locations(&answer.body);
    for location in [
        "/additionalProperties",
        "/properties/apiId/minLength",
        "/properties/apiId/pattern",
        "/properties/byteLength/minimum",
        "/properties/ratelimits/items/properties/limit/minimum",
        "/properties/ratelimits/items/properties/name/minLength",
        "/properties/ratelimits/items/required",
    ] {
        assert!(found.contains(&location), "{location} is not in {found:?}");
    }
    let text = answer.body.to_string();
    assert!(text.contains("minLength: got 2, want 3"), "{text}");
    assert_eq!(answer.content_type, "application/json");
}

#[tokio::test]
async fn security_header_then_content_type_then_json() {
    let test = TestApp::start().await;
    let first = test.raw("apis.createApi", None, None, "{").await;
    first.fails(400, "application/invalid_input");
    assert_eq!(locations(&first.body), ["security"]);
    let second = test.raw("apis.createApi", Some("Bearer x"), Some("text/plain"), "{").await;
    assert_eq!(locations(&second.body), ["requestBody"]);
    let third = test.raw("apis.createApi", Some("Bearer x"), JSON, "{").await;
    third.fails(400, "application/invalid_input");
    assert!(third.body["error"]["errors"][0]["fix"].is_string());
    // A valid body and a bad credential.
    let body = json!({ "name": "api" }).to_string();
    test.raw("apis.createApi", Some("bearer x"), JSON, body.clone())
        .await
        .fails(400, "authentication/malformed");
    test.raw("apis.createApi", Some("Bearer "), JSON, body.clone())
        .await
        .fails(400, "authentication/malformed");
    test.raw("apis.createApi", Some("Bearer unkey_nobody"), JSON, body)
        .await
        .fails(401, "authentication/key_not_found");
}

#[tokio::test]
async fn hostile_bodies_are_bad_requests() {
    let test = TestApp::start().await;
    let bearer = format!("Bearer {}", test.new_root_key(true, &[]).await);
    let nested = "[".repeat(100_000);
    let deep =
        format!("{{\"apiId\":\"api_12345\",\"meta\":{}1{}}}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    let bodies: [&[u8]; 12] = [
        b"",
        b"null",
        b"[]",
        b"\"text\"",
        b"{\"name\":\"abc\"}}",
        b"{\"name\":\"abc\",\"name\":\"def\"}",
        b"{\"name\":123}",
        b"{\"name\":\"\xff\xfe\"}",
        b"{\"name\":\"abc\"",
        b"\x00",
        nested.as_bytes(),
        deep.as_bytes(),
    ];
    for operation in
        ["apis.createApi", "keys.createKey", "keys.verifyKey", "ratelimit.limit", "ratelimit.multiLimit"]
    {
        for body in bodies {
            let answer = test.raw(operation, Some(&bearer), JSON, body).await;
            answer.fails(400, "application/invalid_input");
        }
    }
    assert_eq!(test.last_audit().await, ["rootkey.create"]);
}

#[tokio::test]
async fn numbers_beyond_64_bits_are_refused() {
    let test = TestApp::start().await;
    let bearer = format!("Bearer {}", test.new_root_key(true, &[]).await);
    for number in ["99999999999999999999", "1e400", "1.5", "-1", "9223372036854775808", "1e3"] {
        let body = format!(r#"{{"namespace":"n","identifier":"i","limit":{number},"duration":60000}}"#);
        let answer = test.raw("ratelimit.limit", Some(&bearer), JSON, body).await;
        answer.fails(400, "application/invalid_input");
    }
}

#[tokio::test]
async fn bodies_over_the_cap_are_refused() {
    let test = TestApp::start().await;
    let huge = vec![b' '; test.app.config.max_body_bytes + 1];
    test.raw("apis.createApi", Some("Bearer x"), JSON, huge).await.fails(413, "request_body_too_large");
}

#[tokio::test]
async fn unknown_paths_and_methods_answer_in_the_envelope() {
    let test = TestApp::start().await;
    test.raw("apis.nothing", None, None, "").await.fails(404, "application/route_not_found");
    test.get("/v2/apis.createApi").await.fails(405, "application/method_not_allowed");
    let alive = test.get("/v2/liveness").await.data();
    assert!(alive["message"].is_string());
}

#[tokio::test]
async fn whatever_no_page_takes_is_404_in_the_envelope() {
    let test = TestApp::start().await;
    for path in ["/", "/v2", "/v2/", "/v3/x", "//v2/apis.nothing", "//x", "/apis.getApi"] {
        let answer = crate::support::answer(test.client.post(path).body("{}").send().await.0).await;
        answer.fails(404, "application/route_not_found");
    }
    let bearer = format!("Bearer {}", test.new_root_key(true, &[]).await);
    for path in ["//v2/apis.createApi", "///v2/apis.createApi"] {
        let sent = test.client.post(path).header("authorization", &bearer).content_type(JSON.unwrap());
        let answer = crate::support::answer(sent.body(r#"{"name":"abc"}"#).send().await.0).await;
        assert!(answer.data()["apiId"].is_string(), "{path}");
    }
    assert_eq!(test.client.get("/v3/x").send().await.0.status(), 404);
    assert_eq!(test.client.post("/livez").send().await.0.status(), 405);
}

#[tokio::test]
async fn hot_bodies_keep_the_bounds_of_their_schema() {
    let test = TestApp::start().await;
    let long = |length: usize| "x".repeat(length);
    for (body, fits) in [
        (json!({ "key": "" }), false),
        (json!({ "key": long(512) }), true),
        (json!({ "key": "ü".repeat(512) }), true),
        (json!({ "key": long(513) }), false),
        (json!({ "key": "k", "tags": vec!["t"; 20] }), true),
        (json!({ "key": "k", "tags": vec!["t"; 21] }), false),
        (json!({ "key": "k", "tags": [long(513)] }), false),
        (json!({ "key": "k", "tags": [""] }), false),
        (json!({ "key": "k", "credits": { "cost": -1 } }), false),
        (json!({ "key": "k", "credits": { "cost": 1_000_000_000_001_i64 } }), false),
        (json!({ "key": "k", "credits": null }), false),
        (json!({ "key": "k", "credits": { "cost": 1, "x": 1 } }), false),
        (json!({ "key": "k", "ratelimits": [{ "name": "ab" }] }), false),
        (json!({ "key": "k", "ratelimits": [{ "name": "üöä" }] }), true),
        (json!({ "key": "k", "ratelimits": [{ "name": "abc", "limit": -1 }] }), false),
        (json!({ "key": "k", "ratelimits": [{ "name": "abc", "unknown": 1 }] }), true),
        (json!({ "key": "k", "permissions": "" }), false),
        (json!({ "key": "k", "permissions": long(1001) }), false),
        (json!({ "key": "k", "migrationId": long(257) }), false),
        (json!({ "key": "k", "unknown": 1 }), false),
        (json!({}), false),
    ] {
        let answer = test.call("keys.verifyKey", body.clone()).await;
        if fits {
            assert_eq!(answer.data()["code"], "NOT_FOUND", "{body}");
        } else {
            answer.fails(400, "application/invalid_input");
            assert!(!locations(&answer.body).is_empty(), "{body}: {}", answer.body);
        }
    }
}
