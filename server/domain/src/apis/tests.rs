use base::ids::ApiId;
use serde_json::json;

use super::*;
use base::access::OpCtx;
use base::error::Code;
use base::store::Page;
use base::store::testing::{NOW_MS, TestStore, holder, owner, stranger};

async fn room() -> (TestStore, Apis) {
    let test = TestStore::open().await;
    let apis = Apis::new(test.store.clone(), Entropy::seeded(1));
    (test, apis)
}

async fn make(apis: &Apis, cx: &OpCtx, name: &str) -> ApiId {
    apis.create(cx, CreateApi { name: name.to_owned() }).await.unwrap()
}

#[tokio::test]
async fn a_new_api_has_a_keyspace_and_plain_defaults() {
    let (test, apis) = room().await;
    let id = make(&apis, &owner(), "payments").await;
    let api = apis.get(&owner(), &id).await.unwrap();
    assert!(id.as_str().starts_with("api_") && api.keyspace_id.as_str().starts_with("ks_"));
    assert_eq!((api.name.as_str(), api.created_at), ("payments", NOW_MS));
    assert!(!api.store_encrypted_keys && !api.delete_protection);
    assert_eq!((&api.ip_allowlist, &api.default_prefix, api.default_bytes), (&None, &None, None));
    let audited = test.audited().await;
    assert_eq!(audited.len(), 1);
    assert_eq!((audited[0].event.as_str(), &audited[0].correlation), ("api.create", &None));
    assert_eq!(audited[0].targets, [("api".to_owned(), id.to_string())]);
}

#[tokio::test]
async fn names_are_bounded_but_not_unique() {
    let (_test, apis) = room().await;
    for name in [String::new(), "x".repeat(257)] {
        let refused = apis.create(&owner(), CreateApi { name }).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidInput);
    }
    let longest = "\u{e9}".repeat(256);
    assert_ne!(make(&apis, &owner(), &longest).await, make(&apis, &owner(), &longest).await);
}

#[tokio::test]
async fn the_grant_comes_before_the_lookup() {
    let (test, apis) = room().await;
    let id = make(&apis, &owner(), "one").await;
    let none = holder(&[]);
    let command = CreateApi { name: "two".into() };
    for refused in [
        apis.get(&none, &id).await.map(drop),
        apis.get(&none, &ApiId::from("api_absent")).await.map(drop),
        apis.delete(&none, &id).await,
        apis.delete(&none, &ApiId::from("api_absent")).await,
        apis.set(&none, SetApi::new(id.clone())).await.map(drop),
        apis.list(&none).await.map(drop),
        apis.create(&none, command).await.map(drop),
    ] {
        assert_eq!(refused.unwrap_err().code(), Code::InsufficientPermissions);
    }
    let own = holder(&[&format!("api.{id}.read_api"), &format!("api.{id}.delete_api")]);
    assert_eq!(apis.get(&own, &id).await.unwrap().name, "one");
    assert_eq!(apis.list(&own).await.unwrap_err().code(), Code::InsufficientPermissions);
    apis.delete(&own, &id).await.unwrap();
    assert_eq!(test.events(0).await, ["api.create", "api.delete"]);
}

#[tokio::test]
async fn foreign_and_deleted_apis_are_absent() {
    let (test, apis) = room().await;
    let id = make(&apis, &owner(), "one").await;
    for refused in [
        apis.get(&stranger(), &id).await.map(drop),
        apis.delete(&stranger(), &id).await,
        apis.set(&stranger(), SetApi { name: Some("mine".into()), ..SetApi::new(id.clone()) })
            .await
            .map(drop),
    ] {
        assert_eq!(refused.unwrap_err().code(), Code::ApiNotFound);
    }
    assert!(apis.list(&stranger()).await.unwrap().is_empty());
    apis.delete(&owner(), &id).await.unwrap();
    assert_eq!(apis.delete(&owner(), &id).await.unwrap_err().code(), Code::ApiNotFound);
    assert_eq!(apis.get(&owner(), &id).await.unwrap_err().code(), Code::ApiNotFound);
    assert!(apis.list(&owner()).await.unwrap().is_empty());
    assert_eq!(test.events(0).await, ["api.create", "api.delete"]);
}

