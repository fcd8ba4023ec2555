//! Counters as rows: what snapshots store, what eviction spills and what a
//! restart restores.
//!
//! Eviction has two phases. [`Limiter::overflow`] names rows to persist; only
//! after they are stored does [`Limiter::forget`] drop those that did not
//! change meanwhile. A live counter is never lost in between.

use super::table::{Counter, CounterName, Shard};
use super::{Check, Limiter, Scope};
use crate::ratelimit::window::Window;

/// One counter, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterRow {
    pub workspace: String,
    pub scope: Scope,
    pub subject: String,
    pub name: String,
    pub duration_ms: u64,
    pub window: Window,
}

impl CounterRow {
    fn of(counter: &Counter) -> Self {
        Self {
            workspace: counter.name.workspace.to_string(),
            scope: counter.name.scope,
            subject: counter.name.subject.to_string(),
            name: counter.name.name.to_string(),
            duration_ms: counter.name.duration_ms,
            window: counter.window,
        }
    }

    fn check(&self) -> Check<'_> {
        Check {
            workspace: &self.workspace,
            scope: self.scope,
            subject: &self.subject,
            name: &self.name,
            limit: 0,
            duration_ms: self.duration_ms,
            cost: 0,
        }
    }

    /// The instant from which nothing of it counts, Unix milliseconds.
    pub fn dead_at_ms(&self) -> i64 {
        self.window.dead_at_ms(self.duration_ms)
    }
}

impl Limiter {
    /// Counters changed since the last call whose window is at least
    /// `min_duration_ms` long; shorter ones stay marked for [`Limiter::live_rows`].
    pub fn dirty_rows(&self, now_ms: i64, min_duration_ms: u64) -> Vec<CounterRow> {
        let mut rows = Vec::new();
        for shard in self.table.shards() {
            let mut shard = shard.lock();
            for hash in std::mem::take(&mut shard.dirty) {
                for counter in shard.counters.iter_hash_mut(hash) {
                    if counter.hash != hash || !std::mem::take(&mut counter.dirty) {
                        continue;
                    }
                    let lasts = counter.name.duration_ms >= min_duration_ms;
                    if lasts && !counter.window.is_dead(now_ms, counter.name.duration_ms) {
                        rows.push(CounterRow::of(counter));
                    }
                }
            }
        }
        rows
    }

    /// Has [`Limiter::dirty_rows`] name these again: they could not be stored.
    pub fn still_dirty(&self, rows: &[CounterRow]) {
        for row in rows {
            let check = row.check();
            let hash = self.table.hash(&check);
            let mut shard = self.table.shard_of(hash).lock();
            let Shard { counters, dirty, .. } = &mut *shard;
            if let Some(counter) = counters.find_mut(hash, |counter| counter.name.is(&check))
                && !std::mem::replace(&mut counter.dirty, true)
            {
                dirty.push(hash);
            }
        }
    }

    /// Every counter that still counts, for the snapshot at shutdown.
    pub fn live_rows(&self, now_ms: i64) -> Vec<CounterRow> {
        self.short_rows(now_ms, u64::MAX)
    }

    /// Of these, the counters whose window is shorter than `duration_ms`.
    pub fn short_rows(&self, now_ms: i64, duration_ms: u64) -> Vec<CounterRow> {
        let mut rows = Vec::new();
        for shard in self.table.shards() {
            let shard = shard.lock();
            let live = shard.counters.iter().filter(|counter| {
                let lasts_ms = counter.name.duration_ms;
                lasts_ms < duration_ms && !counter.window.is_dead(now_ms, lasts_ms)
            });
            rows.extend(live.map(CounterRow::of));
        }
        rows
    }

    /// Drops dead counters; returns live ones to persist where a shard holds
    /// more than its share. Pass them to [`Limiter::forget`] once stored.
    pub fn overflow(&self, now_ms: i64) -> Vec<CounterRow> {
        let mut rows = Vec::new();
        for shard in self.table.shards() {
            let mut shard = shard.lock();
            let mut places = 0;
            let Shard { counters, dirty, .. } = &mut *shard;
            counters.retain(|counter| {
                // Left by requests that were on their way when the clock was set back.
                rebase(counter, dirty, now_ms);
                let is_dead = counter.window.is_dead(now_ms, counter.name.duration_ms);
                if is_dead {
                    self.tally.give_back(self.tally.owners_of(&counter.name));
                } else {
                    places += counter.name.places();
                }
                !is_dead
            });
            shard.spilled.retain(|_, dead_at_ms| *dead_at_ms > now_ms);
            let excess = places.saturating_sub(self.table.max_per_shard);
            let mut freed = 0;
            rows.extend(
                shard
                    .counters
                    .iter()
                    .take_while(|counter| {
                        let is_needed = freed < excess;
                        freed += counter.name.places();
                        is_needed
                    })
                    .map(CounterRow::of),
            );
        }
        self.tally.sweep(now_ms);
        rows
    }

