//! Keys that somebody names at once or describes: for previews and searches.

use base::ids::{ApiId, KeyId};

use super::{KeyDetails, Keys, find, store};
use base::access::{OpCtx, Operation, Target};
use base::error::Result;
use base::secret::KeyHash;

/// Keys that may be named at once.
const MAX_NAMED: usize = 200;

/// How many keys a filter fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matching {
    pub keys: u64,
    /// Whether every key was looked at; else there may be more.
    pub is_exact: bool,
}

impl Keys {
    /// The live keys among the first two hundred of these, by id; in as many
    /// queries as for one.
    pub async fn among(&self, cx: &OpCtx, ids: &[KeyId]) -> Result<Vec<KeyDetails>> {
        cx.require(Operation::ApiListKeys, Target::NONE)?;
        let ids = &ids[..ids.len().min(MAX_NAMED)];
        let keys = store::among(self.store.read(), cx, ids).await?;
        self.complete(cx, keys).await
    }

    /// The key that has this hash, for whoever may find a key by its secret.
    pub async fn by_hash(&self, cx: &OpCtx, hash: KeyHash) -> Result<Option<KeyId>> {
        let found = store::find_by_hash(self.store.read(), &cx.workspace, &hash.to_base64()).await?;
        let Some(key) = found else { return Ok(None) };
        cx.require(Operation::KeyWhoami, key.target())?;
        Ok(Some(key.id))
    }

    /// How many keys of an API a filter fits. Looks at a bounded number of them,
    /// as a page of the list does, so that it answers at once among millions.
    pub async fn count_matching(&self, cx: &OpCtx, api: &ApiId, filter: &str) -> Result<Matching> {
        let api = self.live_api(cx, api, Operation::ApiListKeys).await?;
        let conditions = find::conditions(filter, cx.now_ms)?;
        if conditions.is_empty() {
            return Ok(Matching { keys: api.live_keys.unsigned_abs(), is_exact: true });
        }
        let (keys, is_exact) = store::count_fitting(self.store.read(), cx, &api, &conditions).await?;
        Ok(Matching { keys, is_exact })
    }
}
