//! The one cache: bounded by weight, one load at a time per key, and never a
//! stale hit.
//!
//! Every change of stored data bumps the [`Epochs`] of what it touched, after
//! its commit and before it is answered. An entry remembers the sequence number
//! that was current before its load began and the subjects it depends on; it is
//! a hit only while none of them was bumped since. So a load that raced a change
//! can never serve afterwards, and no caller has to remember an invalidation.
//! There is no time to live: nothing here ages.

use std::future::Future;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hashbrown::DefaultHashBuilder;
use quick_cache::{Equivalent, Weighter};
use smallvec::SmallVec;

use crate::error::Result;

/// Subjects share stripes: a collision costs one needless reload, never a stale hit.
const STRIPES: usize = 1 << 14;

/// When each stored thing last changed, in units of an ever-growing sequence.
pub struct Epochs {
    sequence: AtomicU64,
    stripes: Box<[AtomicU64]>,
    hasher: DefaultHashBuilder,
}

/// A thing that cached values depend on: a kind and an id, folded to a stripe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject(u16);

impl Default for Epochs {
    fn default() -> Self {
        Self {
            sequence: AtomicU64::new(0),
            stripes: (0..STRIPES).map(|_| AtomicU64::new(0)).collect(),
            hasher: DefaultHashBuilder::default(),
        }
    }
}

impl Epochs {
    pub fn subject<T: Hash + ?Sized>(&self, kind: &'static str, id: &T) -> Subject {
        let hash = self.hasher.hash_one((kind, id));
        Subject((hash % STRIPES as u64) as u16)
    }

    /// Says that `subject` changed. Call after the commit, before the answer.
    pub fn bump(&self, subject: Subject) {
        let sequence = self.sequence.fetch_add(1, Ordering::SeqCst) + 1;
        self.stripes[usize::from(subject.0)].fetch_max(sequence, Ordering::SeqCst);
    }

    /// Says that anything may have changed.
    pub fn bump_all(&self) {
        let sequence = self.sequence.fetch_add(1, Ordering::SeqCst) + 1;
        for stripe in &self.stripes {
            stripe.fetch_max(sequence, Ordering::SeqCst);
        }
    }

    pub fn now(&self) -> u64 {
        self.sequence.load(Ordering::SeqCst)
    }

    pub fn unchanged_since(&self, sequence: u64, subjects: &[Subject]) -> bool {
        subjects.iter().all(|subject| self.stripes[usize::from(subject.0)].load(Ordering::SeqCst) <= sequence)
    }
}

/// A value that knows its approximate size in bytes.
pub trait Weigh {
    fn weight_bytes(&self) -> u64;
}

/// What a load found, and what it depends on. An absent value depends on
/// subjects too: those whose creation would make it appear.
pub struct Loaded<V> {
    pub value: Option<V>,
    pub subjects: SmallVec<[Subject; 6]>,
}

struct Entry<V> {
    value: Option<Arc<V>>,
    sequence: u64,
    subjects: SmallVec<[Subject; 6]>,
}

#[derive(Clone)]
struct ByWeight;

impl<K, V: Weigh> Weighter<K, Arc<Entry<V>>> for ByWeight {
    fn weight(&self, _: &K, entry: &Arc<Entry<V>>) -> u64 {
        128 + entry.value.as_ref().map_or(0, |value| value.weight_bytes())
    }
}

/// A cache of `V` by `K`. Misses are remembered as well, in a cache of their
/// own, so that guessing keys cannot push out real ones.
pub struct Cache<K, V> {
    epochs: Arc<Epochs>,
    present: quick_cache::sync::Cache<K, Arc<Entry<V>>, ByWeight>,
    absent: quick_cache::sync::Cache<K, Arc<Entry<V>>, ByWeight>,
}

impl<K: Clone + Eq + Hash, V: Weigh> Cache<K, V> {
    /// Holds about `capacity_bytes` of values, and up to an eighth of that of misses.
    pub fn new(epochs: Arc<Epochs>, capacity_bytes: u64) -> Self {
        let sized = |bytes: u64| {
            quick_cache::sync::Cache::with_weighter(
                (bytes / 512).max(64) as usize,
                bytes.max(65_536),
                ByWeight,
            )
        };
        Self { epochs, present: sized(capacity_bytes), absent: sized(capacity_bytes / 8) }
    }

