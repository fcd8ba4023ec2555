//! Secrets of new keys behind one-time links.

use serde_json::{Value, json};

use super::{Message, call, call_as, data, fails};
use crate::support::TestApp;

const MAY_MAKE_LINKS: &str = "unkey:v1:{ws}:secretLinks#create";

/// The path below this server that a link of an answer leads to, and its secret.
async fn reveal(test: &TestApp, link: &Value) -> String {
    let url = link["url"].as_str().unwrap();
    let token = url.rsplit('/').next().unwrap();
    let visitor = test.app.cx("".into(), base::access::Principal::Anonymous, base::access::Door::Dashboard);
    test.app.secret_links.reveal(&visitor, token).await.unwrap().reveal().to_owned()
}

async fn tool(test: &TestApp, root_key: &str, name: &str) -> Value {
    let message = Message::legacy(root_key, "tools/list", json!({})).to("/mcp?toolsets=default,rootKeys");
    let result = message.result(test).await;
    result["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == name).unwrap().clone()
}

#[tokio::test]
async fn a_link_replaces_the_secret_of_a_new_key() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let made =
        call(&test, "keys_createKey", json!({ "apiId": api, "name": "first", "secretLink": true })).await;
    let made = data(&made);
    assert!(made.get("key").is_none(), "{made}");
    let secret = reveal(&test, &made["secretLink"]).await;
    let verified = test.verify(&secret).await;
    assert_eq!((&verified["code"], &verified["keyId"]), (&json!("VALID"), &made["keyId"]));

    let arguments = json!({ "keyId": made["keyId"], "expiration": 0, "secretLink": true });
    let rerolled = data(&call(&test, "keys_rerollKey", arguments).await);
    assert!(rerolled.get("key").is_none(), "{rerolled}");
    let secret = reveal(&test, &rerolled["secretLink"]).await;
    assert_eq!(test.verify(&secret).await["keyId"], rerolled["keyId"]);
    assert_eq!(test.audit_events("secret.create").await, 2);
}

#[tokio::test]
async fn a_secret_behind_a_link_is_not_shown_to_who_asks_again_without_it() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let mut arguments = json!({ "apiId": api, "idempotencyKey": "once", "secretLink": true });
    let made = data(&call(&test, "keys_createKey", arguments.clone()).await);
    let again = data(&call(&test, "keys_createKey", arguments.clone()).await);
    assert_eq!((&again["keyId"], again.get("key")), (&made["keyId"], None), "a retry gets another link");
    for without in [json!(false), json!(null)] {
        arguments["secretLink"] = without.clone();
        if without.is_null() {
            arguments.as_object_mut().unwrap().remove("secretLink");
        }
        let refused = call(&test, "keys_createKey", arguments.clone()).await;
        assert_eq!(refused["isError"], true, "{refused}");
        assert!(!refused.to_string().contains("\"key\":"), "{refused}");
    }
}

#[tokio::test]
async fn without_asking_the_secret_is_in_the_answer() {
    let test = TestApp::start().await;
    let api = test.api().await;
    for arguments in [json!({ "apiId": api }), json!({ "apiId": api, "secretLink": false })] {
        let made = data(&call(&test, "keys_createKey", arguments).await);
        assert_eq!(test.verify(made["key"].as_str().unwrap()).await["code"], "VALID");
    }
    assert_eq!(test.audit_events("secret.create").await, 0);
}

#[tokio::test]
async fn a_link_is_recommended_to_those_who_may_make_one() {
    let test = TestApp::start().await;
    let (api, workspace) = (test.api().await, test.operator().await.workspace.into_string());
    let maker = test.new_root_key(false, &["api.*.create_key"]).await;
    let both = ["api.*.create_key", &MAY_MAKE_LINKS.replace("{ws}", &workspace)];
    let linker = test.new_root_key(false, &both).await;
    for (root_key, offered) in [(&maker, false), (&linker, true), (&test.root_key, true)] {
        for name in ["keys_createKey", "keys_rerollKey"] {
            let tool = tool(&test, root_key, name).await;
            assert_eq!(tool["inputSchema"]["properties"]["secretLink"].is_object(), offered, "{tool}");
            assert_eq!(tool["description"].as_str().unwrap().contains("recommended"), offered, "{tool}");
        }
    }
    // Who asks for a link and may not have one is not given the secret instead.
    let before = test.audit_entries().await;
    let (key, _) = test.key(&api, json!({})).await;
    for (name, arguments) in [
        ("keys_createKey", json!({ "apiId": api, "secretLink": true })),
        ("keys_rerollKey", json!({ "keyId": key, "expiration": 0, "secretLink": true })),
    ] {
        let refused = call_as(&test, &maker, name, arguments).await;
        fails(&refused, 403, "authorization/insufficient_permissions");
    }
    assert_eq!(test.audit_entries().await, before + 1, "the key that was made here");
}

#[tokio::test]
async fn root_keys_go_behind_links_as_well() {
    let test = TestApp::start().await;
    let arguments = json!({ "permissions": ["api.*.read_api"], "name": "reader", "secretLink": true });
    let params = json!({ "name": "rootKeys_createKey", "arguments": arguments });
    let message = Message::legacy(&test.root_key, "tools/call", params).to("/mcp?toolsets=rootKeys");
    let made = data(&message.result(&test).await);
    let secret = reveal(&test, &made["secretLink"]).await;
    assert!(secret.starts_with("unkey_") && made.get("key").is_none());
    assert!(super::listed(&test, &secret, "/mcp").await.contains(&"apis_getApi".to_owned()));
}
