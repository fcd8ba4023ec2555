//! Tests of `limit` and `multiLimit` against a real store and limiter.

use super::namespaces::Namespaces;
use super::*;
use base::access::{OpCtx, Operation, Role, VisibleIds};
use base::entropy::Entropy;
use base::error::{Code, Result};
use base::store::testing::{NOW_MS, TestStore, holder, owner, person, signed_in, stranger};
use base::store::{Change, Store};

fn room(test: &TestStore) -> Ratelimits {
    let namespaces = Namespaces::new(test.store.clone(), Entropy::system());
    let limiter = RateLimiter::new(1000, test.store.database().clone());
    Ratelimits::new(limiter, namespaces, base::events::Recorder::default())
}

fn request(namespace: &str, identifier: &str, limit: u64) -> LimitRequest {
    LimitRequest {
        namespace: namespace.to_owned(),
        identifier: identifier.to_owned(),
        limit,
        duration_ms: 60_000,
        cost: 1,
    }
}

fn code<T: std::fmt::Debug>(outcome: Result<T>) -> Code {
    outcome.unwrap_err().code()
}

/// Changes namespaces past every rule, and says so as an operation would.
async fn change(test: &TestStore, outcome: &LimitOutcome, sql: &str) {
    test.force(sql).await;
    let namespace = outcome.namespace.clone();
    publish(&test.store, &owner(), &namespace).await;
}

async fn publish(store: &Store, cx: &OpCtx, namespace: &NamespaceSnapshot) {
    let change = Change::Namespace {
        workspace: cx.workspace.clone(),
        id: namespace.id.clone(),
        name: namespace.name.clone(),
    };
    let publish = |tx: base::store::Tx| async move {
        tx.changed(change);
        Ok(())
    };
    store.write(publish).await.unwrap();
}

async fn set_overrides(test: &TestStore, outcome: &LimitOutcome, overrides: &[(&str, &str, i64, i64)]) {
    for (position, (id, identifier, limit, duration)) in overrides.iter().enumerate() {
        let sql = format!(
            "INSERT INTO overrides (id, workspace_id, namespace_id, identifier, max_count, duration_ms, created_at)
             VALUES ('{id}', 'ws_1', '{}', '{identifier}', {limit}, {duration}, {position})",
            outcome.namespace.id
        );
        change(test, outcome, &sql).await;
    }
}

#[tokio::test]
async fn the_first_request_makes_the_namespace() {
    let test = TestStore::open().await;
    let limits = room(&test);
    let first = limits.limit(&owner(), &request("email", "me", 2)).await.unwrap();
    assert_eq!((first.passed, first.limit, first.remaining), (true, 2, 1));
    assert_eq!(first.reset_ms, (NOW_MS / 60_000 + 1) * 60_000);
    let by_id = limits.limit(&owner(), &request(first.namespace.id.as_str(), "me", 2)).await.unwrap();
    assert_eq!((by_id.passed, by_id.remaining), (true, 0));
    let denied = limits.limit(&owner(), &request("email", "me", 2)).await.unwrap();
    assert_eq!((denied.passed, denied.remaining), (false, 0));
    assert_eq!(test.events(0).await, ["ratelimitNamespace.create"]);
    let elsewhere = limits.limit(&stranger(), &request("email", "me", 2)).await.unwrap();
    assert!(elsewhere.passed && elsewhere.namespace.id != first.namespace.id);
    let foreign = limits.limit(&stranger(), &request(first.namespace.id.as_str(), "me", 2)).await.unwrap();
    assert_ne!(foreign.namespace.id, first.namespace.id);
}

#[tokio::test]
async fn concurrent_first_requests_share_one_namespace() {
    let test = TestStore::open().await;
    let limits = room(&test);
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let limits = limits.clone();
            tokio::spawn(
                async move { limits.limit(&owner(), &request("new", "me", 10)).await.unwrap().passed },
            )
        })
        .collect();
    let mut passed = 0;
    for task in tasks {
        passed += usize::from(task.await.unwrap());
    }
    assert_eq!(passed, 10);
    assert_eq!(test.count("namespaces", "TRUE").await, 1);
    assert_eq!(test.events(0).await, ["ratelimitNamespace.create"]);
}

