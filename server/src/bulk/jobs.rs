//! Starting, watching and cancelling jobs.

use entity::ids::BulkJobId;
use serde_json::json;

use super::import::MAX_ROWS;
use super::{Bulk, Job, MAX_NAMED, RowResult, Selection, StartJob, State, Work, absent, store};
use crate::audit::{Event, Group, Target as Audited};
use crate::error::{Error, Result};
use crate::grants::{Operation, Target};
use crate::keys::check_filter;
use crate::op::OpCtx;
use crate::store::{Page, Paged, Tx};

impl Bulk {
    /// Starts a job and answers its id; it runs in the background, row by row.
    ///
    /// Fails when the caller may not do to one row what it asks for many.
    pub async fn start(&self, cx: &OpCtx, command: StartJob) -> Result<BulkJobId> {
        require(cx, &command.work)?;
        check(cx, &command)?;
        let id: BulkJobId = self.entropy.id(BulkJobId::PREFIX, cx.now_ms);
        let job = &id;
        self.store
            .write(|tx| async move {
                store::insert(&tx, cx, job, &command).await?;
                let text = format!("Started a job to {}", command.work.as_str());
                self.record(cx, &tx, Event::BulkStart, text, job, &command.work).await
            })
            .await?;
        self.wake.notify_one();
        Ok(id)
    }

    /// Ends a job after the row it is at. What was done stays done.
    pub async fn cancel(&self, cx: &OpCtx, id: &BulkJobId) -> Result<()> {
        self.store
            .write(|tx| async move {
                let job = store::find(tx.db(), &cx.workspace, id).await?.ok_or_else(absent)?;
                require(cx, &job.work)?;
                if job.state.is_over() {
                    return Ok(());
                }
                store::finish(&tx, id, State::Cancelled, None, cx.now_ms).await?;
                let text = format!("Cancelled a job to {}", job.work.as_str());
                self.record(cx, &tx, Event::BulkCancel, text, id, &job.work).await
            })
            .await
    }

    /// A job of the workspace.
    pub async fn job(&self, cx: &OpCtx, id: &BulkJobId) -> Result<Job> {
        cx.require(Operation::ApiListKeys, Target::NONE)?;
        store::find(self.store.read(), &cx.workspace, id).await?.ok_or_else(absent)
    }

    /// Jobs of the workspace, the newest first.
    pub async fn jobs(&self, cx: &OpCtx, page: &Page) -> Result<Paged<Job>> {
        cx.require(Operation::ApiListKeys, Target::NONE)?;
        store::page(self.store.read(), &cx.workspace, page).await
    }

    /// How the rows of a job went, in their order; only those that failed, if asked.
    pub async fn rows(
        &self,
        cx: &OpCtx,
        id: &BulkJobId,
        failed_only: bool,
        page: &Page,
    ) -> Result<Paged<RowResult>> {
        self.job(cx, id).await?;
        store::rows(self.store.read(), id, failed_only, page).await
    }

    async fn record(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        event: Event,
        text: String,
        id: &BulkJobId,
        work: &Work,
    ) -> Result<()> {
        let target = Audited::new("bulkJob", id.as_str(), None).with_meta(json!({ "work": work }));
        let mut group = Group::new();
        group.push(event, text, vec![target]);
        group.record(cx, tx, &self.entropy).await
    }
}

/// The right to do it to any row; each row is asked for again when its turn comes.
fn require(cx: &OpCtx, work: &Work) -> Result<()> {
    let operation = match work {
        Work::DeleteKeys | Work::RestoreKeys => Operation::KeyDelete,
        Work::AddRoles { .. } => Operation::KeyAddRoles,
        Work::RemoveRoles { .. } => Operation::KeyRemoveRoles,
        Work::AddPermissions { .. } => Operation::KeyAddPermissions,
        Work::RemovePermissions { .. } => Operation::KeyRemovePermissions,
        Work::ImportKeys { .. } => Operation::KeyCreate,
        Work::ImportIdentities => Operation::IdentityCreate,
        Work::ImportPermissions => Operation::PermissionCreate,
        Work::ImportRoles => Operation::RoleCreate,
        _ => Operation::KeyUpdate,
    };
    cx.require(operation, Target::NONE)
}

fn check(cx: &OpCtx, command: &StartJob) -> Result<()> {
    let is_import = matches!(
        command.work,
        Work::ImportKeys { .. } | Work::ImportIdentities | Work::ImportPermissions | Work::ImportRoles
    );
    match &command.selection {
        Selection::Rows(_) if !is_import => Err(Error::invalid("Only imports have rows of a file.")),
        Selection::Keys(_) | Selection::Matching { .. } if is_import => {
            Err(Error::invalid("An import needs the rows of a file."))
        }
        Selection::Keys(ids) if ids.is_empty() => Err(Error::invalid("No key was chosen.")),
        Selection::Keys(ids) if ids.len() > MAX_NAMED => {
            Err(Error::invalid(format!("At most {MAX_NAMED} keys can be named one by one: use a filter.")))
        }
        Selection::Rows(rows) if rows.is_empty() => Err(Error::invalid("The file has no rows.")),
        Selection::Rows(rows) if rows.len() > MAX_ROWS => {
            Err(Error::invalid(format!("A file has at most {MAX_ROWS} rows.")))
        }
        Selection::Matching { filter, .. } => check_filter(filter, cx.now_ms),
        Selection::Keys(_) | Selection::Rows(_) => Ok(()),
    }
}
