//! Every member that protects somewhere, at every operation: known, or refused.

use serde_json::{Value, json};
use unkey::http::v2::DOCUMENT;

use crate::support::TestApp;

/// Members that protect somewhere, as people spell them.
pub const PROTECTING: [&str; 22] = [
    "ratelimit",
    "ratelimits",
    "rateLimits",
    "rate_limits",
    "remaining",
    "credits",
    "refill",
    "refillDay",
    "monthlyCredits",
    "spendCap",
    "expires",
    "expires_at",
    "enabled",
    "permissions",
    "roles",
    "limit",
    "duration",
    "autoApply",
    "auto_apply",
    "ipWhitelist",
    "ip_allowlist",
    "cost",
];

fn resolved(schema: &Value) -> &Value {
    match schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        Some(name) => &DOCUMENT["components"]["schemas"][name],
        None => schema,
    }
}

/// Every object of a body: a body that has it, with room for one more member, and
/// the members that it knows.
fn objects(schema: &Value, wrap: &dyn Fn(Value) -> Value, found: &mut Vec<(Value, Vec<String>)>) {
    let schema = resolved(schema);
    if schema["type"] == "array" {
        return objects(&schema["items"], &|inner| wrap(json!([inner])), found);
    }
    if let Some(inner) = schema["allOf"].get(0) {
        return objects(inner, wrap, found);
    }
    let Some(properties) = schema["properties"].as_object() else { return };
    found.push((wrap(json!({ "@": 1 })), properties.keys().cloned().collect()));
    for (name, inner) in properties {
        objects(inner, &|inner| wrap(json!({ name: inner })), found);
    }
}

#[tokio::test]
async fn no_operation_ignores_a_member_that_protects() {
    let test = TestApp::start().await;
    let mut tried = 0;
    for (path, methods) in DOCUMENT["paths"].as_object().unwrap() {
        // Sessions of portals have cookies, and bodies that are closed by contract.
        if methods["post"]["security"][0]["portalSession"].is_array() {
            continue;
        }
        let schema = &methods["post"]["requestBody"]["content"]["application/json"]["schema"];
        let mut found = Vec::new();
        objects(schema, &|body| body, &mut found);
        for (body, known) in found {
            for name in PROTECTING.into_iter().filter(|name| !known.iter().any(|known| known == name)) {
                let body = body.to_string().replace("\"@\"", &format!("\"{name}\""));
                let answer = test
                    .raw(
                        path.trim_start_matches("/v2/"),
                        Some(&format!("Bearer {}", test.root_key)),
                        Some("application/json"),
                        body.clone(),
                    )
                    .await;
                let told = answer.body["error"]["errors"].to_string();
                let is_told = told.contains(&format!("/properties/{name}\""))
                    || told.contains(&format!("'{name}'")) && told.contains("additionalProperties");
                assert!(answer.status == 400 && is_told, "{path} {body}: {}", answer.body);
                tried += 1;
            }
        }
    }
    assert!(tried > 500, "{tried}");
}

#[tokio::test]
async fn a_member_that_is_there_twice_is_refused_by_name() {
    let test = TestApp::start().await;
    let api = test.api().await;
    for (operation, name, members) in [
        ("keys.createKey", "enabled", r#""enabled":false,"enabled":true"#),
        ("keys.createKey", "limit", r#""ratelimits":[{"name":"abc","limit":1,"duration":1000,"limit":9}]"#),
        ("keys.createKey", "a", r#""meta":{"b":{"a":1,"a":2}}"#),
        ("keys.verifyKey", "permissions", r#""key":"sk_1","permissions":"a","permissions":"b""#),
    ] {
        let body = match operation {
            "keys.createKey" => format!(r#"{{"apiId":"{api}",{members}}}"#),
            _ => format!("{{{members}}}"),
        };
        let bearer = format!("Bearer {}", test.root_key);
        let answer = test.raw(operation, Some(&bearer), Some("application/json"), body.clone()).await;
        let told = answer.body["error"]["errors"].to_string();
        let is_told = told.contains(&format!("`{name}` is there twice"));
        assert!(answer.status == 400 && is_told, "{body}: {}", answer.body);
    }
}
