//! The threads that run queries: few, patient, and with room for deep trees.
//!
//! They give way to everything else, as the indexer does: a heavy query takes
//! what requests leave over. Workspaces take turns, and none has all threads: its
//! queries wait for one another, not those of others for them. A query that cannot
//! wait longer is refused.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use base::ids::WorkspaceId;
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use super::turns::{Full, Turns};
use base::error::{Code, Error, Result};

/// The most a thread can give way.
const NICE: i32 = 19;
/// Trees are walked by recursion, and their depth is the writer's choice.
pub(super) const STACK_BYTES: usize = 128 << 20;
/// One is always for another workspace than the first.
const MIN_THREADS: usize = 2;
const MAX_THREADS: usize = 4;

/// Runs jobs; its threads end when it is dropped.
pub(super) struct Pool(Arc<Shared>);

struct Shared {
    turns: Mutex<Turns<Job>>,
    changed: Condvar,
}

struct Job {
    /// Whether nobody waits for it any more.
    is_given_up: Box<dyn Fn() -> bool + Send>,
    work: Box<dyn FnOnce() + Send>,
}

impl Pool {
    /// With half of the cores, but two at least.
    pub fn start() -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::with_threads((cores / 2).clamp(MIN_THREADS, MAX_THREADS))
    }

    fn with_threads(threads: usize) -> Result<Self> {
        let turns = Mutex::new(Turns::new(threads - 1));
        let pool = Self(Arc::new(Shared { turns, changed: Condvar::new() }));
        for number in 0..threads {
            let shared = pool.0.clone();
            std::thread::Builder::new()
                .name(format!("unkey-sql-{number}"))
                .stack_size(STACK_BYTES)
                .spawn(move || shared.work())
                .map_err(Error::internal)?;
        }
        Ok(pool)
    }

    /// Runs `work` of a workspace when its turn comes, within `wait`. A panic in it is
    /// an error of this query.
    ///
    /// Fails with `query_quota_exceeded` when the workspace has too many waiting.
    pub async fn run<T: Send + 'static>(
        &self,
        workspace: &WorkspaceId,
        wait: Duration,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (begin, begun) = oneshot::channel();
        let (reply, answer) = oneshot::channel();
        let work = move || {
            // Whoever asked may have gone, or have had enough of waiting.
            if begin.send(()).is_err() {
                return;
            }
            let done = catch_unwind(AssertUnwindSafe(work));
            let done = done.unwrap_or_else(|_| Err(Error::internal("a query panicked")));
            let _ = reply.send(done);
        };
        // Closed with the future that waits: a marker of its own, for `begin` moves.
        let waiting = Arc::new(());
        let marker = Arc::downgrade(&waiting);
        let is_given_up = Box::new(move || marker.strong_count() == 0);
        let added = self
            .0
            .turns
            .lock()
            .add(workspace, Job { is_given_up, work: Box::new(work) }, |job| !(job.is_given_up)());
        added.map_err(refusal)?;
        self.0.changed.notify_one();
        tokio::time::timeout(wait, begun)
            .await
            .map_err(|_| {
                Error::new(Code::QueryTimeout, "The query did not get its turn in time. Try again.")
            })?
            .map_err(Error::internal)?;
        drop(waiting);
        answer.await.map_err(Error::internal)?
    }
}

fn refusal(full: Full) -> Error {
    match full {
        Full::OfOne(most) => Error::new(
            Code::QueryQuota,
            format!("{most} queries of this workspace are waiting for their turn. Ask fewer at once."),
        ),
        Full::OfAll => Error::new(
            Code::AnalyticsUnavailable,
            "Too many queries are waiting for their turn. Try again later.",
        ),
    }
}

impl Shared {
    fn work(&self) {
        // Of this thread only: on Linux priorities belong to threads.
        if let Err(error) = rustix::process::nice(NICE) {
            tracing::debug!(%error, "a thread of queries keeps its priority");
        }
        while let Some((workspace, job)) = self.next() {
            (job.work)();
            self.turns.lock().end(&workspace);
            // Another query of this workspace may run now, or all threads have to end.
            self.changed.notify_one();
        }
    }

