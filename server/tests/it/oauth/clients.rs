//! Programs that register, and how long they are remembered.

use base::access::Role;
use base::clock::{DAY_MS, HOUR_MS};
use domain::oauth::{CLIENT_MS, UNUSED_CLIENT_MS};
use poem::http::StatusCode;
use serde_json::json;

use super::{CALLBACK, Program, register};
use crate::dashboard::browser::Browser;
use crate::support::{START_MS, TestApp, answer};

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_told_what_was_made_of_what_it_said() {
    let test = TestApp::start().await;
    let entries = test.audit_entries().await;
    let body = json!({
        "client_name": "Editor",
        "redirect_uris": [CALLBACK, "cursor://anysphere.cursor-retrieval/oauth/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_post",
        "scope": "everything",
        "client_uri": "https://editor.example",
    });
    let made = register(&test, &body).await;
    assert_eq!(
        (made.status, made.header("cache-control")),
        (StatusCode::CREATED, "no-store"),
        "{}",
        made.body
    );
    assert!(made.body["client_id"].as_str().unwrap().starts_with("oac_"));
    assert_eq!(made.body["client_id_issued_at"], START_MS / 1000);
    assert_eq!(made.body["client_name"], "Editor");
    assert_eq!(made.body["redirect_uris"], body["redirect_uris"]);
    assert_eq!(made.body["grant_types"], json!(["authorization_code"]));
    assert_eq!(made.body["token_endpoint_auth_method"], "none");
    assert_eq!(made.body["client_secret"], json!(null));
    assert_eq!(test.audit_entries().await, entries, "strangers do not fill the audit log");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_registered_is_named() {
    let test = TestApp::start().await;
    for (body, error) in [
        (json!([["http://localhost/"]]), "invalid_client_metadata"),
        (json!("x"), "invalid_client_metadata"),
        (json!({ "redirect_uris": "http://localhost/" }), "invalid_client_metadata"),
        (json!({ "redirect_uris": [CALLBACK], "client_name": 7 }), "invalid_client_metadata"),
        (json!({ "redirect_uris": [CALLBACK], "client_name": "a\u{202e}b" }), "invalid_client_metadata"),
        (json!({ "redirect_uris": [CALLBACK], "grant_types": ["implicit"] }), "invalid_client_metadata"),
        (json!({}), "invalid_redirect_uri"),
        (json!({ "redirect_uris": [] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["http://example.com/"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["javascript:alert(1)"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": [CALLBACK, "data:text/html,x"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": vec![CALLBACK; 11] }), "invalid_redirect_uri"),
    ] {
        let refused = register(&test, &body).await;
        assert_eq!(
            (refused.status, &refused.body["error"]),
            (StatusCode::BAD_REQUEST, &json!(error)),
            "{body}"
        );
    }
    let large = json!({ "redirect_uris": [CALLBACK], "software_statement": "x".repeat(16 << 10) });
    assert_eq!(register(&test, &large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_registers_so_many_in_an_hour() {
    let test = TestApp::start().await;
    let body = json!({ "redirect_uris": [CALLBACK] });
    for _ in 0..30 {
        assert_eq!(register(&test, &body).await.status, StatusCode::CREATED);
    }
    let refused = register(&test, &body).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let wait_s: i64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=3600).contains(&wait_s), "{wait_s}");
    test.advance_ms(2 * HOUR_MS);
    assert_eq!(register(&test, &body).await.status, StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_exchanges_so_many_in_a_minute() {
    let test = TestApp::start().await;
    let program = Program::register(&test).await;
    for _ in 0..60 {
        assert_eq!(program.exchange("nonsense", &[]).await.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(program.exchange("nonsense", &[]).await.status, StatusCode::TOO_MANY_REQUESTS);
}

async fn is_known(test: &TestApp, program: &Program<'_>) -> bool {
    test.app.oauth.is_registered(&program.client_id).await.unwrap()
}

async fn sweep(test: &TestApp) {
    let now_ms = test.app.clock.now_ms();
    test.app.store.write(|tx| async move { domain::oauth::sweep(&tx, now_ms).await }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_nobody_uses_are_forgotten() {
    let test = TestApp::start().await;
    let (used, unused) = (Program::register(&test).await, Program::register(&test).await);
    let mut browser = Browser::of(&test, Role::Admin).await;
    let code = used.code(&mut browser, &[("permissions", "api.*.read_api")]).await;
    sweep(&test).await;
    assert!(is_known(&test, &used).await && is_known(&test, &unused).await);
    test.advance_ms(UNUSED_CLIENT_MS + 1);
    sweep(&test).await;
    assert!(is_known(&test, &used).await && !is_known(&test, &unused).await);
    test.advance_ms(CLIENT_MS - DAY_MS);
    sweep(&test).await;
    assert_eq!(used.exchange(&code, &[]).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_room_for_so_many_clients_that_nobody_allowed_anything() {
    use sea_orm::{ConnectionTrait, Statement};
    let test = TestApp::start().await;
    let first = Program::register(&test).await;
    let db = test.app.store.database().writer();
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999) \
                INSERT INTO oauth_clients SELECT 'oac_' || i, '', '[]', 1791369600001, NULL FROM n";
    db.execute_unprepared(rows).await.unwrap();
    test.advance_ms(10);
    let last = Program::register(&test).await;
    let db = test.app.store.read();
    let sql = "SELECT COUNT(*) AS n, COUNT(*) FILTER (WHERE id = $1) AS first, COUNT(*) FILTER (WHERE id = $2) AS last FROM oauth_clients";
    let values = [first.client_id.as_str().into(), last.client_id.as_str().into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let row = db.query_one_raw(statement).await.unwrap().unwrap();
    let get = |name: &str| row.try_get::<i64>("", name).unwrap();
    assert_eq!((get("n"), get("first"), get("last")), (1000, 0, 1), "the oldest gave way");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_was_forgotten_is_told_before_it_sends_anybody() {
    let test = TestApp::start().await;
    let program = Program::register(&test).await;
    let look = async |address: &str, accept: &str| {
        answer(test.client.get(address).header("accept", accept).send().await.0).await
    };
    let forgotten = program.address(&[("client_id", "oac_gone")]);
    let told = look(&forgotten, "application/json").await;
    assert_eq!((told.status, &told.body["error"]), (StatusCode::UNAUTHORIZED, &json!("invalid_client")));
    assert_eq!(told.header("x-content-type-options"), "nosniff");
    for (address, accept) in [(program.address(&[]), "application/json"), (forgotten, "text/html")] {
        let page = look(&address, accept).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{accept}");
        assert!(page.header("location").starts_with("/login"), "{accept}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_form_is_no_exchange() {
    let test = TestApp::start().await;
    let request = test.client.post("/oauth/token").content_type("application/json");
    let refused = answer(request.body("{}").send().await.0).await;
    assert_eq!(
        (refused.status, &refused.body["error"]),
        (StatusCode::BAD_REQUEST, &json!("invalid_request"))
    );
}
