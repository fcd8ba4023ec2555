//! Carrying jobs out, a batch of rows at a time.

use std::sync::Arc;

use base::ids::RequestId;

use super::store::{self, Open, Selected, Starter, Waiting};
use super::{Bulk, RowResult, RowState, State};
use crate::keys::{FindKeys, KeyOrder};
use crate::workspaces;
use base::access::{Claimant, Door, IdempotencyKey, OpCtx, Principal};
use base::claims;
use base::error::{Code, Result};
use base::store::Page;

/// Rows between two notes of the progress.
const BATCH: u64 = 25;
/// Keys found in one step.
const COLLECT: u64 = 500;

impl Bulk {
    /// Carries on with the oldest open job by one step; says whether there was one.
    ///
    /// Fails with `service_unavailable` when the database cannot answer: the job
    /// stays open, and goes on where it is with a later step.
    pub(super) async fn step(&self) -> Result<bool> {
        let _turn = self.turn.lock().await;
        let Some((id, job)) = store::oldest_open(self.store.read()).await? else { return Ok(false) };
        let outcome = match job {
            Ok(job) => self.carry_on(&job).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => {}
            Err(error) if error.code() == Code::ServiceUnavailable => return Err(error),
            Err(error) => {
                tracing::error!(job = %id, ?error, "a job over many rows cannot go on");
                let (id, detail, now_ms) = (&id, error.detail().to_owned(), self.clock.now_ms());
                self.store
                    .write(
                        |tx| async move { store::finish(&tx, id, State::Failed, Some(detail), now_ms).await },
                    )
                    .await?;
            }
        }
        Ok(true)
    }

    async fn carry_on(&self, job: &Open) -> Result<()> {
        match &job.selection {
            Some(selected) => self.collect(job, selected).await,
            None => self.run_batch(job).await,
        }
    }

    /// Carries out everything that is open; for tests and the command line.
    pub async fn run_open(&self) -> Result<()> {
        while self.step().await? {}
        Ok(())
    }

    /// Finds the next keys of a filter and makes them rows of the job.
    async fn collect(&self, job: &Open, selected: &Selected) -> Result<()> {
        let cx = OpCtx { now_ms: job.created_at, ..self.cx(job).await? };
        let page = Page { limit: COLLECT, cursor: selected.cursor.clone() };
        let filter = selected.filter.clone();
        let command = FindKeys {
            api_id: selected.api.as_deref().map(Into::into),
            filter,
            order: KeyOrder::NewestFirst,
            page,
        };
        let found = self.keys.find_ids(&cx, command).await?;
        let rest = found.next.map(|cursor| Selected { cursor: Some(cursor), ..selected.clone() });
        let ids = &found.items;
        self.store.write(|tx| async move { store::add_keys(&tx, job, ids, rest.as_ref()).await }).await
    }

    async fn run_batch(&self, job: &Open) -> Result<()> {
        let rows = store::waiting(self.store.read(), &job.id, BATCH).await?;
        if rows.is_empty() {
            let now_ms = self.clock.now_ms();
            return self
                .store
                .write(|tx| async move { store::finish(&tx, &job.id, State::Done, None, now_ms).await })
                .await;
        }
        let mut results = Vec::with_capacity(rows.len());
        let mut end = Ok(());
        for row in rows {
            match self.run_row(job, row).await {
                Ok(Some(result)) => results.push(result),
                Ok(None) => break,
                Err(error) => {
                    end = Err(error);
                    break;
                }
            }
        }
        // What was done is noted, whatever kept the others from it.
        self.store.write(|tx| async move { store::note(&tx, &job.id, &results).await }).await?;
        end
    }

    /// Carries out one row; `None` once somebody cancelled the job.
    async fn run_row(&self, job: &Open, row: Waiting) -> Result<Option<RowResult>> {
        let db = self.store.read();
        if !store::is_open(db, &job.id).await? {
            return Ok(None);
        }
        let claim = claim(job, row.position);
        // Done before a crash that came before the note. Asked first: a key that
        // is deleted already fails long before it claims anything.
        if claims::is_claimed(db, &job.workspace, &claim).await? {
            return result(row.position, row.subject, Ok(())).map(Some);
        }
        let cx = OpCtx { idempotency: Some(Arc::new(claim)), ..self.cx(job).await? };
        let outcome = self.perform(&cx, &job.work, &row.subject, row.payload.as_deref()).await;
        result(row.position, row.subject, outcome).map(Some)
    }

    /// Whoever started the job, with the rights they have now, in a workspace
    /// that still serves.
    async fn cx(&self, job: &Open) -> Result<OpCtx> {
        workspaces::require_enabled(self.store.read(), &job.workspace).await?;
        let (now_ms, principal) = (self.clock.now_ms(), self.principal(job).await?);
        let request_id = RequestId::from(job.id.as_str());
        Ok(OpCtx::new(principal, job.workspace.clone(), now_ms, request_id, Door::Job))
    }

    async fn principal(&self, job: &Open) -> Result<Principal> {
        match &job.starter {
            Starter::Operator => Ok(Principal::Cli),
            Starter::Person { user, session } => {
                self.users.principal(&job.workspace, user, session.clone()).await
            }
        }
    }
}

/// Names the row, so that it is done once: the change claims it in its own
/// transaction.
fn claim(job: &Open, position: i64) -> IdempotencyKey {
    IdempotencyKey {
        claimant: Claimant::BulkJob(job.id.clone()),
        key_hash: position.to_string(),
        request_hash: String::new(),
    }
}

/// What a row came to. A database that cannot answer is no fault of the row.
fn result(position: i64, subject: String, outcome: Result<()>) -> Result<RowResult> {
    let done = |outcome, message| RowResult { position, subject, outcome, message };
    match outcome {
        Ok(()) => Ok(done(RowState::Done, None)),
        // Somebody else did it meanwhile under the same claim.
        Err(error) if error.code() == Code::IdempotencyConflict => Ok(done(RowState::Done, None)),
        Err(error) if matches!(error.code(), Code::ServiceUnavailable | Code::Unexpected) => Err(error),
        Err(error) => Ok(done(RowState::Failed, Some(error.detail().to_owned()))),
    }
}
