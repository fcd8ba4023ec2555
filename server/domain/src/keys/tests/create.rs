use serde_json::json;

use super::*;

#[tokio::test]
async fn a_key_is_what_was_asked_for() {
    let room = Room::open().await;
    room.add_role("role_1", "Reader", &["docs.read"]).await;
    let command = CreateKey {
        prefix: Some("sk_live".into()),
        name: Some("Ada".into()),
        external_id: Some("user_1".into()),
        meta: object(json!({ "plan": "pro" })),
        roles: strings(&["Reader", "Reader"]),
        permissions: strings(&["docs.write", "docs.write", "docs.read"]),
        expires_at: Some(5),
        credits: Some(NewCredits {
            remaining: Some(10),
            refill: Some(Refill { interval: Interval::Monthly, amount: 9, day: Some(31) }),
        }),
        limits: vec![limit("a", 1), limit("b", 2), limit("a", 3)],
        enabled: false,
        environment: Some("test".into()),
        owner_id: Some("owner".into()),
        ..room.plain()
    };
    let made = room.make(command).await;
    let text = made.plaintext.reveal();
    let details = room.get(&made.id).await;
    let key = &details.key;
    assert!(text.starts_with(&key.start) && text.ends_with(&key.last4) && key.start.starts_with("sk_live_"));
    assert_eq!((key.start.len(), key.last4.len()), (12, 4));
    assert_eq!((key.name.as_deref(), key.enabled, key.expires_at), (Some("Ada"), false, Some(5)));
    assert_eq!((key.environment.as_deref(), key.owner_id.as_deref()), (Some("test"), Some("owner")));
    assert_eq!(Value::Object(key.meta.clone()), json!({ "plan": "pro" }));
    assert_eq!(key.credits.remaining, Some(10));
    assert_eq!(key.credits.refill.as_ref().unwrap().day, Some(31));
    assert_eq!((key.created_at, key.updated_at, key.last_used_at), (NOW_MS, None, None));
    assert_eq!(key.last_refill_at, Some(NOW_MS));
    assert_eq!(details.permissions, ["docs.read", "docs.write"]);
    assert_eq!(details.roles, ["Reader"]);
    assert_eq!(details.direct_permissions.len(), 2);
    assert_eq!(details.identity.unwrap().external_id, "user_1");
    let mut limits: Vec<_> = details.limits.iter().map(|limit| (limit.name.as_str(), limit.limit)).collect();
    limits.sort_unstable();
    assert_eq!(limits, [("a", 3), ("b", 2)]);
    assert!(details.plaintext.is_none());
    assert_eq!(
        room.test.count("keys", "created_by = 'key_root' AND prefix = 'sk_live' AND byte_length = 16").await,
        1
    );
}

#[tokio::test]
async fn one_group_tells_the_whole_story() {
    let room = Room::open().await;
    room.add_role("role_1", "Reader", &["docs.read"]).await;
    let mark = room.mark().await;
    let made = room
        .make(CreateKey {
            external_id: Some("user_1".into()),
            roles: strings(&["Reader"]),
            permissions: strings(&["docs.read", "docs.write"]),
            ..room.plain()
        })
        .await;
    let group = room.test.audited().await.split_off(mark);
    let mut events: Vec<_> = group.iter().map(|entry| entry.event.as_str()).collect();
    assert_eq!(
        events.split_off(2),
        [
            "authorization.connect_permission_and_key",
            "authorization.connect_permission_and_key",
            "authorization.connect_role_and_key",
            "key.create",
        ]
    );
    events.sort_unstable();
    assert_eq!(events, ["identity.create", "permission.create"], "implicit creations are audited");
    assert!(group[0].correlation.is_some());
    assert!(group.iter().all(|entry| entry.correlation == group[0].correlation));
    let last = group.last().unwrap();
    assert_eq!(last.targets, [("key".into(), made.id.to_string()), ("api".into(), room.api.to_string())]);
    assert!(!format!("{group:?}").contains(made.plaintext.reveal()), "no secret in the audit log");
    let mark = room.mark().await;
    room.make(room.plain()).await;
    let group = room.test.audited().await.split_off(mark);
    assert_eq!((group.len(), &group[0].correlation), (1, &None));
}

