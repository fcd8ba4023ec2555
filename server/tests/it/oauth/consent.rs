//! The page on which a person decides.

use base::access::Role;
use domain::users::UpdateMember;
use poem::http::StatusCode;

use super::{Program, STATE, action, given, told};
use crate::dashboard::browser::{Browser, PASSWORD, Page};
use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_in_first_and_comes_back_to_the_question() {
    let test = TestApp::start().await;
    let program = Program::register(&test).await;
    Browser::of(&test, Role::Admin).await;
    let mut browser = Browser::new(&test);
    let page = browser.get(&program.address(&[])).await;
    page.shows("Sign in").lacks("Cursor");
    let fields = [("email", "admin@example.com"), ("password", PASSWORD)];
    let page = browser.submit(&page, "/login", &fields).await;
    page.shows("\u{201c}Cursor\u{201d}").shows("Default").shows("127.0.0.1, a program on your computer");
    page.shows(&program.resource()).shows(&program.client_id);
    assert!(page.path.starts_with("/oauth/authorize?"), "{}", page.path);
    let form = page.form(&action(&page));
    assert_eq!((form.value("name"), form.value("expires")), (Some("Cursor"), Some("30d")));
    assert_eq!(form.value("permissions"), None, "nothing is ticked beforehand");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_names_who_gives_it_and_what_was_said_with_the_question() {
    let test = TestApp::start().await;
    let program = Program::register(&test).await;
    let mut browser = Browser::of(&test, Role::Admin).await;
    let allowed = program.allow(&mut browser, &[("permissions", "api.*.read_api")]).await;
    assert_eq!(allowed.status, StatusCode::SEE_OTHER);
    assert_eq!(told(&allowed, "state").as_deref(), Some(STATE));
    assert_eq!(told(&allowed, "iss").unwrap(), test.app.origin());
    assert_eq!(test.last_audit().await, ["oauth.allow"]);
    assert_eq!(given(&test).await, 0, "the root key is made when the program fetches it");

    let page = browser.get(&program.address(&[])).await;
    let refused = browser.submit(&page, &action(&page), &[("decision", "refuse")]).await;
    assert_eq!(told(&refused, "error").as_deref(), Some("access_denied"));
    assert_eq!(told(&refused, "state").as_deref(), Some(STATE));
    assert_eq!((told(&refused, "iss").unwrap(), told(&refused, "code")), (test.app.origin(), None));
    assert_eq!(test.audit_events("oauth.allow").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_ticks_boxes_and_a_mistake_keeps_what_was_typed() {
    let test = TestApp::start().await;
    let program = Program::register(&test).await;
    let mut browser = Browser::of(&test, Role::Admin).await;
    let page = browser.get(&program.address(&[])).await;
    let read = page.forms.iter().find(|form| form.action.ends_with("template=read")).expect("a template");
    // Whoever writes the address does not tick them.
    let given = browser.get(&read.action).await;
    assert_eq!(given.form(&action(&given)).value("permissions"), None);
    let page = browser.post(&read.action, &read.fields, &[]).await;
    assert!(page.form(&action(&page)).value("permissions").is_some());
    let none = browser.submit(&page, &action(&page), &[("permissions", ""), ("name", "Mine")]).await;
    none.refuses("Without a permission it could do nothing");
    assert_eq!(none.form(&action(&none)).value("name"), Some("Mine"));
    for (field, value, reason) in [
        ("other", "api.*.fly", "There is no permission 'api.*.fly'."),
        ("expires", "soon", "Choose one of the list."),
        ("ip_allowlist", "here", "here"),
        ("limit_per_minute", "0", "1 request a minute or more"),
    ] {
        let fields = [("permissions", "api.*.read_api"), (field, value)];
        browser.submit(&page, &action(&page), &fields).await.refuses(reason);
    }
    assert_eq!(test.audit_events("oauth.allow").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_to_an_address_that_is_not_the_clients() {
    let test = TestApp::start().await;
    let program = Program::register(&test).await;
    let mut browser = Browser::of(&test, Role::Admin).await;
    for changes in [
        [("client_id", "oac_nothing")],
        [("client_id", "")],
        [("redirect_uri", "")],
        [("redirect_uri", "https://evil.example/callback")],
        [("redirect_uri", "http://127.0.0.1:4321/callback/..")],
        [("redirect_uri", "http://localhost:4321/callback")],
        [("redirect_uri", "http://127.0.0.1:4321@evil.example/callback")],
        [("redirect_uri", "javascript:alert(1)")],
    ] {
        let page = browser.get(&program.address(&changes)).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{changes:?}: {}", page.path);
        assert!(page.path.starts_with("/oauth/authorize"), "{}", page.path);
    }
    let twice = format!("{}&redirect_uri=https%3A%2F%2Fevil.example", program.address(&[]));
    let page = browser.get(&twice).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.text.contains("redirect_uri more than once"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_told_at_its_address_what_it_asks_wrongly() {
    let test = TestApp::start().await;
    let program = Program::register(&test).await;
    let mut browser = Browser::of(&test, Role::Admin).await;
    let foreign = "https://other.example/mcp";
    let elsewhere = format!("{}/v2/keys.verifyKey", test.app.origin());
    for (name, value, error) in [
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "", "unsupported_response_type"),
        ("resource", "", "invalid_target"),
        ("resource", foreign, "invalid_target"),
        ("resource", elsewhere.as_str(), "invalid_target"),
    ] {
        let page = browser.get(&program.address(&[(name, value)])).await;
        assert_eq!(told(&page, "error").as_deref(), Some(error), "{name}={value}: {}", page.path);
        assert!(told(&page, "error_description").is_some());
        assert_eq!(told(&page, "state").as_deref(), Some(STATE));
        assert_eq!(told(&page, "iss").unwrap(), test.app.origin());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_people_who_may_make_root_keys_can_allow_one() {
    let test = TestApp::start().await;
    let program = Program::register(&test).await;
    for role in [Role::Viewer, Role::Operator] {
        let mut browser = Browser::of(&test, role).await;
        let page = browser.get(&program.address(&[])).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{role:?}");
        assert!(page.text.contains("this takes admin"), "{}", page.text);
        let sent = allowing(&browser.get("/shortcuts").await);
        let page = browser.post(&program.address(&[]), &sent, &[]).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{role:?}");
    }
    // Whoever loses the role while the page is open.
    let mut browser = Browser::of(&test, Role::Admin).await;
    let page = browser.get(&program.address(&[])).await;
    demote(&test, "admin@example.com").await;
    let sent = browser.submit(&page, &action(&page), &[("permissions", "api.*.read_api")]).await;
    assert_eq!(sent.status, StatusCode::FORBIDDEN);
    assert_eq!(test.audit_events("oauth.allow").await, 0);
}

/// Makes somebody an operator.
pub async fn demote(test: &TestApp, email: &str) {
    let cx = test.operator().await;
    let users = test.app.users.list(&cx).await.unwrap();
    let id = users.into_iter().find(|user| user.email == email).unwrap().id;
    let command = UpdateMember { user: id, role: Role::Operator, made_from: None };
    test.app.users.update_member(&cx, command).await.unwrap();
}

/// The fields of a form that allows something, with the token of the session.
fn allowing(page: &Page) -> Vec<(String, String)> {
    let mut fields = page.form("/theme").fields.clone();
    fields.retain(|(name, _)| name == "csrf");
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    fields.extend([pair("decision", "allow"), pair("permissions", "api.*.read_api")]);
    fields
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_form_sent_twice_gives_one_code() {
    let test = TestApp::start().await;
    let program = Program::register(&test).await;
    let mut browser = Browser::of(&test, Role::Admin).await;
    let page = browser.get(&program.address(&[])).await;
    let fields = [("permissions", "api.*.read_api")];
    let mut unnamed = page.form(&action(&page)).filled(&fields);
    unnamed.retain(|(name, _)| name != "nonce");
    let refused = browser.post(&action(&page), &unnamed, &[]).await;
    assert!(
        told(&refused, "code").is_none() && refused.text.contains("as it is shown here"),
        "{}",
        refused.text
    );
    let first = browser.submit(&page, &action(&page), &fields).await;
    assert!(told(&first, "code").is_some());
    let again = browser.submit(&page, &action(&page), &fields).await;
    assert!(told(&again, "code").is_none());
    assert!(again.text.contains("This form was sent before"), "{}", again.text);
    assert_eq!(test.audit_events("oauth.allow").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_button_that_adds_rights_allows_nothing() {
    let test = TestApp::start().await;
    let program = Program::register(&test).await;
    let mut browser = Browser::of(&test, Role::Admin).await;
    let page = browser.get(&program.address(&[])).await;
    for fields in [
        &[("permissions", "api.*.read_api"), ("more", "rights")][..],
        &[("full", "on"), ("more", "rights")],
        &[("task", "verify"), ("more", "rights")],
    ] {
        let again = browser.submit(&page, &action(&page), fields).await;
        assert!(told(&again, "code").is_none() && again.text.contains("Cursor"), "{}", again.text);
    }
    assert_eq!(test.audit_events("oauth.allow").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_is_of_this_server_and_ends_where_it_says() {
    let test = TestApp::start().await;
    let program = Program::register(&test).await;
    let mut browser = Browser::of(&test, Role::Admin).await;
    let page = browser.get(&program.address(&[])).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("form-action 'self' http://127.0.0.1:4321;"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.headers["cache-control"], "no-store");

    let address = program.address(&[]);
    let mut sent = allowing(&page);
    let foreign = browser.post(&address, &sent, &[("origin", "https://evil.example")]).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    sent.retain(|(name, _)| name != "csrf");
    assert_eq!(browser.post(&address, &sent, &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(test.audit_events("oauth.allow").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workspace_is_chosen_on_the_page() {
    let test = TestApp::start().await;
    let program = Program::register(&test).await;
    let mut browser = Browser::of(&test, Role::Owner).await;
    let page = browser.get("/workspaces/new").await;
    let made = [("name", "Staging"), ("slug", "staging")];
    browser.submit(&page, "/workspaces/new", &made).await.shows("Created the workspace Staging");
    let page = browser.get(&program.address(&[])).await;
    page.shows("In the workspace Default instead");
    let there = browser.submit(&there_form(&page), "/workspaces/switch", &[]).await;
    there.shows("In the workspace Staging instead");
    // The form that was drawn for the other one makes nothing here.
    let form = page.form(&action(&page));
    let mut fields = form.fields.clone();
    fields.push(("permissions".to_owned(), "api.*.read_api".to_owned()));
    let late = browser.post(&form.action, &fields, &[]).await;
    late.refuses("You are in another workspace than this form was of.");
    let made = browser.submit(&there, &action(&there), &[("permissions", "api.*.read_api")]).await;
    let code = told(&made, "code").unwrap();
    assert_eq!(program.exchange(&code, &[]).await.status, StatusCode::OK);
    assert_eq!(given(&test).await, 1, "in the workspace of the operator, Default");
}

/// The page with the form alone that goes back to it.
fn there_form(page: &Page) -> Page {
    let mut forms = page.forms.clone();
    forms.retain(|form| form.action == "/workspaces/switch" && form.value("back").is_some());
    Page { forms, ..page.clone() }
}
