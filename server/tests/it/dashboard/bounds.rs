//! What one request of a browser may cost.

use base::access::Role;

use super::Browser;
use crate::support::TestApp;

#[tokio::test]
async fn searches_have_few_words_and_addresses_short_queries() {
    let test = TestApp::start().await;
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let words: String = (0..21).map(|number| format!("word{number}+")).collect();
    for path in ["/search", "/audit"] {
        let same = viewer.get(&format!("{path}?q={}", "a+".repeat(400))).await;
        assert!(same.status.is_success(), "{path}: {}", same.text);
        let many = viewer.get(&format!("{path}?q={words}")).await;
        assert!(many.text.contains("at most 20 different words"), "{path}: {}", many.text);
    }
    let page = viewer.get("/").await;
    let posted = viewer.submit(&page, "/search", &[("q", &"a ".repeat(400_000))]).await;
    assert!(posted.text.contains("at most 1000 characters"), "{}", posted.text);
    for path in ["/requests", "/identities", "/search", "/login"] {
        let long = viewer.get(&format!("{path}?q={}", "a+".repeat(30_000))).await;
        assert!(long.status.is_client_error() && long.html.len() < 64 << 10, "{path}: {}", long.status);
    }
}

#[tokio::test]
async fn forms_have_few_fields_and_lists_few_addresses() {
    let test = TestApp::start().await;
    let mut owner = Browser::of(&test, Role::Owner).await;
    let page = owner.get("/root-keys/new").await;
    let fields = vec![("permissions", "x"); 5001];
    let many = owner.submit(&page, "/root-keys/new", &fields).await;
    assert!(many.text.contains("at most 5000 fields"), "{}", many.text);
    let addresses: String = (0..1001).map(|n| format!("10.0.{}.{},", n / 256, n % 256)).collect();
    let long = owner.submit(&page, "/root-keys/new", &[("full", "on"), ("ip_allowlist", &addresses)]).await;
    long.refuses("at most 1000 addresses");
}
