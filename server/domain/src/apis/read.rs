//! Looking APIs up.

use base::ids::ApiId;

use super::{Api, Apis, store};
use base::access::{OpCtx, Operation, Target};
use base::error::{Code, Error, Result};

impl Apis {
    /// One API. The grant comes before the lookup, so a caller without it
    /// learns nothing (docs/contract/v2.md#masked-resources).
    pub async fn get(&self, cx: &OpCtx, id: &ApiId) -> Result<Api> {
        cx.require(Operation::ApiRead, Target { api: Some(id), ..Target::NONE })?;
        store::find_live(self.store.read(), &cx.workspace, id)
            .await?
            .ok_or_else(|| Error::absent(Code::ApiNotFound))
    }

    /// Every live API of the workspace, oldest first. No contract route lists
    /// APIs; asks for the right to read all of them.
    pub async fn list(&self, cx: &OpCtx) -> Result<Vec<Api>> {
        cx.require(Operation::ApiRead, Target::NONE)?;
        store::all_live(self.store.read(), &cx.workspace).await
    }

    /// The live ones among these, each named by its own id or by that of its keyspace, in
    /// one query.
    pub async fn known(&self, cx: &OpCtx, ids: &[&str]) -> Result<Vec<Api>> {
        cx.require(Operation::ApiRead, Target::NONE)?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        store::known(self.store.read(), &cx.workspace, ids).await
    }

    /// The oldest live APIs of the workspace, as many as fit a menu.
    pub async fn first(&self, cx: &OpCtx, limit: u64) -> Result<Vec<Api>> {
        cx.require(Operation::ApiRead, Target::NONE)?;
        store::first_live(self.store.read(), &cx.workspace, limit).await
    }
}
