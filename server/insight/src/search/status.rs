//! How far every index is, for operators and metrics.

use super::followed::Followed;
use super::{Kind, Search, Week};
use base::audit::last_entry;
use base::error::Result;
use base::events::last_chunk;
use base::store::{Database, Store};

/// How far an index is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexStatus {
    /// A kind of event, `audit` or `entities`.
    pub name: &'static str,
    pub documents: u64,
    /// Folders that it is made of.
    pub indexes: usize,
    /// Chunks of events, or audit entries, that it does not hold yet.
    pub behind: u64,
    pub rebuilding: bool,
    /// On disk.
    pub bytes: u64,
}

/// How far behind the indexes are, without their sizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// Chunks of events that cannot be searched yet.
    pub chunks: u64,
    /// Audit entries that an index does not hold yet.
    pub entries: u64,
    pub rebuilding: bool,
}

impl Lag {
    /// What is always on its way: a chunk is stored twenty times a second at most
    /// and searched a second later.
    const ON_ITS_WAY: u64 = 200;

    /// Whether anybody would miss something.
    pub fn is_noticeable(&self) -> bool {
        self.chunks > Self::ON_ITS_WAY || self.entries > Self::ON_ITS_WAY
    }
}

impl Search {
    pub async fn lag(&self, events: &Database, store: &Store) -> Result<Lag> {
        let chunk = last_chunk(events.reader()).await?;
        let (row, _) = last_entry(store.read()).await?;
        let followed = self.followed();
        let reached = followed.iter().map(|index| index_row(index)).min().unwrap_or(row);
        Ok(Lag {
            chunks: behind(chunk, self.cursor()),
            entries: behind(row, reached),
            rebuilding: self.status().rebuilding || followed.iter().any(|index| index.is_rebuilding()),
        })
    }

    pub async fn report(&self, events: &Database, store: &Store) -> Result<Vec<IndexStatus>> {
        let status = self.status();
        let chunk = last_chunk(events.reader()).await?;
        let mut report = Vec::new();
        for kind in Kind::ALL {
            let weeks = self.0.weeks.read();
            let own = || weeks.iter().filter(|((of, _), _)| *of == kind);
            report.push(IndexStatus {
                name: kind.as_str(),
                documents: own().map(|(_, week)| week.events()).sum(),
                indexes: own().count(),
                behind: behind(chunk, status.cursor),
                rebuilding: status.rebuilding,
                bytes: own().map(|((kind, week), _)| Week::bytes(&self.0.dir, *kind, *week)).sum(),
            });
        }
        let (row, _) = last_entry(store.read()).await?;
        for followed in self.followed() {
            let at = index_row(followed);
            report.push(IndexStatus {
                name: followed.name,
                documents: followed.documents(),
                indexes: 1,
                behind: behind(row, at),
                rebuilding: followed.is_rebuilding(),
                bytes: followed.bytes(),
            });
        }
        Ok(report)
    }

    /// Waits until everything that was committed before is found; says whether it
    /// is, for a long rebuild is not waited for beyond ten seconds.
    pub async fn settle(&self, store: &Store) -> Result<bool> {
        let (row, _) = last_entry(store.read()).await?;
        let is_there = |search: &Search| search.followed().iter().all(|index| index.has_reached(row));
        self.reach(is_there).await;
        Ok(is_there(self))
    }
}

fn behind(last: i64, at: i64) -> u64 {
    last.saturating_sub(at).max(0).unsigned_abs()
}

/// The last audit entry an index holds; 0 before its first pass is over.
fn index_row(followed: &Followed) -> i64 {
    followed.position().filter(|at| at.scan.is_none()).map_or(0, |at| at.row)
}