#[tokio::test]
async fn prefix_and_length_fall_back_to_the_api() {
    let room = Room::open().await;
    let bare = room.make(room.plain()).await;
    assert!(!bare.plaintext.reveal().contains('_'));
    let defaults = SetApi {
        default_prefix: Some(Some("acme".into())),
        default_bytes: Some(Some(64)),
        ..SetApi::new(room.api.clone())
    };
    room.apis.set(&owner(), defaults).await.unwrap();
    let inherited = room.make(room.plain()).await;
    assert!(inherited.plaintext.reveal().starts_with("acme_") && inherited.plaintext.reveal().len() > 85);
    let own = CreateKey { prefix: Some("x".into()), byte_length: Some(16), ..room.plain() };
    let own = room.make(own).await;
    assert!(own.plaintext.reveal().starts_with("x_") && own.plaintext.reveal().len() <= 24);
}

#[tokio::test]
async fn an_unknown_api_and_a_missing_grant_look_alike() {
    let room = Room::open().await;
    let create = async |cx: &OpCtx, api: &str| {
        let refused = room.keys.create(cx, CreateKey::new(ApiId::from(api))).await.unwrap_err();
        (refused.code(), refused.detail().to_owned())
    };
    let unknown = create(&owner(), "api_unknown").await;
    assert_eq!(unknown.0, Code::ApiNotFound);
    assert_eq!(create(&holder(&["api.*.read_key"]), room.api.as_str()).await, unknown);
    assert_eq!(create(&stranger(), room.api.as_str()).await, unknown);
    room.apis.delete(&owner(), &room.api).await.unwrap();
    assert_eq!(create(&owner(), room.api.as_str()).await, unknown);
    assert_eq!(room.test.count("keys", "TRUE").await, 0);
}

// row: security/recovering-keys
#[tokio::test]
async fn recoverable_needs_its_grant_and_the_api_to_opt_in() {
    let room = Room::open().await;
    let recoverable = || CreateKey { recoverable: true, ..room.plain() };
    let plain_grant = holder(&["api.*.create_key"]);
    assert_eq!(code(room.keys.create(&plain_grant, recoverable()).await), Code::ApiNotFound);
    let both = holder(&["api.*.create_key", "api.*.encrypt_key"]);
    assert_eq!(code(room.keys.create(&both, recoverable()).await), Code::PreconditionFailed);
    room.opt_in().await;
    let made = room.keys.create(&both, recoverable()).await.unwrap();
    assert_eq!(room.test.count("encrypted_keys", &format!("key_id = '{}'", made.id)).await, 1);
    room.make(room.plain()).await;
    assert_eq!(room.test.count("encrypted_keys", "TRUE").await, 1);
}

#[tokio::test]
async fn what_is_refused_leaves_nothing() {
    let room = Room::open().await;
    let mark = room.mark().await;
    let refused = CreateKey {
        external_id: Some("user_1".into()),
        permissions: strings(&["docs.read"]),
        roles: strings(&["Nobody"]),
        ..room.plain()
    };
    let refused = room.keys.create(&owner(), refused).await.unwrap_err();
    assert_eq!(refused.code(), Code::RoleNotFound);
    assert!(refused.detail().contains("Nobody"), "{}", refused.detail());
    for command in [
        CreateKey { prefix: Some(String::new()), ..room.plain() },
        CreateKey { prefix: Some("x".repeat(17)), ..room.plain() },
        CreateKey { prefix: Some("a b".into()), ..room.plain() },
        CreateKey { name: Some(String::new()), ..room.plain() },
        CreateKey { byte_length: Some(15), ..room.plain() },
        CreateKey { byte_length: Some(256), ..room.plain() },
        CreateKey { expires_at: Some(-1), ..room.plain() },
        CreateKey { limits: vec![limit("a", 0)], ..room.plain() },
        CreateKey {
            credits: Some(NewCredits {
                remaining: None,
                refill: Some(Refill { interval: Interval::Daily, amount: 1, day: None }),
            }),
            ..room.plain()
        },
    ] {
        assert_eq!(
            code(room.keys.create(&owner(), command.clone()).await),
            Code::InvalidInput,
            "{command:?}"
        );
    }
    for table in ["keys", "identities", "permissions", "limits"] {
        assert_eq!(room.test.count(table, "TRUE").await, 0, "{table}");
    }
    assert_eq!(room.mark().await, mark);
}
