//! Work on many rows in the background: what runs, how far it is, what each row
//! came to.

use leptos::prelude::*;

use crate::View;
use crate::components::{
    Chip, Icon, Pager, Row, Table, Tone, act, badge, button_link, chips, code_block, copy_chip, empty_state,
    facts, head, link, mono, num, optional_stamp, pager, progress, section, stamp,
};
use crate::paths::{self, Here};
use crate::shell::{Crumb, Page, Section, Shell};
use crate::time::Stamp;

/// A job in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    pub id: String,
    /// `Disable 1,204 keys of payments`.
    pub title: String,
    pub state: Chip,
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
    let page = Page::new(shell, Section::Jobs, "Jobs");
    if view.rows.is_empty() {
        let hint = "Imports and changes of many keys run here, can be watched, and go on after a restart.";
        return page.body(vec![empty_state(Icon::Play, "No job yet", hint, vec![])]);
    }
    let heads = vec![
        head("Job"),
        head("State"),
        head("Done").numeric(),
        head("Failed").numeric(),
        head("Started"),
        head("By"),
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
    page.body(vec![Table::new("Jobs", heads).rows(rows.collect()), pager(&view.here, &view.pager, "job")])
}

/// What a job did to one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobResult {
    /// Id of the key, or line of the file.
    pub subject: String,
    pub ok: bool,
    pub message: String,
}

/// [`paths::cancel_job`] takes a POST without fields;
/// [`paths::job_result`] answers the results as CSV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobView {
    pub job: JobRow,
    pub running: bool,
    pub here: Here,
    /// Failures first.
    pub results: Vec<JobResult>,
    pub pager: Pager,
    /// What was asked for, as JSON without secrets.
    pub request: String,
}

pub fn show(shell: &Shell, view: &JobView) -> String {
    let job = &view.job;
    let rows = vec![
        ("State", chips(std::slice::from_ref(&job.state))),
        ("Failed", num(job.failed)),
        ("Started", stamp(&job.started)),
        ("By", job.started_by.clone().into_any()),
        ("Finished", optional_stamp(&job.finished, "not yet")),
    ];
    let state = section("Progress", vec![progress(&job.title, job.done, job.total), facts(rows)]);
    let results = if view.results.is_empty() {
        view! { <p class="hint">"Results show here as rows are done."</p> }.into_any()
    } else {
        results(&view.results)
    };
    let results = section("Results", vec![results, pager(&view.here, &view.pager, "row")]);
    Page::new(shell, Section::Jobs, &job.title)
        .crumb(Crumb::new("Jobs", paths::jobs()))
        .beside_title(copy_chip(&job.id, "job id"))
        .waiting(view.running)
        .action(button_link(Some(Icon::Export), "Results as CSV", &paths::job_result(&job.id), ""))
        .action_if(view.running && shell.may.write, || {
            act(shell.csrf(), Some(Icon::Pause), "Stop", &paths::cancel_job(&job.id), "danger")
        })
        .body(vec![
            view! { <div data-reload=view.running.then_some("5")>{state}</div> }.into_any(),
            results,
            code_block("What was asked for", &view.request),
        ])
}

fn results(results: &[JobResult]) -> View {
    let rows = results.iter().map(|result| {
        let (tone, word) = if result.ok { (Tone::Good, "done") } else { (Tone::Error, "failed") };
        Row::new(vec![mono(&result.subject), badge(tone, word), result.message.clone().into_any()])
            .class(if result.ok { "" } else { "row-error" })
    });
    Table::new("Results", vec![head("Row"), head("Result"), head("Message")]).dense().rows(rows.collect())
}
