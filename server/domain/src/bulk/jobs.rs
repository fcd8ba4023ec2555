//! Starting, watching and cancelling jobs.

use base::ids::BulkJobId;
use serde_json::json;

use super::{Bulk, Job, MAX_NAMED, RowResult, Selection, StartJob, State, Work, absent, store};
use crate::keys::check_filter;
use crate::ratelimit::limits::validate;
use base::access::{OpCtx, Operation, Target};
use base::audit::{Event, Group, Target as Audited};
use base::error::{Error, Result};
use base::store::{Page, Paged, Tx};

impl Bulk {
    /// Starts a job and answers its id; it runs in the background, row by row.
    ///
    /// Fails when the caller may not do to one row what it asks for many.
    pub async fn start(&self, cx: &OpCtx, command: StartJob) -> Result<BulkJobId> {
        require(cx, &command.work)?;
        check_work(&command.work)?;
        check(cx, &command)?;
        let id: BulkJobId = self.entropy.id(BulkJobId::PREFIX, cx.now_ms);
        let job = &id;
        self.store
            .write(|tx| async move {
                store::start(&tx, cx, job, &command).await?;
                let text = format!("Started a job to {}", command.work.as_str());
                self.record(cx, &tx, Event::BulkStart, text, job, &command.work).await
            })
            .await?;
        self.wake.notify_one();
        Ok(id)
    }

    /// Starts a job that takes back what a job of deletions did, row by row.
    ///
    /// Fails with `invalid_input` unless that job is over and deleted something.
    pub async fn undo(&self, cx: &OpCtx, id: &BulkJobId) -> Result<BulkJobId> {
        let work = &Work::RestoreKeys;
        require(cx, work)?;
        let deletions = store::find(self.store.read(), &cx.workspace, id).await?.ok_or_else(absent)?;
        if !deletions.can_be_undone() {
            return Err(Error::invalid("Only deletions that are done can be taken back."));
        }
        let undo: BulkJobId = self.entropy.id(BulkJobId::PREFIX, cx.now_ms);
        let job = &undo;
        self.store
            .write(|tx| async move {
                store::insert(&tx, cx, job, work, State::Running, None).await?;
                store::copy_done(&tx, id, job).await?;
                let text = format!("Started a job to {}", work.as_str());
                self.record(cx, &tx, Event::BulkStart, text, job, work).await
            })
            .await?;
        self.wake.notify_one();
        Ok(undo)
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

    pub(super) async fn record(
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
pub(super) fn require(cx: &OpCtx, work: &Work) -> Result<()> {
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

/// What would fail on every row is refused before there is a job.
fn check_work(work: &Work) -> Result<()> {
    match work {
        Work::AddCredits { amount } if *amount < 1 => Err(Error::invalid("There are no credits to add.")),
        Work::SetCredits { remaining: Some(remaining) } if *remaining < 0 => {
            Err(Error::invalid("The credits of a key cannot be negative."))
        }
        Work::AddRoles { names } | Work::RemoveRoles { names } if names.is_empty() => {
            Err(Error::invalid("No role was named."))
        }
        Work::AddPermissions { slugs } | Work::RemovePermissions { slugs } if slugs.is_empty() => {
            Err(Error::invalid("No permission was named."))
        }
        Work::MergeMeta { meta } if meta.is_empty() => Err(Error::invalid("There is nothing to merge.")),
        Work::SetLimits { limits } => {
            let mut names = std::collections::HashSet::new();
            for limit in limits {
                validate(&limit.into())?;
                if !names.insert(&limit.name) {
                    return Err(Error::invalid(format!("The rate limit '{}' is named twice.", limit.name)));
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn check(cx: &OpCtx, command: &StartJob) -> Result<()> {
    let is_import = matches!(
        command.work,
        Work::ImportKeys { .. } | Work::ImportIdentities | Work::ImportPermissions | Work::ImportRoles
    );
    match &command.selection {
        _ if is_import => Err(Error::invalid("An import needs a file.")),
        Selection::Keys(ids) if ids.is_empty() => Err(Error::invalid("No key was chosen.")),
        Selection::Keys(ids) if ids.len() > MAX_NAMED => {
            Err(Error::invalid(format!("At most {MAX_NAMED} keys can be named one by one: use a filter.")))
        }
        Selection::Matching { filter, .. } => check_filter(filter, cx.now_ms),
        Selection::Keys(_) => Ok(()),
    }
}
