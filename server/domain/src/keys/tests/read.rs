use super::*;

fn get(id: &KeyId, decrypt: bool) -> GetKey {
    GetKey { key_id: id.clone(), decrypt: if decrypt { Decrypt::Demand } else { Decrypt::No } }
}

#[tokio::test]
async fn absence_comes_before_the_grant() {
    let room = Room::open().await;
    let made = room.make(room.plain()).await;
    let nobody = holder(&[]);
    assert_eq!(code(room.keys.get(&nobody, get(&KeyId::from("key_x"), false)).await), Code::KeyNotFound);
    assert_eq!(code(room.keys.get(&nobody, get(&made.id, false)).await), Code::InsufficientPermissions);
    assert_eq!(code(room.keys.get(&stranger(), get(&made.id, false)).await), Code::KeyNotFound);
    room.apis.delete(&owner(), &room.api).await.unwrap();
    assert_eq!(code(room.keys.get(&owner(), get(&made.id, false)).await), Code::KeyNotFound);
    assert_eq!(code(room.keys.whoami(&owner(), &made.plaintext).await), Code::KeyNotFound);
}

#[tokio::test]
async fn whoami_masks_a_missing_grant_and_shows_no_plaintext() {
    let room = Room::open().await;
    room.opt_in().await;
    let made = room
        .make(CreateKey {
            enabled: false,
            expires_at: Some(0),
            recoverable: true,
            permissions: strings(&["b", "c", "a"]),
            ..room.plain()
        })
        .await;
    let mark = room.mark().await;
    let details = room.keys.whoami(&owner(), &made.plaintext).await.unwrap();
    assert_eq!(details.key.id, made.id);
    assert_eq!(details.permissions, ["a", "b", "c"]);
    assert!(details.plaintext.is_none());
    let urn = format!("unkey:v1:ws_1:keyspaces/*/keys/{}#read_key", made.id);
    assert!(room.keys.whoami(&holder(&[&urn]), &made.plaintext).await.is_ok());
    let unknown = PlainKey::new("unknown".into());
    for (cx, plaintext) in
        [(holder(&[]), &made.plaintext), (stranger(), &made.plaintext), (owner(), &unknown)]
    {
        assert_eq!(code(room.keys.whoami(&cx, plaintext).await), Code::KeyNotFound);
    }
    assert_eq!(room.mark().await, mark, "reading leaves no trace");
}

#[tokio::test]
async fn reading_a_plaintext_needs_a_grant_and_is_audited() {
    let room = Room::open().await;
    let never = room.make(room.plain()).await;
    let reader = holder(&["api.*.read_key"]);
    assert_eq!(code(room.keys.get(&reader, get(&never.id, true)).await), Code::InsufficientPermissions);
    assert_eq!(code(room.keys.get(&owner(), get(&never.id, true)).await), Code::PreconditionFailed);
    room.opt_in().await;
    let made = room.make(CreateKey { recoverable: true, ..room.plain() }).await;
    let mark = room.mark().await;
    assert!(room.keys.get(&owner(), get(&never.id, true)).await.unwrap().plaintext.is_none());
    assert!(room.get(&made.id).await.plaintext.is_none());
    assert_eq!(room.mark().await, mark, "nothing was shown yet");
    let both = holder(&["api.*.read_key", "api.*.decrypt_key"]);
    let details = room.keys.get(&both, get(&made.id, true)).await.unwrap();
    assert_eq!(details.plaintext.unwrap().reveal(), made.plaintext.reveal());
    let entry = room.test.audited().await.pop().unwrap();
    assert_eq!((entry.event.as_str(), entry.targets[0].1.as_str()), ("key.decrypt", made.id.as_str()));
    assert_eq!(room.mark().await, mark + 1);
}

#[tokio::test]
async fn a_damaged_ciphertext_is_no_plaintext() {
    let room = Room::open().await;
    room.opt_in().await;
    let made = room.make(CreateKey { recoverable: true, ..room.plain() }).await;
    room.test.force(&format!("UPDATE encrypted_keys SET ciphertext = {}", room.test.bytes("00"))).await;
    let mark = room.mark().await;
    assert!(room.keys.get(&owner(), get(&made.id, true)).await.unwrap().plaintext.is_none());
    assert_eq!(room.mark().await, mark);
}

#[tokio::test]
async fn a_deleted_identity_is_not_shown() {
    let room = Room::open().await;
    let made = room.make(CreateKey { external_id: Some("user_1".into()), ..room.plain() }).await;
    assert!(room.get(&made.id).await.identity.is_some());
    room.test.force("UPDATE identities SET deleted_at = 1").await;
    assert!(room.get(&made.id).await.identity.is_none());
}

#[tokio::test]
async fn keys_are_mentioned_whatever_became_of_them() {
    let room = Room::open().await;
    let named = CreateKey { name: Some("web".into()), external_id: Some("ann".into()), ..room.plain() };
    let (named, plain) = (room.make(named).await.id, room.make(room.plain()).await.id);
    let deletion = DeleteKey { key_id: plain.clone(), permanent: false };
    room.keys.delete(&owner(), deletion).await.unwrap();
    let ids = [named.clone(), plain.clone(), KeyId::from("key_absent")];
    let found = room.keys.summaries(&owner(), &ids).await.unwrap();
    assert_eq!(
        (found.len(), found[&named].label(&named).as_str(), found[&named].is_deleted),
        (2, "web", false)
    );
    assert_eq!(found[&named].identity.as_ref().unwrap().1, "ann");
    assert!(found[&plain].is_deleted && found[&plain].label(&plain).contains('…'));
    assert!(room.keys.summaries(&stranger(), &ids).await.unwrap().is_empty());
    assert!(room.keys.summaries(&holder(&[]), &ids).await.is_err());
}
