//! The tools beside the operations: searches of the audit log, of requests, of the
//! documentation.

use serde_json::json;

use super::{call, call_as, data, fails};
use crate::support::TestApp;

#[tokio::test]
async fn the_audit_log_is_searched_page_by_page() {
    let test = TestApp::start().await;
    for name in ["one", "two", "three"] {
        test.call("apis.createApi", json!({ "name": format!("{name} api") })).await.data();
    }
    let first = call(&test, "audit_search", json!({ "event": "api.create", "limit": 2 })).await;
    let cursor = first["structuredContent"]["pagination"]["cursor"].clone();
    assert_eq!(data(&first).as_array().unwrap().len(), 2);
    let arguments = json!({ "event": "api.create", "limit": 2, "cursor": cursor });
    let rest = call(&test, "audit_search", arguments).await;
    assert_eq!(rest["structuredContent"]["pagination"], json!({ "hasMore": false }));
    assert_eq!(data(&rest).as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn logged_requests_are_searched_page_by_page() {
    let test = TestApp::start().await;
    for number in 0..3 {
        test.call("keys.getKey", json!({ "keyId": format!("key_{number}") }))
            .await
            .fails(404, "key_not_found");
    }
    test.api().await;
    test.flush_events().await;
    let asked = json!({ "path": "/v2/keys.getKey", "result": "refused", "status": 404, "limit": 2 });
    let first = call(&test, "requests_search", asked.clone()).await;
    let mut seen: Vec<String> = Vec::new();
    let mut page = first;
    loop {
        for request in data(&page).as_array().unwrap() {
            assert_eq!((&request["status"], &request["door"]), (&json!(404), &json!("v2")));
            seen.push(request["requestId"].as_str().unwrap().to_owned());
        }
        let pagination = &page["structuredContent"]["pagination"];
        if pagination["hasMore"] == false {
            break;
        }
        let mut next = asked.clone();
        next["cursor"] = pagination["cursor"].clone();
        page = call(&test, "requests_search", next).await;
    }
    seen.dedup();
    assert_eq!(seen.len(), 3);
    let served =
        call(&test, "requests_search", json!({ "result": "served", "path": "/v2/apis.createApi" })).await;
    assert_eq!(data(&served).as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn logs_ask_for_their_rights() {
    let test = TestApp::start().await;
    let workspace = test.operator().await.workspace.into_string();
    for (tool, right) in [("audit_search", "audit"), ("requests_search", "logs")] {
        let holder = test.new_root_key(false, &[&format!("unkey:v1:{workspace}:{right}#read")]).await;
        assert_eq!(super::listed(&test, &holder, "/mcp").await, [tool, "docs_search"]);
        data(&call_as(&test, &holder, tool, json!({})).await);
    }
}

#[tokio::test]
async fn logs_of_other_workspaces_are_not_there() {
    let test = TestApp::start().await;
    test.api().await;
    let stranger = test.root_key_of_another_workspace().await;
    let found = call_as(&test, &stranger, "audit_search", json!({ "event": "api.*" })).await;
    assert_eq!(data(&found), json!([]));
}

#[tokio::test]
async fn a_hit_in_the_documentation_is_a_resource() {
    let test = TestApp::start().await;
    let hits = data(&call(&test, "docs_search", json!({ "query": "reverse proxy", "limit": 3 })).await);
    assert_eq!(hits[0]["uri"], "docs://unkey/reverse-proxy.md");
    assert!(hits.as_array().unwrap().len() <= 3);
    let read = super::Message::legacy(&test.root_key, "resources/read", json!({ "uri": hits[0]["uri"] }));
    let page = read.result(&test).await;
    assert!(page["contents"][0]["text"].as_str().unwrap().starts_with("# "));
    fails(&call(&test, "docs_search", json!({ "query": "" })).await, 400, "application/invalid_input");
}
