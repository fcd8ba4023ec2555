//! Questions in SQL, and the search over everything.

use base::access::Role;
use base::audit::AuditFilter;
use base::secret::KeyHash;
use base::store::Page as ListPage;
use poem::http::StatusCode;
use serde_json::json;

use super::browser::{Browser, Page};
use crate::support::TestApp;

const HOUR_MS: i64 = 3_600_000;

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_are_answered_as_table_chart_and_file() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (id, secret) = test.key(&api, json!({ "externalId": "-1" })).await;
    for _ in 0..2 {
        test.verify(&secret).await;
        test.advance_ms(HOUR_MS);
    }
    test.call(
        "ratelimit.limit",
        json!({ "namespace": "n", "identifier": "i", "limit": 1, "duration": 1000 }),
    )
    .await
    .data();
    test.flush_events().await;
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let page = viewer.get("/sql").await;
    page.shows("key_verifications_per_hour_v1")
        .shows("DateTime")
        .shows("tostartofday")
        .shows("No answer yet");
    let examples: Vec<String> = page.links.iter().filter(|link| link.starts_with("/sql?")).cloned().collect();
    assert_eq!(examples.len(), 6);
    for example in examples {
        viewer.get(&example).await.shows(" ms").shows("row");
    }
    let query = "SELECT time, SUM(count) AS n FROM key_verifications_per_hour_v1 GROUP BY time ORDER BY time";
    let answer = viewer.submit(&page, "/sql", &[("query", query)]).await;
    answer.shows("2 rows").shows("Over time").shows("2026-10-07");
    assert!(answer.links_to(&format!("/sql?query={}", web_encoded(query))), "{:?}", answer.links);
    let query = "SELECT external_id, key_id, 0 - 2 AS n FROM key_verifications_v1";
    let csv = viewer.submit(&page, "/sql", &[("query", query), ("format", "csv")]).await;
    // Texts are kept from being formulas; a negative number is a number.
    assert_eq!(csv.html, format!("external_id,key_id,n\r\n'-1,{id},-2\r\n'-1,{id},-2\r\n"));
    assert!(csv.headers["content-disposition"].to_str().unwrap().contains("answer.csv"));
}

