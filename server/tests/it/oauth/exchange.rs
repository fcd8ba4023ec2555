//! From a code to a root key, once.

use base::access::Role;
use base::clock::DAY_MS;
use domain::oauth::CODE_MS;
use poem::http::StatusCode;
use serde_json::json;

use super::consent::demote;
use super::{CALLBACK, Program, given, register};
use crate::dashboard::browser::Browser;
use crate::support::{Answer, START_MS, TestApp};

const RIGHTS: [(&str, &str); 2] = [("permissions", "api.*.read_api"), ("expires", "7d")];

#[track_caller]
fn refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status.as_u16(), &answer.body["error"]), (status, &json!(error)), "{}", answer.body);
    assert!(answer.body["error_description"].as_str().is_some_and(|text| text.is_ascii()));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.body["access_token"], json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_gets_the_root_key_that_somebody_allowed() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let program = Program::register(&test).await;
    let mut browser = Browser::of(&test, Role::Admin).await;
    let own = format!("api.{api}.read_api");
    let fields = [("permissions", own.as_str()), ("expires", "7d"), ("limit_per_minute", "60")];
    let code = program.code(&mut browser, &fields).await;
    let answer = program.exchange(&code, &[]).await;
    assert_eq!(
        (answer.status, answer.header("cache-control")),
        (StatusCode::OK, "no-store"),
        "{}",
        answer.body
    );
    assert_eq!(
        (&answer.body["token_type"], &answer.body["expires_in"]),
        (&json!("Bearer"), &json!(7 * 86_400))
    );
    assert_eq!(test.last_audit().await, ["rootkey.create"]);

    let token = answer.body["access_token"].as_str().unwrap();
    test.call_as(token, "apis.getApi", json!({ "apiId": api })).await.data();
    test.call_as(token, "apis.createApi", json!({ "name": "maps" }))
        .await
        .fails(403, "insufficient_permissions");

    let keys = test.app.root_keys.list(&test.operator().await).await.unwrap();
    let key = keys.iter().find(|key| key.client.is_some()).unwrap();
    let client = key.client.clone().unwrap();
    assert_eq!((client.name.as_str(), client.id.as_str()), ("Cursor", program.client_id.as_str()));
    assert_eq!((key.name.as_deref(), key.expires_at), (Some("Cursor"), Some(START_MS + 7 * DAY_MS)));
    assert_eq!(key.permissions, [own]);
    let details = test.app.root_keys.get(&test.operator().await, &key.id).await.unwrap();
    assert_eq!(details.limit_per_minute, Some(60));
    let cx = test.operator().await;
    let users = test.app.users.list(&cx).await.unwrap();
    assert_eq!(details.created_by.as_deref(), Some(users[0].id.as_str()), "made by whoever allowed it");

    browser.get("/root-keys").await.shows("Cursor").shows("By OAuth");
    browser.get(&format!("/root-keys/{}", key.id)).await.shows("Given to").shows("By OAuth");
    let page = browser.get("/settings/ai").await;
    page.shows("Cursor").shows("in 7 days");
    assert!(page.links_to(&format!("/root-keys/{}", key.id)));
    test.app.root_keys.revoke(&cx, &key.id).await.unwrap();
    test.call_as(token, "apis.getApi", json!({ "apiId": api })).await.fails(401, "key_not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_the_code_gets_nothing_and_spends_nothing() {
    let test = TestApp::start().await;
    let program = Program::register(&test).await;
    let other = register(&test, &json!({ "redirect_uris": [CALLBACK] })).await;
    let other = other.body["client_id"].as_str().unwrap();
    let mut browser = Browser::of(&test, Role::Admin).await;
    let code = program.code(&mut browser, &RIGHTS).await;
    let entries = test.audit_entries().await;
    let (verifier, sibling) = ("w".repeat(43), format!("{}/v1", program.resource()));
    for (name, value, status, error) in [
        ("code_verifier", verifier.as_str(), 400, "invalid_grant"),
        ("code_verifier", "", 400, "invalid_grant"),
        ("redirect_uri", "http://127.0.0.1:4322/callback", 400, "invalid_grant"),
        ("redirect_uri", "http://127.0.0.1/callback", 400, "invalid_grant"),
        ("client_id", other, 400, "invalid_grant"),
        ("client_id", "oac_nothing", 401, "invalid_client"),
        ("client_id", "", 401, "invalid_client"),
        ("resource", "", 400, "invalid_target"),
        ("resource", "https://other.example/mcp", 400, "invalid_target"),
        ("resource", sibling.as_str(), 400, "invalid_target"),
        ("code", "nonsense", 400, "invalid_grant"),
        ("code", "", 400, "invalid_grant"),
        ("grant_type", "refresh_token", 400, "unsupported_grant_type"),
        ("grant_type", "client_credentials", 400, "unsupported_grant_type"),
        ("grant_type", "", 400, "unsupported_grant_type"),
    ] {
        refused(&program.exchange(&code, &[(name, value)]).await, status, error);
    }
    assert_eq!((given(&test).await, test.audit_entries().await), (0, entries));
    assert_eq!(program.exchange(&code, &[]).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_left_out_is_the_one_of_the_code() {
    let test = TestApp::start().await;
    let program = Program::register(&test).await;
    let mut browser = Browser::of(&test, Role::Admin).await;
    let code = program.code(&mut browser, &[("permissions", "api.*.read_api"), ("expires", "never")]).await;
    let answer = program.exchange(&code, &[("redirect_uri", "")]).await;
    assert_eq!(
        (answer.status, &answer.body["expires_in"]),
        (StatusCode::OK, &json!(null)),
        "{}",
        answer.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_comes_twice_revokes_what_it_gave() {
    let test = TestApp::start().await;
    let program = Program::register(&test).await;
    let mut browser = Browser::of(&test, Role::Admin).await;
    let code = program.code(&mut browser, &[("permissions", "api.*.create_api")]).await;
    let answer = program.exchange(&code, &[]).await;
    let token = answer.body["access_token"].as_str().unwrap();
    test.call_as(token, "apis.createApi", json!({ "name": "maps" })).await.data();
    // Whoever else has the code has no verifier.
    test.advance_ms(CODE_MS + 1);
    refused(&program.exchange(&code, &[("code_verifier", "")]).await, 400, "invalid_grant");
    assert_eq!(test.last_audit().await, ["rootkey.revoke"]);
    test.call_as(token, "apis.createApi", json!({ "name": "more maps" })).await.fails(401, "key_not_found");
    refused(&program.exchange(&code, &[]).await, 400, "invalid_grant");
    assert_eq!(test.audit_events("rootkey.revoke").await, 1, "once is enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_at_once_one_gets_a_root_key_at_most() {
    let test = TestApp::start().await;
    let program = Program::register(&test).await;
    let mut browser = Browser::of(&test, Role::Admin).await;
    let code = program.code(&mut browser, &RIGHTS).await;
    let (one, two) = tokio::join!(program.exchange(&code, &[]), program.exchange(&code, &[]));
    let statuses = [one.status, two.status];
    assert!(
        statuses.contains(&StatusCode::OK) && statuses.contains(&StatusCode::BAD_REQUEST),
        "{statuses:?}"
    );
    assert_eq!(given(&test).await, 0, "the second use revoked it");
    assert_eq!(test.audit_events("rootkey.create").await, 2, "that of the test and one more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_expires() {
    let test = TestApp::start().await;
    let program = Program::register(&test).await;
    let mut browser = Browser::of(&test, Role::Admin).await;
    let (early, late) =
        (program.code(&mut browser, &RIGHTS).await, program.code(&mut browser, &RIGHTS).await);
    test.advance_ms(CODE_MS - 1);
    assert_eq!(program.exchange(&early, &[]).await.status, StatusCode::OK);
    test.advance_ms(1);
    refused(&program.exchange(&late, &[]).await, 400, "invalid_grant");
    assert_eq!(given(&test).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_lost_the_right_gives_nothing_any_more() {
    let test = TestApp::start().await;
    let program = Program::register(&test).await;
    let cx = test.operator().await;
    // The role.
    let mut browser = Browser::of(&test, Role::Admin).await;
    let code = program.code(&mut browser, &RIGHTS).await;
    demote(&test, "admin@example.com").await;
    refused(&program.exchange(&code, &[]).await, 400, "invalid_grant");
    // The session.
    let mut browser = Browser::of(&test, Role::Owner).await;
    let code = program.code(&mut browser, &RIGHTS).await;
    let page = browser.get("/shortcuts").await;
    browser.submit(&page, "/logout", &[]).await;
    refused(&program.exchange(&code, &[]).await, 400, "invalid_grant");
    // The workspace.
    browser.sign_in("owner@example.com", crate::dashboard::browser::PASSWORD).await;
    let code = program.code(&mut browser, &RIGHTS).await;
    test.app.workspaces.set_enabled(&cx, "default", false).await.unwrap();
    refused(&program.exchange(&code, &[]).await, 400, "invalid_grant");
    test.app.workspaces.set_enabled(&cx, "default", true).await.unwrap();
    assert_eq!(given(&test).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_is_over_by_then_gives_nothing() {
    let test = TestApp::start().await;
    let program = Program::register(&test).await;
    let mut browser = Browser::of(&test, Role::Admin).await;
    let soon = [("permissions", "api.*.read_api"), ("expires", "at"), ("expires_at", "2026-10-07T10:42")];
    let code = program.code(&mut browser, &soon).await;
    test.advance_ms(CODE_MS / 2);
    refused(&program.exchange(&code, &[]).await, 400, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_code_nor_token_is_stored() {
    use sea_orm::{ConnectionTrait, Statement};
    let test = TestApp::start().await;
    let program = Program::register(&test).await;
    let mut browser = Browser::of(&test, Role::Admin).await;
    let code = program.code(&mut browser, &RIGHTS).await;
    let answer = program.exchange(&code, &[]).await;
    let token = answer.body["access_token"].as_str().unwrap();
    let db = test.app.store.read();
    for (table, columns) in [("oauth_codes", "*"), ("root_keys", "*"), ("audit_log", "*")] {
        let sql = format!("SELECT {columns} FROM {table}");
        let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
        let text = format!("{rows:?}");
        assert!(!rows.is_empty() && !text.contains(&code) && !text.contains(token), "{table}");
    }
}
