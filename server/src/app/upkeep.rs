//! What goes on while the server runs: tending by the clock, threads in the
//! background, and their end in an order that loses nothing.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::App;
use base::error::Result;
use base::events::{Recorder, Uses, Writer};
use base::store::{Database, Store};
use domain::bulk::{Bulk, Runner};
use insight::search::{Follower, Indexer, Search};

/// How often longer rate-limit windows are stored
/// (docs/decisions.md#what-a-crash-may-lose).
const SNAPSHOT_EVERY: Duration = Duration::from_secs(3);
/// How often the limiter is trimmed, and due jobs are looked for.
const TEND_EVERY: Duration = Duration::from_secs(20);
/// How often the clock is looked at: for so long a limit may refuse by a window
/// that was counted ahead.
const CLOCK_EVERY: Duration = Duration::from_millis(250);
/// How often the last use of keys is written.
const LAST_USED_EVERY: Duration = Duration::from_secs(60);
/// How often webhooks that are due are looked for.
const WEBHOOKS_EVERY: Duration = Duration::from_secs(1);

/// What runs beside the requests from the start to the end.
pub(super) struct Background {
    runner: Runner,
    writer: Writer,
    indexer: Indexer,
    follower: Follower,
}

impl Background {
    pub fn start(
        store: &Store,
        events: &Database,
        recorder: &Recorder,
        search: &Search,
        bulk: &Bulk,
    ) -> Self {
        Self {
            writer: Writer::start(recorder.clone(), events.clone()),
            indexer: Indexer::start(search.clone(), events.clone()),
            follower: Follower::start(search.clone(), store.clone(), domain::ENTITY_FEEDS),
            runner: Runner::start(bulk.clone()),
        }
    }
}

impl App {
    /// Tends what needs tending until `shutdown` resolves: jobs, snapshots,
    /// eviction, last use of keys, and the clock.
    pub async fn tend(&self, shutdown: impl Future<Output = ()>) {
        // None waits for jobs, which may take long.
        tokio::join!(
            self.keep(shutdown),
            self.watch_clock(),
            self.run_jobs(),
            self.run_backups(),
            self.follow_deletions(),
            self.send_webhooks(),
            self.keep_certificate()
        );
    }

    /// Renews the certificate, or follows its files.
    async fn keep_certificate(&self) {
        let Some(tls) = self.tls.get() else { return };
        tokio::select! {
            () = self.closing() => {}
            () = tls.keep() => {}
        }
    }

    /// What is cut short is due at the next start.
    async fn run_jobs(&self) {
        self.again_and_again("scheduled jobs", || self.jobs.run_due(self.clock.moment())).await;
    }

    /// One that is cut short leaves nothing.
    async fn run_backups(&self) {
        let due = move || async move {
            let may_be_ahead = self.jobs.may_be_ahead(self.clock.moment()).await?;
            self.backup_job.run_due(may_be_ahead).await
        };
        self.again_and_again("scheduled backups", due).await;
    }

    /// Looks for work until the server closes, which cuts it short.
    async fn again_and_again<F: Future<Output = Result<()>>>(&self, what: &str, due: impl Fn() -> F) {
        let mut ticks = tokio::time::interval(TEND_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let turn = async {
                ticks.tick().await;
                due().await
            };
            let done = tokio::select! {
                () = self.closing() => return,
                done = turn => done,
            };
            if let Err(error) = done {
                tracing::error!(?error, "{what} could not run");
            }
        }
    }

    /// Deletes the keys of APIs as these are deleted.
    async fn follow_deletions(&self) {
        loop {
            let deletion = async {
                self.apis.deleted().await;
                self.keys.delete_orphans(self.clock.now_ms()).await
            };
            let done = tokio::select! {
                // What is left is done at the next start.
                () = self.closing() => return,
                done = deletion => done,
            };
            if let Err(error) = done {
                tracing::error!(
                    ?error,
                    "keys of a deleted API could not be deleted, trying again by the clock"
                );
            }
        }
    }

