//! Secrets are nowhere but where they were shown.

use std::path::Path;

use base::access::Role;
use insight::analytics::{Filter, PageOf};
use insight::search::Kind;
use serde_json::json;

use super::browser::Browser;
use crate::support::{START_MS, TestApp};

/// Files below a folder that hold these bytes. Indexes are written meanwhile: a file that
/// goes away holds nothing any more.
fn holding(dir: &Path, needle: &[u8], found: &mut Vec<String>) {
    let there = |error: std::io::Error| assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}");
    let Ok(entries) = std::fs::read_dir(dir).map_err(there) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            holding(&path, needle, found);
        } else if let Ok(bytes) = std::fs::read(&path).map_err(there)
            && bytes.windows(needle.len()).any(|window| window == needle)
        {
            found.push(path.display().to_string());
        }
    }
}

// row: security/overview
#[tokio::test(flavor = "multi_thread")]
async fn only_hashes_of_secrets_are_kept() {
    let test = TestApp::start().await;
    let (id, key) = test.key(&test.api().await, json!({})).await;
    assert_eq!(test.verify(&key).await["code"], "VALID");
    assert_eq!(test.verify(&id).await["code"], "NOT_FOUND", "the id of a key opens nothing");
    let mut browser = Browser::of(&test, Role::Owner).await;
    let page = browser.get("/start/protect").await;
    let made = browser.submit(&page, "/start/protect", &[("name", "maps")]).await;
    let root_key = made.text.split("Bearer ").nth(1).unwrap().split('\'').next().unwrap().to_owned();
    test.call_as(&root_key, "keys.verifyKey", json!({ "key": key })).await.data();
    test.flush_events().await;
    for secret in [&key, &root_key, &test.root_key] {
        let mut found = Vec::new();
        holding(test.app.data_dir(), secret.as_bytes(), &mut found);
        assert!(found.is_empty(), "{found:?}");
    }
    // Events are compressed on disk; none of them says it either.
    for kind in Kind::ALL {
        let of = PageOf {
            kind,
            workspace: test.operator().await.workspace,
            start_ms: 0,
            end_ms: START_MS * 2,
            filter: Filter::default(),
            limit: 1000,
            after: None,
        };
        let events = format!("{:?}", test.app.analytics.page(of).await.unwrap().events);
        assert!([&key, &root_key].iter().all(|secret| !events.contains(secret.as_str())), "{kind:?}");
    }
}
