//! The task that keeps the indexes which follow the audit log up to date.
//!
//! Reads what changed, looks at what it is now, and writes that, on a thread of
//! the lowest priority. Where an index begins, its tables are read once from end
//! to end, a bounded part at a time; changes that happen meanwhile come after.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Search;
use super::entities::{Changes, EntityFeeds, EntityKind, EntityRow, Rows};
use super::followed::{Followed, Position, Scan};
use super::index_thread::{Worker, mend_after};
use base::audit::{AuditRow, Event, entries_after, entry_at, last_entry};
use base::error::{Error, Result};
use base::store::Store;

/// How long a change may wait to be found; with the time to index it, it is
/// there within a second.
const EVERY: Duration = Duration::from_millis(500);
/// Audit entries per commit.
const BATCH: u64 = 500;
/// Rows that are read from a table at once, and those of one commit.
const PAGE: u64 = 500;
const COMMIT: usize = 10_000;
/// Rounds without changes after which writers are closed.
const IDLE_ROUNDS: u32 = 20;

/// The running follower; stop it with [`Follower::shutdown`].
pub struct Follower {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Follower {
    pub fn start(search: Search, store: Store, feeds: EntityFeeds) -> Self {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(run(search, store, feeds, stopped));
        Self { stop, task }
    }

