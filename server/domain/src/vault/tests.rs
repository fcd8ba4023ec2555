use std::path::Path;

use super::*;
use base::store::testing::{NOW_MS, TestStore};

fn file(dir: &Path) -> MasterKeySource {
    MasterKeySource::File(dir.join("master.key"))
}

async fn open(test: &TestStore, source: MasterKeySource) -> Result<Vault> {
    Vault::open(test.store.clone(), Entropy::seeded(3), source, NOW_MS).await
}

async fn encrypt(test: &TestStore, vault: &Vault, key: &KeyId, text: &str) -> Vec<u8> {
    let plain = PlainKey::new(text.to_owned());
    test.store.write(|tx| async move { vault.encrypt(&tx, &"ws_1".into(), key, &plain).await }).await.unwrap()
}

async fn opened(vault: &Vault, workspace: &WorkspaceId, key: &KeyId, sealed: &[u8]) -> Result<PlainKey> {
    vault.decrypt(workspace, &[(key, sealed)]).await?.remove(0)
}

#[tokio::test]
async fn round_trip_is_bound_to_the_row() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let vault = open(&test, file(dir.path())).await.unwrap();
    let (one, two) = (KeyId::from("key_1"), KeyId::from("key_2"));
    let sealed = encrypt(&test, &vault, &one, "sk_secret").await;
    let workspace = WorkspaceId::from("ws_1");
    assert_eq!(opened(&vault, &workspace, &one, &sealed).await.unwrap().reveal(), "sk_secret");
    assert!(opened(&vault, &workspace, &two, &sealed).await.is_err());
    assert!(opened(&vault, &"ws_2".into(), &one, &sealed).await.is_err());
    let mut damaged = sealed.clone();
    damaged[20] ^= 1;
    assert!(opened(&vault, &workspace, &one, &damaged).await.is_err());
    assert!(!sealed.windows(9).any(|window| window == b"sk_secret"));
}

#[tokio::test]
async fn another_master_key_is_refused() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    open(&test, file(dir.path())).await.unwrap();
    let given = MasterKeySource::Given(MasterKey::new([7; 32]));
    let refused = open(&test, given).await.err().expect("a refusal");
    assert!(refused.detail().contains("not the master key"), "{refused:?}");
    std::fs::remove_file(dir.path().join("master.key")).unwrap();
    let refused = open(&test, file(dir.path())).await.err().expect("a refusal");
    assert!(refused.detail().contains("missing"), "{refused:?}");
}

#[tokio::test]
async fn rotation_keeps_what_was_encrypted_before() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let vault = open(&test, file(dir.path())).await.unwrap();
    let key = KeyId::from("key_1");
    let sealed = encrypt(&test, &vault, &key, "sk_secret").await;
    let before = std::fs::read_to_string(dir.path().join("master.key")).unwrap();
    vault.rotate(&test.operator()).await.unwrap();
    let after = std::fs::read_to_string(dir.path().join("master.key")).unwrap();
    assert_ne!(before, after);
    assert_eq!(opened(&vault, &"ws_1".into(), &key, &sealed).await.unwrap().reveal(), "sk_secret");
    let reopened = open(&test, file(dir.path())).await.unwrap();
    assert_eq!(opened(&reopened, &"ws_1".into(), &key, &sealed).await.unwrap().reveal(), "sk_secret");
    // As if the process had died between the commit and the rename.
    std::fs::write(dir.path().join("master.key.next"), &after).unwrap();
    std::fs::write(dir.path().join("master.key"), &before).unwrap();
    let recovered = open(&test, file(dir.path())).await.unwrap();
    assert_eq!(opened(&recovered, &"ws_1".into(), &key, &sealed).await.unwrap().reveal(), "sk_secret");
    assert_eq!(std::fs::read_to_string(dir.path().join("master.key")).unwrap(), after);
}

#[test]
fn the_fingerprint_does_not_tell_the_key() {
    let key = MasterKey::new([1; 32]);
    assert_ne!(key.fingerprint(), MasterKey::new([2; 32]).fingerprint());
    assert_ne!(key.derive("a"), key.derive("b"));
    assert!(MasterKey::from_base64("short").is_none());
}

