//! Jobs over many rows: what runs, how far it is, what each row came to.

use std::collections::HashMap;

use base::ids::{BulkJobId, KeyId};
use web::components::{Chip, Pager, Tone};
use web::pages::jobs::{
    FAILED, JobResult, JobRow, JobView, JobsView, RowState as Shown, list as list_page, show as job_page,
};
use web::paths;

use super::super::answer::Answer;
use super::super::visit::Visit;
use super::stream;
use crate::app::App;
use base::error::{Error, Result};
use base::op::OpCtx;
use base::store::Page;
use domain::bulk::{Job, RowResult, RowState, State};
use domain::transfer::csv_lines;

const ROWS: u64 = 100;
/// Rows of a part of a download.
const PART: u64 = 500;

/// `GET /jobs`.
pub async fn list(visit: Visit) -> Result<Answer> {
    let found = visit.app.bulk.jobs(&visit.cx, &visit.page(ROWS)).await?;
    let people = people(&visit).await?;
    let rows: Vec<_> = found.items.iter().map(|job| row(&visit, &people, job)).collect();
    let pager = pager(rows.len(), None, found.next)?;
    Ok(Answer::page(list_page(&visit.shell, &JobsView { here: visit.here(), rows, pager })))
}

/// `GET /jobs/:id`.
pub async fn show(visit: Visit) -> Result<Answer> {
    let id = BulkJobId::from(visit.id());
    let job = visit.app.bulk.job(&visit.cx, &id).await?;
    let failed_only = visit.query().text(FAILED) == "1";
    let rows = visit.app.bulk.rows(&visit.cx, &id, failed_only, &visit.page(ROWS)).await?;
    let people = people(&visit).await?;
    let total = if failed_only { job.failed } else { job.total };
    let view = JobView {
        job: row(&visit, &people, &job),
        running: !job.state.is_over(),
        undo: job.can_be_undone(),
        error: job.error.clone(),
        here: visit.here(),
        failed_only,
        pager: pager(rows.items.len(), Some(total), rows.next)?,
        results: rows.items.into_iter().map(result).collect(),
        request: serde_json::to_string_pretty(&job.work)?,
    };
    Ok(Answer::page(job_page(&visit.shell, &view)))
}

/// `POST /jobs/:id/cancel`.
pub async fn cancel(visit: Visit) -> Result<Answer> {
    visit.app.bulk.cancel(&visit.cx, &visit.id().into()).await?;
    Ok(Answer::go(paths::job(visit.id())).saying("Stopped. What was done stays done."))
}

/// `POST /jobs/:id/undo`.
pub async fn undo(visit: Visit) -> Result<Answer> {
    let id = visit.app.bulk.undo(&visit.cx, &visit.id().into()).await?;
    Ok(Answer::go(paths::job(id.as_str())).saying("Started to restore the keys."))
}

/// `GET /jobs/:id/result.csv`.
pub async fn results(visit: Visit) -> Result<Answer> {
    let id = BulkJobId::from(visit.id());
    let (rows, next) = part(&visit.app, &visit.cx, &id, None).await?;
    let heads = ["row", "subject", "result", "message"].map(ToOwned::to_owned).to_vec();
    let first = (csv_lines([heads])? + &rows, next);
    let name = format!("{}.csv", visit.id());
    let (app, cx) = (visit.app.clone(), visit.cx.clone());
    let more = move |cursor: String| {
        let (app, cx, id) = (app.clone(), cx.clone(), id.clone());
        async move { part(&app, &cx, &id, Some(cursor)).await }
    };
    Ok(Answer::file("text/csv; charset=utf-8", name, stream::parts(first, more)))
}

async fn part(app: &App, cx: &OpCtx, id: &BulkJobId, cursor: Option<String>) -> Result<stream::Part> {
    let rows = app.bulk.rows(cx, id, false, &Page { limit: PART, cursor }).await?;
    let line = |row: RowResult| {
        let message = row.message.unwrap_or_default();
        vec![(row.position + 1).to_string(), row.subject, row.outcome.as_str().to_owned(), message]
    };
    Ok((csv_lines(rows.items.into_iter().map(line))?, rows.next))
}

/// Addresses of the members of the workspace by the ids that actors have.
async fn people(visit: &Visit) -> Result<HashMap<String, String>> {
    let members = visit.app.users.list(&visit.cx).await?;
    Ok(members.into_iter().map(|member| (member.id.to_string(), member.email)).collect())
}

fn pager(shown: usize, total: Option<i64>, next: Option<String>) -> Result<Pager> {
    Ok(Pager { shown: i64::try_from(shown).map_err(Error::internal)?, total, next })
}

fn row(visit: &Visit, people: &HashMap<String, String>, job: &Job) -> JobRow {
    let by = people.get(&job.actor_id).cloned();
    let by = by.unwrap_or_else(|| match job.actor_id.as_str() {
        "cli" => "the command line".to_owned(),
        gone => gone.to_owned(),
    });
    JobRow {
        id: job.id.to_string(),
        title: capitalised(job.work.as_str()),
        state: state(job),
        done: job.done + job.failed,
        total: job.total,
        failed: job.failed,
        started: visit.stamp(job.created_at),
        started_by: by,
        finished: visit.maybe_stamp(job.finished_at),
    }
}

fn state(job: &Job) -> Chip {
    match job.state {
        State::Collecting => Chip::new(Tone::Info, "Finding keys", "The keys that match are being found."),
        State::Running => Chip::new(Tone::Info, "Running", ""),
        State::Done if job.failed > 0 => Chip::new(Tone::Caution, "Done", "Some rows failed."),
        State::Done => Chip::new(Tone::Good, "Done", ""),
        State::Cancelled => {
            Chip::new(Tone::Quiet, "Stopped", "Somebody stopped it. What was done stays done.")
        }
        State::Failed => Chip::new(Tone::Error, "Failed", job.error.as_deref().unwrap_or_default()),
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

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