    /// Indexes nothing more; what is not indexed yet will be at the next start.
    pub async fn shutdown(self) -> Result<()> {
        self.stop.send_replace(true);
        self.task.await.map_err(Error::internal)
    }
}

async fn run(search: Search, store: Store, feeds: EntityFeeds, mut stopped: watch::Receiver<bool>) {
    let worker = match Worker::start() {
        Ok(worker) => worker,
        Err(error) => return tracing::error!(?error, "changes cannot be indexed: no thread"),
    };
    let follow = Follow { search, store, feeds, worker };
    let (mut idle_rounds, mut failures, mut checked) = (0, 0, false);
    while !*stopped.borrow() {
        let stepped = match checked {
            true => follow.step().await,
            false => follow.check_all().await.map(|()| true),
        };
        let busy = match stepped {
            Ok(busy) => {
                (checked, failures) = (true, 0);
                busy
            }
            Err(error) => {
                failures += 1;
                tracing::error!(?error, "indexing changes failed, trying again");
                mend_after(failures, &follow.search, &follow.worker).await;
                false
            }
        };
        idle_rounds = if busy { 0 } else { idle_rounds + 1 };
        if idle_rounds == IDLE_ROUNDS {
            follow.rest().await;
        }
        if busy {
            tokio::task::yield_now().await;
        } else {
            tokio::select! {
                // A sender that is gone means stop, too.
                _ = stopped.wait_for(|stopped| *stopped) => {}
                () = follow.search.hurried() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }
    follow.rest().await;
}

struct Follow {
    search: Search,
    store: Store,
    feeds: EntityFeeds,
    worker: Worker,
}

impl Follow {
    /// An index that is ahead of the log, or has another entry where it stopped,
    /// is of another database: of a copy that was put back, say.
    async fn check_all(&self) -> Result<()> {
        for followed in self.search.followed() {
            if let Some(position) = followed.position().filter(|position| position.row > 0)
                && entry_at(self.store.read(), position.row).await?.as_ref() != Some(&position.entry)
            {
                tracing::warn!(index = followed.name, "an index is of another database and is built again");
                followed.rebuild()?;
            }
            followed.say_checked();
        }
        self.search.say_moved();
        Ok(())
    }

    /// One commit of each index that has something to do; says whether any had.
    async fn step(&self) -> Result<bool> {
        let audit = self.step_audit().await?;
        let entities = self.step_entities().await?;
        if audit || entities {
            self.search.say_moved();
        }
        Ok(audit || entities)
    }

    async fn step_audit(&self) -> Result<bool> {
        let from = self.search.audit().followed.position();
        let row = from.as_ref().map_or(0, |from| from.row);
        let entries = entries_after(self.store.read(), row, BATCH).await?;
        if entries.is_empty() && from.is_some() {
            self.search.audit().followed.caught_up();
            return Ok(false);
        }
        let search = self.search.clone();
        self.worker.run(move || search.audit().add(from.as_ref(), &entries)).await?;
        Ok(true)
    }

    async fn step_entities(&self) -> Result<bool> {
        let followed = &self.search.entity_index().followed;
        let Some(from) = followed.position() else {
            // What changes from here on comes again, after the tables were read.
            let (row, entry) = last_entry(self.store.read()).await?;
            let to = followed.at(row, entry, Some(Scan::default()));
            self.write(None, to, Changes::default()).await?;
            return Ok(true);
        };
        match from.scan.clone() {
            Some(scan) => self.scan(from, scan).await.map(|()| true),
            None => self.follow(from).await,
        }
    }

    /// Reads a part of the tables.
    async fn scan(&self, from: Position, scan: Scan) -> Result<()> {
        let Some(kind) = EntityKind::ALL.get(scan.kind).copied() else {
            let to = Position { scan: None, ..from.clone() };
            return self.write(Some(from), to, Changes::default()).await;
        };
        let mut after = scan.after;
        let mut rows: Vec<EntityRow> = Vec::new();
        let mut through = false;
        while !through && rows.len() < COMMIT {
            let page = self.feeds.of(kind).rows(self.store.read(), Rows::After(&after, PAGE)).await?;
            through = (page.len() as u64) < PAGE;
            if let Some(last) = page.last() {
                after = last.id.clone();
            }
            rows.extend(page);
        }
        let next = if through {
            Scan { kind: scan.kind + 1, after: String::new() }
        } else {
            Scan { kind: scan.kind, after }
        };
        let to = Position { scan: Some(next), ..from.clone() };
        let search = self.search.clone();
        self.worker.run(move || search.entity_index().add(Some(&from), to, kind, &rows)).await
    }

    /// Follows the log by a batch of entries.
    async fn follow(&self, from: Position) -> Result<bool> {
        let followed = &self.search.entity_index().followed;
        let entries = entries_after(self.store.read(), from.row, BATCH).await?;
        let Some(last) = entries.last() else {
            followed.caught_up();
            return Ok(false);
        };
        if entries.iter().any(|entry| entry.event == Event::WorkspaceRestore.as_str()) {
            // What is in it has no entries of its own: the tables are read once more.
            let search = self.search.clone();
            self.worker.run(move || search.entity_index().followed.rebuild()).await?;
            return Ok(true);
        }
        let to = followed.at(last.seq, last.id.clone(), None);
        let mut changes = Changes::default();
        let touched: BTreeSet<(EntityKind, String)> = entries.iter().flat_map(touched).collect();
        for kind in EntityKind::ALL {
            let ids = touched.iter().filter(|(of, _)| *of == kind).map(|(_, id)| id.clone()).collect();
            self.look(kind, ids, &mut changes).await?;
        }
        for entry in &entries {
            self.look_at_dependents(entry, &from, &mut changes).await?;
        }
        changes.gone_workspaces = entries
            .iter()
            .filter(|entry| entry.event == Event::WorkspaceDelete.as_str())
            .map(|entry| entry.workspace.clone())
            .collect();
        self.write(Some(from), to, changes).await?;
        Ok(true)
    }

    /// What the rows with these ids are now.
    async fn look(&self, kind: EntityKind, ids: Vec<String>, changes: &mut Changes) -> Result<()> {
        for some in ids.chunks(PAGE as usize) {
            let rows = self.feeds.of(kind).rows(self.store.read(), Rows::Of(some)).await?;
            let mut alive: std::collections::HashMap<String, EntityRow> =
                rows.into_iter().map(|row| (row.id.clone(), row)).collect();
            let now = some.iter().map(|id| (kind, id.clone(), alive.remove(id)));
            changes.rows.extend(now);
        }
        Ok(())
    }

    /// Keys that lost their identity and overrides that lost their namespace
    /// have no entry of their own. Written in parts, for there may be many.
    async fn look_at_dependents(&self, entry: &AuditRow, at: &Position, changes: &mut Changes) -> Result<()> {
        let kind = match entry.event.as_str() {
            event if event == Event::IdentityDelete.as_str() => EntityKind::Key,
            event if event == Event::NamespaceDelete.as_str() => EntityKind::Override,
            _ => return Ok(()),
        };
        let owners = entry
            .targets
            .iter()
            .filter(|target| matches!(target.kind.as_str(), "identity" | "ratelimitNamespace"));
        for owner in owners {
            let mut after = String::new();
            loop {
                let feed = self.feeds.of(kind);
                let ids = feed.ids_of_owner(self.store.read(), &owner.id, &after, PAGE).await?;
                let Some(last) = ids.last().cloned() else { break };
                after = last;
                self.look(kind, ids, changes).await?;
                if changes.rows.len() >= COMMIT {
                    self.write(Some(at.clone()), at.clone(), std::mem::take(changes)).await?;
                }
            }
        }
        Ok(())
    }

    async fn write(&self, from: Option<Position>, to: Position, changes: Changes) -> Result<()> {
        let search = self.search.clone();
        self.worker.run(move || search.entity_index().replace(from.as_ref(), to, &changes)).await
    }

    async fn rest(&self) {
        let search = self.search.clone();
        let rest = move || search.followed().into_iter().try_for_each(Followed::close_writer);
        if let Err(error) = self.worker.run(rest).await {
            tracing::warn!(?error, "an index writer did not close cleanly");
        }
    }
}

/// The rows that an entry is about.
fn touched(entry: &AuditRow) -> Vec<(EntityKind, String)> {
    let targets = entry.targets.iter();
    let kinds = |kind: &str| EntityKind::of_target(kind);
    targets.flat_map(|target| kinds(&target.kind).iter().map(|kind| (*kind, target.id.clone()))).collect()
}
