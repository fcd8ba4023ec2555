//! Identities: the list, one with its keys and requests, the form.

use base::access::Role;
use poem::http::StatusCode;
use serde_json::json;

use super::browser::Browser;
use crate::support::TestApp;

/// What a customer used in a month, and the same as a bill.
#[tokio::test(flavor = "multi_thread")]
async fn a_month_of_a_customer_is_totalled_and_billed() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let options = json!({ "externalId": "user_1", "name": "checkout", "credits": { "remaining": 2 } });
    let (key_id, key) = test.key(&api, options).await;
    let (_, other) = test.key(&api, json!({ "externalId": "user_2" })).await;
    for secret in [&key, &key, &key, &other] {
        test.verify(secret).await;
    }
    test.advance_ms(1000);
    test.flush_events().await;
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let page = viewer.get("/identities/user_1").await;
    let usage = page.links.iter().find(|link| link.ends_with("/usage")).expect("a link").clone();
    let page = viewer.get(&usage).await;
    page.shows("Valid 2").shows("Out of credits 1").shows("Credits spent 2").shows("checkout 2 1 2");
    let bill = page.links.iter().find(|link| link.contains("format=csv")).expect("a link").clone();
    let bill = viewer.get(&bill).await;
    let lines: Vec<&str> = bill.html.lines().collect();
    assert_eq!(lines[0], "external_id,key_id,outcome,verifications,credits");
    assert_eq!(
        lines[1..],
        [format!("user_1,{key_id},USAGE_EXCEEDED,1,0"), format!("user_1,{key_id},VALID,2,2")]
    );
    let earlier = page.links.iter().find(|link| link.contains("month=")).expect("a link").clone();
    viewer.get(&earlier).await.shows("Nothing was used in this month");
    let refused = viewer.get(&format!("{usage}?month=2999-01")).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text.contains("such as 2026-11"), "{}", refused.text);
}

/// Who is to spend no more than was agreed is told of before, and afterwards why.
#[tokio::test(flavor = "multi_thread")]
async fn a_spend_cap_is_set_warned_of_and_explained() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let page = browser.get("/identities/new").await;
    let fields = |credits: &'static str| [("external_id", "studio"), ("monthly_credits", credits)];
    for wrong in ["-1", "2000000000000000", "many"] {
        let refused = browser.submit(&page, "/identities/new", &fields(wrong)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(refused.html.contains("field-error"), "{wrong}: {}", refused.text);
    }
    let made = browser.submit(&page, "/identities/new", &fields("1,000")).await;
    made.shows("Created identity studio.")
        .shows("Spent this month")
        .shows("0 of 1,000 (0%)")
        .lacks("used up");
    let (key_id, key) = test.key(&api, json!({ "externalId": "studio" })).await;
    let spend = async |cost: i64| {
        let body = json!({ "key": key, "credits": { "cost": cost } });
        test.verify_with(body).await["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(spend(799).await, "VALID");
    browser.get("/").await.lacks("A spend cap");
    assert_eq!(spend(1).await, "VALID");
    browser
        .get("/")
        .await
        .shows("A spend cap is nearly reached studio : 800 of 1,000 credits of this month are spent.")
        .shows("200 credits left.");
    assert_eq!(spend(201).await, "USAGE_EXCEEDED");
    assert_eq!(spend(200).await, "VALID");
    browser
        .get("/")
        .await
        .shows("A spend cap is reached studio : 1,000 of 1,000 credits")
        .shows("refused until the next month");
    browser.get("/identities/studio").await.shows("Used up").shows("1,000 of 1,000 (100%)");

    test.advance_ms(1000);
    test.flush_events().await;
    let asked = browser.get(&format!("/explain?key={key_id}")).await;
    asked.shows("Spend cap").shows("1000 of 1000 credits are spent").shows("1,000 of 1,000");
    assert!(asked.links.iter().any(|link| link.ends_with("/edit") && link.starts_with("/identities/")));

    let edit = browser.get(&format!("{}/edit", made.path)).await;
    assert!(edit.html.contains("value=\"1,000\""), "{}", edit.html);
    let saved = browser.submit(&edit, &edit.path, &fields("2,000")).await;
    saved.shows("1,000 of 2,000 (50%)").lacks("used up");
    browser.get("/").await.lacks("A spend cap");
    test.advance_ms(1000);
    browser.get("/audit").await.shows("Credits a month: 1,000 → 2,000");
    // A form that has no such field says nothing of the cap; an empty one lifts it.
    let edit = browser.get(&format!("{}/edit", made.path)).await;
    let mut bare = edit.form(&edit.path).filled::<&str>(&[]);
    bare.retain(|(name, _)| name != "monthly_credits");
    browser.post(&edit.path, &bare, &[]).await.shows("1,000 of 2,000 (50%)");
    let edit = browser.get(&format!("{}/edit", made.path)).await;
    browser.submit(&edit, &edit.path, &fields("")).await.lacks("Spent this month");
    assert_eq!(spend(5_000).await, "VALID");
}

/// The worst are named, the others counted.
#[tokio::test(flavor = "multi_thread")]
async fn many_near_their_caps_are_counted() {
    let test = TestApp::start().await;
    let api = test.api().await;
    for spent in [80, 85, 90, 95, 100] {
        let external_id = format!("studio_{spent}");
        let body = json!({ "externalId": external_id, "monthlyCredits": 100 });
        test.call("identities.createIdentity", body).await.data();
        let (_, key) = test.key(&api, json!({ "externalId": external_id })).await;
        test.verify_with(json!({ "key": key, "credits": { "cost": spent } })).await;
    }
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let home = viewer.get("/").await;
    home.shows("studio_100").shows("studio_95").shows("studio_90").lacks("studio_85");
    home.shows("2 other identities have spent most of their month");
    assert!(home.html.contains("<bdi>studio_100</bdi>"), "a name is no sentence of the page");
}

/// Events are kept for 400 days: a month that began before is billed from then on,
/// and one that ended before is not called unused.
#[tokio::test(flavor = "multi_thread")]
async fn a_month_of_which_nothing_is_kept_says_so() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, key) = test.key(&api, json!({ "externalId": "user_1", "name": "checkout" })).await;
    test.advance_ms(35 * 86_400_000);
    test.verify(&key).await;
    test.flush_events().await;
    test.advance_ms(399 * 86_400_000);
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let now = chrono::DateTime::from_timestamp_millis(test.app.clock.now_ms()).unwrap().date_naive();
    let month = |days: i64| (now - chrono::TimeDelta::days(days)).format("%Y-%m").to_string();
    let partly = viewer.get(&format!("/identities/user_1/usage?month={}", month(400))).await;
    partly.shows("Valid 1").shows("the rest of the month is not kept");
    assert!(!partly.links.iter().any(|link| link.ends_with(&format!("month={}", month(440)))), "no earlier");
    let bill = partly.links.iter().find(|link| link.contains("format=csv")).expect("a link").clone();
    let bill = viewer.get(&bill).await;
    assert_eq!((bill.status, bill.html.lines().count()), (StatusCode::OK, 2), "{}", bill.text);
    let gone = viewer.get(&format!("/identities/user_1/usage?month={}", month(440))).await;
    let other = test.key(&api, json!({ "externalId": "user_2" })).await;
    let unused = viewer.get(&format!("/identities/user_2/usage?month={}", month(400))).await;
    unused.shows("Nothing was used").shows("the rest of the month is not kept").lacks(&other.0);
    gone.shows("Nothing is kept of this month").lacks("Nothing was used").lacks("Bill as CSV");
}

