//! One-time links to secrets
//! (docs/decisions.md#secrets-travel-by-one-time-links): how a key that was
//! just made reaches somebody else.
//!
//! The token in the path is all that opens one: the ciphertext is under a key
//! derived from it, and of the token only a hash is kept. Looking at the page
//! spends nothing; revealing does, once. This is the one exception to "no secret
//! in a URL".

mod store;
#[cfg(test)]
mod tests;

pub use store::{amend_times, sweep};

use base::clock::HOUR_MS;
use base::ids::{SecretLinkId, WorkspaceId};
use hkdf::Hkdf;
use sha2::Sha256;

use crate::vault::DataKey;
use base::access::{self, OpCtx, Operation};
use base::audit::{Event, Group, Target};
use base::entropy::Entropy;
use base::error::{Code, Error, Result};
use base::secret::{KeyHash, PlainKey};
use base::store::Store;

/// How long a link works: three days.
pub const SECRET_LINK_MS: i64 = 72 * HOUR_MS;

/// Longer secrets are no keys.
const MAX_BYTES: usize = 8192;

/// Puts a secret behind a link.
pub struct CreateSecretLink {
    pub secret: PlainKey,
    /// The key or root key it is of.
    pub key_id: String,
    pub key_name: Option<String>,
}

/// A link that was just made.
#[derive(Debug)]
pub struct SecretLink {
    pub id: SecretLinkId,
    /// Goes into the path; never shown again.
    pub token: PlainKey,
    /// Unix milliseconds.
    pub expires_at: i64,
}

/// What a row holds while it waits.
struct Waiting {
    id: SecretLinkId,
    workspace: WorkspaceId,
    key_id: String,
    key_name: Option<String>,
    ciphertext: Vec<u8>,
}

/// The one-time links of this server. Cheap to clone.
#[derive(Clone)]
pub struct SecretLinks {
    store: Store,
    entropy: Entropy,
}

impl SecretLinks {
    pub fn new(store: Store, entropy: Entropy) -> Self {
        Self { store, entropy }
    }

    pub async fn create(&self, cx: &OpCtx, command: CreateSecretLink) -> Result<SecretLink> {
        cx.require(Operation::SecretLinkCreate, access::Target::NONE)?;
        let secret = command.secret.reveal();
        if secret.is_empty() || secret.len() > MAX_BYTES {
            return Err(Error::invalid(format!("A secret has 1 to {MAX_BYTES} bytes.")));
        }
        let token = PlainKey::new(self.entropy.token());
        let id: SecretLinkId = self.entropy.id(SecretLinkId::PREFIX, cx.now_ms);
        let expires_at = cx.now_ms + SECRET_LINK_MS;
        let new = Waiting {
            ciphertext: key(&token).seal(self.entropy.bytes(), secret.as_bytes(), id.as_str())?,
            id: id.clone(),
            workspace: cx.workspace.clone(),
            key_id: command.key_id,
            key_name: command.key_name,
        };
        let hash = token.hash().to_base64();
        self.store
            .write(|tx| async move {
                store::insert(&tx, &new, &hash, cx.now_ms, expires_at).await?;
                let mut group = Group::new();
                let text = format!("Put the secret of {} behind a one-time link", new.key_id);
                group.push(Event::SecretCreate, text, new.targets());
                group.record(cx, &tx, &self.entropy).await
            })
            .await?;
        Ok(SecretLink { id, token, expires_at })
    }

    /// Whether a link still holds its secret; spends nothing.
    pub async fn is_open(&self, token: &str, now_ms: i64) -> Result<bool> {
        let hash = KeyHash::of(token).to_base64();
        Ok(store::find(self.store.read(), &hash, now_ms).await?.is_some())
    }

    /// The secret, once: of several callers exactly one gets it. `cx` carries no
    /// workspace: the link names it. Asks for no grant but the token.
    ///
    /// Fails with `link_not_found` when it is unknown, revealed or expired.
    pub async fn reveal(&self, cx: &OpCtx, token: &str) -> Result<PlainKey> {
        let token = &PlainKey::new(token.to_owned());
        let hash = token.hash().to_base64();
        self.store
            .write(|tx| async move {
                let found = store::find(tx.db(), &hash, cx.now_ms).await?;
                let waiting = found.ok_or_else(|| Error::absent(Code::LinkNotFound))?;
                store::burn(&tx, &waiting.id).await?;
                let cx = &OpCtx { workspace: waiting.workspace.clone(), ..cx.clone() };
                let mut group = Group::new();
                let text = format!("Revealed the secret of {} by a one-time link", waiting.key_id);
                group.push(Event::SecretReveal, text, waiting.targets());
                group.record(cx, &tx, &self.entropy).await?;
                let plain = key(token).open(&waiting.ciphertext, waiting.id.as_str())?;
                String::from_utf8(plain).map(PlainKey::new).map_err(Error::internal)
            })
            .await
    }
}

impl Waiting {
    fn targets(&self) -> Vec<Target> {
        vec![
            Target::new("secretLink", self.id.as_str(), None),
            Target::new("key", self.key_id.as_str(), self.key_name.as_deref()),
        ]
    }
}

/// The key that only the token gives.
fn key(token: &PlainKey) -> DataKey {
    let mut derived = [0; 32];
    Hkdf::<Sha256>::new(None, token.reveal().as_bytes())
        .expand(b"unkey one-time secret links", &mut derived)
        .expect("32 bytes are a valid length for HKDF-SHA-256");
    DataKey::new(derived)
}
