//! Root keys that a secret scanner found in public, such as that of GitHub.
//!
//! A scanner reports what looks like a root key; the report is signed, and the
//! signature is all the right it needs. A live key among the tokens leaves an
//! entry in the audit log of its workspace, which is the whole record: the
//! dashboard reads it from there. Deliberately absent: revoking the key, because
//! whoever runs on it decides when it goes; API keys, which the customers' own
//! scanners look for; and the identifier of the scanner's key, because one key is
//! configured and a signature by another fails.

mod store;

use std::collections::{BTreeMap, HashSet};

use base::clock::DAY_MS;
use base::ids::{RootKeyId, WorkspaceId};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use serde::Deserialize;
use serde_json::json;

use crate::root_keys::{HeldRootKey, RootKeys};
use base::access::{self, OpCtx, Operation};
use base::audit::{Event, Group, Target};
use base::entropy::Entropy;
use base::error::{Code, Error, Result};
use base::json_object::only_objects;
use base::secret::KeyHash;
use base::store::Store;

/// Tokens in one report.
pub const MAX_TOKENS: usize = 1000;

/// The same key at the same address makes no second entry for so long.
const REPEAT_MS: i64 = DAY_MS;

/// How far back [`Leaks::recent`] looks.
const RECENT_MS: i64 = 30 * DAY_MS;

/// Characters of an address, and of other words of a scanner, that are kept.
const URL_CHARS: usize = 2048;
const WORD_CHARS: usize = 100;

/// One token of a report, as the scanner writes it.
#[derive(Deserialize)]
#[serde(remote = "Self")]
struct ReportedToken {
    token: String,
    #[serde(rename = "type")]
    kind: String,
    url: Option<String>,
    source: Option<String>,
}

only_objects!(ReportedToken);

/// What became of one token. The token itself is not said again.
pub struct Verdict {
    pub hash: KeyHash,
    /// As the report has it.
    pub kind: String,
    /// Whether it is a live root key.
    pub live: bool,
}

/// A live root key that was found in public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    pub key: RootKeyId,
    /// The key's name, else its start.
    pub name: String,
    pub place: Place,
    /// Unix milliseconds, of the latest entry.
    pub time_ms: i64,
}

/// Where a key was found, and who says so. Either may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
pub struct Place {
    pub source: String,
    pub url: String,
}

/// The reports of secret scanners. Cheap to clone.
#[derive(Clone)]
pub struct Leaks {
    store: Store,
    entropy: Entropy,
    root_keys: RootKeys,
    /// The scanner's; without one nothing is accepted.
    public_key: Option<VerifyingKey>,
}

impl Leaks {
    pub fn new(
        store: Store,
        entropy: Entropy,
        root_keys: RootKeys,
        public_key: Option<VerifyingKey>,
    ) -> Self {
        Self { store, entropy, root_keys, public_key }
    }

    /// Whether a scanner is configured.
    pub fn is_open(&self) -> bool {
        self.public_key.is_some()
    }

    /// Takes a report, the signature being base64 of DER over the body. `cx`
    /// carries no workspace: the keys name theirs. One verdict per token, in
    /// order.
    ///
    /// Fails with `forbidden` for a wrong signature, `invalid_input` for a body
    /// that is no report.
    pub async fn receive(&self, cx: &OpCtx, signature: &str, body: &[u8]) -> Result<Vec<Verdict>> {
        if !self.public_key.is_some_and(|key| is_signed(&key, signature, body)) {
            return Err(Error::new(Code::Forbidden, "The signature is not one of the configured scanner."));
        }
        let found: Vec<ReportedToken> = serde_json::from_slice(body)
            .map_err(|error| Error::invalid("The body is no list of tokens.").because(error))?;
        if found.len() > MAX_TOKENS {
            return Err(Error::invalid(format!("A report has at most {MAX_TOKENS} tokens.")));
        }
        let hashes: Vec<KeyHash> = found.iter().map(|found| KeyHash::of(&found.token)).collect();
        let held = self.root_keys.held(&hashes, cx.now_ms).await?;
        let mut leaks: BTreeMap<&WorkspaceId, Vec<(&HeldRootKey, Place)>> = BTreeMap::new();
        for (hash, found) in hashes.iter().zip(&found) {
            if let Some(key) = held.get(hash) {
                leaks.entry(&key.workspace).or_default().push((key, found.place()));
            }
        }
        for (workspace, leaks) in leaks {
            self.record(&OpCtx { workspace: workspace.clone(), ..cx.clone() }, leaks).await?;
        }
        let verdict = |(hash, found): (KeyHash, ReportedToken)| Verdict {
            hash,
            kind: found.kind,
            live: held.contains_key(&hash),
        };
        Ok(hashes.into_iter().zip(found).map(verdict).collect())
    }

