//! The first page and the first steps.

use base::access::Role;
use poem::http::StatusCode;
use serde_json::{Value, json};

use super::browser::{Browser, Page};
use crate::support::{START_MS, TestApp, answer};

const DAY_MS: i64 = 24 * 60 * 60_000;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_says_what_happened_and_what_needs_a_hand() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, good) = test.key(&api, json!({ "name": "web app", "expires": START_MS + 2 * DAY_MS })).await;
    let (off, bad) =
        test.key(&api, json!({ "name": "<old>", "enabled": false, "externalId": "user_1" })).await;
    test.key(&api, json!({ "credits": { "remaining": 0 } })).await;
    for _ in 0..3 {
        test.verify(&good).await;
    }
    test.verify(&bad).await;
    let limit = json!({ "namespace": "login", "identifier": "ada", "limit": 1, "duration": 60_000 });
    for _ in 0..3 {
        test.call("ratelimit.limit", limit.clone()).await.data();
    }
    test.flush_events().await;
    test.advance_ms(1000);
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let page = viewer.get("/").await;
    page.shows("Verifications 4").shows("Denied 1").shows("Rate-limit decisions 3").shows("Blocked 2");
    page.shows("1 key of payments expires within a week").shows("The first one in");
    page.shows("1 key of payments has fewer than 10 credits").shows("Some have none left");
    let expiring = format!("/apis/{api}/keys?q=expires");
    assert!(page.links.iter().any(|link| link.starts_with(&expiring)), "{:?}", page.links);
    assert!(page.links_to(&format!("/keys/{off}")) && page.links_to("/identities/user_1"));
    page.shows("<old>").shows("Disabled").shows("ada").lacks("Take the first steps");
    page.shows("Created key").shows("Event queue").shows("up to date");
    // The day after, all of it is what it is compared with.
    test.advance_ms(DAY_MS);
    let page = viewer.get("/").await;
    page.shows("Verifications 0 ↓ 100% on the 24 hours before").lacks("Refused most");
    let page = viewer.get("/?since=2d").await;
    page.shows("Verifications 4 0 in the 2 days before");
    // A root key that lies around is named once it did so for long.
    test.advance_ms(90 * DAY_MS);
    let mut viewer = Browser::new(&test);
    viewer.sign_in("viewer@example.com", super::browser::PASSWORD).await;
    viewer.get("/").await.shows("1 root key was not used in 90 days").shows("every right");
}

