//! Who gets in, and what the others are told.

use serde_json::json;

use super::{Message, listed};
use crate::support::TestApp;

fn list(root_key: &str) -> Message {
    Message::legacy(root_key, "tools/list", json!({}))
}

#[tokio::test]
async fn a_root_key_comes_in_any_of_three_headers() {
    let test = TestApp::start().await;
    let expected = listed(&test, &test.root_key, "/mcp").await;
    for name in ["mcp-unkey-bearer-auth", "mcp-unkey-v2-root-key"] {
        let message = list("").without("authorization").with(name, &test.root_key);
        assert_eq!(message.result(&test).await["tools"].as_array().unwrap().len(), expected.len(), "{name}");
    }
}

#[tokio::test]
async fn nobody_is_told_where_credentials_come_from() {
    let test =
        TestApp::start_with(|config| config.public_url = Some("https://keys.example.com".into())).await;
    let metadata = "resource_metadata=\"https://keys.example.com/.well-known/oauth-protected-resource/mcp\"";
    let before = test.audit_entries().await;
    for (message, challenge) in [
        (list("").without("authorization"), format!("Bearer {metadata}")),
        (list("unkey_wrong"), format!("Bearer error=\"invalid_token\", {metadata}")),
        (list(""), format!("Bearer error=\"invalid_token\", {metadata}")),
        (list("").with("authorization", "Basic dTpw"), format!("Bearer error=\"invalid_token\", {metadata}")),
    ] {
        let refused = message.with("host", "keys.example.com").send(&test).await;
        assert_eq!(refused.status.as_u16(), 401, "{}", refused.body);
        assert_eq!(refused.header("www-authenticate"), challenge);
        assert_eq!(refused.body["jsonrpc"], "2.0");
        assert_eq!(refused.body["error"]["code"], -32000);
        assert!(refused.body["error"]["data"]["error"]["type"].as_str().unwrap().contains("/docs/errors/"));
    }
    assert_eq!(test.audit_entries().await, before);
    // Clients want the document to be about the address that they called.
    for path in ["/mcp/v1", "/mcp/ratelimits/"] {
        let refused = list("unkey_wrong").to(path).with("host", "keys.example.com").send(&test).await;
        let document = refused.header("www-authenticate").split('"').nth(3).unwrap().to_owned();
        let document = test.get(document.trim_start_matches("https://keys.example.com")).await;
        assert_eq!(document.body["resource"], format!("https://keys.example.com{path}"));
    }
}

#[tokio::test]
async fn a_root_key_that_is_good_no_more_is_refused_at_once() {
    let test = TestApp::start().await;
    let narrow = test.new_root_key(false, &["api.*.read_api"]).await;
    assert!(listed(&test, &narrow, "/mcp").await.contains(&"apis_getApi".to_owned()));
    let operator = test.operator().await;
    let root_keys = test.app.root_keys.list(&operator).await.unwrap();
    let id = &root_keys.iter().find(|key| key.permissions == ["api.*.read_api"]).unwrap().id;
    test.app.root_keys.revoke(&operator, id).await.unwrap();
    assert_eq!(list(&narrow).send(&test).await.status.as_u16(), 401);
}

#[tokio::test]
async fn pages_of_other_origins_and_foreign_names_are_turned_away() {
    let test =
        TestApp::start_with(|config| config.public_url = Some("https://keys.example.com".into())).await;
    let message = || list(&test.root_key).with("host", "keys.example.com");
    message().with("origin", "https://keys.example.com").result(&test).await;
    message().with("host", "127.0.0.1:3000").result(&test).await;
    for (name, value) in [
        ("origin", "https://evil.example.com"),
        ("origin", "https://keys.example.com:8443"),
        ("origin", "http://localhost:3000"),
        ("origin", "null"),
        ("host", "evil.example.com"),
    ] {
        let refused = message().with(name, value).send(&test).await;
        assert_eq!(refused.status.as_u16(), 403, "{name}: {value}");
        assert_eq!(refused.body["error"]["code"], -32600);
    }
}
