use super::*;
use base::store::Page;

fn all(room: &Room) -> ListKeys {
    ListKeys {
        api_id: room.api.clone(),
        page: Page { limit: 100, cursor: None },
        external_id: None,
        decrypt: Decrypt::No,
    }
}

#[tokio::test]
async fn pages_follow_the_key_id_and_the_last_has_no_cursor() {
    let room = Room::open().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(room.make(room.plain()).await.id);
    }
    made.sort_unstable();
    let gone = DeleteKey { key_id: made.remove(1), permanent: false };
    room.keys.delete(&owner(), gone).await.unwrap();
    let mut seen = Vec::new();
    let mut cursor = None;
    let mut pages = 0;
    loop {
        let page = Page { limit: 2, cursor: cursor.take() };
        let page = room.keys.list(&owner(), ListKeys { page, ..all(&room) }).await.unwrap();
        pages += 1;
        seen.extend(page.items.into_iter().map(|details| details.key.id));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((seen, pages), (made, 2));
}

#[tokio::test]
async fn keys_of_one_identity() {
    let room = Room::open().await;
    let other = room.apis.create(&owner(), CreateApi { name: "other".into() }).await.unwrap();
    let of = |external_id: &str, api_id: &ApiId| CreateKey {
        external_id: Some(external_id.into()),
        ..CreateKey::new(api_id.clone())
    };
    let mine = room.make(of("user_1", &room.api)).await;
    room.make(of("user_2", &room.api)).await;
    room.make(of("user_1", &other)).await;
    let list = async |external_id: &str| {
        let command = ListKeys { external_id: Some(external_id.into()), ..all(&room) };
        room.keys.list(&owner(), command).await.unwrap()
    };
    let page = list("user_1").await;
    assert_eq!(page.items.len(), 1);
    assert_eq!(page.items[0].key.id, mine.id);
    assert_eq!(page.items[0].identity.as_ref().unwrap().external_id, "user_1");
    let page = list("nobody").await;
    assert!(page.items.is_empty() && page.next.is_none());
}

#[tokio::test]
async fn every_key_comes_complete() {
    let room = Room::open().await;
    room.add_role("role_1", "Reader", &["docs.read", "docs.list"]).await;
    room.add_role("role_2", "Writer", &["docs.write", "docs.read"]).await;
    for (roles, slugs) in
        [(&["Writer", "Reader"][..], &["docs.read", "own"][..]), (&["Reader"], &[]), (&[], &["own"])]
    {
        let command = CreateKey {
            roles: strings(roles),
            permissions: strings(slugs),
            limits: vec![limit("tokens", 5)],
            ..room.plain()
        };
        room.make(command).await;
    }
    let page = room.keys.list(&owner(), all(&room)).await.unwrap();
    let mut seen: Vec<_> =
        page.items.iter().map(|details| (details.roles.join(" "), details.permissions.join(" "))).collect();
    seen.sort_unstable();
    let expected = [
        ("", "own"),
        ("Reader", "docs.list docs.read"),
        ("Reader Writer", "docs.list docs.read docs.write own"),
    ];
    assert_eq!(seen, expected.map(|(roles, slugs)| (roles.to_owned(), slugs.to_owned())));
    assert!(page.items.iter().all(|details| details.limits.len() == 1 && details.limits[0].name == "tokens"));
}

#[tokio::test]
async fn a_missing_read_grant_hides_the_api() {
    let room = Room::open().await;
    room.opt_in().await;
    let unknown = ListKeys { api_id: ApiId::from("api_x"), ..all(&room) };
    assert_eq!(code(room.keys.list(&owner(), unknown).await), Code::ApiNotFound);
    for cx in [stranger(), holder(&["api.*.read_key"]), holder(&["api.*.read_api"])] {
        assert_eq!(code(room.keys.list(&cx, all(&room)).await), Code::ApiNotFound);
    }
    let reader = holder(&["api.*.read_key", "api.*.read_api"]);
    assert!(room.keys.list(&reader, all(&room)).await.is_ok());
    let decrypting = ListKeys { decrypt: Decrypt::Demand, ..all(&room) };
    assert_eq!(code(room.keys.list(&reader, decrypting).await), Code::InsufficientPermissions);
}

#[tokio::test]
async fn decrypting_a_list_is_audited_per_key() {
    let room = Room::open().await;
    let decrypting = || ListKeys { decrypt: Decrypt::Demand, ..all(&room) };
    assert_eq!(code(room.keys.list(&owner(), decrypting()).await), Code::PreconditionFailed);
    room.opt_in().await;
    room.make(room.plain()).await;
    for _ in 0..2 {
        room.make(CreateKey { recoverable: true, ..room.plain() }).await;
    }
    let mark = room.mark().await;
    let page = room.keys.list(&owner(), decrypting()).await.unwrap();
    assert_eq!(page.items.iter().filter(|details| details.plaintext.is_some()).count(), 2);
    let group = room.test.audited().await.split_off(mark);
    assert_eq!(room.test.events(mark).await, ["key.decrypt", "key.decrypt"]);
    assert!(group[0].correlation.is_some() && group[0].correlation == group[1].correlation);
}
