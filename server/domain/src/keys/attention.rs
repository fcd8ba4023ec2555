//! Keys that will need a hand: those that expire soon, and those with next to no
//! credits left. Counted API by API, because that is where they are listed.
//!
//! Each question is one query on an index of its own, and looks at a bounded
//! number of keys.

use base::ids::ApiId;

use super::{Keys, store};
use base::access::{OpCtx, Operation, Target};
use base::error::Result;

/// Fewer credits than this are next to none; the index of such keys says the same.
pub const FEW_CREDITS: i64 = 10;

/// Keys of one API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyCount {
    pub api: ApiId,
    pub api_name: String,
    /// Of the ten thousand that are due first.
    pub keys: i64,
    /// What the first of them has: when it expires, or its credits.
    pub first: i64,
}

impl Keys {
    /// Live keys that expire from now on and before `before_ms`, by API; the API
    /// with the most first.
    pub async fn expiring(&self, cx: &OpCtx, before_ms: i64) -> Result<Vec<KeyCount>> {
        cx.require(Operation::ApiListKeys, Target::NONE)?;
        store::expiring(self.store.read(), &cx.workspace, cx.now_ms, before_ms).await
    }

    /// Live keys with fewer than [`FEW_CREDITS`], by API; the API with the most first.
    pub async fn short_of_credits(&self, cx: &OpCtx) -> Result<Vec<KeyCount>> {
        cx.require(Operation::ApiListKeys, Target::NONE)?;
        store::short_of_credits(self.store.read(), &cx.workspace).await
    }
}
