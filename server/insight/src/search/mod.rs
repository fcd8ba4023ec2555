//! The indexes: of events, one per kind and week; of the audit log; and of the
//! things people configure.
//!
//! Everything here is a view that can be thrown away: chunks in `events.db` and
//! rows of `app.db` are the record, and whatever is missing, corrupt or of an
//! older form is built from them again while the server serves. Each index of
//! events remembers in its commit which chunk it holds last, so that no event is
//! counted twice; the manifest says from which chunk on all of them have to look.
//! The other two follow the audit log in the same way.
//!
//! Questions about events are asked elsewhere, in `analytics`.

mod audit;
mod entities;
mod event_indexer;
mod faults;
mod fields;
mod folder;
mod followed;
mod follower;
mod index_thread;
mod manifest;
mod status;
mod time_blocks;
mod week;
mod words;

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use tantivy::index::SegmentId;
use tokio::sync::{Notify, watch};

pub use audit::AuditText;
pub use entities::{EntityFeed, EntityFeeds, EntityHit, EntityKind, EntityQuery, EntityRow, Rows};
pub use event_indexer::Indexer;
pub use faults::{IndexFault, IndexFinding, faults_in_folder};
pub use fields::Fields;
pub use folder::bytes as bytes_below;
pub use follower::Follower;
pub use status::{IndexStatus, Lag};
pub use week::{Week, all_are_of, week_of};
pub use words::{any, begins_with, words};

use audit::AuditIndex;
use base::error::{Error, Result};
use base::events::{Chunk, ChunkKind, Stored};
use base::file_fault;
use entities::EntityIndex;
use followed::Followed;
use manifest::Manifest;

/// What an index holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Verifications,
    Ratelimits,
    Requests,
}

impl Kind {
    pub const ALL: [Kind; 3] = [Kind::Verifications, Kind::Ratelimits, Kind::Requests];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Verifications => "verifications",
            Kind::Ratelimits => "ratelimits",
            Kind::Requests => "requests",
        }
    }

    /// What chunks of a kind hold.
    pub fn of_chunks(kind: ChunkKind) -> &'static [Kind] {
        match kind {
            ChunkKind::Events => &[Kind::Verifications, Kind::Ratelimits],
            ChunkKind::Requests => &[Kind::Requests],
        }
    }

    fn of<S>(event: &Stored<S>) -> Self {
        match event {
            Stored::Verification(_) => Kind::Verifications,
            Stored::Ratelimit(_) => Kind::Ratelimits,
            Stored::Request(_) => Kind::Requests,
        }
    }
}

/// How far the indexes of events are.
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
    /// The time before which events of a kind are gone, Unix milliseconds.
    floors: RwLock<BTreeMap<Kind, i64>>,
    cursor: AtomicI64,
    rebuilding: AtomicBool,
    /// One batch at a time: the indexer's, or a rebuild that an operator asked for.
    turn: Mutex<()>,
    audit: AuditIndex,
    entities: EntityIndex,
    /// Somebody waits for what was changed a moment ago.
    hurry: Notify,
    /// Counts the commits of indexes that follow the audit log.
    moved: watch::Sender<u64>,
}

/// How long an answer waits for an index to catch up.
const PATIENCE: Duration = Duration::from_secs(10);