#[tokio::test]
async fn grants_are_asked_for_in_the_order_of_the_contract() {
    let test = TestStore::open().await;
    let limits = room(&test);
    let outcome = limits.limit(&holder(&["ratelimit.*.limit"]), &request("a", "me", 1)).await;
    assert!(outcome.unwrap_err().detail().contains("ratelimit.*.create_namespace"));
    let outcome = limits.limit(&holder(&["ratelimit.*.create_namespace"]), &request("a", "me", 1)).await;
    assert!(outcome.unwrap_err().detail().contains("ratelimit.*.limit"));
    assert_eq!(test.count("namespaces", "TRUE").await, 1, "made although the second check failed");
    let made = limits.limit(&holder(&["ratelimit.*.limit"]), &request("a", "me", 1)).await.unwrap();
    let own = format!("ratelimit.{}.limit", made.namespace.id);
    assert!(!limits.limit(&holder(&[&own]), &request("a", "me", 1)).await.unwrap().passed);
    let create_and_own = [own.as_str(), "ratelimit.*.create_namespace"];
    let fresh = limits.limit(&holder(&create_and_own), &request("b", "me", 1)).await;
    assert_eq!(code(fresh), Code::InsufficientPermissions);
}

#[tokio::test]
async fn a_deleted_namespace_is_gone_and_keeps_its_name() {
    let test = TestStore::open().await;
    let limits = room(&test);
    let made = limits.limit(&owner(), &request("a", "me", 9)).await.unwrap();
    change(&test, &made, "UPDATE namespaces SET deleted_at = 1").await;
    assert_eq!(code(limits.limit(&holder(&[]), &request("a", "me", 9)).await), Code::NamespaceGone);
    let batch = [request("a", "me", 9)];
    assert_eq!(code(limits.multi_limit(&holder(&[]), &batch).await), Code::InsufficientPermissions);
    assert_eq!(code(limits.multi_limit(&owner(), &batch).await), Code::NamespaceGone);
    assert_eq!(test.count("namespaces", "TRUE").await, 1);
}

#[tokio::test]
async fn an_override_replaces_limit_and_duration() {
    let test = TestStore::open().await;
    let limits = room(&test);
    let made = limits.limit(&owner(), &request("a", "nobody", 9)).await.unwrap();
    assert_eq!(made.override_id, None);
    let overrides = [
        ("rlor_all", "*", 5, 3_600_000),
        ("rlor_old", "me*x", 6, 3_600_000),
        ("rlor_new", "m*ex", 7, 3_600_000),
        ("rlor_exact", "me-x", 1, 3_600_000),
        ("rlor_block", "blocked", 0, 3_600_000),
    ];
    set_overrides(&test, &made, &overrides).await;
    for (identifier, id, limit) in [
        ("me-x", "rlor_exact", 1),
        ("me..x", "rlor_old", 6),
        ("m..ex", "rlor_new", 7),
        ("*", "rlor_all", 5),
        ("you", "rlor_all", 5),
    ] {
        let outcome = limits.limit(&owner(), &request("a", identifier, 100)).await.unwrap();
        let found = outcome.override_id.as_ref().map(|id| id.as_str());
        assert_eq!((found, outcome.limit, outcome.remaining), (Some(id), limit, limit - 1), "{identifier}");
        assert_eq!(outcome.reset_ms, (NOW_MS / 3_600_000 + 1) * 3_600_000);
    }
    let blocked =
        limits.limit(&owner(), &LimitRequest { cost: 0, ..request("a", "blocked", 9) }).await.unwrap();
    assert_eq!((blocked.passed, blocked.limit, blocked.remaining), (false, 0, 0));
    change(&test, &made, "UPDATE overrides SET deleted_at = 1").await;
    assert_eq!(limits.limit(&owner(), &request("a", "you", 9)).await.unwrap().override_id, None);
}

#[tokio::test]
async fn a_batch_takes_all_or_nothing() {
    let test = TestStore::open().await;
    let limits = room(&test);
    let batch = [request("a", "me", 3), request("b", "me", 1), request("a", "me", 3)];
    let passed = limits.multi_limit(&owner(), &batch).await.unwrap();
    assert!(passed.passed);
    let remaining: Vec<_> = passed.limits.iter().map(|limit| limit.remaining).collect();
    assert_eq!(remaining, [2, 0, 1]);
    assert_eq!(test.events(0).await, ["ratelimitNamespace.create", "ratelimitNamespace.create"]);
    let failed = limits.multi_limit(&owner(), &batch[..2]).await.unwrap();
    assert!(!failed.passed);
    let items: Vec<_> = failed.limits.iter().map(|limit| (limit.passed, limit.remaining)).collect();
    assert_eq!(items, [(true, 1), (false, 0)]);
    assert_eq!(limits.limit(&owner(), &request("a", "me", 3)).await.unwrap().remaining, 0);
}