    /// The job whose turn it is; `None` at the end.
    fn next(&self) -> Option<(WorkspaceId, Job)> {
        let mut turns = self.turns.lock();
        loop {
            if turns.is_over() {
                return None;
            }
            if let Some(next) = turns.next() {
                return Some(next);
            }
            self.changed.wait(&mut turns);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.0.turns.lock().finish();
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    fn pool() -> Arc<Pool> {
        Arc::new(Pool::with_threads(2).unwrap())
    }

    /// A job that runs until it is let go.
    struct Blocked {
        began: mpsc::Receiver<()>,
        go: mpsc::Sender<()>,
        done: tokio::task::JoinHandle<Result<()>>,
    }

    fn block(pool: &Arc<Pool>, workspace: &str) -> Blocked {
        let (begin, began) = mpsc::channel();
        let (go, wait) = mpsc::channel::<()>();
        let (pool, workspace) = (pool.clone(), WorkspaceId::from(workspace));
        let done = tokio::spawn(async move {
            let work = move || {
                begin.send(()).unwrap();
                let _ = wait.recv();
                Ok(())
            };
            pool.run(&workspace, LONG, work).await
        });
        Blocked { began, go, done }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_workspace_whose_queries_hang_holds_up_its_own_alone() {
        let pool = pool();
        let hung = block(&pool, "ws_1");
        hung.began.recv().unwrap();
        let next: Vec<_> = (0..5).map(|_| block(&pool, "ws_1")).collect();
        let other = WorkspaceId::from("ws_2");
        for number in 0..20 {
            assert_eq!(pool.run(&other, LONG, move || Ok(number)).await.unwrap(), number);
        }
        assert!(next.iter().all(|blocked| blocked.began.try_recv().is_err()), "one at a time");
        // In whatever order they were asked.
        for blocked in next.iter().chain([&hung]) {
            blocked.go.send(()).unwrap();
        }
        for blocked in next.into_iter().chain([hung]) {
            blocked.done.await.unwrap().unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_query_waits_so_long_and_in_a_queue_that_is_not_endless() {
        let pool = pool();
        let (hung, own) = (block(&pool, "ws_1"), WorkspaceId::from("ws_1"));
        hung.began.recv().unwrap();
        let late = pool.run(&own, Duration::ZERO, || Ok(())).await.unwrap_err();
        assert_eq!(late.code(), Code::QueryTimeout);
        let mut waiting = Vec::new();
        let refused = loop {
            let (pool, own) = (pool.clone(), own.clone());
            let mut asked = Box::pin(async move { pool.run(&own, LONG, || Ok(())).await });
            match futures_util::poll!(&mut asked) {
                std::task::Poll::Ready(answer) => break answer.unwrap_err(),
                std::task::Poll::Pending => waiting.push(asked),
            }
        };
        assert_eq!((refused.code(), waiting.len()), (Code::QueryQuota, super::super::turns::OF_ONE));
        // Whoever goes makes room.
        waiting.pop();
        let asked = tokio::spawn({
            let (pool, own) = (pool.clone(), own.clone());
            async move { pool.run(&own, LONG, || Ok(7)).await }
        });
        hung.go.send(()).unwrap();
        assert_eq!(asked.await.unwrap().unwrap(), 7);
        for asked in waiting {
            asked.await.unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_panic_is_an_error_of_its_query() {
        let (pool, own) = (pool(), WorkspaceId::from("ws_1"));
        let panics = || -> Result<()> { panic!("a bug") };
        assert_eq!(pool.run(&own, LONG, panics).await.unwrap_err().code(), Code::Unexpected);
        assert_eq!(pool.run(&own, LONG, || Ok(1)).await.unwrap(), 1);
    }
}
