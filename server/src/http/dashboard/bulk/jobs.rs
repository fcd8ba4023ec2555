//! Jobs over many rows: what runs, how far it is, what each row came to.

use std::collections::HashMap;

use base::ids::{BulkJobId, KeyId};
use web::components::{Chip, Pager, Tone};
use web::pages::jobs::{
    FAILED, JobResult, JobRow, JobView, JobsView, RowState as Shown, list as list_page, show as job_page,
};
use web::paths;
use web::texts::bulk as text;

use super::streamed_file;
use crate::app::App;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::access::OpCtx;
use base::error::{Error, Result};
use base::store::Page;
use domain::bulk::{Job, RowResult, RowState, State, Work};
use domain::transfer::csv_lines;

/// Rows of a part of a download.
const PART: u64 = 500;

/// `GET /jobs`.
pub async fn list(request: MemberRequest) -> Result<Reply> {
    let found = request.app.bulk.jobs(&request.cx, &request.page()).await?;
    let people = people(&request).await?;
    let rows: Vec<_> = found.items.iter().map(|job| row(&request, &people, job)).collect();
    let pager = pager(&request, rows.len(), None, found.next)?;
    Ok(Reply::page(list_page(&request.shell, &JobsView { here: request.here(), rows, pager })))
}

/// `GET /jobs/:id`.
pub async fn show(request: MemberRequest) -> Result<Reply> {
    let id = BulkJobId::from(request.id());
    let job = request.app.bulk.job(&request.cx, &id).await?;
    let failed_only = request.query().text(FAILED) == "1";
    let rows = request.app.bulk.rows(&request.cx, &id, failed_only, &request.page()).await?;
    let people = people(&request).await?;
    let total = if failed_only { job.failed } else { job.total };
    let view = JobView {
        job: row(&request, &people, &job),
        running: !job.state.is_over(),
        undo: job.can_be_undone(),
        error: job.error.clone(),
        here: request.here(),
        failed_only,
        pager: pager(&request, rows.items.len(), Some(total), rows.next)?,
        results: rows.items.into_iter().map(result).collect(),
        request: serde_json::to_string_pretty(&job.work)?,
    };
    Ok(Reply::page(job_page(&request.shell, &view)))
}

/// `POST /jobs/:id/cancel`.
pub async fn cancel(request: MemberRequest) -> Result<Reply> {
    request.app.bulk.cancel(&request.cx, &request.id().into()).await?;
    Ok(Reply::redirect(paths::job(request.id())).notice(text::STOPPED_BY_YOU))
}

/// `POST /jobs/:id/undo`.
pub async fn undo(request: MemberRequest) -> Result<Reply> {
    let id = request.app.bulk.undo(&request.cx, &request.id().into()).await?;
    Ok(Reply::redirect(paths::job(id.as_str())).notice(text::STARTED_TO_RESTORE_THE_KEYS))
}

/// `GET /jobs/:id/result.csv`.
pub async fn results(request: MemberRequest) -> Result<Reply> {
    let id = BulkJobId::from(request.id());
    let (rows, next) = part(&request.app, &request.cx, &id, None).await?;
    let heads = ["row", "subject", "result", "message"].map(ToOwned::to_owned).to_vec();
    let first = (csv_lines([heads])? + &rows, next);
    let name = format!("{}.csv", request.id());
    let (app, cx) = (request.app.clone(), request.cx.clone());
    let more = move |cursor: String| {
        let (app, cx, id) = (app.clone(), cx.clone(), id.clone());
        async move { part(&app, &cx, &id, Some(cursor)).await }
    };
    Ok(Reply::download("text/csv; charset=utf-8", name, streamed_file::parts(first, more)))
}

async fn part(app: &App, cx: &OpCtx, id: &BulkJobId, cursor: Option<String>) -> Result<streamed_file::Part> {
    let rows = app.bulk.rows(cx, id, false, &Page { limit: PART, cursor }).await?;
    let line = |row: RowResult| {
        let message = row.message.unwrap_or_default();
        vec![(row.position + 1).to_string(), row.subject, row.outcome.as_str().to_owned(), message]
    };
    Ok((csv_lines(rows.items.into_iter().map(line))?, rows.next))
}

