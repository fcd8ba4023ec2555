//! Coming in and going out.

use base::access::Role;
use poem::http::StatusCode;

use super::browser::{Browser, PASSWORD};
use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn the_setup_link_makes_the_owner_and_signs_them_in() {
    let test = TestApp::start().await;
    let mut browser = Browser::new(&test);
    browser.get("/apis").await.shows("waits for its first user");
    let token = test.app.users.create_setup_link(&test.operator().await).await.unwrap();
    let path = format!("/setup/{}", token.reveal());
    let page = browser.get(&path).await;
    let fields =
        [("workspace", "Acme"), ("name", "Ada"), ("email", "ada@example.com"), ("password", "short")];
    let again = browser.submit(&page, &path, &fields).await;
    again.refuses("password");
    assert!(again.html.contains("ada@example.com") && !again.html.contains("short"), "input is kept");
    browser.submit(&again, &path, &[("password", PASSWORD)]).await.shows("Acme");
    let gone = Browser::new(&test).get(&path).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_from_elsewhere_does_nothing() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Owner).await;
    let page = browser.get("/shortcuts").await;
    let form = page.form("/theme").fields.clone();
    let dark = |fields: &[(String, String)]| {
        let mut fields = fields.to_vec();
        fields.push(("theme".into(), "dark".into()));
        fields
    };
    for headers in [
        [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
        [("origin", "null"), ("sec-fetch-site", "none")],
        [("origin", "http://unkey.test"), ("sec-fetch-site", "same-site")],
    ] {
        let refused = browser.post("/theme", &dark(&form), &headers).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{headers:?}");
    }
    let own = [("origin", "http://unkey.test"), ("sec-fetch-site", "same-origin")];
    let forged = [("theme".to_owned(), "dark".to_owned()), ("csrf".to_owned(), "AAAA".to_owned())];
    assert_eq!(browser.post("/theme", &forged, &own).await.status, StatusCode::FORBIDDEN);
    assert!(!browser.get("/shortcuts").await.html.contains("data-theme=\"dark\""));
    browser.post("/theme", &dark(&form), &own).await;
    assert!(browser.get("/shortcuts").await.html.contains("data-theme=\"dark\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_out_or_is_thrown_out_is_asked_to_sign_in() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Viewer).await;
    let page = browser.get("/shortcuts").await;
    let kept = browser.cookies.clone();
    browser.submit(&page, "/logout", &[]).await.shows("Sign in");
    browser.cookies = kept;
    let asked = browser.get("/shortcuts?x=1").await;
    asked.shows("Your session ended");
    assert_eq!(asked.path, "/login?next=%2Fshortcuts%3Fx%3D1&ended=1");
    let back =
        browser.submit(&asked, "/login", &[("email", "viewer@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(back.path, "/shortcuts?x=1");
    let wrong = Browser::new(&test).sign_in("viewer@example.com", "wrong").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.html.contains("viewer@example.com"), "the address is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_carry_the_policy_and_are_not_kept() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Viewer).await;
    let page = browser.get("/shortcuts").await;
    let header = |name: &str| page.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    assert!(header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    assert_eq!(header("cache-control").as_deref(), Some("no-store"));
    assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"));
    let script = page.html.split("src=\"").nth(1).unwrap().split('"').next().unwrap();
    let file = test.client.get(script).send().await;
    file.assert_header("cache-control", "public, max-age=31536000, immutable");
    assert_eq!(browser.get("/nothing-here").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_taken_where_they_are_asked_for_and_from_nobody_else() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let large = "name\n".to_owned() + &"x".repeat(2 << 20);
    let page = browser.get("/import").await;
    let taken = browser.upload(&page, "/import", &[("what", "roles")], ("a.csv", &large)).await;
    taken.refuses("at most 2 MiB");
    let elsewhere = browser.upload(&page, "/theme", &[("theme", "dark")], ("a.csv", "x")).await;
    assert!(elsewhere.text.contains("not one that takes a file"), "{}", elsewhere.text);
    let mut stranger = Browser::new(&test);
    let login = stranger.get("/login").await;
    let refused = stranger.upload(&login, "/login", &[], ("a.csv", &large)).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let sent_away = stranger.upload(&page, "/import", &[("what", "roles")], ("a.csv", &large)).await;
    assert!(sent_away.has_form("/login"));
}

#[tokio::test(flavor = "multi_thread")]
async fn guessers_are_told_when_to_come_again_and_the_owner_gets_in() {
    let test = TestApp::start().await;
    let mut owner = Browser::of(&test, Role::Owner).await;
    let page = owner.get("/shortcuts").await;
    owner.submit(&page, "/logout", &[]).await.shows("Sign in");
    assert!(owner.cookies.contains_key("unkey_device"), "it is kept");
    for email in ["owner@example.com", "nobody@example.com"] {
        let mut refused = None;
        for _ in 0..25 {
            let page = Browser::new(&test).sign_in(email, "wrong").await;
            if page.status != StatusCode::UNPROCESSABLE_ENTITY {
                refused = Some(page);
                break;
            }
        }
        let refused = refused.expect("an end of the budget");
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(refused.text.contains("Too many attempts. Try again in"), "{}", refused.text);
        let seconds = refused.headers.get("retry-after").unwrap().to_str().unwrap().parse::<u32>().unwrap();
        assert!((1..=3600).contains(&seconds));
        // Each of the two has the address's budget for itself.
        test.advance_ms(60_000);
    }
    let stranger = Browser::new(&test).sign_in("owner@example.com", PASSWORD).await;
    assert_eq!(stranger.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(owner.sign_in("owner@example.com", PASSWORD).await.path, "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_tried_within_the_budget_of_an_address() {
    let test = TestApp::start().await;
    let operator = test.operator().await;
    let token = test.app.users.create_setup_link(&operator).await.unwrap();
    let path = format!("/setup/{}", token.reveal());
    let mut browser = Browser::new(&test);
    let page = browser.get(&path).await;
    let short = [("workspace", "Acme"), ("name", "Ada"), ("email", "a@b.org"), ("password", "short")];
    for _ in 0..30 {
        browser.submit(&page, &path, &short).await.refuses("password");
    }
    let refused = browser.submit(&page, &path, &short).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers.contains_key("retry-after"));
}
