//! Both eras of the protocol, and messages that are none.

use serde_json::{Value, json};

use super::{LEGACY, MODERN, Message};
use crate::support::TestApp;

fn initialize(root_key: &str, version: &str) -> Message {
    let params = json!({
        "protocolVersion": version, "capabilities": {}, "clientInfo": { "name": "test", "version": "1" },
    });
    Message::legacy(root_key, "initialize", params).with("mcp-protocol-version", version)
}

#[tokio::test]
async fn the_older_era_shakes_hands_and_keeps_no_session() {
    let test = TestApp::start().await;
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", LEGACY] {
        let answer = initialize(&test.root_key, version).send(&test).await;
        let result = &answer.body["result"];
        assert_eq!(result["protocolVersion"], version, "{}", answer.body);
        assert_eq!(result["serverInfo"]["name"], "unkey");
        assert!(result["capabilities"]["tools"].is_object() && result["capabilities"]["prompts"].is_object());
        assert!(result["resultType"].is_null());
        assert_eq!(answer.header("mcp-session-id"), "");
        assert!(answer.content_type.starts_with("application/json"));
    }
    let later = initialize(&test.root_key, "2099-01-01").without("mcp-protocol-version").result(&test).await;
    assert_eq!(later["protocolVersion"], LEGACY);
    let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string();
    let noted = Message::legacy(&test.root_key, "", json!({})).saying(&initialized).send(&test).await;
    assert_eq!(noted.status.as_u16(), 202);
    Message::legacy(&test.root_key, "ping", json!({})).result(&test).await;
}

#[tokio::test]
async fn the_newer_era_discovers_and_needs_no_handshake() {
    let test = TestApp::start().await;
    let found = Message::modern(&test.root_key, "server/discover", json!({})).result(&test).await;
    assert_eq!(found["resultType"], "complete");
    assert!(found["supportedVersions"].as_array().unwrap().contains(&json!(MODERN)), "{found}");
    let tools = Message::modern(&test.root_key, "tools/list", json!({})).result(&test).await;
    assert_eq!((&tools["resultType"], &tools["cacheScope"]), (&json!("complete"), &json!("private")));
    assert_eq!(tools["ttlMs"], 60_000);
    for list in ["resources/list", "prompts/list", "resources/templates/list"] {
        let listed = Message::modern(&test.root_key, list, json!({})).result(&test).await;
        assert!(listed["ttlMs"].is_u64() && listed["cacheScope"].is_string(), "{list}: {listed}");
    }
    let params = json!({ "name": "apis_createApi", "arguments": { "name": "orders" } });
    let made = Message::modern(&test.root_key, "tools/call", params).result(&test).await;
    assert_eq!((&made["resultType"], &made["isError"]), (&json!("complete"), &json!(false)));
    assert_eq!(Message::modern(&test.root_key, "ping", json!({})).error(&test).await, -32601);
}

#[tokio::test]
async fn headers_of_the_newer_era_are_held_against_the_body() {
    let test = TestApp::start().await;
    let before = test.audit_entries().await;
    let params = json!({ "name": "apis_createApi", "arguments": { "name": "orders" } });
    let call = || Message::modern(&test.root_key, "tools/call", params.clone());
    for message in [
        call().with("mcp-method", "tools/list"),
        call().with("mcp-name", "keys_getKey"),
        call().without("mcp-method"),
        call().without("mcp-name"),
        call().with("mcp-protocol-version", LEGACY),
    ] {
        let refused = message.send(&test).await;
        assert_eq!((refused.status.as_u16(), &refused.body["error"]["code"]), (400, &json!(-32020)));
    }
    assert_eq!(test.audit_entries().await, before);
}

#[tokio::test]
async fn versions_that_nobody_speaks_are_refused() {
    let test = TestApp::start().await;
    let unknown = Message::legacy(&test.root_key, "tools/list", json!({}));
    let refused = unknown.with("mcp-protocol-version", "1999-01-01").send(&test).await;
    assert_eq!(refused.status.as_u16(), 400);
    assert_eq!(refused.body["error"]["code"], -32600, "{}", refused.body);
    let mut message = Message::modern(&test.root_key, "tools/list", json!({}));
    message.body = message.body.replace(MODERN, "2099-01-01");
    let refused = message.with("mcp-protocol-version", "2099-01-01").send(&test).await;
    assert_eq!(refused.status.as_u16(), 400);
    assert_eq!(refused.body["error"]["code"], -32022, "{}", refused.body);
}

