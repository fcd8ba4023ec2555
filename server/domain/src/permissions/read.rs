//! Reading permissions and roles.

use super::{Permission, Permissions, RoleDetails, store};
use base::access::{OpCtx, Operation, Target};
use base::error::{Code, Error, Result};
use base::store::{Page, Paged};

/// What to list of permissions or roles.
#[derive(Clone, Debug)]
pub struct Listing {
    /// By id, ascending.
    pub page: Page,
    /// Text that one of the shown fields holds, whatever its case.
    pub search: Option<String>,
}

impl Listing {
    /// Blank text searches for nothing.
    fn text(&self) -> Option<&str> {
        self.search.as_deref().map(str::trim).filter(|text| !text.is_empty())
    }
}

impl Permissions {
    /// A permission by its id or slug.
    pub async fn get_permission(&self, cx: &OpCtx, id_or_slug: &str) -> Result<Permission> {
        cx.require(Operation::PermissionRead, Target::NONE)?;
        store::find(self.store.read(), &cx.workspace, id_or_slug)
            .await?
            .ok_or_else(|| Error::absent(Code::PermissionNotFound))
    }

    pub async fn list_permissions(&self, cx: &OpCtx, listing: Listing) -> Result<Paged<Permission>> {
        cx.require(Operation::PermissionRead, Target::NONE)?;
        store::page(self.store.read(), &cx.workspace, listing.text(), &listing.page).await
    }

    /// A role by its id or name.
    pub async fn get_role(&self, cx: &OpCtx, id_or_name: &str) -> Result<RoleDetails> {
        cx.require(Operation::RoleRead, Target::NONE)?;
        let db = self.store.read();
        let role = store::find_role(db, &cx.workspace, id_or_name)
            .await?
            .ok_or_else(|| Error::absent(Code::RoleNotFound))?;
        let mut details = store::with_permissions(db, vec![role]).await?;
        details.pop().ok_or_else(|| Error::internal("completing a role lost it"))
    }

    pub async fn list_roles(&self, cx: &OpCtx, listing: Listing) -> Result<Paged<RoleDetails>> {
        cx.require(Operation::RoleRead, Target::NONE)?;
        let db = self.store.read();
        let page = store::page_of_roles(db, &cx.workspace, listing.text(), &listing.page).await?;
        Ok(Paged { items: store::with_permissions(db, page.items).await?, next: page.next })
    }
}
