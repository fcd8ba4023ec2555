//! Exports: whole, in parts, without secrets, audited.

use domain::transfer::{Export, Format, List};
use insight::analytics::{Filter, PageOf};
use insight::search::Kind;
use serde_json::{Value, json};

use crate::support::{START_MS, TestApp};

/// Every part of an export, and how many there were.
async fn whole(test: &TestApp, list: List, format: Format) -> (String, usize) {
    let cx = test.operator().await;
    let export = Export { list, format };
    let (mut text, mut parts, mut cursor) = (String::new(), 0, None);
    loop {
        let part = test.app.transfer.export(&cx, &export, cursor.take()).await.unwrap();
        text.push_str(&part.text);
        parts += 1;
        cursor = part.next;
        if cursor.is_none() {
            return (text, parts);
        }
    }
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn keys_are_exported_whole_and_without_secrets() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let options = json!({
        "name": "=HYPERLINK(1)", "externalId": "user_1", "meta": { "plan": "pro" }, "permissions": ["docs.read"],
        "credits": { "remaining": 7, "refill": { "interval": "daily", "amount": 9 } },
        "ratelimits": [{ "name": "requests", "limit": 5, "duration": 1000 }],
    });
    let (id, secret) = test.key(&api, options).await;
    for _ in 0..3 {
        test.key(&api, json!({})).await;
    }
    let list = || List::Keys { api: None, filter: String::new() };
    let (text, _) = whole(&test, list(), Format::JsonLines).await;
    assert!(!text.contains(&secret));
    let rows = lines(&text);
    assert_eq!(rows.len(), 4);
    let row = rows.iter().find(|row| row["id"] == id.as_str()).unwrap();
    assert_eq!((&row["credits"], &row["refill_interval"]), (&json!(7), &json!("daily")));
    assert_eq!((&row["permissions"], &row["meta"]["plan"]), (&json!(["docs.read"]), &json!("pro")));
    let (csv, _) = whole(&test, list(), Format::Csv).await;
    assert_eq!(csv.lines().count(), 5);
    assert!(csv.starts_with("id,api_id,name,") && csv.contains(",'=HYPERLINK(1),"), "{csv}");
    let filtered = List::Keys { api: Some(api.as_str().into()), filter: "identity:user_1".into() };
    assert_eq!(lines(&whole(&test, filtered, Format::JsonLines).await.0).len(), 1);
    assert_eq!(test.audit_events("export.create").await, 3);
}

#[tokio::test]
async fn long_lists_come_in_parts_and_every_row_once() {
    let test = TestApp::start().await;
    for number in 0..1001 {
        test.call("permissions.createPermission", json!({ "name": "p", "slug": format!("p.{number}") }))
            .await;
    }
    let (text, parts) = whole(&test, List::Permissions, Format::Csv).await;
    assert_eq!((parts, text.lines().count()), (3, 1002));
    let (audit, _) = whole(&test, List::Audit(Box::default()), Format::JsonLines).await;
    let rows = lines(&audit);
    let ids: std::collections::BTreeSet<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), rows.len());
    assert!(rows.len() > 1000);
}

#[tokio::test]
async fn other_lists_have_their_columns() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, secret) = test.key(&api, json!({ "externalId": "user_1" })).await;
    test.call("permissions.createRole", json!({ "name": "reader", "permissions": ["docs.read"] }))
        .await
        .data();
    let limit = json!({ "namespace": "n", "identifier": "i", "limit": 1, "duration": 1000 });
    test.call("ratelimit.limit", limit.clone()).await.data();
    test.call("ratelimit.setOverride", limit).await.data();
    test.verify_with(json!({ "key": secret, "tags": ["a", "b"] })).await;
    test.flush_events().await;
    let rows = async |list| lines(&whole(&test, list, Format::JsonLines).await.0);
    assert_eq!(rows(List::Identities { search: Some("USER".into()) }).await[0]["external_id"], "user_1");
    assert_eq!(rows(List::Roles).await[0]["permissions"], json!(["docs.read"]));
    assert_eq!(rows(List::Overrides { namespace: "n".into() }).await[0]["identifier"], "i");
    let of = |kind| PageOf {
        kind,
        workspace: "".into(),
        start_ms: START_MS,
        end_ms: START_MS + 1,
        filter: Filter::default(),
        limit: 0,
        after: None,
    };
    let verified = rows(List::Events(Box::new(of(Kind::Verifications)))).await;
    assert_eq!((&verified[0]["outcome"], &verified[0]["tags"]), (&json!("VALID"), &json!(["a", "b"])));
    assert_eq!(rows(List::Events(Box::new(of(Kind::Ratelimits)))).await[0]["passed"], true);
}
