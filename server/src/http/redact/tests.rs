use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;

/// An operation with a key, a list of objects, free metadata and a choice.
fn schema() -> RequestSchema {
    RequestSchema::new(|| {
        json!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "key": { "type": "string" },
                "keyId": { "type": "string" },
                "name": { "type": ["string", "null"] },
                "interval": { "type": "string", "enum": ["daily", "monthly"] },
                "tags": { "type": "array", "items": { "type": "string" } },
                "items": { "type": "array", "items": { "type": "object", "properties": { "id": { "type": "string" } } } },
                "named": { "anyOf": [{ "type": "string" }, { "type": "object", "properties": { "id": { "type": "string" } } }] },
                "meta": { "type": "object", "additionalProperties": {} },
                "limits": false,
            },
        })
    })
}

fn logged(request: &Value, response: &Value) -> (Value, Value) {
    let schema = schema();
    let (request, response) = (request.to_string(), response.to_string());
    let exchange = Exchange {
        request: request.as_bytes(),
        response: response.as_bytes(),
        schema: Some(&schema),
        target: None,
    };
    let (request, response) = exchange.redacted();
    let read = |text: Option<String>| text.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap());
    (read(request), read(response))
}

fn answer(value: &Value) -> Value {
    logged(&json!({}), value).1
}

#[test]
fn a_member_that_the_operation_refuses_is_none_of_it() {
    let request = json!({ "name": "n", "limits": "of another system" });
    assert_eq!(logged(&request, &json!({})).0, json!({ "name": "n", "limits": REDACTED }));
}

#[test]
fn members_that_hold_secrets_are_redacted_wherever_they_are() {
    let shown = answer(&json!({
        "data": { "keyId": "key_1", "key": "prefix_abc", "plaintext": "abc" },
        "keys": [{ "hash": "aGFzaA==", "name": "n" }, { "hash": { "value": "x", "variant": "sha256" } }],
        "apiKey": 7, "Root-Key": "x", "password": "p", "meta": { "api_key": "k", "secret": ["a"] },
    }));
    assert_eq!(
        shown,
        json!({
            "data": { "keyId": "key_1", "key": REDACTED, "plaintext": REDACTED },
            "keys": [{ "hash": REDACTED, "name": "n" }, { "hash": REDACTED }],
            "apiKey": REDACTED, "Root-Key": REDACTED, "password": REDACTED,
            "meta": { "api_key": REDACTED, "secret": REDACTED },
        })
    );
}

#[test]
fn what_looks_like_a_secret_in_a_harmless_place_is_redacted() {
    let shown = answer(&json!({ "keyId": "prefix_abc", "name": "my unkey_3ZyXw", "externalId": "ann" }));
    assert_eq!(shown, json!({ "keyId": REDACTED, "name": REDACTED, "externalId": "ann" }));
    assert_eq!((text("/v2/unkey_3Zy"), text("/v2/keys.getKey")), (REDACTED, "/v2/keys.getKey"));
    assert_eq!(text(&"a".repeat(1000)).len(), MAX_TEXT);
}

#[test]
fn of_an_unknown_path_only_what_names_operations_is_shown() {
    for (path, shown) in [
        ("/v1/keys/verify/prefix_abc", "/v1/keys/verify/[redacted]"),
        ("/v2/nothing", "/v2/nothing"),
        ("/v2/sk_live_1", "/v2/[redacted]"),
        ("/v2/a/b/c/d/e", "/v2/a/b/c/..."),
        ("/v2/", "/v2/"),
        ("", "/"),
    ] {
        assert_eq!(unknown_path(path), shown);
    }
}

#[test]
fn outcomes_and_settings_stay_readable() {
    let value = json!({ "code": "RATE_LIMITED", "key": null, "token": false, "remaining": 3 });
    assert_eq!(answer(&value), value);
    assert_eq!(answer(&json!({ "code": "pc_1234" })), json!({ "code": REDACTED }));
    let sent = json!({
        "name": "n", "interval": "daily", "tags": ["a"], "items": [{ "id": "i" }], "named": { "id": "x" },
        "meta": { "plan": "pro", "deep": [{ "a": 1 }] },
    });
    assert_eq!(logged(&sent, &json!({})).0, sent);
}