impl Search {
    /// Opens what is there. Indexes that cannot be read are removed, and will be
    /// built again.
    pub fn open(dir: &Path) -> Result<Self> {
        let unusable = |path: &Path, error: &std::io::Error| {
            Error::invalid(format!("cannot use the index {}", file_fault::describe(path, error)))
        };
        std::fs::create_dir_all(dir).map_err(|error| unusable(dir, &error))?;
        if let Some((path, error)) = file_fault::unreadable(dir) {
            return Err(unusable(&path, &error));
        }
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
        if manifest.is_none() && Week::remove_all(dir)? > 0 {
            tracing::warn!("the indexes of events have no manifest of this form and are built again");
        }
        let floors = manifest.as_ref().map(Manifest::floors).unwrap_or_default();
        let cursor = manifest.as_ref().filter(|_| whole).map_or(0, |manifest| manifest.cursor);
        Ok(Self(Arc::new(Inner {
            audit: AuditIndex::open(dir, manifest.is_some())?,
            entities: EntityIndex::open(dir, manifest.is_some())?,
            hurry: Notify::new(),
            moved: watch::channel(0).0,
            dir: dir.to_owned(),
            weeks: RwLock::new(weeks),
            floors: RwLock::new(floors),
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

    /// The segments of all indexes of events, as questions see them.
    pub fn segments(&self) -> HashSet<SegmentId> {
        let weeks = self.0.weeks.read();
        weeks.values().flat_map(|week| week.segments()).collect()
    }

    /// The time before which events of this kind are gone.
    pub fn floor(&self, kind: Kind) -> i64 {
        self.0.floors.read().get(&kind).copied().unwrap_or(i64::MIN)
    }

    /// Throws every index away; they are built again in the background. Blocks.
    pub fn rebuild(&self) -> Result<()> {
        self.rebuild_events()?;
        self.followed().into_iter().try_for_each(Followed::rebuild)
    }

    fn rebuild_events(&self) -> Result<()> {
        let _turn = self.0.turn.lock();
        let mut weeks = self.0.weeks.write();
        weeks.clear();
        Week::remove_all(&self.0.dir)?;
        self.0.cursor.store(0, Ordering::Release);
        self.0.rebuilding.store(true, Ordering::Relaxed);
        self.save_manifest(0, &weeks)
    }

    /// Looks for indexes that were damaged while the server ran and has them built
    /// again; says how many there were. `thorough` reads every file. Blocks.
    pub fn mend(&self, thorough: bool) -> Result<usize> {
        let weeks = self.mend_weeks(thorough)?;
        let followed = self.followed().into_iter().map(|index| index.mend(thorough).map(usize::from));
        Ok(weeks + followed.sum::<Result<usize>>()?)
    }

    fn mend_weeks(&self, thorough: bool) -> Result<usize> {
        let all: Vec<_> = self.0.weeks.read().iter().map(|(key, week)| (*key, week.clone())).collect();
        let damaged: Vec<_> = all.into_iter().filter(|(_, week)| !week.is_sound(thorough)).collect();
        if damaged.is_empty() {
            return Ok(0);
        }
        let _turn = self.0.turn.lock();
        let mut weeks = self.0.weeks.write();
        for ((kind, week), index) in &damaged {
            tracing::error!(
                kind = kind.as_str(),
                week,
                "an index was damaged while the server ran and is built again"
            );
            index.abandon();
            weeks.remove(&(*kind, *week));
            Week::remove(&self.0.dir, *kind, *week)?;
        }
        // The others hold what comes again, and skip it.
        self.0.cursor.store(0, Ordering::Release);
        self.0.rebuilding.store(true, Ordering::Relaxed);
        self.save_manifest(0, &weeks)?;
        Ok(damaged.len())
    }

    /// An index that is ahead of the chunks is of other ones: a power cut took the
    /// last of them back, or a copy was put in their place. It is built again.
    fn check_events(&self, newest_chunk: i64) -> Result<()> {
        let of_weeks = self.0.weeks.read().values().map(|week| week.cursor()).max();
        if self.cursor().max(of_weeks.unwrap_or(0)) <= newest_chunk {
            return Ok(());
        }
        tracing::warn!("the indexes of events are of another database and are built again");
        self.rebuild_events()
    }

    /// Counts events of a kind that are older than `before_ms` no more, and
    /// removes indexes that hold nothing else; says how many.
    pub fn forget_before(&self, kind: Kind, before_ms: i64) -> Result<usize> {
        let _turn = self.0.turn.lock();
        let mut weeks = self.0.weeks.write();
        let is_old = |key: &&(Kind, i64)| key.0 == kind && week::end_of(key.1) <= before_ms;
        let old: Vec<(Kind, i64)> = weeks.keys().filter(is_old).copied().collect();
        for key in &old {
            weeks.remove(key);
            Week::remove(&self.0.dir, key.0, key.1)?;
        }
        {
            let mut floors = self.0.floors.write();
            let floor = floors.entry(kind).or_insert(before_ms);
            *floor = before_ms.max(*floor);
        }
        self.save_manifest(self.cursor(), &weeks)?;
        Ok(old.len())
    }

    /// Counts events of a kind again from `oldest_ms` on, the time of the oldest
    /// that is stored, if they are counted only from a time on that has not come.
    pub fn lower_floor(&self, kind: Kind, now_ms: i64, oldest_ms: Option<i64>) -> Result<()> {
        let _turn = self.0.turn.lock();
        if self.floor(kind) <= now_ms {
            return Ok(());
        }
        self.0.floors.write().insert(kind, oldest_ms.map_or(now_ms, |oldest_ms| oldest_ms.min(now_ms)));
        self.save_manifest(self.cursor(), &self.0.weeks.read())
    }

    fn save_manifest(&self, cursor: i64, weeks: &BTreeMap<(Kind, i64), Arc<Week>>) -> Result<()> {
        let floors = self.0.floors.read().clone();
        Manifest::new(cursor, weeks.keys().copied(), floors).write(&self.0.dir)
    }

    /// Indexes a batch that was read after the chunk `from`, and commits. Blocks;
    /// events of a chunk that an index already holds are skipped.
    pub(crate) fn index(&self, from: i64, chunks: &[Chunk]) -> Result<()> {
        let _turn = self.0.turn.lock();
        let Some(last) = chunks.last() else { return Ok(()) };
        // A rebuild was asked for meanwhile: this batch will come again in its place.
        if from != self.cursor() {
            return Ok(());
        }
        let mut touched = BTreeMap::new();
        let written = self.write(chunks, last.id, &mut touched);
        if written.is_err() {
            // The batch comes again: what was added and not committed must not stay.
            touched.values().for_each(|week| week.abandon());
            return written;
        }
        self.save_manifest(last.id, &self.0.weeks.read())?;
        self.0.cursor.store(last.id, Ordering::Release);
        Ok(())
    }

    fn write(
        &self,
        chunks: &[Chunk],
        last: i64,
        touched: &mut BTreeMap<(Kind, i64), Arc<Week>>,
    ) -> Result<()> {
        for chunk in chunks {
            for (position, event) in chunk.open()?.iter::<&str>().enumerate() {
                let event = event?;
                let key = (Kind::of(&event), week_of(event.time_ms()));
                let week = match touched.get(&key) {
                    Some(week) => week,
                    None => touched.entry(key).or_insert(self.week(key)?),
                };
                if week.cursor() < chunk.id {
                    week.add(chunk.id, position, &event)?;
                }
            }
        }
        touched.values().filter(|week| week.cursor() < last).try_for_each(|week| week.commit(last))
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

    /// Seals one week that is over; says whether there was one. It is over once a
    /// later one is written to and it no more: a clock that is ahead for a moment
    /// writes to a week that has not begun.
    pub(crate) fn seal_one(&self) -> Result<bool> {
        let open = {
            let weeks = self.0.weeks.read();
            let is_over = |&(kind, number): &(Kind, i64), week: &Week| {
                let mut later = weeks.range((kind, number + 1)..=(kind, i64::MAX));
                later.any(|(_, next)| next.cursor() >= week.cursor())
            };
            let found = weeks.iter().find(|(key, week)| is_over(key, week) && !week.is_sealed());
            found.map(|(_, week)| week.clone())
        };
        open.map_or(Ok(false), |week| week.seal().map(|()| true))
    }

    fn audit(&self) -> &AuditIndex {
        &self.0.audit
    }

    fn entity_index(&self) -> &EntityIndex {
        &self.0.entities
    }

    /// The indexes that follow the audit log.
    fn followed(&self) -> [&Followed; 2] {
        [&self.0.audit.followed, &self.0.entities.followed]
    }

    /// Waits until a follower should not wait any longer.
    async fn hurried(&self) {
        self.0.hurry.notified().await;
    }

    fn say_moved(&self) {
        self.0.moved.send_modify(|count| *count += 1);
    }

    /// Asks the follower to hurry, and waits until it got there or time is up.
    async fn reach(&self, is_there: impl Fn(&Search) -> bool) {
        let mut moved = self.0.moved.subscribe();
        let arrive = async {
            while !is_there(self) {
                self.0.hurry.notify_one();
                if moved.changed().await.is_err() {
                    return;
                }
            }
        };
        // Out of time is an answer, too: what is indexed so far.
        let _ = tokio::time::timeout(PATIENCE, arrive).await;
    }

    fn caught_up(&self) {
        // A folder that was just made has nothing to be complete again.
        if self.0.rebuilding.swap(false, Ordering::Relaxed) && self.status().events > 0 {
            tracing::info!("the index of events is complete again");
        }
    }
}

#[cfg(test)]
mod follower_tests;
#[cfg(test)]
mod tests;
