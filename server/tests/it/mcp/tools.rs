//! Which tools there are, who is shown them, and what their calls leave behind.

use std::collections::BTreeSet;

use serde_json::json;
use unkey::http::v2::DOCUMENT;

use super::{Message, call, call_as, data, fails, listed};
use crate::request_log::of_path;
use crate::support::TestApp;
use crate::v2::matrix::{Ids, cases};

const EVERYTHING: &str = "/mcp?toolsets=default,rootKeys,portal,webhooks";

#[tokio::test]
async fn every_operation_for_root_keys_is_a_tool_and_no_other() {
    let test = TestApp::start().await;
    let tools: BTreeSet<String> = listed(&test, &test.root_key, EVERYTHING).await.into_iter().collect();
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let for_root_keys =
        paths.iter().filter(|(_, path)| path["post"].is_object() && path["post"]["security"].is_null());
    let mut expected: BTreeSet<String> =
        for_root_keys.map(|(path, _)| path.trim_start_matches("/v2/").replace('.', "_")).collect();
    assert!(expected.len() > 50);
    expected.extend(["audit_search", "docs_search", "requests_search"].map(str::to_owned));
    assert_eq!(tools, expected);
    for of_end_users in
        ["portal_exchangeCode", "portal_listKeys", "portal_rerollKey", "portal_getVerifications"]
    {
        assert!(!tools.contains(of_end_users));
    }
}

