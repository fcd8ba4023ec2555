//! The thread that indexes: one, and the least urgent of all.
//!
//! Requests come first. Threads that the index starts inherit its priority, so
//! on a busy core indexing waits and catches up later; chunks wait on disk.

use std::sync::mpsc::{Sender, channel};

use tokio::sync::oneshot;

use super::Search;
use base::error::{Error, Result};

/// The most a thread can give way.
const NICE: i32 = 19;

type Job = Box<dyn FnOnce() + Send>;

/// Runs jobs one after the other; ends when dropped.
pub(super) struct Worker(Sender<Job>);

impl Worker {
    pub fn start() -> Result<Self> {
        let (jobs, queue) = channel::<Job>();
        let work = move || {
            // Of this thread only: on Linux priorities belong to threads.
            if let Err(error) = rustix::process::nice(NICE) {
                tracing::debug!(%error, "the indexing thread keeps its priority");
            }
            queue.into_iter().for_each(|job| job());
        };
        std::thread::Builder::new().name("unkey-index".to_owned()).spawn(work).map_err(Error::internal)?;
        Ok(Self(jobs))
    }

    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move || {
            // Whoever asked may have gone; the work was done.
            let _ = reply.send(work());
        });
        self.0.send(job).map_err(|_| Error::internal("the indexing thread has ended"))?;
        answer.await.map_err(Error::internal)?
    }
}

/// Failures in a row after which the files themselves are looked at, and then at
/// each multiple: a full disk fails as often and damages nothing.
const SUSPICIOUS: u32 = 4;

/// Has damaged indexes built again after so many `failures` in a row.
pub(super) async fn mend_after(failures: u32, search: &Search, worker: &Worker) {
    if !failures.is_multiple_of(SUSPICIOUS) {
        return;
    }
    let search = search.clone();
    if let Err(error) = worker.run(move || search.mend(false)).await {
        tracing::error!(?error, "indexes could not be looked at");
    }
}