    /// Sends webhooks as they become due. What is cut short is due again.
    async fn send_webhooks(&self) {
        let mut pause = WEBHOOKS_EVERY;
        loop {
            let round = async {
                tokio::time::sleep(pause).await;
                self.webhooks.deliver_due().await
            };
            let sent = tokio::select! {
                () = self.closing() => return,
                sent = round => sent,
            };
            pause = match sent {
                Ok(_) => WEBHOOKS_EVERY,
                Err(error) => {
                    tracing::error!(?error, "webhooks could not be looked for");
                    TEND_EVERY
                }
            };
        }
    }

    async fn watch_clock(&self) {
        let mut ticks = tokio::time::interval(CLOCK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.closing() => return,
                _ = ticks.tick() => {}
            }
            if let Err(error) = self.follow_clock().await {
                tracing::error!(?error, "rate-limit windows could not follow the clock back, trying again");
            }
        }
    }

    /// Has rate limits follow the clock if it was set back. Jobs find out by
    /// themselves.
    pub async fn follow_clock(&self) -> Result<()> {
        let at = self.clock.moment();
        if at.steps_back != self.followed_steps.load(Ordering::Relaxed) {
            self.limiter.rebase(at.now_ms).await?;
            self.followed_steps.store(at.steps_back, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Keeps on disk what is in memory only.
    async fn keep(&self, shutdown: impl Future<Output = ()>) {
        let mut snapshot = tokio::time::interval(SNAPSHOT_EVERY);
        let mut tend = tokio::time::interval(TEND_EVERY);
        let mut last_used = tokio::time::interval(LAST_USED_EVERY);
        tokio::pin!(shutdown);
        loop {
            let (what, done) = tokio::select! {
                () = &mut shutdown => {
                    self.closing.send_replace(true);
                    return;
                }
                _ = snapshot.tick() => ("storing rate-limit windows", self.store_windows().await),
                _ = tend.tick() => ("trimming rate-limit windows", self.limiter.evict(self.clock.now_ms()).await),
                _ = last_used.tick() => ("storing the last use of keys and sessions", self.flush_last_used().await),
            };
            if let Err(error) = done {
                tracing::error!(?error, "{what} failed");
            }
        }
    }

    /// Resolves once the server is about to stop: what would go on for long ends.
    pub async fn closing(&self) {
        // The sender lives as long as the app, so waiting cannot fail.
        let _ = self.closing.subscribe().wait_for(|closing| *closing).await;
    }

    async fn store_windows(&self) -> Result<()> {
        // Logged where it failed first; readiness tells until it works again.
        let _ = self.store.database().try_again().await;
        self.limiter.snapshot(self.clock.now_ms()).await
    }

    async fn flush_last_used(&self) -> Result<()> {
        let last_used = self.recorder.last_used();
        let uses = last_used.take();
        if let Err(error) = self.store_uses(&uses).await {
            last_used.put_back(uses);
            return Err(error);
        }
        self.sessions.flush_seen().await
    }

    async fn store_uses(&self, uses: &Uses) -> Result<()> {
        domain::keys::note_used(&self.store, &uses.keys).await?;
        domain::root_keys::note_used(&self.store, &uses.root_keys).await
    }

    /// Stores what is still in memory and closes the databases. Call when no
    /// more requests are served.
    pub async fn close(&self) -> Result<()> {
        self.closing.send_replace(true);
        let mut outcome = Ok(());
        // Whatever fails, the rest is still stored and closed.
        let mut note = |what: &str, done: Result<()>| {
            if let Err(error) = done {
                tracing::error!(?error, "{what} failed");
                outcome = Err(error);
            }
        };
        let background = self.background.lock().take();
        if let Some(Background { runner, writer, indexer, follower }) = background {
            note("ending bulk work", runner.shutdown().await);
            note("storing events", writer.shutdown().await);
            note("ending the index of events", indexer.shutdown().await);
            note("ending the index of changes", follower.shutdown().await);
        }
        note("storing the last use of keys", self.flush_last_used().await);
        note("storing rate-limit windows", self.limiter.shutdown(self.clock.now_ms()).await);
        note("closing app.db", self.store.database().close().await);
        note("closing events.db", self.events.close().await);
        outcome
    }
}
