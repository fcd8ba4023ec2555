//! The task that carries jobs out while the server runs.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Bulk;
use base::error::{Error, Result};

/// How long a job that could not be looked for waits.
const RETRY: Duration = Duration::from_secs(5);

/// The running task; stop it with [`Runner::shutdown`].
pub struct Runner {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Runner {
    pub fn start(bulk: Bulk) -> Self {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(run(bulk, stopped));
        Self { stop, task }
    }

    /// Ends after the batch that is being carried out; the rest is for the next start.
    pub async fn shutdown(self) -> Result<()> {
        self.stop.send_replace(true);
        self.task.await.map_err(Error::internal)
    }
}

async fn run(bulk: Bulk, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        let again = match bulk.step().await {
            Ok(busy) => busy,
            Err(error) => {
                tracing::error!(?error, "jobs over many rows cannot be carried out, trying again");
                // A sender that is gone means stop, too.
                let _ = tokio::time::timeout(RETRY, stopped.wait_for(|stopped| *stopped)).await;
                continue;
            }
        };
        if again {
            // Requests come first.
            tokio::task::yield_now().await;
            continue;
        }
        tokio::select! {
            () = bulk.wake.notified() => {}
            _ = stopped.wait_for(|stopped| *stopped) => {}
        }
    }
}
