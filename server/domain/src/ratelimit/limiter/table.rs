//! Where counters live: shards of a hash table whose lookups borrow their key.

use std::collections::HashMap;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
use parking_lot::{Mutex, MutexGuard};
use smallvec::SmallVec;

use super::{Check, Scope};
use crate::ratelimit::window::Window;

const SHARDS: usize = 64;

pub(super) struct Table {
    hasher: DefaultHashBuilder,
    shards: Box<[Mutex<Shard>]>,
    pub max_per_shard: usize,
}

#[derive(Default)]
pub(super) struct Shard {
    pub counters: HashTable<Counter>,
    /// Counters changed since they were last handed out for a snapshot.
    pub dirty: Vec<u64>,
    /// Hashes of counters that were moved to disk, and when each is dead. The
    /// hash is keyed and 64 bits long, which is why the names can stay on disk.
    pub spilled: HashMap<u64, i64>,
}

pub(super) struct Counter {
    pub hash: u64,
    pub name: CounterName,
    pub window: Window,
    pub dirty: bool,
}

/// The owned form of what a [`Check`] names, allocated once per counter.
pub(super) struct CounterName {
    pub workspace: Box<str>,
    pub scope: Scope,
    pub subject: Box<str>,
    pub name: Box<str>,
    pub duration_ms: u64,
}

/// Bytes of names that one place in memory is meant for.
const BYTES_PER_PLACE: usize = 256;

impl CounterName {
    /// Places that a counter of this name takes in memory: long names take more.
    pub fn places(&self) -> usize {
        1 + (self.subject.len() + self.name.len()) / BYTES_PER_PLACE
    }

    pub fn is(&self, check: &Check<'_>) -> bool {
        self.duration_ms == check.duration_ms
            && self.scope == check.scope
            && *self.name == *check.name
            && *self.subject == *check.subject
            && *self.workspace == *check.workspace
    }
}

impl Table {
    pub fn new(max_counters: usize) -> Self {
        Self {
            hasher: DefaultHashBuilder::default(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            max_per_shard: max_counters.div_ceil(SHARDS).max(1),
        }
    }

    pub fn hash(&self, check: &Check<'_>) -> u64 {
        self.hasher.hash_one((check.workspace, check.scope, check.subject, check.name, check.duration_ms))
    }

    pub fn shards(&self) -> impl Iterator<Item = &Mutex<Shard>> {
        self.shards.iter()
    }

    pub fn shard_of(&self, hash: u64) -> &Mutex<Shard> {
        &self.shards[index_of(hash)]
    }

    /// Locks the shards of all hashes in ascending order, so that batches that
    /// overlap cannot wait for each other in a circle.
    pub fn lock(&self, hashes: &[u64]) -> Locked<'_> {
        let mut indexes: SmallVec<[usize; 4]> = hashes.iter().map(|hash| index_of(*hash)).collect();
        indexes.sort_unstable();
        indexes.dedup();
        Locked(indexes.into_iter().map(|index| (index, self.shards[index].lock())).collect())
    }
}

/// The table takes its bucket from the low bits and its tag from the top seven;
/// shards use bits between them.
fn index_of(hash: u64) -> usize {
    (hash >> 40) as usize % SHARDS
}

/// The shards one batch holds, in ascending order.
pub(super) struct Locked<'a>(SmallVec<[(usize, MutexGuard<'a, Shard>); 2]>);

impl Locked<'_> {
    pub fn of(&mut self, hash: u64) -> &mut Shard {
        let found = self.0.binary_search_by_key(&index_of(hash), |(held, _)| *held);
        &mut self.0[found.expect("the batch locked the shards of all its hashes")].1
    }
}

impl Shard {
    pub fn find(&self, hash: u64, check: &Check<'_>) -> Option<Window> {
        self.counters.find(hash, |counter| counter.name.is(check)).map(|counter| counter.window)
    }

    pub fn store(&mut self, hash: u64, check: &Check<'_>, window: Window) {
        match self.counters.find_mut(hash, |counter| counter.name.is(check)) {
            Some(counter) => {
                counter.window = window;
                if !counter.dirty {
                    counter.dirty = true;
                    self.dirty.push(hash);
                }
            }
            None => {
                let name = CounterName {
                    workspace: check.workspace.into(),
                    scope: check.scope,
                    subject: check.subject.into(),
                    name: check.name.into(),
                    duration_ms: check.duration_ms,
                };
                self.counters
                    .insert_unique(hash, Counter { hash, name, window, dirty: true }, |counter| counter.hash);
                self.dirty.push(hash);
            }
        }
    }

    pub fn len(&self) -> usize {
        self.counters.len()
    }
}
