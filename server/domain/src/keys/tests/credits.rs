use serde_json::json;

use super::*;
use CreditOperation::{Decrement, Increment, Set};

async fn key(room: &Room, remaining: Option<i64>) -> KeyId {
    let refill = remaining.map(|_| Refill { interval: Interval::Daily, amount: 9, day: None });
    room.make(CreateKey { credits: Some(NewCredits { remaining, refill }), ..room.plain() }).await.id
}

#[tokio::test]
async fn the_contract_table() {
    let room = Room::open().await;
    for (stored, operation, value, expected) in [
        (Some(10), Set, Some(Some(3)), Ok((Some(3), true))),
        (Some(10), Set, Some(None), Ok((None, false))),
        (Some(10), Set, None, Ok((None, true))),
        (None, Set, Some(Some(0)), Ok((Some(0), false))),
        (Some(10), Increment, Some(Some(5)), Ok((Some(15), true))),
        (Some(i64::MAX), Increment, Some(Some(5)), Ok((Some(i64::MAX), true))),
        (Some(10), Decrement, Some(Some(4)), Ok((Some(6), true))),
        (Some(10), Decrement, Some(Some(11)), Ok((Some(0), true))),
        (Some(10), Increment, None, Err(Code::InvalidInput)),
        (Some(10), Decrement, Some(None), Err(Code::InvalidInput)),
        (None, Increment, Some(Some(1)), Err(Code::InvalidInput)),
        (None, Decrement, Some(Some(1)), Err(Code::InvalidInput)),
        (Some(10), Set, Some(Some(-1)), Err(Code::InvalidInput)),
        (Some(10), Decrement, Some(Some(-1)), Err(Code::InvalidInput)),
    ] {
        let key_id = key(&room, stored).await;
        let command = UpdateCredits { key_id: key_id.clone(), operation, value };
        let said = room.keys.update_credits(&owner(), command).await;
        let said =
            said.map(|credits| (credits.remaining, credits.refill.is_some())).map_err(|error| error.code());
        assert_eq!(said, expected, "{stored:?} {operation:?} {value:?}");
        let credits = room.get(&key_id).await.key.credits;
        let kept = expected.unwrap_or((stored, stored.is_some()));
        assert_eq!((credits.remaining, credits.refill.is_some()), kept, "{stored:?} {operation:?} {value:?}");
    }
}

#[tokio::test]
async fn it_is_audited_but_no_update_of_the_key() {
    let room = Room::open().await;
    let key_id = key(&room, Some(10)).await;
    let mark = room.mark().await;
    let command = UpdateCredits { key_id: key_id.clone(), operation: Set, value: Some(None) };
    room.keys.update_credits(&owner(), command.clone()).await.unwrap();
    let details = room.get(&key_id).await;
    assert_eq!(details.key.updated_at, None);
    let group = room.test.audited().await.split_off(mark);
    assert_eq!((group.len(), group[0].event.as_str()), (1, "key.update"));
    let keyspace = details.key.api.keyspace_id.to_string();
    assert_eq!(group[0].targets, [("keySpace".into(), keyspace), ("key".into(), key_id.to_string())]);
    let changes = group[0].changes.as_ref().unwrap();
    assert_eq!(changes["remaining"], json!({ "before": 10, "after": null }));
    assert_eq!(changes["refill"]["before"]["amount"], 9);
    assert_eq!(code(room.keys.update_credits(&stranger(), command.clone()).await), Code::KeyNotFound);
    let reader = holder(&["api.*.read_key"]);
    assert_eq!(code(room.keys.update_credits(&reader, command).await), Code::InsufficientPermissions);
    assert_eq!(room.mark().await, mark + 1);
}
