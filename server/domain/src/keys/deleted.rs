//! What became of a key that no longer verifies.
//!
//! For explaining a refusal only: a key that is gone stays absent everywhere
//! else.

use base::ids::{ApiId, KeyId};

use super::{Keys, store};
use base::access::{OpCtx, Operation, Target};
use base::error::Result;
use base::secret::KeyHash;

/// A key whose row is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedKey {
    pub key: KeyId,
    pub api: ApiId,
    /// Unix milliseconds; `None` when not the key but its API was deleted.
    pub deleted_at: Option<i64>,
}

impl Keys {
    /// What became of the key with this hash. `None` for one that never was,
    /// was removed for good, is foreign, or is not the caller's to read.
    pub async fn deleted_key(&self, cx: &OpCtx, hash: KeyHash) -> Result<Option<DeletedKey>> {
        let found = store::deleted_key(self.store.read(), &cx.workspace, &hash.to_base64()).await?;
        let readable = |deleted: &DeletedKey| {
            cx.may(Operation::KeyRead, Target { api: Some(&deleted.api), ..Target::NONE })
        };
        Ok(found.filter(readable))
    }
}
