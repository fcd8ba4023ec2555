//! The rules of this room, one file per use case.

mod attention;
mod create;
mod credits;
mod delete;
mod find;
mod list;
mod orders;
mod read;
mod update;

use base::ids::{ApiId, KeyId};
use serde_json::{Map, Value};

use super::*;
use crate::apis::{Apis, CreateApi, SetApi};
use crate::permissions::{OnMissing, Reference};
use crate::ratelimit::limits::NewLimit;
use crate::vault::{MasterKey, MasterKeySource};
use base::access::OpCtx;
use base::error::Code;
use base::store::testing::{NOW_MS, TestStore, holder, owner, stranger};

/// An API of `ws_1` and the room under test.
struct Room {
    test: TestStore,
    apis: Apis,
    keys: Keys,
    api: ApiId,
}

impl Room {
    async fn open() -> Self {
        let test = TestStore::open().await;
        let entropy = Entropy::seeded(7);
        let apis = Apis::new(test.store.clone(), entropy.clone());
        let master = MasterKeySource::Given(MasterKey::new([7; 32]));
        let vault = Vault::open(test.store.clone(), entropy.clone(), master, NOW_MS).await.unwrap();
        let keys = Keys::new(test.store.clone(), entropy, vault);
        let api = apis.create(&owner(), CreateApi { name: "payments".into() }).await.unwrap();
        Self { test, apis, keys, api }
    }

    fn plain(&self) -> CreateKey {
        CreateKey::new(self.api.clone())
    }

    async fn make(&self, command: CreateKey) -> CreatedKey {
        self.keys.create(&owner(), command).await.unwrap()
    }

    async fn get(&self, id: &KeyId) -> KeyDetails {
        self.keys.get(&owner(), GetKey { key_id: id.clone(), decrypt: Decrypt::No }).await.unwrap()
    }

    async fn opt_in(&self) {
        let command = SetApi { recoverable: Some(true), ..SetApi::new(self.api.clone()) };
        self.apis.set(&owner(), command).await.unwrap();
    }

    async fn add_role(&self, id: &str, name: &str, slugs: &[&str]) {
        let sql = format!(
            "INSERT INTO roles (id, workspace_id, name, name_folded, created_at) \
             VALUES ('{id}', 'ws_1', '{name}', '{}', 0)",
            name.to_lowercase()
        );
        self.test.force(&sql).await;
        for slug in slugs {
            let sql = format!(
                "INSERT INTO permissions (id, workspace_id, name, slug, slug_folded, created_at) \
                 VALUES ('perm_{slug}', 'ws_1', '{slug}', '{slug}', '{slug}', 0) ON CONFLICT DO NOTHING; \
                 INSERT INTO roles_permissions (role_id, permission_id) VALUES ('{id}', 'perm_{slug}')"
            );
            self.test.force(&sql).await;
        }
    }

    /// How many audit entries there are, to look only at later ones.
    async fn mark(&self) -> usize {
        self.test.audited().await.len()
    }
}

fn limit(name: &str, limit: i64) -> NewLimit {
    NewLimit { name: name.into(), limit, duration_ms: 60_000, auto_apply: false, is_async: false }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Slugs of permissions, to be made where they do not exist.
fn slugs(texts: &[&str]) -> Option<Vec<Reference>> {
    Some(Reference::named(strings(texts), OnMissing::Make))
}

/// Names of roles, which must exist.
fn roles(texts: &[&str]) -> Option<Vec<Reference>> {
    Some(Reference::named(strings(texts), OnMissing::Refuse))
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn code<T>(result: Result<T>) -> Code {
    result.map(drop).unwrap_err().code()
}

#[tokio::test]
async fn every_operation_can_run_in_a_task_of_its_own() {
    let room = Room::open().await;
    let (keys, command) = (room.keys.clone(), room.plain());
    let made = tokio::spawn(async move { keys.create(&owner(), command).await }).await.unwrap().unwrap();
    let keys = room.keys.clone();
    let (id, api_id) = (made.id, room.api.clone());
    let rest = async move {
        keys.get(&owner(), GetKey { key_id: id.clone(), decrypt: Decrypt::No }).await?;
        keys.whoami(&owner(), &made.plaintext).await?;
        let page = base::store::Page { limit: 1, cursor: None };
        keys.list(&owner(), ListKeys { api_id, page, external_id: None, decrypt: Decrypt::No }).await?;
        keys.update(&owner(), UpdateKey::new(id.clone())).await?;
        let credits = UpdateCredits { key_id: id.clone(), operation: CreditOperation::Set, value: None };
        keys.update_credits(&owner(), credits).await?;
        keys.delete(&owner(), DeleteKey { key_id: id, permanent: true }).await
    };
    tokio::spawn(rest).await.unwrap().unwrap();
    let (apis, api) = (room.apis.clone(), room.api.clone());
    tokio::spawn(async move { apis.delete(&owner(), &api).await }).await.unwrap().unwrap();
}
