//! Tests of the identities room against a real store.

use serde_json::{Map, Value, json};

use super::*;
use crate::ratelimit::limits::{self, NewLimit, Owner};
use base::access::OpCtx;
use base::audit::Group;
use base::error::{Code, Result};
use base::store::testing::{TestStore, holder, owner, stranger};

fn room(test: &TestStore) -> Identities {
    Identities::new(test.store.clone(), Entropy::system())
}

fn identity(external_id: &str) -> CreateIdentity {
    CreateIdentity {
        external_id: external_id.to_owned(),
        meta: Map::new(),
        limits: Vec::new(),
        monthly_credits: None,
    }
}

fn limit(name: &str, count: i64) -> NewLimit {
    NewLimit { name: name.to_owned(), limit: count, duration_ms: 1000, auto_apply: false, is_async: false }
}

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn code<T: std::fmt::Debug>(outcome: Result<T>) -> Code {
    outcome.unwrap_err().code()
}

async fn ensured(test: &TestStore, cx: &OpCtx, external_id: &str) -> IdentityId {
    let entropy = Entropy::system();
    test.store
        .write(|tx| async move {
            let mut group = Group::new();
            let id = ensure(&tx, cx, &entropy, &mut group, external_id).await?;
            group.record(cx, &tx, &entropy).await?;
            Ok(id)
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn an_identity_reads_back_as_it_was_made() {
    let test = TestStore::open().await;
    let command = CreateIdentity {
        meta: map(json!({"plan": "pro"})),
        limits: vec![limit("b", 1), limit("a", 2), limit("b", 3)],
        ..identity("user_1")
    };
    let id = room(&test).create(&owner(), command).await.unwrap();
    let found = room(&test).get(&owner(), id.as_str()).await.unwrap();
    assert_eq!((found.id.clone(), found.external_id.as_str()), (id.clone(), "user_1"));
    assert_eq!(found.meta, map(json!({"plan": "pro"})));
    let limits: Vec<_> = found.limits.iter().map(|limit| (limit.name.as_str(), limit.limit)).collect();
    assert_eq!(limits, [("a", 2), ("b", 3)]);
    assert_eq!(room(&test).get(&owner(), "user_1").await.unwrap(), found);
    assert_eq!(test.events(0).await, ["identity.create", "ratelimit.create", "ratelimit.create"]);
    assert_eq!(test.audited().await[1].targets[0], ("identity".to_owned(), id.into_string()));
}

#[tokio::test]
async fn an_external_id_is_taken_while_it_lives() {
    let test = TestStore::open().await;
    room(&test).create(&owner(), identity("user_1")).await.unwrap();
    assert_eq!(code(room(&test).create(&owner(), identity("user_1")).await), Code::IdentityExists);
    assert_eq!(test.count("audit_log", "TRUE").await, 1);
    room(&test).create(&owner(), identity("USER_1")).await.unwrap();
    room(&test).create(&stranger(), identity("user_1")).await.unwrap();
    test.force("UPDATE identities SET deleted_at = 1 WHERE external_id = 'user_1'").await;
    assert_eq!(code(room(&test).get(&owner(), "user_1").await), Code::IdentityNotFound);
    room(&test).create(&owner(), identity("user_1")).await.unwrap();
}

#[tokio::test]
async fn an_id_wins_over_an_external_id() {
    let test = TestStore::open().await;
    let id = room(&test).create(&owner(), identity("user_1")).await.unwrap();
    room(&test).create(&owner(), identity(id.as_str())).await.unwrap();
    assert_eq!(room(&test).get(&owner(), id.as_str()).await.unwrap().external_id, "user_1");
    assert_eq!(code(room(&test).get(&stranger(), id.as_str()).await), Code::IdentityNotFound);
}

#[tokio::test]
async fn bounds_hold_whatever_the_door() {
    let test = TestStore::open().await;
    let metadata = |size: usize| map(json!({"k": "x".repeat(size)}));
    let largest = 1_048_576 - r#"{"k":""}"#.len();
    let with_meta = |id: &str, size| CreateIdentity { meta: metadata(size), ..identity(id) };
    room(&test).create(&owner(), with_meta("a", largest)).await.unwrap();
    assert_eq!(code(room(&test).create(&owner(), with_meta("b", largest + 1)).await), Code::InvalidInput);
    let with_limit = |limit| CreateIdentity { limits: vec![limit], ..identity("c") };
    for bad in [limit("", 1), limit("n", 0), NewLimit { duration_ms: 999, ..limit("n", 1) }] {
        assert_eq!(code(room(&test).create(&owner(), with_limit(bad)).await), Code::InvalidInput);
    }
    assert_eq!(code(room(&test).create(&owner(), identity("")).await), Code::InvalidInput);
    assert_eq!(test.count("identities", "TRUE").await, 1);
}

#[tokio::test]
async fn grants_come_first_to_create_and_last_to_read() {
    let test = TestStore::open().await;
    let id = room(&test).create(&holder(&["identity.*.create_identity"]), identity("user_1")).await.unwrap();
    assert_eq!(
        code(room(&test).create(&holder(&[]), identity("user_1")).await),
        Code::InsufficientPermissions
    );
    room(&test).create(&holder(&["unkey:v1:ws_1:**#*"]), identity("user_2")).await.unwrap();
    let own = format!("identity.{id}.read_identity");
    room(&test).get(&holder(&[&own]), "user_1").await.unwrap();
    assert_eq!(code(room(&test).get(&holder(&[&own]), "user_2").await), Code::InsufficientPermissions);
    assert_eq!(code(room(&test).get(&holder(&[]), "nobody").await), Code::IdentityNotFound);
}

#[tokio::test]
async fn ensuring_finds_or_makes_and_audits_only_making() {
    let test = TestStore::open().await;
    let made = ensured(&test, &owner(), "user_1").await;
    assert_eq!(ensured(&test, &owner(), "user_1").await, made);
    assert_ne!(ensured(&test, &stranger(), "user_1").await, made);
    assert_eq!(test.events(0).await, ["identity.create", "identity.create"]);
    test.force("UPDATE identities SET deleted_at = 1").await;
    assert_ne!(ensured(&test, &owner(), "user_1").await, made);
    let live = load(test.store.read(), &owner().workspace, &[made]).await.unwrap();
    assert!(live.is_empty());
}

#[tokio::test]
async fn replacing_limits_keeps_the_ids_of_names() {
    let test = TestStore::open().await;
    let command = CreateIdentity { limits: vec![limit("a", 1), limit("b", 1)], ..identity("user_1") };
    let id = room(&test).create(&owner(), command).await.unwrap();
    let before = room(&test).get(&owner(), "user_1").await.unwrap().limits;
    let (cx, entropy, of) = (&owner(), &Entropy::system(), &id);
    let change = test
        .store
        .write(|tx| async move {
            limits::replace(&tx, cx, entropy, Owner::Identity(of), vec![limit("c", 7), limit("a", 5)]).await
        })
        .await
        .unwrap();
    let after = room(&test).get(&owner(), "user_1").await.unwrap().limits;
    assert_eq!(after, change.current());
    assert_eq!((&after[0].id, after[0].limit, after[1].name.as_str()), (&before[0].id, 5, "c"));
    assert_eq!(change.removed, before[1..]);
}