// row: concepts/identities/ratelimits
#[tokio::test(flavor = "multi_thread")]
async fn an_identity_is_made_changed_and_deleted() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    browser.get("/identities").await.shows("No identity yet");
    let page = browser.get("/identities/new").await;
    let fields = [
        ("external_id", "user_1"),
        ("limits.0.name", "requests"),
        ("limits.0.limit", "1,000"),
        ("limits.0.duration", "5m"),
        ("limits.0.auto_apply", "on"),
        ("meta", "{\"plan\": \"pro\"}"),
    ];
    let more = browser.submit(&page, "/identities/new", &[&fields[..], &[("more", "limits")]].concat()).await;
    assert!(more.html.contains("limits.1.name") && more.html.contains("user_1"), "a row more, input kept");
    let made = browser.submit(&more, "/identities/new", &fields).await;
    made.shows("Created identity user_1.").shows("requests").shows("1K / 5m").shows("\"plan\": \"pro\"");
    let path = made.path.clone();
    let again = browser.submit(&page, "/identities/new", &fields).await;
    again.refuses("already exists");
    for (field, value, problem) in [
        ("meta", "[1]", "no object"),
        ("meta", "{", "This is no JSON"),
        ("limits.0.duration", "soon", "one second or more"),
        ("limits.0.limit", "many", "no whole number"),
        ("limits.0.limit", "0", "A limit admits at least 1."),
        ("external_id", "", "must have 1 to 255"),
    ] {
        let mut wrong = fields.to_vec();
        wrong.iter_mut().find(|(name, _)| *name == field).unwrap().1 = value;
        let refused = browser.submit(&page, "/identities/new", &wrong).await;
        refused.refuses(problem);
        assert!(refused.html.contains("requests"), "input is kept");
    }

    let edit = format!("{path}/edit");
    let page = browser.get(&edit).await;
    assert!(page.form(&edit).fields.contains(&("limits.0.auto_apply".to_owned(), "on".to_owned())));
    let changes = [("external_id", "other"), ("limits.0.limit", "7"), ("meta", "")];
    let saved = browser.submit(&page, &edit, &changes).await;
    saved.shows("Saved identity user_1.").shows("7 / 5m").lacks("plan");
    let delete = format!("{path}/delete");
    let refused = browser.submit(&page, &delete, &[("confirm", "user")]).await;
    refused.refuses("Type user_1 exactly");
    assert!(refused.html.contains("requests"), "the form is still there");
    browser.submit(&page, &delete, &[("confirm", "user_1")]).await.shows("Deleted identity user_1.");
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
}