#[tokio::test]
async fn what_belongs_to_the_server_survives_a_rotation() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let vault = open(&test, file(dir.path())).await.unwrap();
    let by = &vault;
    let sealed = test
        .store
        .write(|tx| async move { by.seal_for_server(&tx, "user/1", b"seed", NOW_MS).await })
        .await
        .unwrap();
    let signing = vault.derive("cookies");
    vault.rotate(&test.operator()).await.unwrap();
    assert_ne!(*signing, *vault.derive("cookies"));
    assert_eq!(**vault.open_for_server("user/1", &sealed).await.unwrap(), *b"seed");
    assert!(vault.open_for_server("user/2", &sealed).await.is_err());
    let reopened = open(&test, file(dir.path())).await.unwrap();
    assert_eq!(**reopened.open_for_server("user/1", &sealed).await.unwrap(), *b"seed");
}

#[tokio::test(flavor = "multi_thread")]
async fn rotations_at_once_and_new_workspaces_lose_nothing() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let vault = open(&test, file(dir.path())).await.unwrap();
    let key = KeyId::from("key_1");
    let mut sealed = Vec::new();
    for round in 0..8 {
        let workspace = format!("ws_new{round}");
        test.force(&format!(
            "INSERT INTO workspaces (id, slug, name, enabled, created_at) VALUES ('{workspace}', '{workspace}', 'x', TRUE, 1)"
        ))
        .await;
        let rotations: Vec<_> = (0..3)
            .map(|_| {
                let (vault, cx) = (vault.clone(), test.operator());
                tokio::spawn(async move { vault.rotate(&cx).await })
            })
            .collect();
        let (plain, id, sealer) = (PlainKey::new("sk".to_owned()), WorkspaceId::from(workspace), &vault);
        let (workspace, name) = (&id, &key);
        let row =
            test.store.write(|tx| async move { sealer.encrypt(&tx, workspace, name, &plain).await }).await;
        sealed.push((id, row.unwrap()));
        for rotation in rotations {
            rotation.await.unwrap().unwrap();
        }
    }
    let reopened = open(&test, file(dir.path())).await.unwrap();
    for (workspace, row) in &sealed {
        assert_eq!(opened(&vault, workspace, &key, row).await.unwrap().reveal(), "sk");
        assert_eq!(opened(&reopened, workspace, &key, row).await.unwrap().reveal(), "sk");
    }
}

#[tokio::test]
async fn what_stands_in_the_place_of_the_next_key_neither_stops_a_start_nor_is_lost() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let vault = open(&test, file(dir.path())).await.unwrap();
    let next = dir.path().join("master.key.next");
    for nonsense in ["", "half a ke", "\n"] {
        std::fs::write(&next, nonsense).unwrap();
        open(&test, file(dir.path())).await.unwrap();
        vault.rotate(&test.operator()).await.unwrap();
        assert!(!next.exists(), "{nonsense:?} was replaced by a key, which was used");
        open(&test, file(dir.path())).await.unwrap();
    }
    // A key that was written and not used: it is the next one, not overwritten.
    let waiting = MasterKey::new([9; 32]);
    std::fs::write(&next, waiting.to_base64().as_bytes()).unwrap();
    open(&test, file(dir.path())).await.unwrap();
    vault.rotate(&test.operator()).await.unwrap();
    let now = std::fs::read_to_string(dir.path().join("master.key")).unwrap();
    assert_eq!(now.trim(), waiting.to_base64().as_str());
}

#[tokio::test]
async fn a_next_key_that_cannot_be_written_changes_nothing() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let vault = open(&test, file(dir.path())).await.unwrap();
    let key = KeyId::from("key_1");
    let sealed = encrypt(&test, &vault, &key, "sk_secret").await;
    // Drafts are written beside the key: a folder in their way is a disk that is full.
    std::fs::create_dir(dir.path().join("master.key.draft")).unwrap();
    std::fs::create_dir(dir.path().join("master.draft")).unwrap();
    vault.rotate(&test.operator()).await.unwrap_err();
    assert_eq!(opened(&vault, &"ws_1".into(), &key, &sealed).await.unwrap().reveal(), "sk_secret");
    let reopened = open(&test, file(dir.path())).await.unwrap();
    assert_eq!(opened(&reopened, &"ws_1".into(), &key, &sealed).await.unwrap().reveal(), "sk_secret");
}
