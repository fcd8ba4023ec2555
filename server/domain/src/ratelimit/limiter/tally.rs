//! How many live counters there are of a key or identity and of a workspace, so
//! that no caller can make them without end.
//!
//! A counter takes its place when it comes into being and gives it back when it
//! is dead, wherever it is meanwhile: those that were moved to disk are counted
//! by the moment of their death, not by name. Checks on counters that exist come
//! by here never.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;
use parking_lot::Mutex;

use super::Scope;
use super::table::CounterName;

const SHARDS: usize = 64;

/// Live counters of one key or identity beyond which a request may not bring up
/// another: far above honest use, a few megabytes at most.
pub const MAX_OWN: u64 = 10_000;

/// Live counters of one workspace unless it is set otherwise.
const MAX_PER_WORKSPACE: u64 = 10_000_000;

/// Why there is no place for another counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The key or identity has [`MAX_OWN`].
    Owner,
    /// The workspace has this many.
    Workspace(u64),
}

/// Whether a check may bring up counters at will.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Demand {
    /// Its names are stored, or it is asked for with a right to ask.
    Stored,
    /// Its names came with the request.
    Own,
}

/// Whose places a counter takes.
#[derive(Clone, Copy)]
pub(super) struct Owners {
    /// A key or an identity.
    subject: Option<u64>,
    workspace: Option<u64>,
}

impl Owners {
    fn each(self) -> impl Iterator<Item = u64> {
        self.subject.into_iter().chain(self.workspace)
    }
}

pub(super) struct WindowCount {
    hasher: DefaultHashBuilder,
    shards: Box<[Mutex<HashMap<u64, Places>>]>,
    pub max_per_workspace: u64,
}

/// What is taken by one owner.
#[derive(Default)]
struct Places {
    /// Counters in memory and on disk.
    taken: u64,
    /// How many of those on disk are dead from this moment on, Unix milliseconds.
    #[expect(clippy::box_collection, reason = "most owners have none on disk, and there are many owners")]
    on_disk: Option<Box<BTreeMap<i64, u64>>>,
}

impl WindowCount {
    pub fn new() -> Self {
        Self {
            hasher: DefaultHashBuilder::default(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            max_per_workspace: MAX_PER_WORKSPACE,
        }
    }

    pub fn owners(&self, workspace: &str, scope: Scope, subject: &str) -> Owners {
        let (of_subject, of_workspace) = match scope {
            Scope::Key | Scope::Identity => (true, true),
            Scope::Namespace => (false, true),
            // One each, or made by nobody who could be held to it.
            Scope::Workspace | Scope::RootKey | Scope::Address | Scope::Account => (false, false),
        };
        Owners {
            subject: of_subject.then(|| self.hasher.hash_one((workspace, scope, subject))),
            workspace: of_workspace.then(|| self.hasher.hash_one(workspace)),
        }
    }

    pub fn owners_of(&self, name: &CounterName) -> Owners {
        self.owners(&name.workspace, name.scope, &name.subject)
    }

    fn places<R>(&self, owner: u64, change: impl FnOnce(&mut Places) -> R) -> R {
        // The map takes its bucket from other bits.
        let mut shard = self.shards[(owner >> 40) as usize % SHARDS].lock();
        change(shard.entry(owner).or_default())
    }

    /// Takes a place for a new counter, if there is one.
    pub fn take(&self, owners: Owners, demand: Demand) -> Result<(), Full> {
        let try_take = |owner: u64, max: u64| {
            self.places(owner, |places| {
                let is_free = places.taken < max;
                places.taken += u64::from(is_free);
                is_free
            })
        };
        let max_own = if demand == Demand::Own { MAX_OWN } else { u64::MAX };
        if owners.subject.is_some_and(|subject| !try_take(subject, max_own)) {
            return Err(Full::Owner);
        }
        if owners.workspace.is_some_and(|workspace| !try_take(workspace, self.max_per_workspace)) {
            self.give_back(Owners { workspace: None, ..owners });
            return Err(Full::Workspace(self.max_per_workspace));
        }
        Ok(())
    }

    /// A stored counter came back that is not counted: it has its place.
    pub fn restore(&self, owners: Owners) {
        owners.each().for_each(|owner| self.places(owner, |places| places.taken += 1));
    }

    /// A counter in memory is dead.
    pub fn give_back(&self, owners: Owners) {
        owners.each().for_each(|owner| {
            self.places(owner, |places| places.taken = places.taken.saturating_sub(1));
        });
    }

    /// A counter went to disk, where it is dead from `dead_at_ms` on.
    pub fn spill(&self, owners: Owners, dead_at_ms: i64) {
        owners.each().for_each(|owner| {
            self.places(owner, |places| {
                *places.on_disk.get_or_insert_default().entry(dead_at_ms).or_default() += 1
            });
        });
    }

    /// A counter came back from disk.
    pub fn unspill(&self, owners: Owners, dead_at_ms: i64) {
        owners.each().for_each(|owner| {
            self.places(owner, |places| {
                // Its place may have been given back meanwhile.
                places.taken += u64::from(!places.off_disk(dead_at_ms));
            });
        });
    }

    /// A counter on disk turned out not to be there.
    pub fn forget(&self, owners: Owners, dead_at_ms: i64) {
        owners.each().for_each(|owner| {
            self.places(owner, |places| {
                let was_there = places.off_disk(dead_at_ms);
                places.taken = places.taken.saturating_sub(u64::from(was_there));
            });
        });
    }

    /// Gives back the places of counters that died on disk.
    pub fn sweep(&self, now_ms: i64) {
        for shard in &self.shards {
            shard.lock().retain(|_, places| {
                if let Some(on_disk) = &mut places.on_disk {
                    let live =
                        now_ms.checked_add(1).map(|next_ms| on_disk.split_off(&next_ms)).unwrap_or_default();
                    let dead: u64 = std::mem::replace(&mut **on_disk, live).values().sum();
                    places.taken = places.taken.saturating_sub(dead);
                    if on_disk.is_empty() {
                        places.on_disk = None;
                    }
                }
                places.taken > 0
            });
        }
    }

    #[cfg(test)]
    pub fn taken(&self, owners: Owners) -> Vec<u64> {
        owners.each().map(|owner| self.places(owner, |places| places.taken)).collect()
    }
}

impl Places {
    /// Whether one on disk was counted under this moment; it no longer is.
    fn off_disk(&mut self, dead_at_ms: i64) -> bool {
        let Some(on_disk) = &mut self.on_disk else { return false };
        let Some(count) = on_disk.get_mut(&dead_at_ms) else { return false };
        *count -= 1;
        if *count == 0 {
            on_disk.remove(&dead_at_ms);
        }
        true
    }
}
