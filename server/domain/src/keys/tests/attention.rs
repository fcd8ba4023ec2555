use super::*;
use base::clock::DAY_MS;
use base::store::testing::{NOW_MS, TestStore};

#[tokio::test]
async fn keys_that_need_a_hand_are_counted_by_api() {
    let room = Room::open().await;
    let other = room.apis.create(&owner(), CreateApi { name: "maps".into() }).await.unwrap();
    let expires = |in_ms: i64| Some(NOW_MS + in_ms);
    for in_ms in [-1, DAY_MS, 2 * DAY_MS, 8 * DAY_MS] {
        room.make(CreateKey { expires_at: expires(in_ms), ..room.plain() }).await;
    }
    room.make(CreateKey { expires_at: expires(3 * DAY_MS), ..CreateKey::new(other.clone()) }).await;
    let due = room.keys.expiring(&owner(), NOW_MS + 7 * DAY_MS).await.unwrap();
    let seen: Vec<_> = due.iter().map(|due| (due.api_name.as_str(), due.keys, due.first)).collect();
    assert_eq!(seen, [("payments", 2, NOW_MS + DAY_MS), ("maps", 1, NOW_MS + 3 * DAY_MS)]);

    for remaining in [0, FEW_CREDITS - 1, FEW_CREDITS] {
        let credits = NewCredits { remaining: Some(remaining), refill: None };
        room.make(CreateKey { credits: Some(credits), ..room.plain() }).await;
    }
    let short = room.keys.short_of_credits(&owner()).await.unwrap();
    assert_eq!(short.iter().map(|due| (due.keys, due.first)).collect::<Vec<_>>(), [(2, 0)]);
    room.apis.delete(&owner(), &other).await.unwrap();
    assert_eq!(room.keys.expiring(&owner(), NOW_MS + 7 * DAY_MS).await.unwrap().len(), 1);
    assert!(room.keys.expiring(&stranger(), NOW_MS + DAY_MS).await.unwrap().is_empty());
}

/// A million keys are counted by index or not at all.
#[tokio::test]
async fn counting_walks_no_table() {
    // Of Postgres' planner, statistics decide.
    let test = TestStore::in_file().await;
    for (sql, index) in store::counts() {
        let plan = test.plan(&sql.replace(['$', '?'], "")).await;
        assert!(plan.contains(index) && !plan.contains("SCAN keys"), "{plan}");
    }
}

#[tokio::test]
async fn migrations_say_how_many_keys_still_wait() {
    let room = Room::open().await;
    let id = room.keys.create_migration(&owner(), ALGORITHMS[1]).await.unwrap();
    let found = room.keys.migrations(&owner()).await.unwrap();
    assert_eq!(found.iter().map(|found| (&found.id, found.waiting)).collect::<Vec<_>>(), [(&id, 0)]);
    let made = room.make(room.plain()).await;
    room.test.force(&format!("UPDATE keys SET migration_id = '{id}' WHERE id = '{}'", made.id)).await;
    assert_eq!(room.keys.migrations(&owner()).await.unwrap()[0].waiting, 1);
    assert!(room.keys.migrations(&stranger()).await.unwrap().is_empty());
}