    /// A valid entry: `Some(None)` is a remembered miss, `None` means load.
    /// Takes anything that compares and hashes like a key, so that a hit needs
    /// no owned one.
    pub fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<Option<Arc<V>>> {
        let entry = self.present.get(key).or_else(|| self.absent.get(key))?;
        self.epochs.unchanged_since(entry.sequence, &entry.subjects).then(|| entry.value.clone())
    }

    /// The value of `key`, loaded by at most one caller at a time.
    pub async fn get_or_load<F, Fut>(&self, key: &K, load: F) -> Result<Option<Arc<V>>>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<Loaded<V>>>,
    {
        loop {
            if let Some(hit) = self.get(key) {
                return Ok(hit);
            }
            self.remove_stale(key);
            match self.present.get_value_or_guard_async(key).await {
                Ok(_) => continue,
                Err(guard) => {
                    if let Some(hit) = self.get(key) {
                        return Ok(hit);
                    }
                    let sequence = self.epochs.now();
                    let Loaded { value, subjects } = load().await?;
                    let value = value.map(Arc::new);
                    let entry = Arc::new(Entry { value: value.clone(), sequence, subjects });
                    if value.is_some() {
                        // Refused when the placeholder was removed meanwhile; the answer stands.
                        let _ = guard.insert(entry);
                    } else {
                        self.absent.insert(key.clone(), entry);
                        drop(guard);
                    }
                    return Ok(value);
                }
            }
        }
    }

    /// How many values are held, for metrics.
    pub fn len(&self) -> usize {
        self.present.len()
    }

    pub fn is_empty(&self) -> bool {
        self.present.is_empty()
    }

    /// What values and misses weigh, for metrics.
    pub fn weight_bytes(&self) -> u64 {
        self.present.weight() + self.absent.weight()
    }

    fn remove_stale(&self, key: &K) {
        let stale = |entry: &Arc<Entry<V>>| !self.epochs.unchanged_since(entry.sequence, &entry.subjects);
        self.present.remove_if(key, stale);
        self.absent.remove_if(key, stale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smallvec::smallvec;
    use std::sync::atomic::AtomicUsize;

    impl Weigh for u32 {
        fn weight_bytes(&self) -> u64 {
            4
        }
    }

    #[tokio::test]
    async fn a_load_that_raced_a_change_never_serves() {
        let epochs = Arc::new(Epochs::default());
        let cache: Cache<&str, u32> = Cache::new(epochs.clone(), 1 << 20);
        let subject = epochs.subject("key", "k");
        let raced = cache.get_or_load(&"k", || async {
            epochs.bump(subject);
            Ok(Loaded { value: Some(1), subjects: smallvec![subject] })
        });
        assert_eq!(raced.await.unwrap().as_deref(), Some(&1));
        assert!(cache.get(&"k").is_none());
        let fresh =
            cache.get_or_load(&"k", || async { Ok(Loaded { value: Some(2), subjects: smallvec![subject] }) });
        assert_eq!(fresh.await.unwrap().as_deref(), Some(&2));
        assert_eq!(cache.get(&"k").flatten().as_deref(), Some(&2));
    }

    #[tokio::test]
    async fn a_remembered_miss_ends_when_its_subject_appears() {
        let epochs = Arc::new(Epochs::default());
        let cache: Cache<&str, u32> = Cache::new(epochs.clone(), 1 << 20);
        let subject = epochs.subject("key", "k");
        let loads = AtomicUsize::new(0);
        let load = || async {
            loads.fetch_add(1, Ordering::SeqCst);
            Ok(Loaded { value: None, subjects: smallvec![subject] })
        };
        assert!(cache.get_or_load(&"k", load).await.unwrap().is_none());
        assert!(cache.get_or_load(&"k", load).await.unwrap().is_none());
        assert_eq!(loads.load(Ordering::SeqCst), 1);
        epochs.bump(subject);
        assert!(cache.get(&"k").is_none());
    }

    #[tokio::test]
    async fn concurrent_callers_share_one_load() {
        let epochs = Arc::new(Epochs::default());
        let cache: Arc<Cache<&str, u32>> = Arc::new(Cache::new(epochs, 1 << 20));
        let loads = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let (cache, loads) = (cache.clone(), loads.clone());
                tokio::spawn(async move {
                    cache
                        .get_or_load(&"k", || async {
                            loads.fetch_add(1, Ordering::SeqCst);
                            tokio::task::yield_now().await;
                            Ok(Loaded { value: Some(7), subjects: smallvec![] })
                        })
                        .await
                })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap().unwrap().as_deref(), Some(&7));
        }
        assert_eq!(loads.load(Ordering::SeqCst), 1);
    }
}
