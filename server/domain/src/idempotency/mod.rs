//! Requests that may be sent again: an `Idempotency-Key` names a change, and the
//! same key with the same request gets the first answer again.
//!
//! Ours: the published contract has no such header, but its SDKs resend after a
//! dropped connection. The key is claimed in the transaction of the change
//! itself ([`base::claims`]), so a change happens once whatever fails after it;
//! the answer, which may hold a secret, is kept encrypted for a day.

use std::time::Duration;

use crate::vault::Vault;
use base::access::{IdempotencyKey, OpCtx};
use base::claims;
use base::clock::DAY_MS;
use base::error::{Code, Error, Result};
use base::store::Store;

/// How long an answer is kept.
const KEEP_MS: i64 = DAY_MS;

/// Between looks for an answer, and how many there are.
const BREATH: Duration = Duration::from_millis(20);
const PATIENCE: u32 = 100;

/// Remembers answers. Cheap to clone.
#[derive(Clone)]
pub struct Idempotency {
    store: Store,
    vault: Vault,
}

impl Idempotency {
    pub fn new(store: Store, vault: Vault) -> Self {
        Self { store, vault }
    }

    /// Carries out an act that claims the key of `cx`, unless that was done before;
    /// gives its answer either way. Without a key it is carried out.
    ///
    /// Fails as the act does, with `invalid_input` if the key named another request,
    /// and with `idempotency_conflict` if the change was made and its answer was lost.
    pub async fn once(&self, cx: &OpCtx, act: impl Future<Output = Result<Vec<u8>>>) -> Result<Vec<u8>> {
        let Some(key) = &cx.idempotency else { return act.await };
        if let Some(answer) = self.answer(cx, key).await? {
            return Ok(answer);
        }
        match act.await {
            Ok(answer) => {
                if let Err(error) = self.save(cx, key, &answer).await {
                    tracing::warn!(?error, "an answer cannot be kept for its Idempotency-Key");
                }
                Ok(answer)
            }
            // The same request is being carried out right now: its answer is ours.
            Err(error) if error.code() == Code::IdempotencyConflict => {
                self.answer(cx, key).await?.ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// As [`Idempotency::once`], for an answer that is text.
    pub async fn once_text(&self, cx: &OpCtx, act: impl Future<Output = Result<String>>) -> Result<String> {
        let answer = self.once(cx, async { act.await.map(String::into_bytes) }).await?;
        String::from_utf8(answer).map_err(Error::internal)
    }

    /// The answer this key had before; `None` for a new one.
    ///
    /// Waits a little for the answer of a request that is being carried out right
    /// now.
    async fn answer(&self, cx: &OpCtx, key: &IdempotencyKey) -> Result<Option<Vec<u8>>> {
        for _ in 0..PATIENCE {
            match self.find(cx, key).await {
                Err(error) if error.code() == Code::IdempotencyConflict => tokio::time::sleep(BREATH).await,
                found => return found,
            }
        }
        self.find(cx, key).await
    }

    async fn find(&self, cx: &OpCtx, key: &IdempotencyKey) -> Result<Option<Vec<u8>>> {
        let Some(claim) = claims::find(self.store.read(), &cx.workspace, key).await? else { return Ok(None) };
        if claim.created_at < cx.now_ms - KEEP_MS {
            self.store.write(|tx| async move { claims::forget(&tx, &cx.workspace, key).await }).await?;
            return Ok(None);
        }
        if claim.request_hash != key.request_hash {
            return Err(Error::invalid("This Idempotency-Key was used with another request."));
        }
        let sealed = claim.response.ok_or_else(|| {
            Error::new(
                Code::IdempotencyConflict,
                "The request with this Idempotency-Key was carried out, but its answer is not known. Look before you \
                 send it again under another key.",
            )
        })?;
        self.vault.open_text(&cx.workspace, &binding(key), &sealed).await.map(Some)
    }

    /// Keeps the answer of the change that claimed this key.
    async fn save(&self, cx: &OpCtx, key: &IdempotencyKey, answer: &[u8]) -> Result<()> {
        self.store
            .write(|tx| async move {
                let sealed = self.vault.seal_text(&tx, &cx.workspace, &binding(key), answer).await?;
                claims::set_response(&tx, &cx.workspace, key, sealed).await
            })
            .await
    }

    /// Removes what is older than a day.
    pub async fn sweep(&self, now_ms: i64) -> Result<()> {
        self.store.write(|tx| async move { claims::remove_before(&tx, now_ms - KEEP_MS).await }).await
    }
}

fn binding(key: &IdempotencyKey) -> String {
    format!("idempotency/{}/{}", key.claimant.as_str(), key.key_hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::access::Claimant;

    #[test]
    fn answers_that_were_sealed_before_are_bound_to_the_same_text() {
        for (claimant, bound) in [
            (Claimant::RootKey("key_1".into()), "idempotency/key_1/hash"),
            (Claimant::Session("ses_1".into()), "idempotency/ses_1/hash"),
            (Claimant::PortalSession("ps_1".into()), "idempotency/ps_1/hash"),
            (Claimant::BulkJob("job_1".into()), "idempotency/job_1/hash"),
        ] {
            let key = IdempotencyKey { claimant, key_hash: "hash".into(), request_hash: String::new() };
            assert_eq!(binding(&key), bound);
        }
    }
}
