//! A machine whose clock is wrong for a moment, through the whole app.

use base::access::Role;
use serde_json::{Value, json};

use crate::dashboard::browser::Browser;
use crate::support::TestApp;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const YEARS_MS: i64 = 73 * 365 * DAY_MS;

impl TestApp {
    async fn run_jobs(&self) {
        self.app.jobs.run_due(self.app.clock.moment()).await.unwrap();
    }

    /// The clock is set back, and the server notices.
    async fn set_back(&self, by_ms: i64) {
        self.step_ms(-by_ms);
        self.app.follow_clock().await.unwrap();
        self.run_jobs().await;
    }

    async fn limit(&self, cost: i64) -> Value {
        let body =
            json!({ "namespace": "n", "identifier": "u", "limit": 2, "duration": 60_000, "cost": cost });
        self.call("ratelimit.limit", body).await.data()
    }
}

#[tokio::test]
async fn limits_follow_the_clock_back_and_give_nothing_back() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let limits = json!([{ "name": "per minute", "limit": 1, "duration": 60_000, "autoApply": true }]);
    let (_, key) = test.key(&api, json!({ "ratelimits": limits })).await;
    test.step_ms(2 * HOUR_MS);
    assert_eq!(test.limit(2).await["success"], true);
    assert_eq!(test.verify(&key).await["code"], "VALID");
    test.set_back(2 * HOUR_MS).await;
    let refused = test.limit(1).await;
    assert_eq!(refused["success"], false);
    let now_ms = test.app.clock.now_ms();
    assert_eq!(refused["reset"], now_ms - now_ms % 60_000 + 60_000);
    assert_eq!(test.verify(&key).await["code"], "RATE_LIMITED");
    test.advance_ms(120_000);
    assert_eq!(test.limit(2).await["success"], true);
    assert_eq!(test.verify(&key).await["code"], "VALID");
}

#[tokio::test]
async fn a_repeated_request_is_recognised_across_a_step_and_for_a_day() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let body = json!({ "apiId": api, "name": "once" });
    test.run_jobs().await;
    test.step_ms(YEARS_MS);
    let first = test.call_once("keys.createKey", "retry", body.clone()).await;
    test.set_back(YEARS_MS).await;
    let again = async |test: &TestApp| test.call_once("keys.createKey", "retry", body.clone()).await.body;
    assert_eq!(again(&test).await, first.body);
    test.advance_ms(HOUR_MS);
    test.run_jobs().await;
    test.advance_ms(DAY_MS);
    assert_eq!(again(&test).await, first.body);
    test.advance_ms(1);
    assert_ne!(again(&test).await, first.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_signed_in_a_day_ahead_stays_for_as_long_as_others() {
    let test = TestApp::start().await;
    test.run_jobs().await;
    test.step_ms(DAY_MS);
    let mut browser = Browser::of(&test, Role::Owner).await;
    test.set_back(DAY_MS).await;
    assert!(browser.get("/").await.links_to("/start"));
    test.advance_ms(HOUR_MS);
    test.run_jobs().await;
    test.advance_ms(14 * DAY_MS - 1);
    assert!(browser.get("/").await.links_to("/start"));
    test.advance_ms(1);
    assert!(!browser.get("/").await.links_to("/start"), "the session is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_tells_of_a_clock_that_is_wrong() {
    let test = TestApp::start().await;
    test.run_jobs().await;
    let calm = Browser::of(&test, Role::Owner).await.get("/").await;
    calm.lacks("clock of the server");
    test.step_ms(YEARS_MS);
    test.run_jobs().await;
    let ahead = Browser::of(&test, Role::Viewer).await.get("/").await;
    ahead.shows("The clock of the server may be far ahead").shows("Nothing is deleted for its age");
    test.step_ms(-YEARS_MS);
    let mut browser = Browser::new(&test);
    browser.sign_in("owner@example.com", crate::dashboard::browser::PASSWORD).await;
    // Signing in was written by the right clock; that nothing is deleted ends with the next look.
    test.run_jobs().await;
    browser.get("/").await.lacks("clock of the server");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stored_last_and_lies_ahead_is_told() {
    let test = TestApp::start().await;
    test.run_jobs().await;
    test.step_ms(2 * DAY_MS);
    let mut browser = Browser::of(&test, Role::Owner).await;
    test.step_ms(-2 * DAY_MS);
    let page = browser.get("/").await;
    page.shows("The clock of the server was ahead, or is behind now").shows("bears a time in 2 days");
    assert_eq!(
        test.app.jobs.clock_report(test.app.clock.moment()).await.unwrap().stored_ahead_ms,
        2 * DAY_MS
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_signed_out_while_the_clock_is_ahead_stays_out() {
    let test = TestApp::start().await;
    let mut elsewhere = Browser::of(&test, Role::Owner).await;
    test.step_ms(30 * DAY_MS);
    let mut here = Browser::new(&test);
    here.sign_in("owner@example.com", crate::dashboard::browser::PASSWORD).await;
    let page = here.get("/settings/security").await;
    let fields =
        [("current", crate::dashboard::browser::PASSWORD), ("password", "one that is quite another")];
    here.submit(&page, "/settings/security/password", &fields).await.shows("Changed the password");
    test.set_back(30 * DAY_MS).await;
    assert!(!elsewhere.get("/").await.links_to("/start"), "the session lives again");
}