/// Unknown keys belong to no workspace: the log of requests knows who asked.
#[tokio::test(flavor = "multi_thread")]
async fn probing_with_unknown_keys_is_counted_and_leads_to_the_requests() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, key) = test.key(&api, json!({})).await;
    test.verify(&key).await;
    for guess in ["nobody", "nothing", "never"] {
        test.verify(guess).await;
    }
    test.flush_events().await;
    test.advance_ms(1000);
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let page = viewer.get("/?since=7d").await;
    page.shows("Verifications 4").shows("Denied 3").shows("Unknown keys 3");
    assert!(page.links_to("/requests?outcome=NOT_FOUND&since=7d"), "{:?}", page.links);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_without_traffic_is_shown_the_first_steps() {
    let test = TestApp::start().await;
    let page = Browser::of(&test, Role::Owner).await.get("/").await;
    page.shows("Nothing was verified here yet").shows("Nothing needs attention");
    assert!(page.links_to("/start"));
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let page = viewer.get("/").await;
    page.shows("Nothing was verified here yet");
    assert!(!page.links_to("/start"));
    viewer.get("/start").await.shows("Not with your role");
    assert_eq!(viewer.get("/start/protect").await.status, StatusCode::FORBIDDEN);
    let mut forged = page.form("/theme").fields.clone();
    forged.push(("name".into(), "payments".into()));
    for path in ["/start/protect", "/start/limit"] {
        assert_eq!(viewer.post(path, &forged, &[]).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(test.audit_events("api.create").await, 0);
}

/// What the command that a page shows sends: operation, root key and body.
fn command(page: &Page, operation: &str) -> (String, Value) {
    let shown = page.text.split(&format!("/v2/{operation} ")).nth(1).expect("the page shows the command");
    let bearer = shown.split("Bearer ").nth(1).unwrap().split('\'').next().unwrap();
    let body = shown.split("-d '").nth(1).unwrap().split('\'').next().unwrap();
    (bearer.to_owned(), serde_json::from_str(body).unwrap())
}

// row: quickstart/onboarding/onboarding-api
#[tokio::test(flavor = "multi_thread")]
async fn the_first_way_ends_with_a_verified_key() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Admin).await;
    let page = browser.get("/start").await;
    page.shows("What do you want to do first?");
    assert!(page.links_to("/start/protect") && page.links_to("/start/limit"));
    let page = browser.get("/start/protect").await;
    browser.submit(&page, "/start/protect", &[("name", "")]).await.refuses("1 to 256 characters");
    let made = browser.submit(&page, "/start/protect", &[("name", "maps & more")]).await;
    made.shows("Root key: copy it now").shows("curl http://unkey.test/v2/keys.verifyKey");
    assert!(!made.html.contains("http-equiv=\"refresh\""), "the secret would be gone");
    let waiting = made.links.iter().find(|link| link.starts_with("/start/protect?api=")).unwrap().clone();
    let page = browser.get(&waiting).await;
    page.shows("Waiting for the first request").shows("YOUR_ROOT_KEY");
    assert!(page.html.contains("http-equiv=\"refresh\""));

    let (root_key, body) = command(&made, "keys.verifyKey");
    let verdict = test.call_as(&root_key, "keys.verifyKey", body).await.data();
    assert_eq!(verdict["code"], "VALID", "{verdict}");
    let (root_key, body) = command(&made, "keys.createKey");
    assert!(test.call_as(&root_key, "keys.createKey", body).await.data()["key"].is_string());
    test.call_as(&root_key, "apis.createApi", json!({ "name": "other" }))
        .await
        .fails(403, "insufficient_permissions");
    test.flush_events().await;
    let page = browser.get(&waiting).await;
    page.shows("It works").shows("The key was verified: VALID").lacks("Waiting");
    assert!(page.links.iter().any(|link| link.starts_with("/verifications/req_")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_that_is_sent_twice_is_gone_once() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Admin).await;
    for (path, event) in [("/start/protect", "api.create"), ("/start/limit", "ratelimitNamespace.create")] {
        let page = browser.get(path).await;
        browser.submit(&page, path, &[("name", "twice")]).await.shows("copy it now");
        let keys = test.app.root_keys.list(&test.operator().await).await.unwrap().len();
        browser.submit(&page, path, &[("name", "twice")]).await.lacks("copy it now");
        assert_eq!(test.audit_events(event).await, 1);
        assert_eq!(test.app.root_keys.list(&test.operator().await).await.unwrap().len(), keys);
    }
}

// row: quickstart/onboarding/onboarding-ratelimiting
#[tokio::test(flavor = "multi_thread")]
async fn the_second_way_ends_with_a_limited_request() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Owner).await;
    let page = browser.get("/start/limit").await;
    let made = browser.submit(&page, "/start/limit", &[("name", "login \"attempts\"")]).await;
    made.shows("Root key: copy it now");
    let waiting = made.links.iter().find(|link| link.starts_with("/start/limit?namespace=")).unwrap().clone();
    browser.get(&waiting).await.shows("Waiting for the first request");
    let (root_key, body) = command(&made, "ratelimit.limit");
    let verdict = test.call_as(&root_key, "ratelimit.limit", body).await.data();
    assert_eq!((&verdict["success"], &verdict["remaining"]), (&json!(true), &json!(4)), "{verdict}");
    test.flush_events().await;
    browser.get(&waiting).await.shows("It works").shows("user_123 passed, 4 of 5 left");
    let namespaces = test.app.namespaces.list(&test.operator().await).await.unwrap();
    assert_eq!(namespaces.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["login \"attempts\""]);
    // A name that was used before and deleted stays reserved.
    test.app.namespaces.delete(&test.operator().await, "login \"attempts\"").await.unwrap();
    let page = browser.get("/start/limit").await;
    browser.submit(&page, "/start/limit", &[("name", "login \"attempts\"")]).await.refuses("stays reserved");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gallery_of_parts_is_there_for_developers() {
    let test = TestApp::start().await;
    let page = Browser::of(&test, Role::Viewer).await.get("/style").await;
    assert_eq!(page.status == StatusCode::OK, cfg!(debug_assertions));
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_sent_to_sign_in() {
    let test = TestApp::start().await;
    Browser::of(&test, Role::Owner).await;
    for path in ["/", "/start", "/settings", "/settings/team", "/settings/danger", "/workspaces/new"] {
        Browser::new(&test).get(path).await.shows("Sign in");
    }
    let response = test.client.get("/docs").send().await.0;
    assert_eq!(answer(response).await.status, StatusCode::OK, "documentation is for everybody");
}
