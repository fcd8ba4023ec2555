//! Namespaces: cards, traffic, logs and their tail, overrides, settings.

use std::time::Duration;

use base::access::Role;
use futures_util::StreamExt;
use poem::http::{StatusCode, header};
use serde_json::json;

use super::browser::Browser;
use crate::support::TestApp;

async fn limit(test: &TestApp, identifier: &str, limit: i64) -> bool {
    let body = json!({ "namespace": "login", "identifier": identifier, "limit": limit, "duration": 60_000, "cost": 2 });
    test.call("ratelimit.limit", body).await.data()["success"].as_bool().unwrap()
}

// row: ratelimiting/introduction
#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_shows_what_it_decided() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    browser.get("/ratelimits").await.shows("No namespace yet");
    for _ in 0..3 {
        limit(&test, "user_1", 4).await;
    }
    limit(&test, "<i>user_2</i>", 100).await;
    test.flush_events().await;
    test.advance_ms(1000);
    let list = browser.get("/ratelimits").await;
    list.shows("login").shows("3 passed").shows("1 blocked").shows("just now");
    browser.get("/ratelimits?q=LOG").await.shows("login");
    browser.get("/ratelimits?q=nothing").await.shows("No namespace matches");

    let page = browser.get("/ratelimits/login").await;
    page.shows("Requests").shows("Tokens").shows("Latency").shows("user_1").shows("<i>user_2</i>");
    let blocked = browser.get("/ratelimits/login?outcome=BLOCKED").await;
    blocked.shows("user_1").lacks("user_2");
    browser.get("/ratelimits/login?identifier=user_9").await.shows("No identifier matches");
    let ranked = browser.get("/ratelimits/login?sort=-blocked").await;
    let place = |page: &super::browser::Page, text: &str| page.text.find(text).unwrap();
    assert!(place(&ranked, "user_1") < place(&ranked, "user_2"), "those without come last");
    browser.get("/ratelimits/login?q=%3Ci").await.shows("user_2").lacks("user_1");
    browser
        .get("/ratelimits/login?from=1790000000000&to=1790000100000")
        .await
        .shows("No request in this span");

    let logs = browser.get("/ratelimits/login/logs").await;
    logs.shows("4 decisions").shows("Blocked").shows("user_1");
    browser.get("/ratelimits/login/logs?identifier=user_1&outcome=PASSED").await.shows("2 decisions");
    assert_eq!(browser.get("/ratelimits/nowhere").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_log_goes_on_page_by_page() {
    let test = TestApp::start().await;
    for index in 0..55 {
        limit(&test, &format!("user_{index:02}"), 100).await;
        test.advance_ms(10);
    }
    test.flush_events().await;
    test.advance_ms(1000);
    let mut browser = Browser::of(&test, Role::Viewer).await;
    let first = browser.get("/ratelimits/login/logs").await;
    first.shows("user_54").shows("user_05").lacks("user_04");
    let next = first.links.iter().find(|link| link.contains("cursor=")).unwrap().clone();
    browser.get(&next).await.shows("user_04").shows("user_00").lacks("user_05");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tail_of_a_log_sends_new_rows_alone() {
    let test = TestApp::start().await;
    limit(&test, "before", 100).await;
    test.flush_events().await;
    test.advance_ms(1);
    let mut browser = Browser::of(&test, Role::Viewer).await;
    let page = browser.get("/ratelimits/login/logs?live=1").await;
    page.shows("before");
    let source = page.html.split("data-live=\"").nth(1).unwrap().split('"').next().unwrap();
    let source = source.replace("&amp;", "&");
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = test.client.get(source).header(header::COOKIE, cookies.join("; "));
    let response = request.header(header::HOST, "unkey.test").send().await.0;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    limit(&test, "after", 100).await;
    test.flush_events().await;
    let mut events = response.into_body().into_bytes_stream();
    let mut seen = String::new();
    while !seen.contains("after") {
        let more = tokio::time::timeout(Duration::from_secs(30), events.next()).await.unwrap();
        seen.push_str(std::str::from_utf8(&more.unwrap().unwrap()).unwrap());
    }
    assert!(seen.contains("data: <tr"), "{seen}");
    assert!(!seen.contains("before"), "what the page has is not sent again: {seen}");
}

// row: ratelimiting/overrides
#[tokio::test(flavor = "multi_thread")]
async fn overrides_are_made_changed_and_deleted() {
    let test = TestApp::start().await;
    limit(&test, "user_1", 100).await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let list = browser.get("/ratelimits/login/overrides").await;
    list.shows("No override yet");
    let new = list.links.iter().find(|link| link.ends_with("/overrides/new")).unwrap().clone();
    let page = browser.get(&format!("{new}?identifier=a%40acme.example")).await;
    assert!(page.html.contains("a@acme.example"), "it is filled in");
    let fields = [("identifier", "*@acme.example"), ("limit", "0"), ("duration", "1m")];
    browser.submit(&page, &new, &fields).await.shows("Set the override of *@acme.example.").shows("0 / 1m");
    assert!(!limit(&test, "bob@acme.example", 100).await, "0 blocks everything");
    browser.submit(&page, &new, &fields).await.refuses("has an override already");
    for (field, value, problem) in [
        ("limit", "", "Give a limit"),
        ("limit", "-1", "cannot be negative"),
        ("limit", "x", "no whole number"),
        ("duration", "60", "number and a unit"),
        ("duration", "10ms", "at least 1000 ms"),
        ("identifier", "", "must have 1 to 512"),
    ] {
        let mut wrong = [("identifier", "kept"), ("limit", "5"), ("duration", "1m")];
        wrong.iter_mut().find(|(name, _)| *name == field).unwrap().1 = value;
        browser.submit(&page, &new, &wrong).await.refuses(problem);
    }
    browser.get("/ratelimits/login/overrides?q=ACME").await.shows("*@acme.example");
    browser.get("/ratelimits/login/overrides?q=other").await.shows("No override matches");

    let list = browser.get("/ratelimits/login/overrides").await;
    let one =
        list.links.iter().find(|link| link.contains("/overrides/rlor_") || link.contains("/overrides/ovr_"));
    let one = one.unwrap_or_else(|| panic!("{:?}", list.links)).clone();
    let page = browser.get(&one).await;
    let changed =
        browser.submit(&page, &one, &[("identifier", "else"), ("limit", "2"), ("duration", "1h")]).await;
    changed.shows("Saved the override of *@acme.example.").shows("2 / 1h");
    let page = browser.get(&one).await;
    let delete = format!("{one}/delete");
    browser.submit(&page, &delete, &[("confirm", "x")]).await.refuses("Type *@acme.example exactly");
    browser.submit(&page, &delete, &[("confirm", "*@acme.example")]).await.shows("No override yet");
    assert_eq!(browser.get(&one).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_override_is_raised_for_a_day_and_falls_back() {
    let test = TestApp::start().await;
    limit(&test, "user_1", 100).await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let list = browser.get("/ratelimits/login/overrides").await;
    let new = &list.links.iter().find(|link| link.ends_with("/overrides/new")).unwrap().clone();
    let page = browser.get(new).await;
    let lasting = [("identifier", "user_1"), ("limit", "0"), ("duration", "1m"), ("expires", "never")];
    browser.submit(&page, new, &lasting).await.shows("0 / 1m").shows("never");
    let list = browser.get("/ratelimits/login/overrides").await;
    let one = list.links.iter().find(|link| link.contains("/overrides/rlor_")).unwrap().clone();
    let page = browser.get(&one).await;
    page.shows("the limit of now holds again");
    for (wrong, problem) in [
        ([("expires", "soon"), ("expires_at", "")], "Choose one of the list"),
        ([("expires", "at"), ("expires_at", "")], "Choose a day and a time"),
        ([("expires", "at"), ("expires_at", "2001-01-01T00:00")], "must lie in the future"),
        ([("expires", "1d"), ("expires_at", "2090-05-01T00:00")], "for the time to count"),
    ] {
        let fields = [&[("limit", "500"), ("duration", "1m")][..], &wrong].concat();
        browser.submit(&page, &one, &fields).await.refuses(problem);
    }
    let raised = [("limit", "500"), ("duration", "1m"), ("expires", "1d")];
    browser.submit(&page, &one, &raised).await.shows("500 / 1m").shows("in 1 day").shows("then 0 / 1m");
    assert!(limit(&test, "user_1", 1).await);
    // Saving it again with another limit keeps its end to the millisecond.
    let stored = |found: serde_json::Value| (found["expires"].as_i64(), found["limit"].as_i64());
    let of = json!({ "namespace": "login", "identifier": "user_1" });
    let end = test.app.clock.now_ms() + 86_400_000;
    let page = browser.get(&one).await;
    page.shows("0 / 1m holds again");
    let time = page.html.split("name=\"expires_at\"").nth(1).unwrap().split("value=\"").nth(1).unwrap();
    let time = time.split('"').next().unwrap().to_owned();
    let again = [("limit", "600"), ("duration", "1m"), ("expires", "at"), ("expires_at", time.as_str())];
    browser.submit(&page, &one, &again).await.shows("600 / 1m");
    let found = test.call("ratelimit.getOverride", of.clone()).await.data();
    assert_eq!(stored(found), (Some(end), Some(600)));
    let page = browser.get(&one).await;
    test.advance_ms(86_400_000);
    assert!(!limit(&test, "user_1", 100).await, "0 blocks again");
    browser.get("/ratelimits/login/overrides").await.shows("0 / 1m").shows("never").lacks("600");
    // What is typed for one that is no more is not lost.
    let new = format!("{}/new", one.rsplit_once('/').unwrap().0);
    test.call("ratelimit.deleteOverride", of).await.data();
    let typed = [("identifier", "user_1"), ("limit", "987"), ("duration", "1m"), ("expires", "7d")];
    let late = browser.submit(&page, &one, &typed).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("has ended or was deleted"), "{}", late.text);
    browser.submit(&late, &new, &[]).await.shows("987 / 1m").shows("in 7 days");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_opened_before_the_end_is_of_a_state_that_is_over() {
    let test = TestApp::start().await;
    limit(&test, "user_1", 100).await;
    let lasting = json!({ "namespace": "login", "identifier": "user_1", "limit": 0, "duration": 60_000 });
    test.call("ratelimit.setOverride", lasting.clone()).await.data();
    let mut raised = lasting;
    raised["limit"] = json!(500);
    raised["expires"] = json!(test.app.clock.now_ms() + 1000);
    test.call("ratelimit.setOverride", raised).await.data();
    let mut browser = Browser::of(&test, Role::Operator).await;
    let list = browser.get("/ratelimits/login/overrides").await;
    let one = list.links.iter().find(|link| link.contains("/overrides/rlor_")).unwrap().clone();
    let page = browser.get(&one).await;
    test.advance_ms(1000);
    let late =
        browser.submit(&page, &one, &[("limit", "700"), ("duration", "1m"), ("expires", "never")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(!limit(&test, "user_1", 100).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_is_made_renamed_and_deleted() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let page = browser.get("/ratelimits/new").await;
    let made = browser.submit(&page, "/ratelimits/new", &[("name", "mail")]).await;
    made.shows("Created namespace mail.").shows("Limit something");
    let path = made.path.clone();
    browser.submit(&page, "/ratelimits/new", &[("name", "mail")]).await.refuses("is taken");
    browser.submit(&page, "/ratelimits/new", &[("name", "")]).await.refuses("1 to 512");
    let settings = format!("{path}/settings");
    let page = browser.get(&settings).await;
    browser.submit(&page, &settings, &[("name", "")]).await.refuses("1 to 512");
    browser.submit(&page, &settings, &[("name", "letters")]).await.shows("Its name is letters.");
    browser.get("/ratelimits/letters").await.shows("letters");
    let delete = format!("{path}/delete");
    let page = browser.get(&settings).await;
    browser.submit(&page, &delete, &[("confirm", "mail")]).await.refuses("Type letters exactly");
    browser.submit(&page, &delete, &[("confirm", "letters")]).await.shows("Deleted namespace letters.");
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
    let page = browser.get("/ratelimits/new").await;
    browser.submit(&page, "/ratelimits/new", &[("name", "letters")]).await.refuses("deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_sees_namespaces_and_changes_none() {
    let test = TestApp::start().await;
    limit(&test, "user_1", 100).await;
    let set = json!({ "namespace": "login", "identifier": "user_1", "limit": 5, "duration": 60_000 });
    let data = test.call("ratelimit.setOverride", set).await.data();
    let one = format!("/ratelimits/login/overrides/{}", data["overrideId"].as_str().unwrap());
    let mut browser = Browser::of(&test, Role::Viewer).await;
    assert!(!browser.get("/ratelimits").await.links_to("/ratelimits/new"));
    browser.get(&one).await.shows("user_1").shows("5 / 1m").lacks("Danger zone");
    browser.get("/ratelimits/login/settings").await.shows("Namespace id").lacks("Danger zone");
    assert_eq!(browser.get("/ratelimits/login/overrides/new").await.status, StatusCode::FORBIDDEN);
    let token = browser.get("/shortcuts").await.form("/theme").fields.clone();
    let own = [("origin", "http://unkey.test"), ("sec-fetch-site", "same-origin")];
    let paths = ["new", "login/settings", "login/delete", "login/overrides/new"]
        .map(|path| format!("/ratelimits/{path}"));
    let paths = paths.into_iter().chain([one.clone(), format!("{one}/delete")]);
    let fields =
        [("name", "x"), ("confirm", "login"), ("identifier", "x"), ("limit", "1"), ("duration", "1m")];
    for path in paths {
        let mut sent = token.clone();
        sent.extend(fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(browser.post(&path, &sent, &own).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    browser.get(&one).await.shows("5 / 1m");
}