    /// The root keys of the workspace that still work and were found in public
    /// lately, each with the latest place; the latest first.
    pub async fn recent(&self, cx: &OpCtx) -> Result<Vec<Leak>> {
        cx.require(Operation::RootKeyRead, access::Target::NONE)?;
        let mut leaks =
            store::recent(self.store.read(), &cx.workspace, cx.now_ms, cx.now_ms - RECENT_MS).await?;
        let mut seen = HashSet::new();
        leaks.retain(|leak| seen.insert(leak.key.clone()));
        Ok(leaks)
    }

    /// One group of entries for what is new about the keys of one workspace.
    async fn record(&self, cx: &OpCtx, leaks: Vec<(&HeldRootKey, Place)>) -> Result<()> {
        let new = self
            .store
            .write(|tx| async move {
                let since_ms = cx.now_ms - REPEAT_MS;
                let mut known = HashSet::new();
                for key in leaks.iter().map(|(key, _)| &key.id).collect::<HashSet<_>>() {
                    let urls = store::urls(tx.db(), &cx.workspace, key, since_ms, cx.now_ms).await?;
                    known.extend(urls.into_iter().map(|url| (key.clone(), url)));
                }
                let mut new = leaks;
                new.retain(|(key, place)| known.insert((key.id.clone(), place.url.clone())));
                let mut group = Group::new();
                for (key, place) in &new {
                    let text = format!("Root key {} was found {}", key.id, place.sentence());
                    let meta = json!({ "source": place.source, "url": place.url });
                    let target = Target::new("key", key.id.as_str(), key.name.as_deref()).with_meta(meta);
                    group.push(Event::RootKeyLeak, text, vec![target]);
                }
                group.record(cx, &tx, &self.entropy).await?;
                Ok(new)
            })
            .await?;
        for (key, place) in new {
            tracing::warn!(
                root_key = %key.id, workspace = %cx.workspace, source = place.source, url = place.url,
                "a root key was found in public"
            );
        }
        Ok(())
    }
}

impl ReportedToken {
    fn place(&self) -> Place {
        Place { source: kept(self.source.as_deref(), WORD_CHARS), url: kept(self.url.as_deref(), URL_CHARS) }
    }
}

impl Place {
    /// `at <url> by <source>`, as far as it is known.
    pub fn sentence(&self) -> String {
        let at = if self.url.is_empty() { "in public".to_owned() } else { format!("at {}", self.url) };
        if self.source.is_empty() { at } else { format!("{at} by {}", self.source) }
    }
}

/// The text without what would break a line of the log, and not for ever long.
fn kept(text: Option<&str>, max_chars: usize) -> String {
    text.unwrap_or_default().chars().filter(|c| !c.is_control()).take(max_chars).collect()
}

fn is_signed(key: &VerifyingKey, signature: &str, body: &[u8]) -> bool {
    let der = STANDARD.decode(signature.trim()).unwrap_or_default();
    Signature::from_der(&der).is_ok_and(|signature| key.verify(body, &signature).is_ok())
}