#[tokio::test]
async fn delete_protection_holds_until_lifted() {
    let (test, apis) = room().await;
    let id = make(&apis, &owner(), "one").await;
    let protect = |on| SetApi { delete_protection: Some(on), ..SetApi::new(id.clone()) };
    apis.set(&owner(), protect(true)).await.unwrap();
    assert_eq!(apis.delete(&owner(), &id).await.unwrap_err().code(), Code::ProtectedResource);
    apis.set(&owner(), protect(false)).await.unwrap();
    apis.delete(&owner(), &id).await.unwrap();
    assert_eq!(test.events(0).await, ["api.create", "api.update", "api.update", "api.delete"]);
}

#[tokio::test]
async fn settings_change_and_leave_a_trace() {
    let (test, apis) = room().await;
    let id = make(&apis, &owner(), "one").await;
    let api = apis
        .set(
            &owner(),
            SetApi {
                name: Some("uno".into()),
                recoverable: Some(true),
                ip_allowlist: Some(Some(" 10.1.2.3/8, ::1".into())),
                default_prefix: Some(Some("sk_live".into())),
                default_bytes: Some(Some(32)),
                ..SetApi::new(id.clone())
            },
        )
        .await
        .unwrap();
    assert_eq!(api, apis.get(&owner(), &id).await.unwrap());
    assert_eq!(api.ip_allowlist.as_deref(), Some("10.0.0.0/8,::1"));
    assert_eq!((api.default_prefix.as_deref(), api.default_bytes), (Some("sk_live"), Some(32)));
    let changes = test.audited().await.remove(1).changes.unwrap();
    assert_eq!(changes["name"], json!({ "before": "one", "after": "uno" }));
    assert_eq!(changes["recoverable"], json!({ "before": false, "after": true }));
    assert!(changes.get("deleteProtection").is_none());
    let cleared = SetApi {
        ip_allowlist: Some(None),
        default_prefix: Some(None),
        default_bytes: Some(None),
        ..SetApi::new(id.clone())
    };
    let api = apis.set(&owner(), cleared).await.unwrap();
    assert_eq!((api.ip_allowlist, api.default_prefix, api.default_bytes), (None, None, None));
    apis.set(&owner(), SetApi { recoverable: Some(true), ..SetApi::new(id) }).await.unwrap();
    assert_eq!(test.audited().await.len(), 3, "a change of nothing leaves no trace");
}

#[tokio::test]
async fn settings_have_bounds() {
    let (test, apis) = room().await;
    let id = make(&apis, &owner(), "one").await;
    let base = || SetApi::new(id.clone());
    for command in [
        SetApi { name: Some(String::new()), ..base() },
        SetApi { ip_allowlist: Some(Some("everyone".into())), ..base() },
        SetApi { ip_allowlist: Some(Some(" , ,".into())), ..base() },
        SetApi { default_prefix: Some(Some(String::new())), ..base() },
        SetApi { default_prefix: Some(Some("ninechars".into())), ..base() },
        SetApi { default_prefix: Some(Some("a-b".into())), ..base() },
        SetApi { default_bytes: Some(Some(15)), ..base() },
        SetApi { default_bytes: Some(Some(256)), ..base() },
    ] {
        let refused = apis.set(&owner(), command.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidInput, "{command:?}");
    }
    assert_eq!(test.events(0).await, ["api.create"]);
}

#[tokio::test]
async fn apis_are_found_by_part_of_a_name_or_id() {
    let (_test, apis) = room().await;
    let mut ids = Vec::new();
    for name in ["Payments EU", "payments us", "100% maps"] {
        ids.push(make(&apis, &owner(), name).await);
    }
    let found = async |text: &str, limit: u64, cursor: Option<String>| {
        let command = FindApis { text: text.to_owned(), page: Page { limit, cursor } };
        let page = apis.find(&owner(), command).await.unwrap();
        (page.items.into_iter().map(|api| api.name).collect::<Vec<_>>(), page.next)
    };
    assert_eq!(found(" PAY ", 10, None).await.0, ["Payments EU", "payments us"]);
    assert_eq!(found("0%", 10, None).await.0, ["100% maps"]);
    assert_eq!(found(ids[1].as_str(), 10, None).await.0, ["payments us"]);
    assert!(found("%", 10, None).await.0.len() == 1 && found("none", 10, None).await.0.is_empty());
    let (first, next) = found("", 2, None).await;
    assert_eq!((first.len(), found("", 2, next).await), (2, (vec!["100% maps".to_owned()], None)));
    let one = FindApis { text: String::new(), page: Page { limit: 1, cursor: None } };
    assert_eq!(apis.find(&holder(&[]), one).await.unwrap_err().code(), Code::InsufficientPermissions);
}
