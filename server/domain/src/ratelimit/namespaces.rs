//! Namespaces with their overrides, as the hot path wants them.
//!
//! A namespace is named by its name or its id and comes into being with the
//! first request that names it. A deleted one keeps its name reserved, so it is
//! found here too and says so. Setting overrides is not done here.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use base::ids::{NamespaceId, WorkspaceId};
use quick_cache::Equivalent;
use smallvec::smallvec;

use super::pattern::Pattern;
use super::quota::{Applied, Override};
use super::store;
use base::access::OpCtx;
use base::audit::{Event, Group, Target as Audited};
use base::cache::{Cache, Loaded, Weigh};
use base::entropy::Entropy;
use base::error::{Error, Result};
use base::store::{Change, Store, Tx, namespace_subject};

/// Longest name, in characters.
const MAX_NAME: usize = 512;

/// Room for a few thousand namespaces.
const CACHE_BYTES: u64 = 16 << 20;

/// A namespace and all its overrides at one moment.
#[derive(Debug)]
pub struct NamespaceSnapshot {
    pub id: NamespaceId,
    pub name: String,
    pub deleted: bool,
    /// By identifier, those with wildcards included.
    exact: HashMap<Box<str>, Override>,
    /// The closest first (docs/decisions.md#the-closest-wildcard-wins).
    wildcards: Vec<(Pattern, Override)>,
}

impl NamespaceSnapshot {
    /// `overrides` come with their identifier, the oldest first.
    pub(super) fn new(
        id: NamespaceId,
        name: String,
        deleted: bool,
        overrides: Vec<(String, Override)>,
    ) -> Self {
        let mut wildcards: Vec<(Pattern, Override)> = overrides
            .iter()
            .filter_map(|(identifier, found)| Some((Pattern::parse(identifier)?, found.clone())))
            .collect();
        wildcards.sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.literal_length()));
        let exact = overrides.into_iter().map(|(identifier, found)| (identifier.into(), found)).collect();
        Self { id, name, deleted, exact, wildcards }
    }

    /// The override that applies: the one of this very identifier, else that of
    /// the closest wildcard (docs/contract/v2.md#overrides). Those that have ended
    /// are passed over.
    pub fn override_of(&self, identifier: &str, now_ms: i64) -> Option<Applied<'_>> {
        let by_wildcard = || {
            let mut matching = self.wildcards.iter().filter(|(pattern, _)| pattern.matches(identifier));
            matching.find_map(|(_, found)| applied(found, now_ms))
        };
        self.override_for(identifier, now_ms).or_else(by_wildcard)
    }

    /// The override that was set for exactly this text.
    pub fn override_for(&self, identifier: &str, now_ms: i64) -> Option<Applied<'_>> {
        self.exact.get(identifier).and_then(|found| applied(found, now_ms))
    }
}

fn applied(found: &Override, now_ms: i64) -> Option<Applied<'_>> {
    found.quota_at(now_ms).map(|quota| Applied { id: &found.id, quota })
}

impl Weigh for NamespaceSnapshot {
    /// Counted by the piece, whatever its overrides: a namespace that outweighed
    /// its share of the cache would be read again on every request.
    fn weight_bytes(&self) -> u64 {
        2048
    }
}

/// What a namespace is cached under: the name or id it was asked for by.
#[derive(Clone, PartialEq, Eq)]
struct CacheKey {
    workspace: WorkspaceId,
    name_or_id: Box<str>,
}

/// A borrowed [`CacheKey`].
struct Lookup<'a> {
    workspace: &'a WorkspaceId,
    name_or_id: &'a str,
}

impl Hash for CacheKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Lookup { workspace: &self.workspace, name_or_id: &self.name_or_id }.hash(state);
    }
}

impl Hash for Lookup<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.workspace.hash(state);
        self.name_or_id.hash(state);
    }
}