    /// Brings back the counters that a clock which was ahead has counted, as
    /// [`Window::rebased`] says. `now_ms` must be fresh from the clock.
    pub fn rebase(&self, now_ms: i64) {
        for shard in self.table.shards() {
            let mut shard = shard.lock();
            let Shard { counters, dirty, .. } = &mut *shard;
            counters.iter_mut().for_each(|counter| rebase(counter, dirty, now_ms));
        }
    }

    /// Says that what is stored of these counters was brought back as well.
    pub fn respill(&self, rows: &[CounterRow]) {
        for row in rows {
            let hash = self.table.hash(&row.check());
            let mut shard = self.table.shard_of(hash).lock();
            if let Some(dead_at_ms) = shard.spilled.get_mut(&hash) {
                *dead_at_ms = row.dead_at_ms();
            }
        }
    }

    /// Frees counters that [`Limiter::overflow`] named and that are stored now,
    /// unless they changed since. Later checks on them ask for a load first.
    pub fn forget(&self, rows: &[CounterRow]) {
        for row in rows {
            let check = row.check();
            let hash = self.table.hash(&check);
            let mut shard = self.table.shard_of(hash).lock();
            let unchanged = |counter: &Counter| counter.name.is(&check) && counter.window == row.window;
            if let Ok(counter) = shard.counters.find_entry(hash, unchanged) {
                counter.remove();
                shard.spilled.insert(hash, row.dead_at_ms());
                self.tally
                    .spill(self.tally.owners(check.workspace, check.scope, check.subject), row.dead_at_ms());
            }
        }
    }

    /// Puts stored counters back: at start, and when a check asked for a load.
    /// A counter that is in memory already keeps the larger counts.
    pub fn restore(&self, rows: impl IntoIterator<Item = CounterRow>, now_ms: i64) {
        for row in rows {
            if row.window.is_dead(now_ms, row.duration_ms) {
                continue;
            }
            let hash = self.table.hash(&row.check());
            let mut shard = self.table.shard_of(hash).lock();
            let held = shard.find(hash, &row.check());
            let stored = row.window.rebased(now_ms, row.duration_ms);
            let window = held.map_or(stored, |held| merged(held.rebased(now_ms, row.duration_ms), stored));
            match shard.counters.find_mut(hash, |counter| counter.name.is(&row.check())) {
                Some(counter) => counter.window = window,
                None => {
                    let owners = self.tally.owners(&row.workspace, row.scope, &row.subject);
                    match shard.spilled.remove(&hash) {
                        Some(dead_at_ms) => self.tally.unspill(owners, dead_at_ms),
                        None => self.tally.restore(owners),
                    }
                    let counter = Counter { hash, name: named(row), window, dirty: false };
                    shard.counters.insert_unique(hash, counter, |counter| counter.hash);
                }
            }
        }
    }

    /// Says that what the store has of these checks is in memory now.
    pub fn loaded<'a>(&self, checks: impl IntoIterator<Item = &'a Check<'a>>) {
        for check in checks {
            let hash = self.table.hash(check);
            // What was found is off the list already.
            if let Some(dead_at_ms) = self.table.shard_of(hash).lock().spilled.remove(&hash) {
                self.tally.forget(self.tally.owners(check.workspace, check.scope, check.subject), dead_at_ms);
            }
        }
    }
}

fn named(row: CounterRow) -> CounterName {
    CounterName {
        workspace: row.workspace.into(),
        scope: row.scope,
        subject: row.subject.into(),
        name: row.name.into(),
        duration_ms: row.duration_ms,
    }
}

fn rebase(counter: &mut Counter, dirty: &mut Vec<u64>, now_ms: i64) {
    let rebased = counter.window.rebased(now_ms, counter.name.duration_ms);
    if rebased == counter.window {
        return;
    }
    counter.window = rebased;
    if !std::mem::replace(&mut counter.dirty, true) {
        dirty.push(counter.hash);
    }
}

fn merged(held: Window, stored: Window) -> Window {
    match held.index - stored.index {
        0 => Window {
            index: held.index,
            current: held.current.max(stored.current),
            previous: held.previous.max(stored.previous),
        },
        1 => Window { previous: held.previous.max(stored.current), ..held },
        2.. => held,
        _ => stored,
    }
}
