use serde_json::json;

use super::*;
use base::patch::Patch;

async fn rich(room: &Room) -> KeyId {
    room.add_role("role_1", "Reader", &["docs.read"]).await;
    room.add_role("role_2", "Writer", &["docs.write"]).await;
    let command = CreateKey {
        name: Some("Ada".into()),
        external_id: Some("user_1".into()),
        owner_id: Some("owner".into()),
        meta: object(json!({ "plan": "pro" })),
        roles: strings(&["Reader"]),
        permissions: strings(&["own"]),
        expires_at: Some(5),
        credits: Some(NewCredits {
            remaining: Some(10),
            refill: Some(Refill { interval: Interval::Daily, amount: 9, day: None }),
        }),
        limits: vec![limit("a", 1), limit("b", 2)],
        ..room.plain()
    };
    room.make(command).await.id
}

#[tokio::test]
async fn what_is_left_out_stays() {
    let room = Room::open().await;
    let id = rich(&room).await;
    let before = room.get(&id).await;
    let mut later = owner();
    later.now_ms += 1;
    room.keys.update(&later, UpdateKey::new(id.clone())).await.unwrap();
    let mut after = room.get(&id).await;
    assert_eq!(after.key.updated_at, Some(later.now_ms), "it always counts as an update");
    after.key.updated_at = None;
    assert_eq!(format!("{before:?}"), format!("{after:?}"));
    assert_eq!(room.test.audited().await.pop().unwrap().changes, Some(json!({})));
}

#[tokio::test]
async fn null_clears() {
    let room = Room::open().await;
    let id = rich(&room).await;
    let command = UpdateKey {
        name: Patch::Clear,
        external_id: Patch::Clear,
        owner_id: Patch::Clear,
        meta: Patch::Clear,
        expires_at: Patch::Clear,
        credits: Patch::Clear,
        limits: Some(Vec::new()),
        permissions: Some(Vec::new()),
        roles: Some(Vec::new()),
        ..UpdateKey::new(id.clone())
    };
    room.keys.update(&owner(), command).await.unwrap();
    let after = room.get(&id).await;
    let key = &after.key;
    assert_eq!((&key.name, &key.identity_id, &key.owner_id, key.expires_at), (&None, &None, &None, None));
    assert!(key.meta.is_empty() && key.enabled && after.identity.is_none());
    assert_eq!(key.credits, Credits::default());
    assert!(after.limits.is_empty() && after.permissions.is_empty() && after.roles.is_empty());
    assert_eq!(room.test.count("identities", "TRUE").await, 1, "detached, not deleted");
}

#[tokio::test]
async fn values_replace_and_the_log_says_what_was() {
    let room = Room::open().await;
    let id = rich(&room).await;
    let kept = room.get(&id).await.limits.into_iter().find(|limit| limit.name == "b").unwrap().id;
    let mark = room.mark().await;
    let command = UpdateKey {
        name: Patch::Set("Eve".into()),
        external_id: Patch::Set("user_2".into()),
        meta: Patch::Set(object(json!({ "seats": 3 }))),
        enabled: Some(false),
        credits: Patch::Set(CreditsPatch { remaining: Patch::Set(3), refill: Patch::Keep }),
        limits: Some(vec![limit("c", 7), limit("b", 8)]),
        permissions: slugs(&["new", "docs.read", "new"]),
        roles: roles(&["Writer", "Writer"]),
        ..UpdateKey::new(id.clone())
    };
    room.keys.update(&owner(), command).await.unwrap();
    let after = room.get(&id).await;
    assert_eq!((after.key.name.as_deref(), after.key.enabled), (Some("Eve"), false));
    assert_eq!(after.identity.as_ref().unwrap().external_id, "user_2");
    assert_eq!(after.key.credits.remaining, Some(3));
    assert!(after.key.credits.refill.is_some());
    assert_eq!(after.roles, ["Writer"]);
    assert_eq!(after.permissions, ["docs.read", "docs.write", "new"]);
    let mut limits: Vec<_> = after.limits.iter().map(|limit| (limit.name.as_str(), limit.limit)).collect();
    limits.sort_unstable();
    assert_eq!(limits, [("b", 8), ("c", 7)]);
    assert!(after.limits.iter().any(|limit| limit.id == kept), "a kept name keeps its id");

    let mut group = room.test.audited().await.split_off(mark);
    let about_limits = group.split_off(group.len() - 3);
    let events: Vec<_> = about_limits.iter().map(|entry| entry.event.as_str()).collect();
    assert_eq!(events, ["ratelimit.create", "ratelimit.update", "ratelimit.delete"]);
    assert_eq!(
        about_limits[1].targets,
        [("key".into(), id.to_string()), ("ratelimit".into(), kept.to_string())]
    );
    assert_eq!(about_limits[1].changes, Some(json!({ "limit": { "before": 2, "after": 8 } })));
    assert_eq!(about_limits[1].correlation, group[0].correlation, "one group");
    let last = group.pop().unwrap();
    let mut before: Vec<_> = group.iter().map(|entry| entry.event.as_str()).collect();
    before.sort_unstable();
    assert_eq!(before, ["identity.create", "permission.create"]);
    assert_eq!(last.event, "key.update");
    assert_eq!(last.targets, [("key".into(), id.to_string()), ("api".into(), room.api.to_string())]);
    let changes = last.changes.unwrap();
    assert_eq!(changes["name"], json!({ "before": "Ada", "after": "Eve" }));
    assert_eq!(changes["remaining"], json!({ "before": 10, "after": 3 }));
    assert_eq!(changes["roles"], json!({ "before": ["Reader"], "after": ["Writer"] }));
    assert_eq!(changes["permissions"], json!({ "before": ["own"], "after": ["docs.read", "new"] }));
    assert_eq!(changes["ratelimits"]["before"][0]["name"], "a");
    assert!(changes.get("expires").is_none() && changes.get("refill").is_none());
}

