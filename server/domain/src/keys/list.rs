//! The keys of an API, page by page.

use base::ids::ApiId;

use super::{Decrypt, KeyDetails, Keys, store};
use crate::identities;
use base::access::{OpCtx, Operation, Target};
use base::error::Result;
use base::store::{Page, Paged};

/// Which keys to list (docs/contract/v2.md#list-keys).
#[derive(Clone, Debug)]
pub struct ListKeys {
    pub api_id: ApiId,
    /// By key id, ascending.
    pub page: Page,
    /// Only keys of this identity; an unknown one has none.
    pub external_id: Option<String>,
    pub decrypt: Decrypt,
}

/// As [`ListKeys`], by position instead of a cursor
/// (docs/contract/v1.md#older-routes).
#[derive(Clone, Debug)]
pub struct ListKeysByOffset {
    pub api_id: ApiId,
    /// 1 to 100.
    pub limit: u64,
    pub offset: u64,
    /// Only keys with this owner id.
    pub owner_id: Option<String>,
}

impl Keys {
    /// A page of keys. Where the contract masks, an unknown API and a missing
    /// read grant give the same `api_not_found`; a missing decrypt grant does not
    /// hide.
    pub async fn list(&self, cx: &OpCtx, command: ListKeys) -> Result<Paged<KeyDetails>> {
        let db = self.store.read();
        let api = self.live_api(cx, &command.api_id, Operation::ApiListKeys).await?;
        let target = Target::api(&api.id, &api.keyspace_id);
        let decrypts = command.decrypt.applies(cx, Operation::KeyListDecrypt, target, &api)?;
        let identity = match &command.external_id {
            None => None,
            Some(external_id) => match identities::id_of(db, &cx.workspace, external_id).await? {
                Some(identity) => Some(identity),
                None => return Ok(Paged { items: Vec::new(), next: None }),
            },
        };
        let page = store::page(db, &cx.workspace, &api, identity.as_ref(), &command.page).await?;
        let mut items = self.complete(cx, page.items).await?;
        if decrypts {
            self.reveal(cx, &mut items).await?;
        }
        Ok(Paged { items, next: page.next })
    }

    /// How many keys an API has, whoever they belong to.
    pub async fn count(&self, cx: &OpCtx, api_id: &ApiId) -> Result<u64> {
        let api = self.live_api(cx, api_id, Operation::ApiListKeys).await?;
        Ok(api.live_keys.unsigned_abs())
    }

    /// Keys by id from a position on.
    pub async fn list_by_offset(&self, cx: &OpCtx, command: ListKeysByOffset) -> Result<Vec<KeyDetails>> {
        let api = self.live_api(cx, &command.api_id, Operation::ApiListKeys).await?;
        let keys = store::from_offset(self.store.read(), &cx.workspace, &api, &command).await?;
        self.complete(cx, keys).await
    }
}
