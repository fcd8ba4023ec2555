//! Reading identities.

use std::collections::HashMap;

use super::{Identities, Identity, IdentityName, store};
use base::access::{OpCtx, Operation, Target};
use base::error::{Code, Error, Result};
use base::store::{Page, Paged};

/// Which identities to list.
#[derive(Clone, Debug)]
pub struct ListIdentities {
    /// By id, ascending.
    pub page: Page,
    /// Text that the id or external id holds, whatever its case.
    pub search: Option<String>,
}

impl Identities {
    /// External ids of the live ones among these, in one query.
    pub async fn external_ids(&self, cx: &OpCtx, ids: &[&str]) -> Result<HashMap<String, String>> {
        cx.require(Operation::IdentityList, Target::NONE)?;
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        store::external_ids_of(self.store.read(), &cx.workspace, ids).await
    }

    /// A page of identities. Where the grant is asked for per row, one that is
    /// not covered refuses the page, and an empty page asks for none.
    pub async fn list(&self, cx: &OpCtx, command: ListIdentities) -> Result<Paged<Identity>> {
        cx.require(Operation::IdentityList, Target::NONE)?;
        let search = command.search.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let page = store::page(self.store.read(), &cx.workspace, search, &command.page).await?;
        for identity in &page.items {
            cx.require(Operation::IdentityListed, Target::identity(&identity.id))?;
        }
        Ok(page)
    }

    /// How many identities there are.
    pub async fn count(&self, cx: &OpCtx) -> Result<u64> {
        cx.require(Operation::IdentityList, Target::NONE)?;
        store::count(self.store.read(), &cx.workspace).await
    }

    /// Whether somebody has this external id. For callers that show no more of
    /// it; asks for no grant.
    pub async fn exists(&self, cx: &OpCtx, external_id: &str) -> Result<bool> {
        Ok(store::id_of(self.store.read(), &cx.workspace, external_id).await?.is_some())
    }

    /// One identity. Absence is told before the missing grant: the grant may name the id
    /// (docs/contract/v2.md#identities).
    pub async fn get(&self, cx: &OpCtx, name: impl Into<IdentityName>) -> Result<Identity> {
        let identity = store::find(self.store.read(), &cx.workspace, &name.into())
            .await?
            .ok_or_else(|| Error::absent(Code::IdentityNotFound))?;
        cx.require(Operation::IdentityRead, Target::identity(&identity.id))?;
        Ok(identity)
    }
}