#[tokio::test]
async fn what_is_no_message_is_refused_in_the_words_of_the_protocol() {
    let test = TestApp::start().await;
    let before = test.audit_entries().await;
    let message = || Message::legacy(&test.root_key, "tools/list", json!({}));
    let twice = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"method\":\"ping\"}";
    for (refused, status, code) in [
        (message().saying("{"), 400, -32700),
        (message().saying(""), 400, -32700),
        (message().saying(twice), 400, -32700),
        (message().saying("{}"), 400, -32600),
        (message().saying("[]"), 400, -32600),
        (message().saying("7"), 400, -32600),
        (message().with("content-type", "text/plain"), 415, -32600),
        (message().without("content-type"), 415, -32600),
        (message().with("accept", "application/json"), 406, -32600),
        (message().without("accept"), 406, -32600),
    ] {
        let answer = refused.send(&test).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
        assert_eq!(answer.body["error"]["code"], code, "{}", answer.body);
        assert!(answer.body["error"]["message"].is_string() && answer.content_type == "application/json");
    }
    assert_eq!(test.audit_entries().await, before);
}

#[tokio::test]
async fn unknown_names_are_errors_of_the_protocol() {
    let test = TestApp::start().await;
    for (method, params, code) in [
        ("tools/call", json!({ "name": "keys_no", "arguments": {} }), -32602),
        ("tools/call", json!({ "name": "portal_listKeys", "arguments": {} }), -32602),
        ("prompts/get", json!({ "name": "no" }), -32602),
        ("prompts/get", json!({ "name": "why_is_this_key_refused" }), -32602),
        ("prompts/get", json!({ "name": "usage_of_this_month", "arguments": { "year": "2026" } }), -32602),
        ("resources/read", json!({ "uri": "docs://unkey/../secret.md" }), -32002),
        ("resources/read", json!({ "uri": "file:///etc/passwd" }), -32002),
        ("tools/list", json!({ "cursor": "2" }), -32602),
        ("no/method", json!({}), -32601),
    ] {
        assert_eq!(
            Message::legacy(&test.root_key, method, params.clone()).error(&test).await,
            code,
            "{method} {params}"
        );
    }
    let long = json!({ "name": "x".repeat(100_000), "arguments": {} });
    let refused = Message::legacy(&test.root_key, "tools/call", long).send(&test).await;
    assert!(refused.body.to_string().len() < 1000, "an error repeats a little of what was sent");
}

#[tokio::test]
async fn bodies_are_bounded() {
    let test = TestApp::start_with(|config| config.max_body_bytes = 300_000).await;
    let before = test.audit_entries().await;
    let call = |arguments: Value| {
        let params = json!({ "name": "apis_createApi", "arguments": arguments });
        Message::legacy(&test.root_key, "tools/call", params)
    };
    let large = call(json!({ "name": "x".repeat(300_000) })).send(&test).await;
    assert_eq!(large.status.as_u16(), 413, "{}", large.body);
    assert_eq!(large.body["error"]["code"], -32000);
    let many = call(json!({ "name": "orders", "tags": vec![0; 21_000] })).send(&test).await;
    assert_eq!(many.status.as_u16(), 400, "{}", many.body);
    assert_eq!(many.body["error"]["code"], -32600);
    assert_eq!(test.audit_entries().await, before);
}

#[tokio::test]
async fn other_methods_than_post_are_told_which_one_does() {
    let test = TestApp::start().await;
    let bearer = format!("Bearer {}", test.root_key);
    for request in [test.client.get("/mcp"), test.client.delete("/mcp")] {
        let request = request.header("authorization", &bearer).header("host", "localhost");
        let answer = crate::support::answer(request.send().await.0).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "POST"));
    }
}

#[tokio::test]
async fn prompts_put_their_arguments_in_place() {
    let test = TestApp::start().await;
    let listed = Message::legacy(&test.root_key, "prompts/list", json!({})).result(&test).await;
    let prompts = listed["prompts"].as_array().unwrap();
    assert_eq!(prompts.len(), 4);
    for prompt in prompts {
        let arguments: serde_json::Map<String, Value> = prompt["arguments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|argument| (argument["name"].as_str().unwrap().to_owned(), json!("<given>")))
            .collect();
        let params = json!({ "name": prompt["name"], "arguments": arguments });
        let result = Message::legacy(&test.root_key, "prompts/get", params).result(&test).await;
        let text = result["messages"][0]["content"]["text"].as_str().unwrap();
        assert!(text.contains("<given>") && !text.contains('{'), "{text}");
        for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            // What looks like a tool is one.
            if word.contains('_') && word.split('_').next().is_some_and(|toolset| TOOLSETS.contains(&toolset))
            {
                let tools = super::listed(&test, &test.root_key, "/mcp").await;
                assert!(tools.contains(&word.to_owned()), "{word}");
            }
        }
    }
}

const TOOLSETS: [&str; 8] =
    ["apis", "analytics", "audit", "docs", "identities", "keys", "requests", "workspace"];
