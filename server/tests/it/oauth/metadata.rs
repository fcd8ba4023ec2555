//! Who the authorization server says it is, to clients on machines and in browsers.

use poem::http::{Method, StatusCode};
use serde_json::json;

use super::{Program, register};
use crate::support::{Answer, TestApp, answer};

const SERVER: &str = "/.well-known/oauth-authorization-server";
const RESOURCE: &str = "/.well-known/oauth-protected-resource";

async fn start() -> TestApp {
    TestApp::start_with(|config| config.public_url = Some("https://keys.example.com/".to_owned())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_says_where_everything_is() {
    let test = start().await;
    let issuer = "https://keys.example.com";
    let found = test.get(SERVER).await;
    assert_eq!((found.status, found.content_type.as_str()), (StatusCode::OK, "application/json"));
    assert_eq!(found.body["issuer"], issuer);
    for (name, path) in [
        ("authorization_endpoint", "/oauth/authorize"),
        ("token_endpoint", "/oauth/token"),
        ("registration_endpoint", "/oauth/register"),
    ] {
        assert_eq!(found.body[name], format!("{issuer}{path}"));
    }
    assert_eq!(found.body["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(found.body["token_endpoint_auth_methods_supported"], json!(["none"]));
    assert_eq!(found.body["grant_types_supported"], json!(["authorization_code"]));
    assert_eq!(found.body["authorization_response_iss_parameter_supported"], true);

    for (path, resource) in [
        ("", "/mcp"),
        ("/mcp", "/mcp"),
        ("/mcp/v1", "/mcp/v1"),
        ("/mcp/v2", "/mcp/v2"),
        ("/mcp/ratelimits", "/mcp/ratelimits"),
        ("/mcp/ratelimits/", "/mcp/ratelimits/"),
    ] {
        let found = test.get(&format!("{RESOURCE}{path}")).await;
        assert_eq!(found.body["resource"], format!("{issuer}{resource}"), "{path}");
        assert_eq!(found.body["authorization_servers"], json!([issuer]));
    }
    assert_eq!(test.get(&format!("{RESOURCE}/v2")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_asked_for_names_nothing() {
    let test = TestApp::start().await;
    let found = test.client.get(SERVER).header("host", "evil.example").send().await.0;
    let found = answer(found).await;
    assert_eq!(found.body["issuer"], test.app.origin());
}

async fn preflight(test: &TestApp, path: &str) -> Answer {
    let request = test.client.request(Method::OPTIONS, path).header("origin", "https://client.example");
    answer(request.header("access-control-request-method", "POST").send().await.0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_in_browsers_may_call() {
    let test = TestApp::start().await;
    for path in [SERVER, RESOURCE, "/oauth/register", "/oauth/token"] {
        let asked = preflight(&test, path).await;
        assert_eq!(asked.status, StatusCode::NO_CONTENT, "{path}");
        assert_eq!(asked.header("access-control-allow-origin"), "*");
        assert!(asked.header("access-control-allow-headers").contains("mcp-protocol-version"));
        assert!(asked.header("access-control-allow-methods").contains("POST"));
        assert_eq!(asked.header("access-control-allow-credentials"), "", "{path}: no cookie counts");
    }
    let refused = register(&test, &json!({})).await;
    assert_eq!(
        (refused.status, refused.header("access-control-allow-origin")),
        (StatusCode::BAD_REQUEST, "*")
    );
    // A person's page is nobody else's.
    assert_eq!(preflight(&test, "/oauth/authorize").await.header("access-control-allow-origin"), "");
    assert_eq!(test.get("/oauth/token").await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_it_is_off_where_mcp_is() {
    use crate::dashboard::browser::Browser;
    use base::access::Role;

    let on = TestApp::start().await;
    let address = Program::register(&on).await.address(&[]);
    let test = TestApp::start_with(|config| config.mcp = false).await;
    for path in [SERVER, RESOURCE, &format!("{RESOURCE}/mcp"), "/oauth/token", "/oauth/register"] {
        assert_eq!(test.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(preflight(&test, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let body = json!({ "redirect_uris": ["http://localhost/"] });
    assert_eq!(register(&test, &body).await.status, StatusCode::NOT_FOUND);
    let mut browser = Browser::of(&test, Role::Owner).await;
    assert_eq!(browser.get(&address).await.status, StatusCode::NOT_FOUND);
    browser.get("/settings/ai").await.shows("MCP is switched off").lacks("mcpServers").shows("llms.txt");
}
