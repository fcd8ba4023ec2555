//! Finding APIs by name or id, a page at a time.

use super::{Api, Apis, store};
use base::access::{OpCtx, Operation, Target};
use base::error::Result;
use base::store::{Page, Paged};

/// Which APIs to find, the oldest first.
#[derive(Clone, Debug)]
pub struct FindApis {
    /// Part of the name, in any case, or of the id; empty for all.
    pub text: String,
    pub page: Page,
}

impl Apis {
    /// A page of live APIs. Asks for the right to read all of them.
    pub async fn find(&self, cx: &OpCtx, command: FindApis) -> Result<Paged<Api>> {
        cx.require(Operation::ApiRead, Target::NONE)?;
        store::find_page(self.store.read(), &cx.workspace, command.text.trim(), &command.page).await
    }
}
