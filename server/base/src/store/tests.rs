use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use sea_orm::ConnectionTrait;

use super::testing::TestStore;
use super::{Change, Database, Durability, Tx};
use crate::error::{Error, Result};

const BAD_REFERENCE: &str = "PRAGMA defer_foreign_keys = on; INSERT INTO apis (id, keyspace_id, workspace_id, name, created_at) VALUES ('bad', 'bad', 'nobody', 'x', 1)";

fn api(id: &str) -> String {
    format!(
        "INSERT INTO apis (id, keyspace_id, workspace_id, name, created_at) VALUES ('{id}', '{id}', 'ws_1', 'x', 1)"
    )
}

async fn run(tx: Tx, sql: impl AsRef<str>) -> Result<()> {
    tx.db().execute_unprepared(sql.as_ref()).await?;
    Ok(())
}

/// As somebody else sees them who opens the file now.
async fn stored(test: &TestStore) -> i64 {
    test.count("apis", "TRUE").await
}

#[tokio::test]
async fn commits_that_fail_poison_nothing_that_follows() {
    let test = TestStore::in_file().await;
    for round in 0..3 {
        let failed = test.store.write(|tx| run(tx, BAD_REFERENCE)).await;
        assert!(failed.is_err(), "a broken reference is found by the commit");
        assert!(test.store.database().health().is_failing());
        let refused: Result<()> =
            test.store.write(|_| async { Err(Error::invalid("an ordinary refusal")) }).await;
        refused.unwrap_err();
        test.store.write(|tx| run(tx, api(&format!("good{round}")))).await.unwrap();
        assert_eq!(stored(&test).await, round + 1, "an acknowledged change is stored");
        assert!(!test.store.database().health().is_failing());
        test.store
            .database()
            .writer()
            .execute_unprepared(&format!("UPDATE apis SET name = 'y{round}'"))
            .await
            .unwrap();
        assert_eq!(test.count("apis", &format!("name = 'y{round}'")).await, round + 1);
    }
    assert_eq!(test.store.database().health().failures(), 3);
}

#[tokio::test]
async fn a_full_database_ends_a_transaction_for_good() {
    let test = TestStore::in_file().await;
    test.force("PRAGMA max_page_count = 1").await;
    let big = format!("UPDATE workspaces SET name = '{}'", "x".repeat(200_000));
    let outcome = test
        .store
        .write(|tx| async move {
            run(tx.clone(), api("before")).await?;
            run(tx.clone(), &big).await.expect_err("there is no room");
            // Whoever goes on all the same must not store this by itself.
            run(tx, api("after")).await.expect_err("the transaction is over");
            Ok(())
        })
        .await;
    outcome.unwrap_err();
    assert_eq!(stored(&test).await, 0);
    test.store.write(|tx| run(tx, api("good"))).await.unwrap();
    assert_eq!(stored(&test).await, 1);
}

#[tokio::test]
async fn who_goes_on_after_a_refusal_stores_all_or_nothing() {
    let test = TestStore::open().await;
    let outcome = test
        .store
        .write(|tx| async move {
            run(tx.clone(), api("one")).await?;
            run(tx.clone(), api("one")).await.expect_err("its id is taken");
            // A server has ended the transaction by then, a file goes on.
            let _ = run(tx, api("two")).await;
            Ok(())
        })
        .await;
    assert_eq!(stored(&test).await, if outcome.is_ok() { 2 } else { 0 });
}

#[tokio::test]
async fn statements_inside_of_a_foreign_transaction_are_not_acknowledged() {
    let test = TestStore::in_file().await;
    let writer = test.store.database().writer();
    writer.execute_unprepared("BEGIN IMMEDIATE").await.unwrap_err();
    writer.execute_unprepared(&api("good")).await.unwrap();
    assert_eq!(stored(&test).await, 1);
}

#[tokio::test]
async fn nothing_is_written_into_a_file_that_is_gone() {
    let test = TestStore::in_file().await;
    test.store.write(|tx| run(tx, api("good"))).await.unwrap();
    std::fs::remove_file(test.path().join("app.db")).unwrap();
    let refused = test.store.write(|tx| run(tx, api("lost"))).await.unwrap_err();
    assert!(refused.cause_chain().contains("app.db is gone"), "{}", refused.cause_chain());
    assert!(test.store.database().writer().execute_unprepared(&api("lost")).await.is_err());
    assert!(test.store.database().health().is_failing());
}

#[tokio::test]
async fn damage_inside_of_a_file_is_found_and_named() {
    let test = TestStore::in_file().await;
    let rows: Vec<String> = (0..2000).map(|number| api(&format!("api{number}"))).collect();
    test.store.write(|tx| run(tx, rows.join(";"))).await.unwrap();
    test.store.database().check().await.unwrap();
    test.store.database().close().await.unwrap();
    let path = test.path().join("app.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let (page, middle) = (4096, bytes.len() / 4096 / 2);
    bytes[middle * page..(middle + 1) * page].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    let database = Database::open::<migration::App>(&path, Durability::Normal).await.unwrap();
    let found = database.check().await.unwrap_err();
    assert!(found.cause_chain().contains("app.db is damaged"), "{}", found.cause_chain());
}

#[tokio::test]
async fn a_file_that_a_dead_process_left_open_is_known_as_such() {
    let test = TestStore::in_file().await;
    let path = test.path().join("app.db");
    assert!(test.store.database().was_closed());
    test.store.database().close().await.unwrap();
    let database = Database::open::<migration::App>(&path, Durability::Normal).await.unwrap();
    assert!(database.was_closed());
    database.writer().execute_unprepared("UPDATE workspaces SET name = 'x'").await.unwrap();
    let copy = test.path().join("copy.db");
    for suffix in ["", "-wal"] {
        std::fs::copy(format!("{}{suffix}", path.display()), format!("{}{suffix}", copy.display())).unwrap();
    }
    assert!(!Database::open::<migration::App>(&copy, Durability::Normal).await.unwrap().was_closed());
}

/// Polls a future this often, then drops it. Whether it had ended.
async fn polled(future: impl Future, times: usize) -> bool {
    let mut future = pin!(future);
    for _ in 0..times {
        if future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_parts_no_change_from_its_publication() {
    let test = TestStore::open().await;
    let epochs = test.store.epochs().clone();
    let subject = epochs.subject("api", "api_1");
    let (mut dropped, mut ended) = (0, 0);
    for (round, times) in (0..100).chain([usize::MAX; 12]).enumerate() {
        let before = epochs.now();
        let rows = stored(&test).await;
        let id = format!("api{round}");
        let change = test.store.write(|tx| async move {
            run(tx.clone(), api(&id)).await?;
            tx.changed(Change::Api("api_1".into()));
            Ok(())
        });
        if polled(change, times).await {
            ended += 1
        } else {
            dropped += 1
        }
        // Takes its turn after the one before, whatever became of that.
        test.store.write(|_| async { Ok(()) }).await.unwrap();
        let is_stored = stored(&test).await > rows;
        let is_published = !epochs.unchanged_since(before, &[subject]);
        assert_eq!(is_stored, is_published, "after {times} polls");
    }
    // A commit takes another thread, so the first polls end nothing.
    assert!(dropped > 0 && ended >= 12, "{dropped} dropped, {ended} ended");
}
