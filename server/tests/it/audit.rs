//! Reading and exporting the audit log, and its events by older names.

use base::audit::{AuditEntry, AuditFilter};
use base::error::Code;
use base::store::Page;
use serde_json::json;

use crate::support::TestApp;

async fn list(test: &TestApp, filter: AuditFilter) -> Vec<AuditEntry> {
    let page = Page { limit: 100, cursor: None };
    test.app.audit_log.list(&test.operator().await, &filter, &page).await.unwrap().items
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[tokio::test]
async fn entries_are_found_by_event_actor_target_and_text() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (key_id, _) = test.key(&api, json!({ "name": "Billing service" })).await;
    test.call("keys.updateKey", json!({ "keyId": key_id, "name": "billing worker" })).await.data();
    let of_key = list(&test, AuditFilter { target: some(&key_id), ..AuditFilter::default() }).await;
    assert_eq!(of_key.iter().map(|entry| entry.event.as_str()).collect::<Vec<_>>().len(), 2);
    let update = list(&test, AuditFilter { event: some("key.update"), ..AuditFilter::default() }).await;
    assert_eq!(update[0].changes.as_ref().unwrap()["name"]["after"], "billing worker");
    assert_eq!((update[0].actor_type.as_str(), update[0].actor_name.as_str()), ("rootkey", "test"));
    assert_eq!(list(&test, AuditFilter { event: some("key.*"), ..AuditFilter::default() }).await.len(), 2);
    assert_eq!(list(&test, AuditFilter { text: some("BILLING"), ..AuditFilter::default() }).await.len(), 2);
    assert_eq!(list(&test, AuditFilter { text: some("100%"), ..AuditFilter::default() }).await.len(), 0);
    let by_root_key = AuditFilter { actor: some(&update[0].actor_id), ..AuditFilter::default() };
    assert_eq!(list(&test, by_root_key).await.len(), 3);
    let later = AuditFilter { since_ms: Some(update[0].time_ms + 1), ..AuditFilter::default() };
    assert_eq!(list(&test, later).await.len(), 0);
}

#[tokio::test]
async fn an_event_is_found_by_its_old_and_new_name() {
    let test = TestApp::start().await;
    let call = json!({ "namespace": "n", "identifier": "i", "limit": 1, "duration": 1000 });
    test.call("ratelimit.limit", call.clone()).await.data();
    test.call("ratelimit.setOverride", call).await.data();
    for name in ["ratelimit.set_override", "ratelimitOverride.create", "ratelimitOverride.update"] {
        let found = list(&test, AuditFilter { event: some(name), ..AuditFilter::default() }).await;
        assert_eq!(found.len(), 1, "{name}");
    }
}

#[tokio::test]
async fn pages_show_every_entry_once_and_only_of_the_workspace() {
    let test = TestApp::start().await;
    for _ in 0..7 {
        test.api().await;
    }
    let operator = test.operator().await;
    let stranger = test.root_key_of_another_workspace().await;
    test.call_as(&stranger, "apis.createApi", json!({ "name": "theirs" })).await.data();
    let filter = AuditFilter { event: some("api.create"), ..AuditFilter::default() };
    let (mut seen, mut page) = (Vec::new(), Page { limit: 3, cursor: None });
    loop {
        let found = test.app.audit_log.list(&operator, &filter, &page).await.unwrap();
        seen.extend(found.items.into_iter().map(|entry| entry.id.into_string()));
        page.cursor = found.next;
        if page.cursor.is_none() {
            break;
        }
    }
    let unique: std::collections::BTreeSet<&String> = seen.iter().collect();
    assert_eq!((seen.len(), unique.len()), (7, 7));
}

/// All entries that fit, page by page.
async fn paged(test: &TestApp, filter: &AuditFilter, limit: u64) -> Vec<String> {
    let (mut seen, mut page) = (Vec::new(), Page { limit, cursor: None });
    loop {
        let found = test.app.audit_log.list(&test.operator().await, filter, &page).await.unwrap();
        seen.extend(found.items.into_iter().map(|entry| entry.event));
        page.cursor = found.next;
        if page.cursor.is_none() {
            return seen;
        }
    }
}

#[tokio::test]
async fn entries_of_one_moment_come_in_the_order_of_their_commits() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let mut keys = Vec::new();
    for _ in 0..5 {
        let (key, _) = test.key(&api, json!({ "name": "worker" })).await;
        test.call("keys.updateKey", json!({ "keyId": key, "enabled": false })).await.data();
        // A clock that is set back changes nothing of it.
        test.step_ms(-5000);
        test.call("keys.deleteKey", json!({ "keyId": key })).await.data();
        keys.push(key);
    }
    let of_one = ["key.delete", "key.update", "key.create"];
    for is_indexed in [false, true] {
        if is_indexed {
            assert!(test.app.search.settle(&test.app.store).await.unwrap());
        }
        for text in [None, some("worker")] {
            for key in &keys {
                let of_key = AuditFilter { target: some(key), text: text.clone(), ..AuditFilter::default() };
                assert_eq!(paged(&test, &of_key, 100).await, of_one, "{text:?}");
                assert_eq!(paged(&test, &of_key, 1).await, of_one, "{text:?}");
            }
            let of_keys = AuditFilter { event: some("key.*"), text, ..AuditFilter::default() };
            assert_eq!(paged(&test, &of_keys, 4).await, of_one.repeat(5));
        }
    }
}

#[tokio::test]
async fn a_cursor_that_names_no_entry_is_refused() {
    let test = TestApp::start().await;
    test.api().await;
    let page = Page { limit: 3, cursor: some("log_unknown") };
    for text in [None, some("payments")] {
        let filter = AuditFilter { text, ..AuditFilter::default() };
        let refused = test.app.audit_log.list(&test.operator().await, &filter, &page).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidInput);
        assert!(refused.detail().contains("cursor"), "{}", refused.detail());
    }
}
