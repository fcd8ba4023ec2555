//! What is wrong with the indexes, for operators: found and not mended.
//!
//! Of those of a running server by what it has open, else by the files alone.

use std::collections::BTreeMap;
use std::path::Path;

use super::followed::Position;
use super::manifest::Manifest;
use super::{Kind, Search, Week, audit, entities};
use base::audit::entry_at;
use base::error::{Error, Result};
use base::events::{ChunkKind, newest_chunk_id, stored_events};
use base::store::Database;

/// An index with a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexFinding {
    /// A kind of event and the number of its week, or the name of the index.
    pub index: String,
    pub fault: IndexFault,
}

/// What is wrong with an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexFault {
    /// There is none, of which the next start makes one.
    Missing,
    /// Files are missing, are not as they were written, or are of another form.
    Damaged,
    /// It holds what the databases do not: it is of other ones.
    Foreign,
    /// It holds fewer events than were stored; so many are missing.
    Incomplete(u64),
}

impl IndexFinding {
    fn new(index: impl Into<String>, fault: IndexFault) -> Self {
        Self { index: index.into(), fault }
    }
}

fn name(kind: Kind, week: i64) -> String {
    format!("{}-{week}", kind.as_str())
}

/// What is wrong with indexes that nobody has open. `thorough` reads every file.
pub async fn faults_in_folder(
    dir: &Path,
    app: &Database,
    events: &Database,
    thorough: bool,
) -> Result<Vec<IndexFinding>> {
    let newest = newest_chunk_id(events.reader()).await?;
    let seen = {
        let dir = dir.to_owned();
        tokio::task::spawn_blocking(move || Seen::read(&dir, thorough)).await.map_err(Error::internal)?
    };
    let seen = seen.filter(|seen| seen.has_manifest || newest == 0);
    let Some(seen) = seen else { return Ok(vec![IndexFinding::new("index", IndexFault::Missing)]) };
    let mut found = Vec::new();
    for (key, cursor) in seen.weeks {
        match cursor {
            None => found.push(IndexFinding::new(name(key.0, key.1), IndexFault::Damaged)),
            Some(cursor) if cursor > newest => {
                found.push(IndexFinding::new(name(key.0, key.1), IndexFault::Foreign));
            }
            Some(_) => {}
        }
    }
    for (name, position) in seen.followed {
        match position {
            None => found.push(IndexFinding::new(name, IndexFault::Damaged)),
            Some(position) if !is_of(app, &position).await? => {
                found.push(IndexFinding::new(name, IndexFault::Foreign));
            }
            Some(_) => {}
        }
    }
    Ok(found)
}

/// Indexes as their files show them.
struct Seen {
    /// The last chunk of each; `None` is a damaged one.
    weeks: BTreeMap<(Kind, i64), Option<i64>>,
    followed: [(&'static str, Option<Position>); 2],
    /// Before the first event there is none.
    has_manifest: bool,
}

impl Seen {
    fn read(dir: &Path, thorough: bool) -> Option<Self> {
        if !dir.is_dir() {
            return None;
        }
        let manifest = Manifest::read(dir);
        let week = |(kind, week)| ((kind, week), Week::look(dir, kind, week, thorough));
        Some(Self {
            has_manifest: manifest.is_some(),
            weeks: manifest.unwrap_or_default().weeks().into_iter().map(week).collect(),
            followed: [
                (audit::NAME, audit::look(dir, thorough)),
                (entities::NAME, entities::look(dir, thorough)),
            ],
        })
    }
}

/// Whether a position is one in the audit log of this database.
async fn is_of(app: &Database, position: &Position) -> Result<bool> {
    Ok(position.row == 0 || entry_at(app.reader(), position.row).await?.as_ref() == Some(&position.entry))
}

impl Search {
    /// What is wrong with the indexes of this server. `thorough` reads every file, and
    /// counts what is stored.
    pub async fn faults(
        &self,
        app: &Database,
        events: &Database,
        thorough: bool,
    ) -> Result<Vec<IndexFinding>> {
        let newest = newest_chunk_id(events.reader()).await?;
        let search = self.clone();
        let looked = tokio::task::spawn_blocking(move || search.faults_of_files(newest, thorough));
        let mut found = looked.await.map_err(Error::internal)?;
        for followed in self.followed() {
            if let Some(position) = followed.position()
                && !is_of(app, &position).await?
            {
                found.push(IndexFinding::new(followed.name, IndexFault::Foreign));
            }
        }
        if thorough && found.is_empty() && !self.status().rebuilding {
            found.extend(self.incomplete(events).await?);
        }
        Ok(found)
    }

    fn faults_of_files(&self, newest_chunk: i64, thorough: bool) -> Vec<IndexFinding> {
        let weeks: Vec<_> = self.0.weeks.read().iter().map(|(key, week)| (*key, week.clone())).collect();
        let mut found = Vec::new();
        for ((kind, number), week) in weeks {
            if !week.is_sound(thorough) {
                found.push(IndexFinding::new(name(kind, number), IndexFault::Damaged));
            } else if week.cursor() > newest_chunk {
                found.push(IndexFinding::new(name(kind, number), IndexFault::Foreign));
            }
        }
        let damaged = self.followed().into_iter().filter(|index| !index.is_sound(thorough));
        found.extend(damaged.map(|index| IndexFinding::new(index.name, IndexFault::Damaged)));
        found
    }

    /// Events that are stored, should be indexed, and are not.
    async fn incomplete(&self, events: &Database) -> Result<Vec<IndexFinding>> {
        let mut found = Vec::new();
        for of in ChunkKind::ALL {
            // In this order: what comes meanwhile is indexed at most, never missing.
            let cursor = self.cursor();
            let from_ms = Kind::of_chunks(of).iter().map(|kind| self.floor(*kind)).max().unwrap_or(i64::MIN);
            let stored = stored_events(events.reader(), of, from_ms, cursor).await?;
            let weeks = self.0.weeks.read();
            let own = weeks.iter().filter(|((kind, _), _)| Kind::of_chunks(of).contains(kind));
            let indexed: u64 = own.map(|(_, week)| week.events()).sum();
            // A rebuild that began meanwhile is no fault.
            if indexed < stored && self.cursor() >= cursor {
                let names: Vec<_> = Kind::of_chunks(of).iter().map(|kind| kind.as_str()).collect();
                found.push(IndexFinding::new(names.join(" and "), IndexFault::Incomplete(stored - indexed)));
            }
        }
        Ok(found)
    }
}
