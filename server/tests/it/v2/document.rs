//! The document and the handlers agree: what the hot handlers write is what the
//! document promises, and every operation of the table is described.

use serde_json::{Value, json};
use unkey::http::v2::DOCUMENT;

use crate::support::TestApp;

/// The success schema of an operation as JSON Schema, closed against members
/// the document does not know.
fn success_schema(path: &str) -> Value {
    let mut schema =
        DOCUMENT["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]["schema"].clone();
    schema["components"] = DOCUMENT["components"].clone();
    close(&mut schema);
    schema
}

fn close(schema: &mut Value) {
    if let Value::Object(members) = schema {
        let closes = members.get("type") == Some(&json!("object"))
            && members.contains_key("properties")
            && !members.contains_key("additionalProperties");
        if closes {
            members.insert("additionalProperties".into(), json!(false));
        }
        members.values_mut().for_each(close);
    }
}

#[track_caller]
fn matches(path: &str, body: &Value) {
    let validator = jsonschema::draft4::new(&success_schema(path)).unwrap();
    let faults: Vec<_> = validator.iter_errors(body).map(|error| error.to_string()).collect();
    assert!(faults.is_empty(), "{path}: {faults:?}\n{body}");
}

#[tokio::test]
async fn hot_answers_follow_the_document() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let limits = json!([{ "name": "all", "limit": 2, "duration": 60000, "autoApply": true }]);
    let identity = json!({ "externalId": "u", "meta": { "a": 1 }, "ratelimits": [{ "name": "shared", "limit": 1, "duration": 1000 }] });
    test.call("identities.createIdentity", identity).await.data();
    let (_, key) = test
        .key(&api, json!({
            "name": "n", "meta": { "a": [1] }, "externalId": "u", "permissions": ["p"], "credits": { "remaining": 1 },
            "ratelimits": limits, "expires": 4_000_000_000_000_i64,
        }))
        .await;
    for body in
        [json!({ "key": key }), json!({ "key": key }), json!({ "key": key }), json!({ "key": "nobody" })]
    {
        matches("/v2/keys.verifyKey", &test.call("keys.verifyKey", body).await.body);
    }
    let limit = json!({ "namespace": "n", "identifier": "i", "limit": 1, "duration": 1000 });
    for _ in 0..2 {
        matches("/v2/ratelimit.limit", &test.call("ratelimit.limit", limit.clone()).await.body);
        matches(
            "/v2/ratelimit.multiLimit",
            &test.call("ratelimit.multiLimit", json!([limit, limit])).await.body,
        );
    }
}

#[test]
fn requests_refuse_unknown_members_unless_listed() {
    let schemas = &DOCUMENT["components"]["schemas"];
    for (name, open) in [
        ("CreateKeyBody", false),
        ("VerifyKeyBody", false),
        ("KeyCreditsData", false),
        ("RatelimitRequest", true),
        ("CreateIdentityBody", true),
        ("VerifyLimitBody", true),
    ] {
        assert_eq!(schemas[name].get("additionalProperties") != Some(&json!(false)), open, "{name}");
    }
}

#[test]
fn bounds_are_integers_and_nullable_members_say_so() {
    let schemas = &DOCUMENT["components"]["schemas"];
    assert_eq!(schemas["CreateKeyBody"]["properties"]["byteLength"]["maximum"].to_string(), "255");
    assert_eq!(schemas["UpdateKeyBody"]["properties"]["name"]["nullable"], true);
    assert_eq!(schemas["KeyCreditsData"]["properties"]["remaining"]["nullable"], true);
    let required = schemas["KeyCreditsData"]["required"].as_array().unwrap();
    assert!(required.contains(&json!("remaining")));
}
