//! Error pages: one for every code of both APIs, at the address that error
//! bodies carry, with an example that this server really answers.

use std::fs;

use base::error::Code;
use domain::root_keys::CreateRootKey;
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{ask, files, get, root};
use crate::support::{Answer, START_MS, TestApp};

/// The codes of v1 (docs/contract/v1.md#error-envelope,
/// docs/decisions.md#one-code-of-v1-for-429).
const V1: [&str; 15] = [
    "BAD_REQUEST",
    "UNAUTHORIZED",
    "FORBIDDEN",
    "DISABLED",
    "EXPIRED",
    "INSUFFICIENT_PERMISSIONS",
    "USAGE_EXCEEDED",
    "NOT_FOUND",
    "METHOD_NOT_ALLOWED",
    "CONFLICT",
    "PRECONDITION_FAILED",
    "DELETE_PROTECTED",
    "TOO_MANY_REQUESTS",
    "RATE_LIMITED",
    "INTERNAL_SERVER_ERROR",
];

/// What the published documents list below `errors-v2/unkey/`.
const PUBLISHED: &[&str] = &[
    "application/assertion_failed",
    "application/invalid_input",
    "application/protected_resource",
    "application/service_unavailable",
    "application/unexpected_error",
    "authentication/key_not_found",
    "authentication/malformed",
    "authentication/missing",
    "authorization/forbidden",
    "authorization/insufficient_permissions",
    "authorization/key_disabled",
    "authorization/workspace_disabled",
    "data/api_not_found",
    "data/audit_log_not_found",
    "data/identity_already_exists",
    "data/identity_not_found",
    "data/key_auth_not_found",
    "data/key_not_found",
    "data/permission_not_found",
    "data/ratelimit_namespace_not_found",
    "data/ratelimit_override_not_found",
    "data/role_not_found",
    "data/workspace_not_found",
];

/// A page that must exist as HTML and as Markdown and name its code.
async fn has_page(test: &TestApp, path: &str, code: &str) {
    let html = get(test, path).await;
    assert_eq!(html.status, StatusCode::OK, "{path}");
    assert!(html.text.contains(&format!("<code>{code}</code>")), "{path} does not name {code}");
    let raw = get(test, &format!("{path}.md")).await;
    assert_eq!(raw.status, StatusCode::OK, "{path}.md");
    assert!(raw.text.starts_with("# ") && raw.text.contains(code), "{path}.md");
}

#[tokio::test]
async fn every_code_has_a_page_where_error_bodies_point() {
    let test = TestApp::start().await;
    for code in Code::ALL {
        let path = format!("/docs/errors/{}", code.as_str().replace(':', "/"));
        has_page(&test, &path, &format!("err:{}", code.as_str())).await;
    }
    for code in V1 {
        has_page(&test, &format!("/docs/api-reference/errors/code/{code}"), code).await;
    }
}

// row: api-reference/errors-v2/overview
#[tokio::test]
async fn the_addresses_of_the_published_documents_lead_to_the_same_pages() {
    let test = TestApp::start().await;
    for code in PUBLISHED {
        let old = get(&test, &format!("/docs/api-reference/errors-v2/unkey/{code}")).await;
        assert_eq!(old.status, StatusCode::PERMANENT_REDIRECT, "{code}");
        assert_eq!(old.header("location"), format!("/docs/errors/unkey/{code}"));
        has_page(&test, old.header("location"), &format!("err:unkey:{}", code.replace('/', ":"))).await;
    }
    let unknown = get(&test, "/docs/api-reference/errors-v2/unkey/data/nothing").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_lists_of_codes_are_whole() {
    for (index, folder) in
        [("errors/README.md", "errors/"), ("api-reference/errors/README.md", "api-reference/errors/")]
    {
        let text = fs::read_to_string(root().join(index)).unwrap();
        for file in files().iter().filter(|file| file.starts_with(folder) && *file != index) {
            let link = format!("]({})", &file[folder.len()..]);
            assert!(text.contains(&link), "{index} does not list {file}");
            let page = fs::read_to_string(root().join(file)).unwrap();
            let status = page.split("`, HTTP ").nth(1).map_or("none", |rest| &rest[..3]);
            let row = text.lines().find(|line| line.starts_with('|') && line.contains(&link)).unwrap();
            assert!(row.contains(&format!("| {status} |")), "{file} says {status}: {row}");
        }
    }
}

/// Objects that the examples of the pages are about.
struct Examples {
    test: TestApp,
    names: Vec<(&'static str, String)>,
}

impl Examples {
    async fn prepare() -> Self {
        let test = TestApp::start().await;
        let api = test.api().await;
        let (_, key) = test.key(&api, json!({})).await;
        let keyspace = test.verify(&key).await["keyspaceId"].as_str().unwrap().to_owned();
        let protected = test.api().await;
        let change = domain::apis::SetApi {
            delete_protection: Some(true),
            ..domain::apis::SetApi::new(protected.as_str().into())
        };
        test.app.apis.set(&test.operator().await, change).await.unwrap();
        for (operation, body) in [
            ("identities.createIdentity", json!({ "externalId": "user_1" })),
            ("permissions.createRole", json!({ "name": "reader" })),
            ("permissions.createPermission", json!({ "name": "Read", "slug": "documents.read" })),
            (
                "ratelimit.limit",
                json!({ "namespace": "sms", "identifier": "ann", "limit": 9, "duration": 60_000 }),
            ),
            ("portal.createPortal", json!({ "slug": "taken", "displayName": "T", "keyspaceId": keyspace })),
        ] {
            test.call(operation, body).await.data();
        }
        let reader = test.new_root_key(false, &["api.*.read_api"]).await;
        // The longer names first: they contain the shorter ones.
        let names = vec![
            ("PROTECTED_API_ID", protected),
            ("READ_ONLY_ROOT_KEY", reader),
            ("KEYSPACE_ID", keyspace),
            ("API_ID", api),
            ("\"KEY\"", format!("\"{key}\"")),
        ];
        Self { test, names }
    }

    fn fill(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// Sends the request that a page shows.
    async fn send(&self, request: &str) -> Answer {
        let request = self.fill(request);
        let (head, body) = request.split_once("\n\n").unwrap();
        let mut lines = head.lines();
        let operation = lines.next().and_then(|line| line.strip_prefix("POST /v2/")).unwrap();
        let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(':')).collect();
        let header =
            |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.trim());
        match (header("Cookie"), header("Authorization")) {
            (Some(cookie), _) => {
                let cookie = cookie.strip_prefix("portal_session=").unwrap();
                let body = serde_json::from_str(body).unwrap();
                self.test.with_cookie(operation, &format!("portal_session={cookie}"), body).await
            }
            (None, Some(given)) => {
                let authorization = Some(given).filter(|text| !text.is_empty());
                self.test.raw(operation, authorization, Some("application/json"), body).await
            }
            (None, None) => self.test.call(operation, serde_json::from_str(body).unwrap()).await,
        }
    }
}

/// The content of the first block of a kind in a page.
fn block<'a>(page: &'a str, kind: &str) -> Option<&'a str> {
    page.split(&format!("```{kind}\n")).nth(1)?.split("\n```").next()
}

