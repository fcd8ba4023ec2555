//! The rate limiter: counters in memory, decided and consumed in one step.
//!
//! [`Limiter::take_many`] locks every shard it needs in ascending order, judges
//! all checks on copies, and writes the copies back only if all of them pass.
//! So no interleaving admits more than a limit allows, and a refused batch
//! leaves no trace. Nothing here waits, reads a clock or touches a database;
//! counters that had to leave memory are named by [`Attempt::NeedsLoad`].

mod plan;
mod rows;
mod table;
mod tally;
#[cfg(test)]
mod tally_tests;
#[cfg(test)]
mod tests;

use smallvec::SmallVec;

use super::window::Window;
use plan::Plan;
use table::{Shard, Table};
use tally::{Demand, WindowCount};

pub use rows::CounterRow;
pub use tally::{Full, MAX_OWN};

/// What a counter counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    Key,
    Identity,
    Namespace,
    /// API requests of a workspace, and of one root key.
    Workspace,
    RootKey,
    /// What a network address may do before it says who it is, and attempts to
    /// sign in to one account.
    Address,
    Account,
}

/// A limit to check and the tokens to take from it.
///
/// The counter is named by everything but `limit` and `cost`: changing only the
/// limit keeps the count.
#[derive(Clone, Copy, Debug)]
pub struct Check<'a> {
    pub workspace: &'a str,
    pub scope: Scope,
    /// Id of the key, identity or namespace.
    pub subject: &'a str,
    /// Name of the limit, or the identifier within a namespace.
    pub name: &'a str,
    /// 0 denies everything (docs/decisions.md#a-limit-of-0-denies).
    pub limit: u64,
    pub duration_ms: u64,
    /// 0 looks without taking.
    pub cost: u64,
}

/// The verdict on one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    pub exceeded: bool,
    pub limit: u64,
    pub remaining: u64,
    /// End of the current window, Unix milliseconds.
    pub reset_ms: i64,
}

/// The verdict on a batch: all of its costs were taken, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub passed: bool,
    /// In the order of the checks.
    pub decisions: SmallVec<[Decision; 2]>,
}

/// What became of an attempt to decide.
#[derive(Debug)]
pub enum Attempt {
    Taken(Taken),
    /// Counters of these checks (by position) were moved to disk: restore and try again.
    NeedsLoad(Vec<usize>),
    /// All limits have room, but there may be no counter more. Nothing was taken.
    Full(Full),
}

/// In-memory counters.
pub struct Limiter {
    table: Table,
    tally: WindowCount,
}

/// The copy of a counter that a batch works on.
struct Working {
    /// Position of the first check on this counter.
    check: usize,
    window: Window,
    is_new: bool,
    taken: bool,
}

impl Limiter {
    /// Keeps about `max_counters` in memory; see [`Limiter::overflow`].
    pub fn new(max_counters: usize) -> Self {
        Self { table: Table::new(max_counters), tally: WindowCount::new() }
    }

    /// How many live counters a workspace may have, on disk too.
    pub fn max_per_workspace(mut self, max_counters: u64) -> Self {
        self.tally.max_per_workspace = max_counters;
        self
    }

    /// Checks all limits and takes all costs, or none of them.
    pub fn take_many(&self, checks: &[Check<'_>], now_ms: i64) -> Attempt {
        self.decide(checks, now_ms, Some(Demand::Stored))
    }

    /// As [`Limiter::take_many`], where whoever asks made up some of the names: of
    /// one key or identity there may be [`MAX_OWN`] counters.
    pub fn take_own(&self, checks: &[Check<'_>], now_ms: i64) -> Attempt {
        self.decide(checks, now_ms, Some(Demand::Own))
    }

    /// What [`Limiter::take_many`] would answer now; takes nothing.
    pub fn look_many(&self, checks: &[Check<'_>], now_ms: i64) -> Attempt {
        self.decide(checks, now_ms, None)
    }

    fn decide(&self, checks: &[Check<'_>], now_ms: i64, take: Option<Demand>) -> Attempt {
        let Plan { hashes, firsts } = Plan::of(&self.table, checks);
        let mut shards = self.table.lock(&hashes);
        let mut working: SmallVec<[Working; 2]> = SmallVec::new();
        // Of each check, its counter among those above.
        let mut copies: SmallVec<[usize; 4]> = SmallVec::new();
        let mut missing = Vec::new();
        let mut decisions = SmallVec::new();
        let mut effective: SmallVec<[u64; 4]> = SmallVec::new();
        for (position, check) in checks.iter().enumerate() {
            if firsts[position] == position {
                let shard = shards.of(hashes[position]);
                let found = shard.find(hashes[position], check);
                if found.is_none() && shard.is_spilled(hashes[position], now_ms) {
                    missing.push(position);
                }
                let window = found.unwrap_or_default().at(now_ms, check.duration_ms);
                copies.push(working.len());
                working.push(Working { check: position, window, is_new: found.is_none(), taken: false });
            } else {
                copies.push(copies[firsts[position]]);
            }
            let copy = &mut working[copies[position]];
            let base = copy.window.base(now_ms, check.duration_ms);
            let total = base.tokens.saturating_add(check.cost);
            copy.window.current = copy.window.current.saturating_add(check.cost);
            copy.taken |= check.cost > 0;
            effective.push(total);
            decisions.push(Decision {
                exceeded: check.limit == 0 || total > check.limit,
                limit: check.limit,
                remaining: 0,
                reset_ms: base.reset_ms,
            });
        }
        if !missing.is_empty() {
            return Attempt::NeedsLoad(missing);
        }
        let passed = decisions.iter().all(|decision: &Decision| !decision.exceeded);
        if let Some(demand) = take.filter(|_| passed) {
            working.retain(|copy| copy.taken);
            if let Err(full) = self.take_places(checks, &working, demand) {
                return Attempt::Full(full);
            }
            for copy in &working {
                shards.of(hashes[copy.check]).store(hashes[copy.check], &checks[copy.check], copy.window);
            }
        }
        drop(shards);
        for ((decision, check), total) in decisions.iter_mut().zip(checks).zip(effective) {
            decision.remaining = remaining(decision.exceeded, passed, check, total);
        }
        Attempt::Taken(Taken { passed, decisions })
    }

    /// Places for all counters that come into being, or for none.
    fn take_places(&self, checks: &[Check<'_>], working: &[Working], demand: Demand) -> Result<(), Full> {
        let owners = |copy: &Working| {
            let check = &checks[copy.check];
            self.tally.owners(check.workspace, check.scope, check.subject)
        };
        let new = || working.iter().filter(|copy| copy.is_new).map(owners);
        for (taken, owners) in new().enumerate() {
            if let Err(full) = self.tally.take(owners, demand) {
                new().take(taken).for_each(|owners| self.tally.give_back(owners));
                return Err(full);
            }
        }
        Ok(())
    }

    /// How many counters are in memory, for metrics.
    pub fn len(&self) -> usize {
        self.table.shards().map(|shard| shard.lock().len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Of a refused batch, an item that fits keeps what it had
/// (docs/contract/v2.md#multi-limit).
fn remaining(exceeded: bool, passed: bool, check: &Check<'_>, total: u64) -> u64 {
    match (exceeded, passed) {
        (true, _) => 0,
        (false, true) => check.limit.saturating_sub(total),
        (false, false) => check.limit.saturating_sub(total).saturating_add(check.cost),
    }
}

impl Shard {
    fn is_spilled(&self, hash: u64, now_ms: i64) -> bool {
        self.spilled.get(&hash).is_some_and(|dead_at_ms| *dead_at_ms > now_ms)
    }
}
