//! What the page Query keeps: queries under names, and what people asked.

use base::access::Role;
use poem::http::StatusCode;

use super::browser::{Browser, Page};
use crate::support::TestApp;

const QUERY: &str = "SELECT outcome, SUM(count) AS n\nFROM key_verifications_per_day_v1 GROUP BY outcome";

/// Presses the button that saves what stands in the editor.
async fn save(browser: &mut Browser<'_>, query: &str, more: &[(&str, &str)]) -> Page {
    let page = browser.get("/sql").await;
    let changes: Vec<_> = [("query", query)].into_iter().chain(more.iter().copied()).collect();
    let fields = page.form("/sql").filled(&changes);
    browser.post("/sql/save", &fields, &[("origin", "http://unkey.test")]).await
}

async fn run(browser: &mut Browser<'_>, query: &str) -> Page {
    let page = browser.get("/sql").await;
    browser.submit(&page, "/sql", &[("query", query)]).await
}

fn typed(page: &Page) -> String {
    let fields = &page.form("/sql").fields;
    fields.iter().find(|(name, _)| name == "query").unwrap().1.clone()
}

/// Links of the history, in its order.
fn history(page: &Page) -> Vec<String> {
    page.links.iter().filter(|link| link.starts_with("/sql?again=")).cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_saved_for_oneself_or_for_all() {
    let test = TestApp::start().await;
    let mut operator = Browser::of(&test, Role::Operator).await;
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let saved = save(&mut operator, QUERY, &[("name", "Outcomes")]).await;
    saved.shows("Saved the query Outcomes.").shows("Saved queries").shows("No answer yet");
    assert_eq!(typed(&saved), QUERY);
    assert!(history(&saved).is_empty(), "it was not run");
    let link = saved.links.iter().find(|link| link.starts_with("/sql?query=SELECT+outcome%2C")).unwrap();
    operator.get(link).await.shows(" ms");
    viewer.get("/sql").await.lacks("Saved queries");
    save(&mut operator, QUERY, &[("name", "Outcomes"), ("shared", "on")]).await.shows("shared");
    let seen = viewer.get("/sql").await;
    seen.shows("Outcomes").lacks("Share with the workspace");
    viewer.get(link).await.shows(" ms");
    operator.get("/").await.shows("Outcomes");
    let action = |page: &Page| {
        page.forms.iter().find(|form| form.action.starts_with("/views/")).unwrap().action.clone()
    };
    assert!(!seen.html.contains("/views/"), "what a role may not do is not offered");
    let page = operator.get("/sql").await;
    let delete = action(&page);
    let csrf = seen.form("/theme").fields.iter().find(|(name, _)| name == "csrf").unwrap().clone();
    assert_eq!(viewer.post(&delete, &[csrf], &[]).await.status, StatusCode::FORBIDDEN);
    operator.submit(&page, &delete, &[]).await.shows("Deleted the view.");
    operator.get("/sql").await.lacks("Saved queries");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_saved_stays_in_the_editor() {
    let test = TestApp::start().await;
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let long = format!("SELECT '{}' AS x FROM ratelimits_v1", "a,".repeat(900));
    let refused = save(&mut viewer, &long, &[("name", "Long")]).await;
    refused.refuses("too long to be saved").refuses("2048 are kept");
    assert_eq!(typed(&refused), long);
    assert!(refused.html.contains("value=\"Long\""), "{}", refused.html);
    let unnamed = save(&mut viewer, QUERY, &[("name", " ")]).await;
    unnamed.refuses("1 to 64 characters");
    assert_eq!(typed(&unnamed), QUERY);
    save(&mut viewer, " ", &[("name", "None")]).await.refuses("no query to save");
    let forged = save(&mut viewer, QUERY, &[("name", "All"), ("shared", "on")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    viewer.get("/sql").await.lacks("Saved queries");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_asked_is_theirs_alone() {
    let test = TestApp::start().await;
    let mut ada = Browser::of(&test, Role::Owner).await;
    let mut bob = Browser::of(&test, Role::Viewer).await;
    let entries = test.audit_entries().await;
    ada.get("/sql").await.lacks("Your history");
    run(&mut ada, QUERY).await.shows("Your history").shows("0 rows in");
    let refused = run(&mut ada, "SELECT hash FROM keys").await;
    refused.refuses("invalid_analytics_table after");
    test.advance_ms(1000);
    let shared =
        format!("/sql?query={}", form_urlencoded::byte_serialize(QUERY.as_bytes()).collect::<String>());
    let page = run(&mut ada, QUERY).await;
    assert_eq!(history(&page).len(), 2, "the same query moves up");
    let first = ada.get(&history(&page)[0]).await;
    first.shows("No answer yet");
    assert_eq!(typed(&first), QUERY);
    assert_eq!(typed(&ada.get(&history(&page)[1]).await), "SELECT hash FROM keys");

    bob.get("/sql").await.lacks("Your history");
    bob.get(&history(&page)[0]).await.shows("no longer in your history");
    bob.get(&shared).await.shows("0 rows in").lacks("Your history");
    assert_eq!(bob.get(&format!("{shared}&format=csv")).await.status, 200);
    bob.get("/sql").await.lacks("Your history");
    let editor = bob.get("/sql").await;
    bob.submit(&editor, "/sql", &[("query", QUERY), ("format", "csv")]).await;
    assert_eq!(history(&bob.get("/sql").await).len(), 1, "a file is a run, an address is none");
    assert_eq!(history(&ada.get("/sql").await).len(), 2);
    let page = ada.get("/sql").await;
    let cleared = ada.submit(&page, "/sql/history/clear", &[]).await;
    cleared.shows("Cleared your history.").lacks("Only you see this");
    assert_eq!(history(&bob.get("/sql").await).len(), 1);
    assert_eq!(test.audit_entries().await, entries, "it is no change of the workspace");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_does_without_its_history() {
    let test = TestApp::start().await;
    let mut ada = Browser::of(&test, Role::Owner).await;
    test.force_past_references("ALTER TABLE query_runs RENAME COLUMN took_ms TO away").await;
    run(&mut ada, QUERY).await.shows("0 rows in").lacks("Your history");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_with_a_number_are_bars_and_the_script_is_of_this_page() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, secret) = test.key(&api, serde_json::json!({})).await;
    let (_, disabled) = test.key(&api, serde_json::json!({ "enabled": false })).await;
    for key in [&secret, &secret, &disabled] {
        test.verify(key).await;
    }
    test.flush_events().await;
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let page = run(&mut viewer, QUERY).await;
    page.shows("n by outcome").shows("VALID 2").shows("DISABLED 1");
    let script = page.html.split('"').find(|part| part.ends_with("/query.js")).unwrap().to_owned();
    let sent = viewer.get(&script).await;
    assert!(sent.html.contains("listbox"), "{}", sent.status);
    assert!(!viewer.get("/apis").await.html.contains("query.js"));
}
