//! The task that carries chunks into the index.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Search;
use super::index_thread::{Worker, mend_after};
use base::error::{Error, Result};
use base::events::{newest_chunk_id, read_after};
use base::store::Database;

/// How long events may wait to be searchable; with the time to gather a chunk
/// they are there within a second.
const EVERY: Duration = Duration::from_millis(500);
/// Chunks per commit: half a million events at most.
const BATCH: u64 = 1024;
/// Rounds without events after which writers are closed.
const IDLE_ROUNDS: u32 = 20;

/// The running indexer; stop it with [`Indexer::shutdown`].
pub struct Indexer {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Indexer {
    pub fn start(search: Search, events: Database) -> Self {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(run(search, events, stopped));
        Self { stop, task }
    }

    /// Indexes nothing more; what is not indexed yet will be at the next start.
    pub async fn shutdown(self) -> Result<()> {
        self.stop.send_replace(true);
        self.task.await.map_err(Error::internal)
    }
}

async fn run(search: Search, events: Database, mut stopped: watch::Receiver<bool>) {
    let worker = match Worker::start() {
        Ok(worker) => worker,
        Err(error) => return tracing::error!(?error, "events cannot be indexed: no thread"),
    };
    let (mut idle_rounds, mut failures, mut checked) = (0_u32, 0, false);
    while !*stopped.borrow() {
        let stepped = match checked {
            true => step(&search, &events, &worker).await,
            false => check(&search, &events).await.map(|()| true),
        };
        let busy = match stepped {
            Ok(busy) => {
                (checked, failures) = (true, 0);
                busy
            }
            Err(error) => {
                failures += 1;
                tracing::error!(?error, "indexing events failed, trying again");
                mend_after(failures, &search, &worker).await;
                false
            }
        };
        idle_rounds = if busy { 0 } else { idle_rounds.saturating_add(1) };
        if idle_rounds == IDLE_ROUNDS {
            rest(&search, &worker).await;
        }
        // One week a round, so that events that come meanwhile wait for no second.
        if idle_rounds == IDLE_ROUNDS && seal(&search, &worker).await {
            idle_rounds -= 1;
        }
        if !busy {
            // A sender that is gone means stop, too.
            let _ = tokio::time::timeout(EVERY, stopped.wait_for(|stopped| *stopped)).await;
        } else if search.status().rebuilding {
            tokio::task::yield_now().await;
        } else {
            let _ = tokio::time::timeout(EVERY, stopped.wait_for(|stopped| *stopped)).await;
        }
    }
    rest(&search, &worker).await;
}

async fn check(search: &Search, events: &Database) -> Result<()> {
    search.check_events(newest_chunk_id(events.reader()).await?)
}

/// Indexes one batch; says whether there was one.
async fn step(search: &Search, events: &Database, worker: &Worker) -> Result<bool> {
    let from = search.cursor();
    let chunks = read_after(events.reader(), from, BATCH).await?;
    let full = chunks.len() as u64 == BATCH;
    if chunks.is_empty() {
        search.caught_up();
        return Ok(false);
    }
    if from == 0 && chunks.len() > 1 {
        tracing::info!("building the indexes of events");
    }
    let indexing = search.clone();
    worker.run(move || indexing.index(from, &chunks)).await?;
    if !full {
        search.caught_up();
    }
    Ok(true)
}

async fn rest(search: &Search, worker: &Worker) {
    let resting = search.clone();
    if let Err(error) = worker.run(move || resting.rest()).await {
        tracing::warn!(?error, "an index writer did not close cleanly");
    }
}

/// Seals a week that is over; says whether there may be another. One that cannot
/// be sealed is tried again after the next events.
async fn seal(search: &Search, worker: &Worker) -> bool {
    let sealing = search.clone();
    worker.run(move || sealing.seal_one()).await.unwrap_or_else(|error| {
        tracing::warn!(?error, "a week that is over could not be merged");
        false
    })
}
