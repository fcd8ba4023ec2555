//! The keys of an API, page by page.

use entity::ids::ApiId;

use super::{KeyDetails, Keys, require_recoverable, store};
use crate::apis;
use crate::error::{Code, Error, Result};
use crate::grants::{Operation, Target};
use crate::op::OpCtx;
use crate::store::{Page, Paged};

/// Which keys to list (v2 contract: apis.listKeys).
#[derive(Clone, Debug)]
pub struct ListKeys {
    pub api_id: ApiId,
    /// By key id, ascending.
    pub page: Page,
    /// Only keys of this identity; an unknown one has none.
    pub external_id: Option<String>,
    /// Ask for plaintexts too; reading them is audited (D25).
    pub decrypt: bool,
}

impl Keys {
    /// A page of keys. An unknown API and a missing read grant give the same
    /// `api_not_found`; a missing decrypt grant does not hide.
    pub async fn list(&self, cx: &OpCtx, command: ListKeys) -> Result<Paged<KeyDetails>> {
        let db = self.store.read();
        let api = apis::find_live(db, &cx.workspace, &command.api_id)
            .await?
            .ok_or_else(|| Error::absent(Code::ApiNotFound))?;
        let target = Target::api(&api.id, &api.keyspace_id);
        cx.require(Operation::ApiListKeys, target)?;
        if command.decrypt {
            cx.require(Operation::KeyListDecrypt, target)?;
            require_recoverable(&api)?;
        }
        let identity = match &command.external_id {
            None => None,
            Some(external_id) => match store::identity_of(db, &cx.workspace, external_id).await? {
                Some(identity) => Some(identity),
                None => return Ok(Paged { items: Vec::new(), next: None }),
            },
        };
        let page = store::page(db, &cx.workspace, &api, identity.as_ref(), &command.page).await?;
        let mut items = self.complete(cx, page.items).await?;
        if command.decrypt {
            self.reveal(cx, &mut items).await?;
        }
        Ok(Paged { items, next: page.next })
    }
}