impl Equivalent<CacheKey> for Lookup<'_> {
    fn equivalent(&self, key: &CacheKey) -> bool {
        *self.workspace == key.workspace && *self.name_or_id == *key.name_or_id
    }
}

/// Finds and makes namespaces. Cheap to clone.
#[derive(Clone)]
pub struct Namespaces {
    pub(super) store: Store,
    entropy: Entropy,
    cache: Arc<Cache<CacheKey, NamespaceSnapshot>>,
}

impl Namespaces {
    pub fn new(store: Store, entropy: Entropy) -> Self {
        let cache = Arc::new(Cache::new(store.epochs().clone(), CACHE_BYTES));
        Self { store, entropy, cache }
    }

    pub(super) fn entropy(&self) -> &Entropy {
        &self.entropy
    }

    /// A namespace from memory, without allocating: `Some(None)` is one known
    /// not to exist, `None` means [`find`](Self::find) it.
    pub fn find_cached(
        &self,
        workspace: &WorkspaceId,
        name_or_id: &str,
    ) -> Option<Option<Arc<NamespaceSnapshot>>> {
        self.cache.get(&Lookup { workspace, name_or_id })
    }

    /// The namespace with this id, else with this name, deleted or not.
    pub async fn find(
        &self,
        workspace: &WorkspaceId,
        name_or_id: &str,
    ) -> Result<Option<Arc<NamespaceSnapshot>>> {
        if let Some(hit) = self.find_cached(workspace, name_or_id) {
            return Ok(hit);
        }
        // Nothing is called so, and nobody may fill the memory of misses with it.
        if name_or_id.chars().count() > MAX_NAME {
            return Ok(None);
        }
        let key = CacheKey { workspace: workspace.clone(), name_or_id: name_or_id.into() };
        let load = || async {
            let value = store::snapshot(self.store.read(), workspace, name_or_id).await?;
            let subject = namespace_subject(self.store.epochs(), workspace, name_or_id);
            Ok(Loaded { value, subjects: smallvec![subject] })
        };
        self.cache.get_or_load(&key, load).await
    }

    /// Makes those of these namespaces that do not exist, in one transaction
    /// and with one audit group. Of two callers that make the same one, the
    /// first wins and the second finds it. Asks for no grant.
    ///
    /// Fails with `invalid_input` when a name does not have 1 to 512 characters.
    pub async fn create(&self, cx: &OpCtx, names: &[&str]) -> Result<()> {
        names.iter().try_for_each(|name| check_name(name))?;
        self.store
            .write(|tx| async move {
                let mut group = Group::new();
                for name in names {
                    if let Some(found) = store::find_namespace(tx.db(), &cx.workspace, name).await? {
                        // Made elsewhere, perhaps, while it was remembered here as absent.
                        let (workspace, name) = (cx.workspace.clone(), (*name).to_owned());
                        tx.changed(Change::Namespace { workspace, id: found.id, name });
                        continue;
                    }
                    self.insert(cx, &tx, &mut group, name).await?;
                }
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }

    pub(super) async fn insert(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        group: &mut Group,
        name: &str,
    ) -> Result<NamespaceId> {
        let id: NamespaceId = self.entropy.id(NamespaceId::PREFIX, cx.now_ms);
        store::insert_namespace(tx.db(), cx, &id, name).await?;
        let target = Audited::new("ratelimitNamespace", id.as_str(), Some(name));
        group.push(Event::NamespaceCreate, format!("Created namespace {name}"), vec![target]);
        let (workspace, name) = (cx.workspace.clone(), name.to_owned());
        tx.changed(Change::Namespace { workspace, id: id.clone(), name });
        Ok(id)
    }
}

pub(super) fn check_name(name: &str) -> Result<()> {
    if (1..=MAX_NAME).contains(&name.chars().count()) {
        return Ok(());
    }
    Err(Error::invalid(format!("The namespace must have 1 to {MAX_NAME} characters.")))
}
