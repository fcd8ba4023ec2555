use super::*;

fn delete(id: &KeyId, permanent: bool) -> DeleteKey {
    DeleteKey { key_id: id.clone(), permanent }
}

async fn laden(room: &Room) -> KeyId {
    room.opt_in().await;
    let command = CreateKey {
        recoverable: true,
        roles: strings(&["Reader"]),
        permissions: strings(&["own"]),
        limits: vec![limit("a", 1)],
        ..room.plain()
    };
    room.make(command).await.id
}

#[tokio::test]
async fn a_soft_deletion_keeps_the_row_and_its_hash() {
    let room = Room::open().await;
    room.add_role("role_1", "Reader", &[]).await;
    let id = laden(&room).await;
    room.keys.delete(&owner(), delete(&id, false)).await.unwrap();
    assert_eq!(
        code(room.keys.get(&owner(), GetKey { key_id: id.clone(), decrypt: Decrypt::No }).await),
        Code::KeyNotFound
    );
    assert_eq!(
        room.test.count("keys", "deleted_by = 'key_root' AND deleted_at IS NOT NULL AND hash <> ''").await,
        1
    );
    assert_eq!(code(room.keys.delete(&owner(), delete(&id, true)).await), Code::KeyNotFound);
    let entry = room.test.audited().await.pop().unwrap();
    assert_eq!((entry.event.as_str(), entry.description), ("key.delete", format!("Deleted key {id}")));
    assert_eq!(entry.targets, [("key".into(), id.to_string())]);
}

#[tokio::test]
async fn a_permanent_deletion_takes_everything_along() {
    let room = Room::open().await;
    room.add_role("role_1", "Reader", &[]).await;
    let id = laden(&room).await;
    let tables = ["keys", "keys_roles", "keys_permissions", "limits", "encrypted_keys"];
    for table in tables {
        assert_eq!(room.test.count(table, "TRUE").await, 1, "{table}");
    }
    room.keys.delete(&owner(), delete(&id, true)).await.unwrap();
    for table in tables {
        assert_eq!(room.test.count(table, "TRUE").await, 0, "{table}");
    }
    assert_eq!(room.test.count("roles", "TRUE").await + room.test.count("permissions", "TRUE").await, 2);
    let entry = room.test.audited().await.pop().unwrap();
    assert_eq!(entry.description, format!("Permanently deleted key {id}"));
}

#[tokio::test]
async fn only_who_may_deletes() {
    let room = Room::open().await;
    let id = room.make(room.plain()).await.id;
    assert_eq!(code(room.keys.delete(&stranger(), delete(&id, true)).await), Code::KeyNotFound);
    let reader = holder(&["api.*.read_key"]);
    assert_eq!(code(room.keys.delete(&reader, delete(&id, true)).await), Code::InsufficientPermissions);
    let own = holder(&[&format!("api.{}.delete_key", room.api)]);
    room.keys.delete(&own, delete(&id, false)).await.unwrap();
}

#[tokio::test]
async fn cached_values_learn_of_every_change() {
    let room = Room::open().await;
    let made = room.make(room.plain()).await;
    let hash = made.plaintext.hash().to_base64();
    let epochs = room.test.store.epochs().clone();
    let cache: base::cache::Cache<u8, Seen> = base::cache::Cache::new(epochs.clone(), 1 << 16);
    let subject = epochs.subject("key", hash.as_str());
    let fill = async || {
        let load = || async {
            Ok(base::cache::Loaded { value: Some(Seen), subjects: smallvec::smallvec![subject] })
        };
        cache.get_or_load(&1, load).await.unwrap();
        assert!(cache.get(&1).is_some());
    };
    fill().await;
    room.keys.update(&owner(), UpdateKey::new(made.id.clone())).await.unwrap();
    assert!(cache.get(&1).is_none(), "update");
    fill().await;
    let credits =
        UpdateCredits { key_id: made.id.clone(), operation: CreditOperation::Set, value: Some(Some(1)) };
    room.keys.update_credits(&owner(), credits).await.unwrap();
    assert!(cache.get(&1).is_none(), "credits");
    fill().await;
    room.keys.delete(&owner(), delete(&made.id, false)).await.unwrap();
    assert!(cache.get(&1).is_none(), "delete");
}

struct Seen;

impl base::cache::Weigh for Seen {
    fn weight_bytes(&self) -> u64 {
        1
    }
}
