//! Reading identities.

use super::{Identities, Identity, store};
use crate::error::{Code, Error, Result};
use crate::grants::{Operation, Target};
use crate::op::OpCtx;
use crate::store::{Page, Paged};

/// Which identities to list (v2 contract: listIdentities).
#[derive(Clone, Debug)]
pub struct ListIdentities {
    /// By id, ascending.
    pub page: Page,
    /// Text that the id or external id holds, whatever its case.
    pub search: Option<String>,
}

impl Identities {
    /// A page of identities. The grant is asked for per row: one that is not
    /// covered refuses the page, and an empty page asks for none.
    pub async fn list(&self, cx: &OpCtx, command: ListIdentities) -> Result<Paged<Identity>> {
        let search = command.search.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let page = store::page(self.store.read(), &cx.workspace, search, &command.page).await?;
        for identity in &page.items {
            cx.require(Operation::IdentityRead, Target::identity(&identity.id))?;
        }
        Ok(page)
    }

    /// The identity with this id, else with this external id.
    ///
    /// Absence is told before the missing grant: the grant may name the id (v2
    /// contract: getIdentity).
    pub async fn get(&self, cx: &OpCtx, id_or_external_id: &str) -> Result<Identity> {
        let identity = store::find(self.store.read(), &cx.workspace, id_or_external_id)
            .await?
            .ok_or_else(|| Error::absent(Code::IdentityNotFound))?;
        cx.require(Operation::IdentityRead, Target::identity(&identity.id))?;
        Ok(identity)
    }
}
