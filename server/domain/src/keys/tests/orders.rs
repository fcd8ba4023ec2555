use super::*;
use base::clock::HOUR_MS;
use base::store::{Page, Paged};

const ORDERS: [KeyOrder; 4] = [
    KeyOrder::Sorted { by: OrderedBy::Name, descending: false },
    KeyOrder::Sorted { by: OrderedBy::Name, descending: true },
    KeyOrder::Sorted { by: OrderedBy::Expiry, descending: false },
    KeyOrder::Sorted { by: OrderedBy::Expiry, descending: true },
];

async fn page(room: &Room, order: KeyOrder, filter: &str, limit: u64, cursor: Option<String>) -> Paged<Key> {
    let page = Page { limit, cursor };
    let command = FindKeys { api_id: Some(room.api.clone()), filter: filter.into(), order, page };
    room.keys.find(&owner(), command).await.unwrap().map(|details| details.key)
}

/// The keys of all pages.
async fn walked(room: &Room, order: KeyOrder, filter: &str, limit: u64) -> Vec<Key> {
    let (mut keys, mut cursor) = (Vec::new(), None);
    loop {
        let found = page(room, order, filter, limit, cursor).await;
        assert!(found.items.len() as u64 <= limit);
        keys.extend(found.items);
        cursor = found.next;
        if cursor.is_none() {
            return keys;
        }
    }
}

/// What a list in this order is; without a value last, of equal ones the id decides.
fn sorted(mut keys: Vec<Key>, order: KeyOrder) -> Vec<KeyId> {
    let KeyOrder::Sorted { by, descending } = order else { panic!("{order:?}") };
    let value = |key: &Key| match by {
        OrderedBy::Name => key.name.as_ref().map(|name| name.to_ascii_lowercase()),
        // As wide as a moment can be.
        OrderedBy::Expiry => key.expires_at.map(|at| format!("{at:020}")),
    };
    keys.sort_by(|a, b| {
        let (one, other) = ((value(a), &a.id), (value(b), &b.id));
        let way = one.cmp(&other);
        let way = if descending { way.reverse() } else { way };
        value(a).is_none().cmp(&value(b).is_none()).then(way)
    });
    keys.into_iter().map(|key| key.id).collect()
}

fn ids(keys: &[Key]) -> Vec<KeyId> {
    keys.iter().map(|key| key.id.clone()).collect()
}

/// Names and expiries with ties, cases, other letters and none.
async fn room(seed: u64) -> Room {
    let room = Room::open().await;
    let names =
        ["a", "A", "b", "B", "Zoe", "zoe", "\u{e9}t\u{e9}", "\u{c9}t\u{e9}", "_", "a b", "\u{65e5}", "'%"];
    let mut state = seed;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for _ in 0..40 {
        let name = names.get(draw(16) as usize).map(|name| (*name).to_owned());
        let expires_at =
            Some(draw(6)).filter(|hours| *hours < 4).map(|hours| NOW_MS + hours as i64 * HOUR_MS);
        let enabled = draw(3) > 0;
        room.make(CreateKey { name, expires_at, enabled, ..room.plain() }).await;
    }
    room
}

#[tokio::test]
async fn all_pages_together_are_the_sorted_list() {
    for seed in 0..3 {
        let room = room(seed).await;
        let all = walked(&room, KeyOrder::NewestFirst, "", 100).await;
        assert_eq!(all.len(), 40);
        for order in ORDERS {
            for limit in [1, 3, 7, 40, 100] {
                let found = walked(&room, order, "", limit).await;
                assert_eq!(ids(&found), sorted(all.clone(), order), "{order:?} {limit} of {seed}");
            }
            let disabled = all.iter().filter(|key| !key.enabled).cloned().collect();
            let found = walked(&room, order, "status:disabled", 3).await;
            assert_eq!(ids(&found), sorted(disabled, order), "{order:?} of {seed}, filtered");
        }
    }
}

/// What stays is shown once, though the key at which a page begins goes away or moves.
#[tokio::test]
async fn changes_between_pages_neither_hide_nor_repeat_what_stays() {
    let room = room(9).await;
    for order in ORDERS {
        let mut gone = Vec::new();
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let found = page(&room, order, "", 3, cursor).await;
            seen.extend(ids(&found.items));
            let Some(next) = found.next else { break };
            let (_, id): (Value, String) = serde_json::from_str(&next).unwrap();
            if seen.len() % 2 == 0 {
                let key_id = KeyId::from(id);
                room.keys
                    .delete(&owner(), DeleteKey { key_id: key_id.clone(), permanent: false })
                    .await
                    .unwrap();
                gone.push(key_id);
            }
            cursor = Some(next);
        }
        let stayed = ids(&walked(&room, order, "", 100).await);
        assert_eq!(seen, stayed, "{order:?}, {} gone", gone.len());
        assert!(!gone.is_empty());
    }
}

#[tokio::test]
async fn pages_in_an_order_are_of_bounded_work_and_reach_every_key() {
    let room = Room::open().await;
    let sql = "INSERT INTO keys (id, workspace_id, api_id, hash, start, last4, name, enabled, created_at) \
               WITH RECURSIVE n (i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {first} + 4999) \
               SELECT 'key_' || (1000000 + i), 'ws_1', '{api}', 'h' || i, '', '', \
               CASE WHEN i % 2 = 0 THEN NULL ELSE 'hay ' || (i % 5) END, i <> 3, 0 FROM n";
    for part in 0..5 {
        let first = (part * 5_000).to_string();
        room.test.force(&sql.replace("{api}", room.api.as_str()).replace("{first}", &first)).await;
    }
    for order in ORDERS {
        let (mut pages, mut found, mut cursor) = (0, Vec::new(), None);
        loop {
            let one = page(&room, order, "status:disabled", 50, cursor).await;
            pages += 1;
            found.extend(ids(&one.items));
            cursor = one.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!((pages, found), (3, vec![KeyId::from("key_1000003")]), "{order:?}");
    }
}

#[tokio::test]
async fn an_order_is_of_one_api_and_a_cursor_of_one_order() {
    let room = Room::open().await;
    let ask = |api_id: Option<ApiId>, cursor: Option<&str>| FindKeys {
        api_id,
        filter: String::new(),
        order: ORDERS[0],
        page: Page { limit: 10, cursor: cursor.map(ToOwned::to_owned) },
    };
    assert_eq!(code(room.keys.find(&owner(), ask(None, None)).await), Code::InvalidInput);
    let of_another = ask(Some(room.api.clone()), Some("key_1"));
    assert_eq!(code(room.keys.find(&owner(), of_another).await), Code::InvalidInput);
}