// row: concepts/identities/overview
#[tokio::test(flavor = "multi_thread")]
async fn an_identity_shows_its_keys_and_every_request_with_them() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (first, secret) = test.key(&api, json!({ "name": "laptop", "externalId": "user_1" })).await;
    let (_, off) = test.key(&api, json!({ "name": "phone", "externalId": "user_1", "enabled": false })).await;
    let (_, other) = test.key(&api, json!({ "name": "foreign", "externalId": "user_2" })).await;
    let verify =
        |key: String, tag: &'static str| test.call("keys.verifyKey", json!({ "key": key, "tags": [tag] }));
    for tag in ["env=prod", "env=dev"] {
        verify(secret.clone(), tag).await.data();
    }
    verify(off, "env=prod").await.data();
    verify(other, "env=foreign").await.data();
    test.flush_events().await;
    test.advance_ms(1000);
    let mut browser = Browser::of(&test, Role::Viewer).await;
    let page = browser.get("/identities/user_1").await;
    page.shows("laptop").shows("phone").shows("Disabled").lacks("foreign").shows("3 requests");
    page.shows("env=prod").shows("env=dev");
    let only = browser.get("/identities/user_1?outcome=DISABLED").await;
    only.shows("1 request").lacks("env=dev");
    browser.get(&format!("/identities/user_1?key={first}&tag=env%3Ddev")).await.shows("1 request");
    browser.get("/identities/user_1?q=env%3Dnothing").await.shows("No request in this span");
    browser.get("/identities/user_1?live=1").await.shows("Live, press to stop");
    let list = browser.get("/identities").await;
    list.shows("user_1").shows("user_2");
    assert_eq!(browser.get("/identities/nobody").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_searched_sorted_and_goes_on() {
    let test = TestApp::start().await;
    for index in 0..53 {
        let external_id = format!("user_{index:02}");
        test.call("identities.createIdentity", json!({ "externalId": external_id })).await.data();
        test.advance_ms(1000);
    }
    let mut browser = Browser::of(&test, Role::Viewer).await;
    let newest = browser.get("/identities").await;
    newest.shows("user_52").shows("user_03").lacks("user_02");
    let next = newest.links.iter().find(|link| link.contains("cursor=")).unwrap().clone();
    browser.get(&next).await.shows("user_02").shows("user_00").lacks("user_03");
    let named = browser.get("/identities?sort=external_id").await;
    named.shows("user_00").shows("user_49").lacks("user_50");
    browser.get("/identities?q=user_1").await.shows("user_10").shows("user_19").lacks("user_20");
    browser.get("/identities?q=%27%3B--").await.shows("No identity matches");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_changes_no_identity() {
    let test = TestApp::start().await;
    test.call("identities.createIdentity", json!({ "externalId": "user_1" })).await.data();
    let mut browser = Browser::of(&test, Role::Viewer).await;
    let page = browser.get("/identities/user_1").await;
    page.shows("user_1");
    assert!(!page.links.iter().any(|link| link.ends_with("/edit")));
    assert!(!browser.get("/identities").await.links_to("/identities/new"));
    let token = browser.get("/shortcuts").await.form("/theme").fields.clone();
    let own = [("origin", "http://unkey.test"), ("sec-fetch-site", "same-origin")];
    for path in ["/identities/new", "/identities/user_1/edit", "/identities/user_1/delete"] {
        let mut fields = token.clone();
        fields
            .extend([("external_id", "x"), ("confirm", "user_1")].map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert_eq!(browser.post(path, &fields, &own).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    browser.get("/identities/user_1").await.shows("user_1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_cannot_be_stored_is_a_page_that_says_when_to_come_again() {
    let test = TestApp::start().await;
    let mut browser = Browser::of(&test, Role::Operator).await;
    let page = browser.get("/identities/new").await;
    let meta = json!({ "text": "x".repeat(500_000) }).to_string();
    let fields = [("external_id", "user_1"), ("meta", meta.as_str())];
    // As a disk that is full.
    test.fill_disk_once("identities").await;
    let failed = browser.submit(&page, "/identities/new", &fields).await;
    assert_eq!(failed.status, StatusCode::SERVICE_UNAVAILABLE, "{}", failed.text);
    assert_eq!(failed.headers["retry-after"], "1");
    assert!(failed.text.contains("Not at the moment"), "{}", failed.text);
    browser.submit(&page, "/identities/new", &fields).await.shows("Created identity user_1.");
}