#[tokio::test]
async fn a_new_schedule_starts_now_and_a_kept_one_goes_on() {
    let room = Room::open().await;
    let id = rich(&room).await;
    let mut later = owner();
    later.now_ms += 1_000;
    let refill = |interval, amount, day| UpdateKey {
        credits: Patch::Set(CreditsPatch {
            remaining: Patch::Keep,
            refill: Patch::Set(Refill { interval, amount, day }),
        }),
        ..UpdateKey::new(id.clone())
    };
    room.keys.update(&later, refill(Interval::Daily, 4, None)).await.unwrap();
    assert_eq!(room.get(&id).await.key.last_refill_at, Some(NOW_MS));
    room.keys.update(&later, refill(Interval::Monthly, 4, Some(2))).await.unwrap();
    let key = room.get(&id).await.key;
    assert_eq!(key.last_refill_at, Some(later.now_ms));
    assert_eq!(key.credits.refill.unwrap().interval, Interval::Monthly);
}

#[tokio::test]
async fn refused_updates_change_nothing() {
    let room = Room::open().await;
    let id = rich(&room).await;
    let mark = room.mark().await;
    let base = || UpdateKey { name: Patch::Set("Eve".into()), ..UpdateKey::new(id.clone()) };
    let unknown_role = UpdateKey {
        roles: roles(&["Nobody"]),
        permissions: slugs(&["fresh"]),
        external_id: Patch::Set("user_9".into()),
        ..base()
    };
    assert_eq!(code(room.keys.update(&owner(), unknown_role).await), Code::RoleNotFound);
    let daily_with_day = Refill { interval: Interval::Daily, amount: 1, day: Some(1) };
    for command in [
        UpdateKey { name: Patch::Set(String::new()), ..base() },
        UpdateKey { expires_at: Patch::Set(-1), ..base() },
        UpdateKey { limits: Some(vec![limit("a", 0)]), ..base() },
        UpdateKey {
            credits: Patch::Set(CreditsPatch { remaining: Patch::Keep, refill: Patch::Set(daily_with_day) }),
            permissions: slugs(&["fresh"]),
            ..base()
        },
    ] {
        assert_eq!(
            code(room.keys.update(&owner(), command.clone()).await),
            Code::InvalidInput,
            "{command:?}"
        );
    }
    assert_eq!(code(room.keys.update(&stranger(), base()).await), Code::KeyNotFound);
    assert_eq!(
        code(room.keys.update(&holder(&["api.*.read_key"]), base()).await),
        Code::InsufficientPermissions
    );
    assert_eq!(room.get(&id).await.key.name.as_deref(), Some("Ada"));
    assert_eq!(room.test.count("permissions", "slug = 'fresh'").await, 0);
    assert_eq!(room.test.count("identities", "external_id = 'user_9'").await, 0);
    assert_eq!(room.mark().await, mark);
    let own = holder(&[&format!("api.{}.update_key", room.api)]);
    room.keys.update(&own, base()).await.unwrap();
}