#[tokio::test]
async fn a_tool_says_what_it_takes_gives_and_does() {
    let test = TestApp::start().await;
    let result = Message::legacy(&test.root_key, "tools/list", json!({})).to(EVERYTHING).result(&test).await;
    let find =
        |name: &str| result["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == name).unwrap();
    let create = find("keys_createKey");
    assert_eq!(create["title"], "Create a key");
    assert_eq!(create["inputSchema"]["required"], json!(["apiId"]));
    assert_eq!(create["inputSchema"]["additionalProperties"], false);
    assert_eq!(create["inputSchema"]["properties"]["byteLength"]["minimum"], 16);
    assert_eq!(create["outputSchema"]["properties"]["data"]["required"], json!(["keyId"]));
    for (tool, read_only, destructive) in
        [("keys_getKey", true, false), ("keys_createKey", false, false), ("keys_deleteKey", false, true)]
    {
        let hints = &find(tool)["annotations"];
        assert_eq!(
            (&hints["readOnlyHint"], &hints["destructiveHint"]),
            (&json!(read_only), &json!(destructive))
        );
        assert_eq!(hints["openWorldHint"], false);
    }
    // Not read alone: it spends credits and counts against limits.
    assert_eq!(find("keys_verifyKey")["annotations"]["readOnlyHint"], false);
    for tool in result["tools"].as_array().unwrap() {
        assert_eq!(tool["inputSchema"]["type"], "object", "{tool}");
        assert_eq!(tool["outputSchema"]["type"], "object", "{tool}");
        // A schema that is `true` or `false` is one, but not to every client.
        for schema in ["inputSchema", "outputSchema"] {
            let properties = tool[schema]["properties"].as_object().unwrap();
            assert!(properties.values().all(serde_json::Value::is_object), "{tool}");
        }
    }
}

#[tokio::test]
async fn exactly_the_grants_of_an_operation_show_its_tool() {
    let test = TestApp::start().await;
    let ids = Ids::make(&test).await;
    let powerless = test.new_root_key(false, &[]).await;
    assert_eq!(listed(&test, &powerless, EVERYTHING).await, ["docs_search"]);
    for case in cases() {
        let grants: Vec<String> = case.grants.iter().map(|grant| ids.fill(grant)).collect();
        let grants: Vec<&str> = grants.iter().map(String::as_str).collect();
        let holder = test.new_root_key(false, &grants).await;
        let tools = listed(&test, &holder, EVERYTHING).await;
        let tool = case.operation.replace('.', "_");
        assert!(tools.contains(&tool), "{tool} with {grants:?}: {tools:?}");
        assert!(tools.len() < 30, "{grants:?} show {tools:?}");
    }
}

#[tokio::test]
async fn what_is_not_shown_cannot_be_called() {
    let test = TestApp::start().await;
    let before = test.audit_entries().await;
    let arguments = json!({ "name": "apis_createApi", "arguments": { "name": "payments" } });
    let call = || Message::legacy(&test.root_key, "tools/call", arguments.clone());
    for path in ["/mcp?readonly=true", "/mcp?toolsets=keys", "/mcp/ratelimits/"] {
        assert_eq!(call().to(path).error(&test).await, -32602, "{path}");
    }
    let root_key = json!({ "name": "rootKeys_createKey", "arguments": { "permissions": [] } });
    assert_eq!(Message::legacy(&test.root_key, "tools/call", root_key).error(&test).await, -32602);
    assert_eq!(test.audit_entries().await, before);
    call().to("/mcp?toolsets=apis&readonly=false").result(&test).await;
    assert_eq!(test.audit_entries().await, before + 1);
}

#[tokio::test]
async fn addresses_and_queries_narrow_what_is_shown() {
    let test = TestApp::start().await;
    let default = listed(&test, &test.root_key, "/mcp").await;
    assert!(
        !default
            .iter()
            .any(|name| ["rootKeys_", "portal_", "webhooks_"].iter().any(|of| name.starts_with(of)))
    );
    for same in ["/mcp/", "/mcp/v1", "/mcp/v2", "/mcp?toolsets=default&readonly=false"] {
        assert_eq!(listed(&test, &test.root_key, same).await, default, "{same}");
    }
    for path in ["/mcp/ratelimits", "/mcp/ratelimits/"] {
        let names = listed(&test, &test.root_key, path).await;
        assert_eq!(names.len(), 6, "{names:?}");
        assert!(names.iter().all(|name| name.starts_with("ratelimit_")));
    }
    let keys = listed(&test, &test.root_key, "/mcp?toolsets=keys&readonly=true").await;
    assert_eq!(keys, ["keys_getKey", "keys_whoami", "keys_explainKey"]);
    for query in ["toolsets=nothing", "readonly=maybe", "toolset=keys"] {
        let refused = Message::legacy(&test.root_key, "tools/list", json!({}));
        let refused = refused.to(&format!("/mcp?{query}")).send(&test).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.body["error"]["code"]),
            (400, &json!(-32600)),
            "{query}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_the_operation_by_another_door() {
    let test = TestApp::start().await;
    let api = data(&call(&test, "apis_createApi", json!({ "name": "payments" })).await);
    assert_eq!(test.last_audit().await, ["api.create"]);
    let made = call(&test, "keys_createKey", json!({ "apiId": api["apiId"], "name": "first" })).await;
    let request_id = made["structuredContent"]["meta"]["requestId"].as_str().unwrap().to_owned();
    let made = data(&made);
    assert_eq!(test.verify(made["key"].as_str().unwrap()).await["code"], "VALID");

    let entries = data(&call(&test, "audit_search", json!({ "requestId": request_id })).await);
    assert_eq!(entries.as_array().unwrap().len(), 1, "{entries}");
    assert_eq!((&entries[0]["door"], &entries[0]["event"]), (&json!("mcp"), &json!("key.create")));

    let logged = crate::request_log::own(&test, of_path("/v2/keys.createKey")).await;
    let [request] = &logged[..] else { panic!("{logged:?}") };
    assert_eq!((request.door.as_str(), request.status), ("mcp", 200));
    assert_eq!(request.request_id, request_id);
    let told = request.response_body.as_deref().unwrap();
    assert!(!told.contains(made["key"].as_str().unwrap()), "the plaintext is in the log");
    let [served, refused, failed] = test.app.requests.of(base::access::Door::Mcp);
    assert_eq!((served, refused, failed), (3, 0, 0), "each message counts once");
}

#[tokio::test]
async fn bad_arguments_are_a_result_and_leave_nothing() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let before = test.audit_entries().await;
    for (tool, arguments) in [
        ("keys_createKey", json!({ "apiId": api, "byteLength": 1 })),
        ("keys_createKey", json!({ "apiId": api, "secretlink": true })),
        ("keys_createKey", json!({ "apiId": api, "secretLink": "yes" })),
        ("keys_createKey", json!({ "apiId": api, "idempotencyKey": 1 })),
        ("keys_createKey", json!({ "apiId": api, "idempotencyKey": "" })),
        ("keys_createKey", json!({ "apiId": api, "idempotencyKey": "a\nb" })),
        ("keys_createKey", json!({})),
        ("keys_deleteKey", json!({ "keyId": "key_1", "idempotencyKey": "once" })),
        ("ratelimit_multiLimit", json!({})),
        ("ratelimit_multiLimit", json!({ "body": [], "limit": 1 })),
        ("audit_search", json!({ "limit": 101 })),
        ("audit_search", json!({ "since": "yesterday" })),
        ("requests_search", json!({ "cursor": "here" })),
        ("requests_search", json!({ "ip": "here" })),
        ("docs_search", json!({ "query": "keys", "page": 2 })),
    ] {
        fails(&call(&test, tool, arguments.clone()).await, 400, "application/invalid_input");
    }
    fails(&call(&test, "keys_getKey", json!({ "keyId": "key_1" })).await, 404, "data/key_not_found");
    assert_eq!(test.audit_entries().await, before);
}

