//! The threads that run queries: few, patient, and with room for deep trees.
//!
//! They give way to everything else, as the indexer does: a heavy query takes
//! what requests leave over. A query that cannot wait longer is refused.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::error::{Code, Error, Result};

/// The most a thread can give way.
const NICE: i32 = 19;
/// Queries that may wait.
const WAITING: usize = 64;
/// Trees are walked by recursion, and their depth is the writer's choice.
pub(super) const STACK_BYTES: usize = 128 << 20;
const MAX_THREADS: usize = 4;

type Job = Box<dyn FnOnce() + Send>;

/// Runs jobs; its threads end when it is dropped.
pub(super) struct Pool(SyncSender<Job>);

impl Pool {
    /// With half of the cores, but one at least.
    pub fn start() -> Result<Self> {
        let (jobs, queue) = sync_channel::<Job>(WAITING);
        let queue = Arc::new(Mutex::new(queue));
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        for number in 0..(cores / 2).clamp(1, MAX_THREADS) {
            let queue = queue.clone();
            std::thread::Builder::new()
                .name(format!("unkey-sql-{number}"))
                .stack_size(STACK_BYTES)
                .spawn(move || work(&queue))
                .map_err(Error::internal)?;
        }
        Ok(Self(jobs))
    }

    /// Runs `work` when a thread is free. A panic in it is an error of this query.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move || {
            // Whoever asked may have gone.
            if reply.is_closed() {
                return;
            }
            let done = catch_unwind(AssertUnwindSafe(work));
            let done = done.unwrap_or_else(|_| Err(Error::internal("a query panicked")));
            let _ = reply.send(done);
        });
        match self.0.try_send(job) {
            Ok(()) => answer.await.map_err(Error::internal)?,
            Err(TrySendError::Full(_)) => Err(Error::new(
                Code::QueryTimeout,
                "Too many queries are waiting for their turn. Try again later.",
            )),
            Err(TrySendError::Disconnected(_)) => Err(Error::internal("the threads of queries have ended")),
        }
    }
}

fn work(queue: &Mutex<Receiver<Job>>) {
    // Of this thread only: on Linux priorities belong to threads.
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!(%error, "a thread of queries keeps its priority");
    }
    loop {
        // In a statement of its own: the lock must not be held while the job runs.
        let next = queue.lock().recv();
        match next {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}
