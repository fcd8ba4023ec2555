//! Finding what people configured a moment after they did, through the whole app.

use base::access::{Door, Principal};
use insight::search::{EntityHit, EntityKind, EntityQuery};
use serde_json::json;

use crate::support::TestApp;

async fn find(test: &TestApp, text: &str, kinds: &[EntityKind]) -> Vec<EntityHit> {
    while !test.app.search.settle(&test.app.store).await.unwrap() {}
    let query = EntityQuery {
        workspace: test.operator().await.workspace,
        text: text.to_owned(),
        kinds: kinds.to_vec(),
        limit: 20,
    };
    test.app.search.entities(query).await.unwrap()
}

async fn only(test: &TestApp, text: &str, kind: EntityKind) -> EntityHit {
    let mut hits = find(test, text, &[kind]).await;
    assert_eq!(hits.len(), 1, "{text}: {hits:?}");
    hits.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_made_by_the_api_is_found() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let options = json!({
        "name": "Billing worker", "prefix": "live", "externalId": "ann.example.com",
        "meta": { "team": "Payroll" }, "permissions": ["invoices.read"],
    });
    let (id, key) = test.key(&api, options).await;
    test.call("permissions.createRole", json!({ "name": "Accountant", "description": "Counts beans" }))
        .await
        .data();
    let limit = json!({ "namespace": "outgoing-mail", "identifier": "vip@example.com", "limit": 3, "duration": 1000 });
    test.call("ratelimit.limit", limit.clone()).await.data();
    test.call("ratelimit.setOverride", limit).await.data();
    let last4 = &key[key.len() - 4..];
    for text in ["billing", "WORK bill", &id, "live_", last4, "ann.example.com", "payroll"] {
        let hit = only(&test, text, EntityKind::Key).await;
        assert_eq!((hit.id.as_str(), hit.parent.as_deref()), (id.as_str(), Some(api.as_str())), "{text}");
        assert!(!hit.detail.contains(&key));
    }
    assert_eq!(only(&test, "payments", EntityKind::Api).await.id, api);
    assert_eq!(only(&test, "ann", EntityKind::Identity).await.name, "ann.example.com");
    assert_eq!(only(&test, "beans", EntityKind::Role).await.name, "Accountant");
    assert_eq!(only(&test, "invoices.read", EntityKind::Permission).await.detail, "invoices.read");
    let namespace = only(&test, "outgoing", EntityKind::Namespace).await;
    assert_eq!(only(&test, "vip", EntityKind::Override).await.parent, Some(namespace.id));
    assert_eq!(only(&test, "test", EntityKind::RootKey).await.kind, EntityKind::RootKey);
    assert!(find(&test, &key, &[]).await.is_empty(), "a plaintext finds nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_show_and_other_workspaces_do_not() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (id, _) = test.key(&api, json!({ "name": "before" })).await;
    assert_eq!(find(&test, "before", &[]).await.len(), 1);
    test.call("keys.updateKey", json!({ "keyId": id, "name": "after" })).await.data();
    assert!(find(&test, "before", &[]).await.is_empty());
    assert_eq!(find(&test, "after", &[]).await.len(), 1);
    test.call("keys.deleteKey", json!({ "keyId": id })).await.data();
    assert!(find(&test, "after", &[]).await.is_empty());
    let stranger = test.root_key_of_another_workspace().await;
    test.call_as(&stranger, "apis.createApi", json!({ "name": "theirs" })).await.data();
    assert!(find(&test, "theirs", &[]).await.is_empty());
    let other = test.app.workspaces.resolve(Some("other")).await.unwrap();
    let there = test.app.cx(other.id, Principal::Cli, Door::Cli);
    test.app.workspaces.delete(&there, "Other").await.unwrap();
    test.call_as(&stranger, "apis.createApi", json!({ "name": "more" }))
        .await
        .fails(404, "workspace_not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn overrides_go_with_their_namespace() {
    let test = TestApp::start().await;
    let limit = json!({ "namespace": "mail", "identifier": "vip", "limit": 3, "duration": 1000 });
    test.call("ratelimit.limit", limit.clone()).await.data();
    test.call("ratelimit.setOverride", limit.clone()).await.data();
    let operator = test.operator().await;
    test.app.namespaces.rename(&operator, "mail", "letters").await.unwrap();
    assert_eq!(only(&test, "letters", EntityKind::Namespace).await.name, "letters");
    assert!(find(&test, "mail", &[]).await.is_empty());
    test.app.namespaces.delete(&operator, "letters").await.unwrap();
    assert!(find(&test, "vip", &[]).await.is_empty());
    let gone = json!({ "namespace": "letters", "identifier": "vip", "limit": 3, "duration": 1000 });
    test.call("ratelimit.limit", gone).await.fails(410, "ratelimit_namespace_gone");
    assert!(test.app.namespaces.rename(&operator, "letters", "x").await.is_err());
}