/// The example body of the page of a code.
fn example(page: &str) -> Value {
    serde_json::from_str(block(page, "json").unwrap()).unwrap()
}

/// Asserts that an answer is the one its page shows.
#[track_caller]
fn shown(answer: &Answer, shown: &Value, file: &str) {
    let (mut got, mut wanted) = (answer.body["error"].clone(), shown["error"].clone());
    let path = |value: &mut Value| {
        let kind = value["type"].take();
        kind.as_str().and_then(|kind| kind.split_once("/docs/")).map(|(_, path)| path.to_owned()).unwrap()
    };
    assert_eq!(path(&mut got), path(&mut wanted), "{file}");
    assert_eq!(got, wanted, "{file} shows another answer than this server gives");
    assert!(answer.body["meta"]["requestId"].as_str().unwrap().starts_with("req_"));
}

// row: api-reference/errors-v2/unkey/application/invalid_input
// row: api-reference/errors-v2/unkey/application/protected_resource
// row: api-reference/errors-v2/unkey/authentication/key_not_found
// row: api-reference/errors-v2/unkey/authentication/malformed
// row: api-reference/errors-v2/unkey/authorization/insufficient_permissions
// row: api-reference/errors-v2/unkey/data/api_not_found
// row: api-reference/errors-v2/unkey/data/identity_already_exists
// row: api-reference/errors-v2/unkey/data/identity_not_found
// row: api-reference/errors-v2/unkey/data/key_not_found
// row: api-reference/errors-v2/unkey/data/permission_not_found
// row: api-reference/errors-v2/unkey/data/ratelimit_namespace_not_found
// row: api-reference/errors-v2/unkey/data/ratelimit_override_not_found
// row: api-reference/errors-v2/unkey/data/role_not_found
#[tokio::test]
async fn the_example_of_a_page_is_what_this_server_answers() {
    let examples = Examples::prepare().await;
    let mut replayed = 0;
    for file in files().iter().filter(|file| file.starts_with("errors/")) {
        let page = fs::read_to_string(root().join(file)).unwrap();
        let Some(request) = block(&page, "http") else { continue };
        let answer = examples.send(request).await;
        let wanted = serde_json::from_str(&examples.fill(&example(&page).to_string())).unwrap();
        shown(&answer, &wanted, file);
        let path = answer.body["error"]["type"].as_str().unwrap();
        assert!(path.ends_with(&format!("/docs/{}", file.trim_end_matches(".md"))), "{file}: {path}");
        replayed += 1;
    }
    assert!(replayed >= 24, "{replayed} examples");
}

fn page_of(code: &str) -> Value {
    example(&fs::read_to_string(root().join(format!("errors/{code}.md"))).unwrap())
}

