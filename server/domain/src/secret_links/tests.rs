use super::*;
use base::access::Role;
use base::store::testing::{NOW_MS, TestStore, anonymous, person};

const SECRET: &str = "sk_live_very_secret";

fn links(test: &TestStore) -> SecretLinks {
    SecretLinks::new(test.store.clone(), Entropy::seeded(8))
}

fn command() -> CreateSecretLink {
    CreateSecretLink {
        secret: PlainKey::new(SECRET.to_owned()),
        key_id: "key_1".to_owned(),
        key_name: Some("billing".to_owned()),
    }
}

#[tokio::test]
async fn a_link_gives_its_secret_exactly_once() {
    let test = TestStore::open().await;
    let links = links(&test);
    let link = links.create(&person(Role::Operator), command()).await.unwrap();
    assert!(links.is_open(link.token.reveal(), NOW_MS).await.unwrap());
    assert!(links.is_open(link.token.reveal(), NOW_MS).await.unwrap(), "looking spends nothing");
    let cx = anonymous();
    let (one, two) =
        tokio::join!(links.reveal(&cx, link.token.reveal()), links.reveal(&cx, link.token.reveal()));
    let revealed: Vec<_> = [one, two].into_iter().flatten().collect();
    assert_eq!(revealed.len(), 1);
    assert_eq!(revealed[0].reveal(), SECRET);
    assert!(!links.is_open(link.token.reveal(), NOW_MS).await.unwrap());
    assert_eq!(test.count("secret_links", "ciphertext IS NOT NULL").await, 0);
    let audited = test.audited().await;
    assert_eq!(
        audited.iter().map(|entry| entry.event.as_str()).collect::<Vec<_>>(),
        ["secret.create", "secret.reveal"]
    );
    assert_eq!(audited[1].targets[1], ("key".to_owned(), "key_1".to_owned()));
    assert_eq!(test.count("audit_log", "workspace_id = 'ws_1'").await, 2, "the link names its workspace");
}

#[tokio::test]
async fn neither_secret_nor_token_is_stored() {
    let test = TestStore::open().await;
    let link = links(&test).create(&person(Role::Operator), command()).await.unwrap();
    let (stored, token) = (test.hex("ciphertext"), link.token.reveal());
    let secret: String = SECRET.bytes().map(|byte| format!("{byte:02X}")).collect();
    let holds = format!("replace({stored}, '{secret}', '') <> {stored} OR token_hash = '{token}'");
    assert_eq!(test.count("secret_links", &holds).await, 0);
}

#[tokio::test]
async fn wrong_late_and_homeless_links_look_the_same() {
    let test = TestStore::open().await;
    let links = links(&test);
    let link = links.create(&person(Role::Operator), command()).await.unwrap();
    let late = OpCtx { now_ms: NOW_MS + SECRET_LINK_MS, ..anonymous() };
    for refused in [links.reveal(&anonymous(), "wrong").await, links.reveal(&late, link.token.reveal()).await]
    {
        assert_eq!(refused.unwrap_err().code(), Code::LinkNotFound);
    }
    test.force("UPDATE workspaces SET deleted_at = 1 WHERE id = 'ws_1'").await;
    assert!(!links.is_open(link.token.reveal(), NOW_MS).await.unwrap());
}

#[tokio::test]
async fn viewers_make_no_links_and_empty_secrets_are_none() {
    let test = TestStore::open().await;
    let links = links(&test);
    assert!(links.create(&person(Role::Viewer), command()).await.is_err());
    let empty = CreateSecretLink { secret: PlainKey::new(String::new()), ..command() };
    assert!(links.create(&person(Role::Operator), empty).await.is_err());
}