/// As addresses of the dashboard are written.
fn web_encoded(text: &str) -> String {
    encoded(text).replace('+', "%20").replace('*', "%2A")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_query_is_refused_at_its_field() {
    let test = TestApp::start().await;
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let page = viewer.get("/sql").await;
    for query in ["SELECT hash FROM keys", "DROP TABLE keys", "SELEC 1", "SELECT sleep(1) FROM ratelimits_v1"]
    {
        let refused = viewer.submit(&page, "/sql", &[("query", query)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}: {}", refused.text);
        let kept = refused.form("/sql").fields.iter().any(|(name, value)| name == "query" && value == query);
        assert!(kept && refused.html.contains("field-error"), "{query}: {}", refused.html);
        let linked = viewer.get(&format!("/sql?query={}", encoded(query))).await;
        assert_eq!(linked.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
    }
    viewer.submit(&page, "/sql", &[("query", "  ")]).await.shows("No answer yet");
}

async fn search(browser: &mut Browser<'_>, text: &str) -> Page {
    browser.get(&format!("/search?q={}", encoded(text))).await
}

async fn paste(browser: &mut Browser<'_>, text: &str) -> Page {
    let page = browser.get("/search").await;
    browser.submit(&page, "/search", &[("q", text)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_found_by_all_that_one_may_have_of_it() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let options = json!({
        "name": "web app", "prefix": "live", "externalId": "user_1", "meta": { "plan": "gold" },
    });
    let (id, secret) = test.key(&api, options).await;
    test.key(&api, json!({ "name": "web hooks", "enabled": false })).await;
    let verified = test.call("keys.verifyKey", json!({ "key": secret })).await;
    let request = verified.body["meta"]["requestId"].as_str().unwrap().to_owned();
    test.flush_events().await;
    test.app.search.settle(&test.app.store).await.unwrap();
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let own = format!("/keys/{id}");
    let hash = KeyHash::of(&secret).to_base64();
    for text in [id.as_str(), hash.as_str()] {
        assert_eq!(search(&mut viewer, text).await.path, own, "{text}");
        assert_eq!(paste(&mut viewer, text).await.path, own, "{text}");
    }
    let hex: String = base64_bytes(&hash).iter().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!(search(&mut viewer, &hex).await.path, own);
    assert_eq!(paste(&mut viewer, &format!(" {secret} ")).await.path, own);
    let root_key = test.root_key.clone();
    assert!(paste(&mut viewer, &root_key).await.path.starts_with("/root-keys/"));

    let last4 = &secret[secret.len() - 4..];
    for text in ["web ap", "live_", last4, "gold", "user_1"] {
        let page = search(&mut viewer, text).await;
        page.shows("web app").shows("payments").shows("Active");
        assert!(page.links_to(&own), "{text}: {:?}", page.links);
    }
    let both = paste(&mut viewer, "web").await;
    both.shows("web app").shows("web hooks").shows("Disabled").shows("Keys");
    assert_eq!((both.path.as_str(), both.status), ("/search", StatusCode::OK));
    assert!(both.form("/search").is_post && both.html.contains("value=\"web\""), "short words are kept");
    let found = search(&mut viewer, &request).await;
    assert_eq!(found.path, format!("/verifications/{request}"));
    search(&mut viewer, "no such thing").await.shows("Nothing matches");
    viewer.get("/search").await.shows("Search everything");
}

fn base64_bytes(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_else_is_found_too() {
    let test = TestApp::start().await;
    let api = test.api().await;
    test.call("identities.createIdentity", json!({ "externalId": "acme-7", "meta": { "tier": "platinum" } }))
        .await
        .data();
    test.call("permissions.createRole", json!({ "name": "Archivist" })).await.data();
    test.call("permissions.createPermission", json!({ "name": "Shred papers", "slug": "papers.shred" }))
        .await
        .data();
    let limit = json!({ "namespace": "postbox", "identifier": "cust-*", "limit": 1, "duration": 1000 });
    test.call("ratelimit.limit", limit.clone()).await.data();
    test.call("ratelimit.setOverride", limit).await.data();
    test.app.search.settle(&test.app.store).await.unwrap();
    let cx = test.operator().await;
    let page = ListPage { limit: 1, cursor: None };
    let entry = test.app.audit_log.list(&cx, &AuditFilter::default(), &page).await.unwrap().items.remove(0);
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    for (text, start) in [
        (api.as_str(), "/apis/"),
        ("payments", "/apis/"),
        ("acme-7", "/identities/"),
        ("Archivist", "/roles/"),
        ("papers.shred", "/permissions?q=papers.shred"),
        ("postbox", "/ratelimits/"),
        ("cust-*", "/ratelimits/"),
        (entry.id.as_str(), "/audit/"),
    ] {
        let found = search(&mut viewer, text).await;
        assert!(found.path.starts_with(start), "{text}: {} {}", found.path, found.text);
    }
    search(&mut viewer, "platinum").await.shows("acme-7").shows("Identities");
    search(&mut viewer, "shred").await.shows("Shred papers").shows("Audit log");
    assert!(search(&mut viewer, "test").await.path.starts_with("/root-keys/"), "the only one of this name");
    viewer.get("/search?q=created&kind=role").await.shows("Nothing matches");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_never_shown_again_nor_found_from_elsewhere() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, secret) = test.key(&api, json!({ "name": "ours" })).await;
    let other = test.root_key_of_another_workspace().await;
    let theirs = test.call_as(&other, "apis.createApi", json!({ "name": "theirs" })).await.data();
    let key = json!({ "apiId": theirs["apiId"], "name": "foreign" });
    let foreign = test.call_as(&other, "keys.createKey", key).await.data();
    test.app.search.settle(&test.app.store).await.unwrap();
    let mut owner = Browser::of(&test, Role::Owner).await;
    for hidden in [foreign["key"].as_str().unwrap(), other.as_str(), "a_secret_of_nobody_at_all"] {
        let page = paste(&mut owner, hidden).await;
        page.shows("No key has this secret");
        assert_eq!(page.path, "/search");
        assert!(!page.html.contains(hidden), "{}", page.html);
    }
    for foreign in [foreign["keyId"].as_str().unwrap(), "foreign", "theirs"] {
        search(&mut owner, foreign).await.lacks("theirs").lacks("foreign");
    }
    let hash = KeyHash::of(foreign["key"].as_str().unwrap()).to_base64();
    assert_eq!(search(&mut owner, &hash).await.status, StatusCode::OK);
    let by_address = search(&mut owner, &secret).await;
    assert!(by_address.path.starts_with("/search") && !by_address.html.contains(&secret));
}
