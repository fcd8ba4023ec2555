//! The index of events: one tantivy index per kind and week.
//!
//! Everything here is a view that can be thrown away: chunks in `events.db` are
//! the record, and whatever is missing, corrupt or of an older form is built
//! from them again while the server serves. Each index remembers in its commit
//! which chunk it holds last, so that no event is counted twice; the manifest
//! says from which chunk on all of them have to look.
//!
//! Questions are asked elsewhere, in `analytics`.

mod fields;
mod indexer;
mod manifest;
mod week;
mod worker;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use parking_lot::{Mutex, RwLock};

pub use fields::Fields;
pub use indexer::Indexer;
pub use week::{Week, week_of};

use crate::error::{Error, Result};
use crate::events::{Chunk, Stored};
use manifest::Manifest;

/// What an index holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Verifications,
    Ratelimits,
}

impl Kind {
    pub const ALL: [Kind; 2] = [Kind::Verifications, Kind::Ratelimits];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Verifications => "verifications",
            Kind::Ratelimits => "ratelimits",
        }
    }

    fn of(event: &Stored) -> Self {
        match event {
            Stored::Verification(_) => Kind::Verifications,
            Stored::Ratelimit(_) => Kind::Ratelimits,
        }
    }
}

/// How far the index is, for operators and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The last chunk that every index holds.
    pub cursor: i64,
    pub indexes: usize,
    pub events: u64,
    /// Something was missing at the start and is being built again.
    pub rebuilding: bool,
}

/// The indexes of this server. Cheap to clone.
#[derive(Clone)]
pub struct Search(Arc<Inner>);

struct Inner {
    dir: PathBuf,
    weeks: RwLock<BTreeMap<(Kind, i64), Arc<Week>>>,
    cursor: AtomicI64,
    rebuilding: AtomicBool,
    /// One batch at a time: the indexer's, or a rebuild that an operator asked for.
    turn: Mutex<()>,
}

impl Search {
    /// Opens what is there. Indexes that cannot be read are removed, and will be
    /// built again.
    pub fn open(dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(dir).map_err(Error::internal)?;
        let manifest = Manifest::read(dir);
        let mut weeks = BTreeMap::new();
        let mut whole = manifest.is_some();
        for (kind, week) in manifest.as_ref().map(Manifest::weeks).unwrap_or_default() {
            match Week::open(dir, kind, week) {
                Ok(found) => {
                    weeks.insert((kind, week), Arc::new(found));
                }
                Err(error) => {
                    tracing::warn!(
                        kind = kind.as_str(),
                        week,
                        ?error,
                        "an index is unreadable and is built again"
                    );
                    Week::remove(dir, kind, week)?;
                    whole = false;
                }
            }
        }
        if manifest.is_none() {
            Week::remove_all(dir)?;
        }
        let cursor = if whole { manifest.map_or(0, |manifest| manifest.cursor) } else { 0 };
        Ok(Self(Arc::new(Inner {
            dir: dir.to_owned(),
            weeks: RwLock::new(weeks),
            cursor: AtomicI64::new(cursor),
            rebuilding: AtomicBool::new(!whole),
            turn: Mutex::new(()),
        })))
    }

    /// The last chunk that every index holds.
    pub fn cursor(&self) -> i64 {
        self.0.cursor.load(Ordering::Acquire)
    }

    pub fn status(&self) -> Status {
        let weeks = self.0.weeks.read();
        Status {
            cursor: self.cursor(),
            indexes: weeks.len(),
            events: weeks.values().map(|week| week.events()).sum(),
            rebuilding: self.0.rebuilding.load(Ordering::Relaxed),
        }
    }

    /// The indexes that may hold events of the span, oldest first.
    pub fn between(&self, kind: Kind, start_ms: i64, end_ms: i64) -> Vec<Arc<Week>> {
        if end_ms <= start_ms {
            return Vec::new();
        }
        let weeks = self.0.weeks.read();
        let span = (kind, week_of(start_ms))..=(kind, week_of(end_ms - 1));
        weeks.range(span).map(|(_, week)| week.clone()).collect()
    }

    /// Throws every index away; the indexer builds them again.
    pub fn rebuild(&self) -> Result<()> {
        let _turn = self.0.turn.lock();
        let mut weeks = self.0.weeks.write();
        weeks.clear();
        Week::remove_all(&self.0.dir)?;
        self.0.cursor.store(0, Ordering::Release);
        self.0.rebuilding.store(true, Ordering::Relaxed);
        Manifest::default().write(&self.0.dir)
    }

    /// Removes indexes whose every event is older than `before_ms`.
    pub fn forget_before(&self, before_ms: i64) -> Result<usize> {
        let _turn = self.0.turn.lock();
        let mut weeks = self.0.weeks.write();
        let old: Vec<(Kind, i64)> =
            weeks.keys().copied().filter(|(_, week)| week::end_of(*week) <= before_ms).collect();
        for key in &old {
            weeks.remove(key);
            Week::remove(&self.0.dir, key.0, key.1)?;
        }
        let manifest = Manifest::new(self.cursor(), weeks.keys().copied());
        drop(weeks);
        manifest.write(&self.0.dir)?;
        Ok(old.len())
    }

    /// Indexes a batch that was read after the chunk `from`, and commits. Blocks;
    /// events of a chunk that an index already holds are skipped.
    fn index(&self, from: i64, chunks: &[Chunk]) -> Result<()> {
        let _turn = self.0.turn.lock();
        let Some(last) = chunks.last() else { return Ok(()) };
        // A rebuild was asked for meanwhile: this batch will come again in its place.
        if from != self.cursor() {
            return Ok(());
        }
        let mut touched: BTreeMap<(Kind, i64), Arc<Week>> = BTreeMap::new();
        for chunk in chunks {
            for (position, event) in chunk.events.iter().enumerate() {
                let key = (Kind::of(event), week_of(event.time_ms()));
                let week = match touched.get(&key) {
                    Some(week) => week,
                    None => touched.entry(key).or_insert(self.week(key)?),
                };
                if week.cursor() < chunk.id {
                    week.add(chunk.id, position, event)?;
                }
            }
        }
        for week in touched.values().filter(|week| week.cursor() < last.id) {
            week.commit(last.id)?;
        }
        Manifest::new(last.id, self.0.weeks.read().keys().copied()).write(&self.0.dir)?;
        self.0.cursor.store(last.id, Ordering::Release);
        Ok(())
    }

    fn week(&self, key: (Kind, i64)) -> Result<Arc<Week>> {
        if let Some(week) = self.0.weeks.read().get(&key) {
            return Ok(week.clone());
        }
        let made = Arc::new(Week::create(&self.0.dir, key.0, key.1)?);
        self.0.weeks.write().insert(key, made.clone());
        Ok(made)
    }

    /// Lets go of writers that have nothing to do: each holds its memory.
    fn rest(&self) -> Result<()> {
        let weeks: Vec<Arc<Week>> = self.0.weeks.read().values().cloned().collect();
        weeks.iter().try_for_each(|week| week.close_writer())
    }

    fn caught_up(&self) {
        // A folder that was just made has nothing to be complete again.
        if self.0.rebuilding.swap(false, Ordering::Relaxed) && self.status().events > 0 {
            tracing::info!("the index of events is complete again");
        }
    }
}

#[cfg(test)]
mod tests;