/// Addresses of the members of the workspace by the ids that actors have.
async fn people(request: &MemberRequest) -> Result<HashMap<String, String>> {
    let members = request.app.users.list(&request.cx).await?;
    Ok(members.into_iter().map(|member| (member.id.to_string(), member.email)).collect())
}

fn pager(request: &MemberRequest, shown: usize, total: Option<i64>, next: Option<String>) -> Result<Pager> {
    let rows = Some(request.rows());
    Ok(Pager { shown: i64::try_from(shown).map_err(Error::internal)?, total, next, rows })
}

fn row(request: &MemberRequest, people: &HashMap<String, String>, job: &Job) -> JobRow {
    let by = people.get(&job.actor_id).cloned();
    let by = by.unwrap_or_else(|| match job.actor_id.as_str() {
        "cli" => text::THE_COMMAND_LINE.to_owned(),
        gone => gone.to_owned(),
    });
    JobRow {
        id: job.id.to_string(),
        title: title(&job.work).to_owned(),
        state: state(job),
        done: job.done + job.failed,
        total: job.total,
        failed: job.failed,
        started: request.stamp(job.created_at),
        started_by: by,
        finished: request.maybe_stamp(job.finished_at),
    }
}

fn title(work: &Work) -> &'static str {
    match work {
        Work::EnableKeys => text::ENABLE_KEYS,
        Work::DisableKeys => text::DISABLE_KEYS,
        Work::DeleteKeys => text::DELETE_KEYS,
        Work::RestoreKeys => text::RESTORE_KEYS,
        Work::SetExpiry { .. } => text::SET_THE_EXPIRY_OF_KEYS,
        Work::SetCredits { .. } => text::SET_THE_CREDITS_OF_KEYS,
        Work::AddCredits { .. } => text::ADD_CREDITS_TO_KEYS,
        Work::SetLimits { .. } => text::SET_THE_LIMITS_OF_KEYS,
        Work::AddRoles { .. } => text::ADD_ROLES_TO_KEYS,
        Work::RemoveRoles { .. } => text::REMOVE_ROLES_FROM_KEYS,
        Work::AddPermissions { .. } => text::ADD_PERMISSIONS_TO_KEYS,
        Work::RemovePermissions { .. } => text::REMOVE_PERMISSIONS_FROM_KEYS,
        Work::SetIdentity { .. } => text::SET_THE_IDENTITY_OF_KEYS,
        Work::MergeMeta { .. } => text::MERGE_METADATA_INTO_KEYS,
        Work::ImportKeys { .. } => text::IMPORT_KEYS,
        Work::ImportIdentities => text::IMPORT_IDENTITIES,
        Work::ImportPermissions => text::IMPORT_PERMISSIONS,
        Work::ImportRoles => text::IMPORT_ROLES,
    }
}

fn state(job: &Job) -> Chip {
    match job.state {
        State::Collecting => Chip::new(Tone::Info, text::FINDING_KEYS, text::FINDING_KEYS_HINT),
        State::Running => Chip::new(Tone::Info, text::RUNNING, ""),
        State::Done if job.failed > 0 => Chip::new(Tone::Caution, text::DONE, text::SOME_ROWS_FAILED),
        State::Done => Chip::new(Tone::Good, text::DONE, ""),
        State::Cancelled => Chip::new(Tone::Quiet, text::STOPPED, text::STOPPED_HINT),
        State::Failed => Chip::new(Tone::Error, text::FAILED, job.error.as_deref().unwrap_or_default()),
    }
}

fn result(row: RowResult) -> JobResult {
    let is_key = row.subject.split_once('_').is_some_and(|(prefix, _)| prefix == KeyId::PREFIX);
    JobResult {
        href: is_key.then(|| paths::key(&row.subject)),
        subject: row.subject,
        state: match row.outcome {
            RowState::Waiting => Shown::Waiting,
            RowState::Done => Shown::Done,
            RowState::Failed => Shown::Failed,
        },
        message: row.message.unwrap_or_default(),
    }
}
