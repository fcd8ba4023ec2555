//! Accepting a cookie, and noting when sessions are used.

use std::sync::Arc;

use base::ids::SessionId;

use super::{Sessions, SignedIn, store};
use base::cache::Weigh;
use base::error::{Code, Error, Result};

fn over() -> Error {
    Error::absent(Code::SessionOver)
}

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
        let id = self.session_of(cookie, now_ms).ok_or_else(over)?;
        let signed_in = self.signed_in(&id, now_ms).await?;
        self.seen.lock().insert(id, now_ms);
        Ok(signed_in)
    }

    /// Whose session this is, while it lasts: for answers that go on for long.
    /// Does not count as its use. Fails with `session_over`.
    pub async fn signed_in(&self, id: &SessionId, now_ms: i64) -> Result<Arc<SignedIn>> {
        let load = || store::load(self.store.read(), self.store.epochs(), id);
        let found = self.cache.get_or_load(id, load).await?;
        found.filter(|signed_in| now_ms < signed_in.expires_at).ok_or_else(over)
    }

    /// Stores when sessions were last used. Called every minute: not worth a
    /// write per request, nor an entry in the audit log.
    pub async fn flush_seen(&self) -> Result<()> {
        let seen = std::mem::take(&mut *self.seen.lock());
        if seen.is_empty() {
            return Ok(());
        }
        let rows = &seen;
        let written = self.store.write(|tx| async move { store::save_seen(&tx, rows).await }).await;
        if written.is_err() {
            let mut later = self.seen.lock();
            // What was seen meanwhile is newer.
            seen.into_iter().for_each(|(session, time_ms)| {
                later.entry(session).or_insert(time_ms);
            });
        }
        written
    }
}