#[tokio::test]
async fn one_grant_makes_all_namespaces_of_a_batch_and_each_is_limited_on_its_own() {
    let test = TestStore::open().await;
    let limits = room(&test);
    let known = limits.limit(&owner(), &request("known", "me", 9)).await.unwrap().namespace;
    let batch = [request("known", "me", 9), request("fresh", "me", 9)];
    let unmade = limits.multi_limit(&holder(&["ratelimit.*.limit"]), &batch).await.unwrap_err();
    assert!(unmade.detail().contains("create_namespace"), "{}", unmade.detail());
    assert_eq!(test.count("namespaces", "TRUE").await, 1);
    let own = format!("ratelimit.{}.limit", known.id);
    let partial = limits.multi_limit(&holder(&[&own, "ratelimit.*.create_namespace"]), &batch).await;
    assert_eq!(code(partial), Code::InsufficientPermissions);
    assert_eq!(test.count("namespaces", "TRUE").await, 2);
    assert!(limits.multi_limit(&holder(&["ratelimit.*.limit"]), &batch).await.unwrap().passed);
}

#[tokio::test]
async fn a_known_namespace_is_answered_from_memory() {
    let test = TestStore::open().await;
    let limits = room(&test);
    let workspace = owner().workspace;
    assert!(limits.namespaces().find_cached(&workspace, "a").is_none());
    assert!(limits.namespaces().find(&workspace, "a").await.unwrap().is_none());
    assert!(limits.namespaces().find_cached(&workspace, "a").is_some_and(|miss| miss.is_none()));
    let made = limits.limit(&owner(), &request("a", "me", 9)).await.unwrap().namespace;
    let hit = limits.namespaces().find_cached(&workspace, "a").flatten().unwrap();
    assert!(Arc::ptr_eq(&hit, &made));
    publish(&test.store, &owner(), &made).await;
    assert!(limits.namespaces().find_cached(&workspace, "a").is_none());
}

#[tokio::test]
async fn bounds_hold_whatever_the_door() {
    let test = TestStore::open().await;
    let limits = room(&test);
    for bad in [
        LimitRequest { duration_ms: 999, ..request("a", "me", 1) },
        request("", "me", 1),
        request(&"n".repeat(513), "me", 1),
        request("a", &"i".repeat(4097), 1),
    ] {
        assert_eq!(code(limits.limit(&owner(), &bad).await), Code::InvalidInput);
    }
    assert_eq!(test.count("namespaces", "TRUE").await, 0);
    let zero = limits.limit(&owner(), &request("a", "me", 0)).await.unwrap();
    assert_eq!((zero.passed, zero.remaining), (false, 0));
}

#[tokio::test]
async fn roles_and_grants_decide_over_namespaces() {
    let test = TestStore::open().await;
    let room = room(&test);
    let namespaces = room.namespaces();
    let made = namespaces.make(&person(Role::Operator), "mail").await.unwrap();
    assert_eq!(code(namespaces.make(&person(Role::Operator), "mail").await), Code::InvalidInput);
    assert_eq!(namespaces.get(&person(Role::Viewer), "mail").await.unwrap(), made);
    assert_eq!(namespaces.list(&person(Role::Viewer)).await.unwrap(), std::slice::from_ref(&made));
    for refused in [person(Role::Viewer), holder(&["ratelimit.*.limit"])] {
        let renamed = namespaces.rename(&refused, "mail", "x").await;
        assert_eq!(code(renamed), Code::InsufficientPermissions);
        assert_eq!(code(namespaces.rename(&refused, "none", "x").await), Code::InsufficientPermissions);
        assert_eq!(code(namespaces.delete(&refused, "mail").await), Code::InsufficientPermissions);
        assert_eq!(code(namespaces.make(&refused, "x").await), Code::InsufficientPermissions);
    }
    assert_eq!(code(namespaces.list(&holder(&[])).await), Code::InsufficientPermissions);
    assert_eq!(code(namespaces.get(&stranger(), made.id.as_str()).await), Code::NamespaceNotFound);
    namespaces.rename(&person(Role::Operator), "mail", "letters").await.unwrap();
    namespaces.delete(&person(Role::Operator), "letters").await.unwrap();
    assert_eq!(code(namespaces.get(&person(Role::Operator), "letters").await), Code::NamespaceNotFound);
    assert_eq!(code(namespaces.make(&person(Role::Operator), "letters").await), Code::InvalidInput);
}

#[test]
fn people_reach_every_namespace() {
    let viewer = person(Role::Viewer);
    assert_eq!(viewer.visible_ids(Operation::AnalyticsRatelimits), VisibleIds::All);
    assert_eq!(
        signed_in("usr_1", None).visible_ids(Operation::AnalyticsRatelimits),
        VisibleIds::Only(Vec::new())
    );
}
