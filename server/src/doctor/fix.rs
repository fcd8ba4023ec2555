//! Mending what can be mended without losing anything.

use super::{Report, Subject, files};
use base::error::{Error, Result};
use base::store::keep_private;
use insight::search::Search;

/// What can be done about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fix {
    /// Takes from others the right to read what is in the data folder.
    FileModes,
    /// Folds the write-ahead logs into their databases.
    FoldLogs,
    /// Has the indexes built again.
    RebuildIndexes,
    /// Removes what was left by something that was cut short.
    RemoveLeftovers,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// The checks that asked for it.
    pub checks: Vec<&'static str>,
    /// A sentence, also when it failed.
    pub told: String,
}

/// Everything that findings of a report ask for, each once.
pub(super) async fn all(subject: &Subject, report: &Report) -> Vec<Mended> {
    let mut done = Vec::new();
    for fix in [Fix::FileModes, Fix::FoldLogs, Fix::RebuildIndexes, Fix::RemoveLeftovers] {
        let asking = report.findings.iter().filter(|finding| finding.fix == Some(fix));
        let mut checks: Vec<_> = asking.map(|finding| finding.check).collect();
        checks.dedup();
        if checks.is_empty() {
            continue;
        }
        let told = match carry_out(subject, fix).await {
            Ok(told) => told.to_owned(),
            Err(error) => format!("{fix:?} failed: {}", error.cause_chain()),
        };
        tracing::info!(?fix, told, "the doctor mended something");
        done.push(Mended { checks, told });
    }
    done
}

async fn carry_out(subject: &Subject, fix: Fix) -> Result<&'static str> {
    match fix {
        Fix::FileModes => {
            let dir = subject.data_dir.clone();
            blocking(move || {
                keep_private(&dir);
                Ok("Nobody else may read the data folder any more.")
            })
            .await
        }
        Fix::FoldLogs => {
            subject.app()?.checkpoint().await?;
            subject.events()?.checkpoint().await?;
            Ok("The write-ahead logs were folded as far as nobody reads them.")
        }
        Fix::RebuildIndexes => {
            let open = subject.running.as_ref().map(|running| running.search.clone());
            let dir = subject.index_dir.clone();
            blocking(move || {
                let search = open.map_or_else(|| Search::open(&dir), Ok)?;
                search.rebuild()?;
                Ok("The indexes are built again, in the background or at the next start.")
            })
            .await
        }
        Fix::RemoveLeftovers => {
            let dir = subject.data_dir.clone();
            blocking(move || {
                files::remove_drafts(&dir).map_err(Error::internal)?;
                Ok("What was left from something that was cut short is removed.")
            })
            .await
        }
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}
