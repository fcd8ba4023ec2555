//! Work on many rows in the background: what runs, how far it is, what each row
//! came to.

use leptos::prelude::*;

use crate::View;
use crate::components::{
    Chip, Icon, Pager, Row, Table, Tone, act, badge, button_link, card_with, chips, code_block, copy_chip,
    empty_state, facts, head, link, mono, num, optional_stamp, pager, progress, section, stamp, warning,
};
use crate::paths::{self, Here, Href};
use crate::shell::{Crumb, Page, Section, Shell};
use crate::texts::{bulk as text, common};
use crate::time::Stamp;

/// A job in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    pub id: String,
    /// `Disable keys`.
    pub title: String,
    pub state: Chip,
    /// Rows that are over, failed ones included.
    pub done: i64,
    pub total: i64,
    pub failed: i64,
    pub started: Stamp,
    pub started_by: String,
    pub finished: Option<Stamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobsView {
    pub here: Here,
    pub rows: Vec<JobRow>,
    pub pager: Pager,
}

pub fn list(shell: &Shell, view: &JobsView) -> String {
    let page = Page::new(shell, Section::Jobs, common::JOBS)
        .action_if(shell.may.admin, || button_link(Some(Icon::Export), common::EXPORT, &paths::export(), ""))
        .action_if(shell.may.write, || button_link(Some(Icon::Plus), text::IMPORT, &paths::import(), ""));
    if view.rows.is_empty() {
        let hint = text::NO_JOB_YET_HINT;
        return page.body(vec![empty_state(Icon::Play, text::NO_JOB_YET, hint, vec![])]);
    }
    let heads = vec![
        head(text::JOB),
        head(common::STATE),
        head(text::DONE).numeric(),
        head(text::FAILED).numeric(),
        head(text::STARTED),
        head(text::BY),
    ];
    let rows = view.rows.iter().map(|job| {
        let done = view! { <span class="num">{format!("{} / {}", job.done, job.total)}</span> };
        Row::new(vec![
            link(&job.title, &paths::job(&job.id)),
            chips(std::slice::from_ref(&job.state)),
            done.into_any(),
            num(job.failed),
            stamp(&job.started),
            job.started_by.clone().into_any(),
        ])
    });
    page.body(vec![
        Table::new(common::JOBS, heads).rows(rows.collect()),
        pager(&view.here, &view.pager, text::NOUN_JOB),
    ])
}

/// How far a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    Waiting,
    Done,
    Failed,
}

/// What a job did to one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobResult {
    /// Id of the key, or what names the row of a file.
    pub subject: String,
    /// The page of the subject.
    pub href: Option<Href>,
    pub state: RowState,
    /// Why it failed.
    pub message: String,
}

/// [`paths::cancel_job`] and [`paths::undo_job`] take a POST without fields;
/// [`paths::job_result`] answers the results as CSV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobView {
    pub job: JobRow,
    pub running: bool,
    /// Whether what it did can be taken back.
    pub undo: bool,
    /// Why it could not go on.
    pub error: Option<String>,
    pub here: Here,
    /// Only the rows that failed are shown.
    pub failed_only: bool,
    /// In the order of the job.
    pub results: Vec<JobResult>,
    pub pager: Pager,
    /// What was asked for, as JSON without secrets.
    pub request: String,
}

/// Query parameter of [`paths::job`]: `1` shows only the rows that failed.
pub const FAILED: &str = "failed";

pub fn show(shell: &Shell, view: &JobView) -> String {
    let job = &view.job;
    let rows = vec![
        (common::STATE, chips(std::slice::from_ref(&job.state))),
        (text::FAILED, num(job.failed)),
        (text::STARTED, stamp(&job.started)),
        (text::BY, job.started_by.clone().into_any()),
        (text::FINISHED, optional_stamp(&job.finished, text::NOT_YET)),
    ];
    let error = view.error.as_deref().map(warning);
    let progress = progress(&job.title, job.done, job.total);
    let state = section(text::PROGRESS, vec![error.into_any(), progress, facts(rows)]);
    Page::new(shell, Section::Jobs, &job.title)
        .crumb(Crumb::new(common::JOBS, paths::jobs()))
        .beside_title(copy_chip(&job.id, text::COPY_JOB_ID))
        .waiting(view.running)
        .action(button_link(Some(Icon::Export), text::RESULTS_AS_CSV, &paths::job_result(&job.id), ""))
        .action_if(view.running && shell.may.write, || {
            act(shell.csrf(), Some(Icon::Pause), text::STOP, &paths::cancel_job(&job.id), "danger")
        })
        .action_if(view.undo && shell.may.write, || {
            act(shell.csrf(), Some(Icon::Rotate), text::RESTORE_THESE_KEYS, &paths::undo_job(&job.id), "")
        })
        .body(vec![
            view! { <div data-reload=view.running.then_some("5")>{state}</div> }.into_any(),
            results(view),
            code_block(text::WHAT_WAS_ASKED_FOR, &view.request),
        ])
}

fn results(view: &JobView) -> View {
    let other = if view.failed_only {
        Some((text::ALL_ROWS, view.here.without(&[FAILED])))
    } else {
        (view.job.failed > 0).then(|| (text::ONLY_FAILED_ROWS, view.here.with(FAILED, "1")))
    };
    let aside = other.map(|(text, href)| button_link(None, text, &href, "small")).into_iter().collect();
    let rows = if view.results.is_empty() {
        let hint = if view.failed_only { text::NO_ROW_FAILED } else { text::THERE_ARE_NO_ROWS_YET };
        view! { <p class="hint">{hint}</p> }.into_any()
    } else {
        let rows = view.results.iter().map(result).collect();
        Table::new(text::RESULTS, vec![head(text::ROW), head(text::RESULT), head(text::MESSAGE)])
            .dense()
            .rows(rows)
    };
    card_with(text::RESULTS, aside, vec![rows, pager(&view.here, &view.pager, text::NOUN_ROW)])
}

fn result(result: &JobResult) -> Row {
    let (tone, word, class) = match result.state {
        RowState::Waiting => (Tone::Quiet, text::ROW_WAITS, ""),
        RowState::Done => (Tone::Good, text::ROW_IS_DONE, ""),
        RowState::Failed => (Tone::Error, text::ROW_FAILED, "row-error"),
    };
    let subject = match &result.href {
        Some(href) => view! { <a href=href.to_string()>{mono(&result.subject)}</a> }.into_any(),
        None => mono(&result.subject),
    };
    Row::new(vec![subject, badge(tone, word), result.message.clone().into_any()]).class(class)
}