#[test]
fn what_an_operation_does_not_understand_is_not_logged() {
    for (sent, shown) in [
        (json!(["sk_test"]), json!(REDACTED)),
        (json!("sk_test"), json!(REDACTED)),
        (json!(12345), json!(REDACTED)),
        (json!({ "typo": "sk_test" }), json!({ "typo": REDACTED })),
        (json!({ "sk_test_1": true }), json!({ REDACTED: true })),
        (json!({ "key": ["sk_test"] }), json!({ "key": REDACTED })),
        (json!({ "name": ["sk_test"] }), json!({ "name": REDACTED })),
        (json!({ "interval": "sk_test" }), json!({ "interval": REDACTED })),
        (json!({ "items": [["sk_test"]] }), json!({ "items": [REDACTED] })),
        (json!({ "items": [{ "typo": "sk_test" }] }), json!({ "items": [{ "typo": REDACTED }] })),
        (json!({ "named": 12345 }), json!({ "named": REDACTED })),
        (json!({ "meta": "sk_test" }), json!({ "meta": REDACTED })),
    ] {
        let (request, response) =
            logged(&sent, &json!({ "error": { "message": "'sk_test_1' or sk_test or 12345" } }));
        assert_eq!(request, shown, "{sent}");
        assert_eq!(response, json!({ "error": { "message": REDACTED } }), "{sent}");
    }
}

#[test]
fn a_secret_is_redacted_where_it_is_repeated_before_it_too() {
    let sent = json!({ "interval": "daily", "key": "sk_test", "meta": { "a": "it is sk_test" }, "name": "sk_test", "items": [{ "id": "sk_test" }] });
    let shown = json!({ "interval": "daily", "key": REDACTED, "meta": { "a": REDACTED }, "name": REDACTED, "items": [{ "id": REDACTED }] });
    assert_eq!(logged(&sent, &json!({})).0, shown);
}

#[test]
fn what_an_answer_repeats_of_the_address_is_redacted() {
    let told = |target: &str, message: &str| {
        let body = json!({ "error": { "message": message } }).to_string();
        let exchange = Exchange { response: body.as_bytes(), target: Some(target), ..Exchange::default() };
        exchange.redacted().1.unwrap() == body
    };
    assert!(told("/v1/keys.getKey?keyId=key_1111111111111111", "key key_1111111111111111 not found"));
    assert!(!told("/v1/keys.getKey?keyId=sk%20test", "key sk test not found"));
    assert!(!told("/v1/keys/sk_test", "key sk_test not found"));
    assert!(told("/v1/keys.getKey?keyId=sk_test", "workspace is disabled"));
}

#[test]
fn what_is_no_json_or_too_long_is_not_logged() {
    let request = |body: &[u8]| Exchange { request: body, response: b"{}", ..Exchange::default() }.redacted();
    assert_eq!(request(b""), (None, Some("{}".into())));
    assert_eq!(request(b"key=unkey_123"), (None, None));
    assert_eq!(request(format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_BODY)).as_bytes()), (None, None));
    let long = request(format!("{{\"a\":\"{}\"}}", "\u{e9}".repeat(10_000)).as_bytes()).0.unwrap();
    assert!(long.len() <= MAX_LOGGED_BODY && long.len() > MAX_LOGGED_BODY - 4);
}

#[test]
fn more_unknown_values_than_are_kept_in_mind_hide_everything() {
    let sent: Map<String, Value> = (0..100).map(|n| (format!("n{n}"), json!(format!("value{n}")))).collect();
    assert_eq!(logged(&Value::Object(sent), &json!({ "a": 1 })), (Value::Null, Value::Null));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        Just(json!("SECRET9")),
        Just(json!("x"))
    ];
    let name = prop_oneof!["key|name|items|tags|named|meta|interval|id|SECRET9", "[a-z]{1,3}"];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(name.clone(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    /// The secret as the value of `key`, and anything beside it: it is never logged.
    #[test]
    fn the_key_of_a_request_is_logged_nowhere(mut sent in any_json(), answered in any_json()) {
        if let Value::Object(members) = &mut sent {
            members.insert("key".to_owned(), json!("SECRET9"));
            let (request, response) = logged(&sent, &answered);
            prop_assert!(!request.to_string().contains("SECRET9"), "{sent} -> {request}");
            prop_assert!(!response.to_string().contains("SECRET9"), "{answered} -> {response}");
        } else {
            let (request, _) = logged(&sent, &answered);
            prop_assert!(!request.to_string().contains("SECRET9"), "{sent} -> {request}");
        }
    }
}
