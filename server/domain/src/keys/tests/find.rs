use super::*;
use base::clock::HOUR_MS;
use base::filter;
use base::store::Page;

async fn found(room: &Room, filter: &str) -> Vec<String> {
    let page = Page { limit: 100, cursor: None };
    let command = FindKeys {
        api_id: Some(room.api.clone()),
        filter: filter.into(),
        order: KeyOrder::NewestFirst,
        page,
    };
    let found = room.keys.find(&owner(), command).await.unwrap();
    let mut names: Vec<String> =
        found.items.into_iter().map(|details| details.key.name.unwrap_or_default()).collect();
    names.sort();
    names
}

async fn room() -> Room {
    let room = Room::open().await;
    room.add_role("role_1", "Admin", &["docs.write"]).await;
    let named = |name: &str| CreateKey { name: Some(name.into()), ..room.plain() };
    room.make(CreateKey { enabled: false, ..named("off") }).await;
    room.make(CreateKey { expires_at: Some(NOW_MS - 1), ..named("gone") }).await;
    room.make(CreateKey { expires_at: Some(NOW_MS + HOUR_MS), ..named("soon") }).await;
    let empty = NewCredits { remaining: Some(0), refill: None };
    room.make(CreateKey { credits: Some(empty), environment: Some("live".into()), ..named("empty") }).await;
    let meta = object(serde_json::json!({ "plan": { "name": "pro" }, "seats": 3 }));
    let pro =
        CreateKey { meta, external_id: Some("user_1".into()), prefix: Some("sk".into()), ..named("Pro key") };
    room.make(pro).await;
    room.make(CreateKey {
        roles: strings(&["Admin"]),
        permissions: strings(&["docs.read"]),
        ..named("rbac")
    })
    .await;
    room
}

#[tokio::test]
async fn every_field_narrows() {
    let room = room().await;
    for (filter, names) in [
        ("status:disabled", &["off"][..]),
        ("status:expired", &["gone"]),
        ("status:expiring", &["soon"]),
        ("status:disabled,expiring", &["off", "soon"]),
        ("expires:<2h", &["gone", "soon"]),
        ("status:exhausted", &["empty"]),
        ("credits:<1", &["empty"]),
        ("env:live", &["empty"]),
        ("meta.plan.name:pro", &["Pro key"]),
        ("meta.seats:3 identity:user_1", &["Pro key"]),
        ("start:sk_", &["Pro key"]),
        ("user_", &["Pro key"]),
        ("PRO", &["Pro key"]),
        ("role:admin", &["rbac"]),
        ("permission:docs.read", &["rbac"]),
        ("-env:live -status:disabled name:o", &["Pro key", "gone", "soon"]),
        ("last_used:>1d", &[]),
        ("created:<1h status:disabled", &["off"]),
        ("created:>1h", &[]),
    ] {
        assert_eq!(found(&room, filter).await, names, "{filter}");
    }
    assert_eq!(found(&room, "last_used:never").await.len(), 6);
    assert_eq!(found(&room, "").await.len(), 6);
}

#[tokio::test]
async fn what_is_no_field_is_said_and_hostile_text_is_only_text() {
    let room = room().await;
    let page = || Page { limit: 10, cursor: None };
    let ask = |filter: &str| FindKeys {
        api_id: None,
        filter: filter.into(),
        order: KeyOrder::NewestFirst,
        page: page(),
    };
    for bad in ["colour:red", "status:odd", "credits:many", "meta.:x", "expires:soon"] {
        assert_eq!(code(room.keys.find(&owner(), ask(bad)).await), Code::InvalidInput, "{bad}");
    }
    for hostile in ["'); DROP TABLE keys; --", "meta.a\"b':x", "meta.$:x", "meta.a\\\"b:1", "%", "name:%"] {
        assert!(filter::parse(hostile).is_ok());
        assert_eq!(room.keys.find(&owner(), ask(hostile)).await.unwrap().items.len(), 0, "{hostile}");
    }
    assert_eq!(code(room.keys.find(&holder(&[]), ask("")).await), Code::ApiNotFound);
    assert!(room.keys.find(&stranger(), ask("")).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn pages_are_of_bounded_work_and_reach_every_key() {
    let room = Room::open().await;
    let sql = "INSERT INTO keys (id, workspace_id, api_id, hash, start, last4, name, enabled, created_at) \
               WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 24999) \
               SELECT 'key_' || (1000000 + i), 'ws_1', '{api}', 'h' || i, '', '', \
               CASE WHEN i = 3 THEN 'needle' ELSE 'hay' END, TRUE, 0 FROM n";
    room.test.force(&sql.replace("{api}", room.api.as_str())).await;
    for order in [KeyOrder::NewestFirst, KeyOrder::OldestFirst] {
        let (mut pages, mut names, mut cursor) = (0, Vec::new(), None);
        loop {
            let page = Page { limit: 50, cursor: cursor.take() };
            let (api_id, filter) = (Some(room.api.clone()), "name:needle".to_owned());
            let found = room.keys.find(&owner(), FindKeys { api_id, filter, order, page }).await.unwrap();
            pages += 1;
            names.extend(found.items.into_iter().filter_map(|details| details.key.name));
            cursor = found.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!((pages, names), (3, strings(&["needle"])), "{order:?}");
    }
    assert_eq!(room.apis.get(&owner(), &room.api).await.unwrap().live_keys, 25_000);
}

#[tokio::test]
async fn both_orders_come_in_pages_that_miss_and_repeat_nothing() {
    let room = room().await;
    let mut seen = Vec::new();
    for order in [KeyOrder::NewestFirst, KeyOrder::OldestFirst] {
        let (mut ids, mut cursor) = (Vec::new(), None);
        loop {
            let page = Page { limit: 2, cursor };
            let command = FindKeys { api_id: Some(room.api.clone()), filter: String::new(), order, page };
            let found = room.keys.find_ids(&owner(), command).await.unwrap();
            ids.extend(found.items);
            cursor = found.next;
            if cursor.is_none() {
                break;
            }
        }
        seen.push(ids);
    }
    seen[1].reverse();
    assert_eq!(seen[0].len(), 6);
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn the_database_counts_the_keys_of_an_api() {
    let room = Room::open().await;
    let count = async || room.apis.get(&owner(), &room.api).await.unwrap().live_keys;
    let (one, two) = (room.make(room.plain()).await, room.make(room.plain()).await);
    assert_eq!(count().await, 2);
    room.keys.delete(&owner(), DeleteKey { key_id: one.id, permanent: false }).await.unwrap();
    assert_eq!(count().await, 1);
    room.keys.delete(&owner(), DeleteKey { key_id: two.id, permanent: true }).await.unwrap();
    room.test.force("DELETE FROM keys").await;
    assert_eq!(count().await, 0);
}