#[tokio::test]
async fn keys_of_other_workspaces_look_absent() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key, _) = test.key(&api, json!({})).await;
    let stranger = test.root_key_of_another_workspace().await;
    let before = test.audit_entries().await;
    for tool in ["keys_getKey", "keys_deleteKey"] {
        fails(&call_as(&test, &stranger, tool, json!({ "keyId": key })).await, 404, "data/key_not_found");
    }
    assert_eq!(test.audit_entries().await, before);
}

#[tokio::test]
async fn an_idempotency_key_makes_it_happen_once() {
    let test = TestApp::start().await;
    let arguments = json!({ "name": "payments", "idempotencyKey": "retry-1" });
    let first = data(&call(&test, "apis_createApi", arguments.clone()).await);
    let again = data(&call(&test, "apis_createApi", arguments).await);
    assert_eq!(first, again);
    assert_eq!(test.audit_events("api.create").await, 1);
    let other = json!({ "name": "orders", "idempotencyKey": "retry-1" });
    fails(&call(&test, "apis_createApi", other).await, 400, "application/invalid_input");
    // The same key by the API itself: whoever retries may come in by another door.
    let by_api = test.call_once("apis.createApi", "retry-1", json!({ "name": "payments" })).await.data();
    assert_eq!(by_api, first);
}

#[tokio::test]
async fn a_body_that_is_no_object_is_one_argument() {
    let test = TestApp::start().await;
    let limits = json!([
        { "namespace": "email", "identifier": "ann", "limit": 1, "duration": 60000 },
        { "namespace": "sms", "identifier": "ann", "limit": 1, "duration": 60000 },
    ]);
    let first = data(&call(&test, "ratelimit_multiLimit", json!({ "body": limits })).await);
    assert_eq!(first["passed"], true);
    let second = data(&call(&test, "ratelimit_multiLimit", json!({ "body": limits })).await);
    assert_eq!(second["passed"], false);
}

#[tokio::test]
async fn calls_are_charged_to_the_budget_and_lists_are_free() {
    let test = TestApp::start().await;
    let operator = test.operator().await;
    let command = domain::root_keys::CreateRootKey {
        name: None,
        permissions: Vec::new(),
        full: true,
        expires_at: None,
        ip_allowlist: None,
        limit_per_minute: Some(2),
    };
    let limited = test.app.root_keys.create(&operator, command).await.unwrap().1.reveal().to_owned();
    for _ in 0..3 {
        assert!(!listed(&test, &limited, "/mcp").await.is_empty());
    }
    data(&call_as(&test, &limited, "docs_search", json!({ "query": "keys" })).await);
    data(&call_as(&test, &limited, "apis_createApi", json!({ "name": "payments" })).await);
    for (tool, arguments) in
        [("docs_search", json!({ "query": "keys" })), ("apis_createApi", json!({ "name": "orders" }))]
    {
        let refused = call_as(&test, &limited, tool, arguments).await;
        assert_eq!(refused["structuredContent"]["error"]["status"], 429, "{refused}");
    }
    assert_eq!(test.audit_events("api.create").await, 1);
}

#[tokio::test]
async fn the_door_can_be_switched_off() {
    let test = TestApp::start_with(|config| config.mcp = false).await;
    for path in ["/mcp", "/mcp/", "/mcp/v1", "/mcp/v2", "/mcp/ratelimits/"] {
        let answer = Message::legacy(&test.root_key, "tools/list", json!({})).to(path).send(&test).await;
        assert_eq!(answer.status.as_u16(), 404, "{path}");
    }
}
