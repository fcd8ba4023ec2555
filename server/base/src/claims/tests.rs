//! Claims as they lie in a database.

use crate::access::{Claimant, IdempotencyKey};
use crate::claims::{claim, find};
use crate::error::Code;
use crate::ids::WorkspaceId;
use crate::store::testing::{TestStore, owner};
use crate::store::{AppSchema, Database, Durability, Store};

fn key(claimant: Claimant, request_hash: &str) -> IdempotencyKey {
    IdempotencyKey { claimant, key_hash: "hash".into(), request_hash: request_hash.into() }
}

#[tokio::test]
async fn a_key_is_claimed_once_by_each_claimant() {
    let test = TestStore::open().await;
    let cx = owner();
    let claim_it = async |claimant: Claimant| {
        let key = &key(claimant, "request");
        let cx = &cx;
        test.store.write(|tx| async move { claim(&tx, cx, key).await }).await
    };
    claim_it(Claimant::RootKey("key_1".into())).await.unwrap();
    claim_it(Claimant::Session("ses_1".into())).await.unwrap();
    let again = claim_it(Claimant::RootKey("key_1".into())).await;
    assert_eq!(again.err().map(|error| error.code()), Some(Code::IdempotencyConflict));
}

/// Whoever sends a request again after an upgrade gets the answer from before it.
#[tokio::test]
async fn claims_from_before_claimants_had_kinds_are_found() {
    // No release with a server's database had them.
    let test = TestStore::in_file().await;
    for sql in [
        "ALTER TABLE idempotency_keys RENAME COLUMN claimant TO root_key_id",
        "INSERT INTO idempotency_keys (workspace_id, root_key_id, key_hash, request_hash, response, created_at) \
         VALUES ('ws_1', 'key_1', 'hash', 'request', x'01', 7), ('ws_1', 'ses_1', 'hash', 'form', NULL, 8)",
        "DELETE FROM seaql_migrations WHERE version = 'm0011_claimants'",
    ] {
        test.force(sql).await;
    }
    test.store.database().close().await.unwrap();
    let path = test.path().join("app.db");
    let store = Store::new(Database::open::<AppSchema>(&path, Durability::Normal).await.unwrap());
    let workspace = WorkspaceId::from("ws_1");
    let of = async |claimant| find(store.read(), &workspace, &key(claimant, "")).await.unwrap().unwrap();
    let by_key = of(Claimant::RootKey("key_1".into())).await;
    assert_eq!((by_key.request_hash.as_str(), by_key.response), ("request", Some(vec![1])));
    assert_eq!(of(Claimant::Session("ses_1".into())).await.created_at, 8);
}
