//! Run history: what a person asked on the page Query of a workspace, the last few
//! queries, each once.
//!
//! A convenience of one person, whom it alone is shown to: no change of the workspace,
//! so the audit log has no entries of it. It ends with the membership, by a reference
//! of the table. Queries hold no secrets: no column that can be asked for is one.
//!
//! Deliberately absent: the answers, and failing. A query that cannot be noted at once
//! is forgotten, and whoever asked has the answer all the same.

use std::time::Duration;

use base::ids::UserId;

use super::{Users, store};
use base::access::{OpCtx, Operation, Target};
use base::error::{Code, Error, Result};
use base::secret::KeyHash;
use insight::sql::MAX_QUERY_BYTES;

/// Queries that are kept of a person in a workspace.
pub(super) const MAX_RUNS: u64 = 50;

/// How long an answer waits for its note at most.
const PATIENCE: Duration = Duration::from_millis(250);

/// A query that was answered or refused.
pub struct NoteQuery {
    pub query: String,
    pub took_ms: i64,
    pub end: QueryEnd,
}

/// What came of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryEnd {
    /// So many rows.
    Rows(i64),
    /// A code, such as `query_execution_timeout`.
    Refused(String),
}

/// A query as it was asked last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryRun {
    /// Names it among those of its person.
    pub id: String,
    /// Its beginning.
    pub start: String,
    pub asked_at: i64,
    pub took_ms: i64,
    pub end: QueryEnd,
}

impl QueryEnd {
    pub fn refused(code: Code) -> Self {
        let name = code.as_str().rsplit(':').next().unwrap_or_default();
        Self::Refused(name.to_owned())
    }
}

impl Users {
    /// Notes what the caller asked. The same query asked again moves up.
    pub async fn note_query(&self, cx: &OpCtx, command: NoteQuery) {
        match tokio::time::timeout(PATIENCE, self.note(cx, command)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(?error, "a query is not in the history of who asked it"),
            Err(_) => tracing::debug!("a query is not in the history of who asked it: writes wait too long"),
        }
    }

    async fn note(&self, cx: &OpCtx, command: NoteQuery) -> Result<()> {
        let user = own(cx)?;
        if command.query.len() > MAX_QUERY_BYTES {
            return Err(Error::invalid("The query is longer than any that is answered."));
        }
        let id = KeyHash::of(&command.query).to_hex();
        self.store
            .write(|tx| {
                let (id, command) = (&id, &command);
                async move {
                    store::save_run(&tx, &cx.workspace, user, id, command, cx.now_ms).await?;
                    store::trim_runs(&tx, &cx.workspace, user, MAX_RUNS).await
                }
            })
            .await
    }

    /// What the caller asked, newest first.
    pub async fn query_runs(&self, cx: &OpCtx) -> Result<Vec<QueryRun>> {
        store::runs(self.store.read(), &cx.workspace, own(cx)?).await
    }

    /// The whole text of a query that the caller asked.
    pub async fn query_of_run(&self, cx: &OpCtx, id: &str) -> Result<Option<String>> {
        store::query_of_run(self.store.read(), &cx.workspace, own(cx)?, id).await
    }

    /// Forgets what the caller asked in the workspace.
    pub async fn clear_query_runs(&self, cx: &OpCtx) -> Result<()> {
        let user = own(cx)?;
        self.store.write(|tx| async move { store::trim_runs(&tx, &cx.workspace, user, 0).await }).await
    }
}

/// Whose history it is: what people keep for themselves takes one right.
fn own(cx: &OpCtx) -> Result<&UserId> {
    cx.require(Operation::ViewSave, Target::NONE)?;
    Ok(&cx.require_user()?.id)
}