async fn root_key(test: &TestApp, permissions: &[&str], expires_at: Option<i64>) -> (String, String) {
    let command = CreateRootKey {
        name: None,
        permissions: permissions.iter().map(|permission| (*permission).to_owned()).collect(),
        full: false,
        expires_at,
        ip_allowlist: None,
        limit_per_minute: None,
    };
    let (id, key) = test.app.root_keys.create(&test.operator().await, command).await.unwrap();
    (id.to_string(), key.reveal().to_owned())
}

// row: api-reference/errors-v2/unkey/authentication/missing
// row: api-reference/errors-v2/unkey/authorization/forbidden
// row: api-reference/errors-v2/unkey/authorization/key_disabled
// row: api-reference/errors-v2/unkey/authorization/workspace_disabled
#[tokio::test]
async fn examples_that_need_a_history_are_real_too() {
    let test = TestApp::start().await;
    let get_api = json!({ "apiId": "api_nothing" });
    // A missing header is told by the validator
    // (docs/decisions.md#a-missing-root-key-is-400-in-v2), as the page of `missing`
    // says.
    let none = test.raw("apis.getApi", None, Some("application/json"), get_api.to_string()).await;
    none.fails(400, "unkey/application/invalid_input");
    assert_eq!(none.body["error"]["errors"][0]["location"], "security");

    let (_, brief) = root_key(&test, &["api.*.read_api"], Some(START_MS + 1)).await;
    test.advance_ms(2);
    let expired = test.call_as(&brief, "apis.getApi", get_api.clone()).await;
    shown(&expired, &page_of("unkey/authorization/forbidden"), "forbidden");

    let (id, key) = root_key(&test, &["api.*.read_api"], None).await;
    let switch = |enabled: bool| json!({ "keyId": id, "enabled": enabled });
    test.call("rootKeys.updateKey", switch(false)).await.data();
    let disabled = test.call_as(&key, "apis.getApi", get_api.clone()).await;
    shown(&disabled, &page_of("unkey/authorization/key_disabled"), "key_disabled");
    test.call("rootKeys.updateKey", switch(true)).await.data();
    test.call_as(&key, "apis.getApi", get_api.clone()).await.fails(404, "data/api_not_found");

    let (operator, workspaces) = (test.operator().await, &test.app.workspaces);
    workspaces.set_enabled(&operator, "default", false).await.unwrap();
    let disabled = test.call("apis.getApi", get_api.clone()).await;
    shown(&disabled, &page_of("unkey/authorization/workspace_disabled"), "workspace_disabled");
    workspaces.set_enabled(&operator, "default", true).await.unwrap();
    workspaces.set_api_limit(&operator, "default", Some(0)).await.unwrap();
    let limited = test.call("apis.getApi", get_api.clone()).await;
    shown(&limited, &page_of("user/too_many_requests/workspace_rate_limited"), "workspace_rate_limited");
    workspaces.set_api_limit(&operator, "default", None).await.unwrap();
    test.call("apis.getApi", get_api).await.fails(404, "data/api_not_found");
}

#[tokio::test]
async fn examples_of_broken_requests_are_real_too() {
    let test = TestApp::start().await;
    let body = json!({ "name": "once" });
    test.call_once("apis.createApi", "lost", body.clone()).await.data();
    test.lose_answers().await;
    let lost = test.call_once("apis.createApi", "lost", body).await;
    shown(&lost, &page_of("unkey/application/idempotency_conflict"), "idempotency_conflict");

    let large = json!({ "name": "x".repeat(test.app.config.max_body_bytes) });
    let large = test.call("apis.createApi", large).await;
    shown(&large, &page_of("user/bad_request/request_body_too_large"), "request_body_too_large");

    let coded =
        test.raw_with("apis.createApi", "content-encoding", "gzip", &json!({ "name": "coded" })).await;
    let page = page_of("user/bad_request/unsupported_content_encoding");
    shown(&coded, &page, "unsupported_content_encoding");
    assert_eq!((coded.status.as_u16(), coded.header("accept-encoding")), (415, "identity"));

    let wrong = ask(&test, Method::GET, "/v2/apis.getApi", &[]).await;
    let wrong_body: Value = serde_json::from_str(&wrong.text).unwrap();
    let wanted = &page_of("unkey/application/method_not_allowed")["error"];
    assert_eq!((wrong.status.as_u16(), &wrong_body["error"]["detail"]), (405, &wanted["detail"]));
}

// row: api-reference/errors-v2/unkey/application/assertion_failed
// row: api-reference/errors-v2/unkey/data/key_auth_not_found
// row: api-reference/errors-v2/unkey/data/workspace_not_found
#[tokio::test]
async fn data_that_contradicts_itself_cannot_be_stored() {
    use sea_orm::ConnectionTrait;
    let test = TestApp::start().await;
    let api = test.api().await;
    test.key(&api, json!({})).await;
    let db = test.app.store.database().writer();
    for contradiction in [
        // A key without its API; an API without its keyspace; anything without its workspace.
        "DELETE FROM apis",
        "UPDATE apis SET keyspace_id = NULL",
        "DELETE FROM workspaces",
        "UPDATE root_keys SET workspace_id = 'ws_nothing'",
    ] {
        assert!(db.execute_unprepared(contradiction).await.is_err(), "{contradiction}");
    }
}
