//! Accepting a cookie, and noting when sessions are used.

use std::sync::Arc;

use entity::ids::SessionId;

use super::{Sessions, SignedIn, store};
use crate::cache::Weigh;
use crate::error::{Code, Error, Result};

impl Weigh for SignedIn {
    fn weight_bytes(&self) -> u64 {
        512 + 256 * self.memberships.len() as u64
    }
}

impl Sessions {
    /// Whose cookie this is.
    ///
    /// Fails with `session_over` when it is not ours, has ended, or was revoked.
    pub async fn authenticate(&self, cookie: &str, now_ms: i64) -> Result<Arc<SignedIn>> {
        let id = self.session_of(cookie, now_ms).ok_or_else(|| Error::absent(Code::SessionOver))?;
        let signed_in = self.again(&id, now_ms).await?;
        self.seen.lock().insert(id, now_ms);
        Ok(signed_in)
    }

    /// Somebody who signed in, as they are now: for answers that take long.
    ///
    /// Fails with `session_over` as soon as the session is.
    pub async fn again(&self, session: &SessionId, now_ms: i64) -> Result<Arc<SignedIn>> {
        let load = || store::load(self.store.read(), self.store.epochs(), session);
        let found = self.cache.get_or_load(session, load).await?;
        let is_live = |signed_in: &Arc<SignedIn>| now_ms < signed_in.expires_at;
        found.filter(is_live).ok_or_else(|| Error::absent(Code::SessionOver))
    }

    /// Stores when sessions were last used. Called every minute: not worth a
    /// write per request, nor an entry in the audit log.
    pub async fn flush_seen(&self) -> Result<()> {
        let seen = std::mem::take(&mut *self.seen.lock());
        if seen.is_empty() {
            return Ok(());
        }
        self.store.write(|tx| async move { store::save_seen(&tx, &seen).await }).await
    }
}
