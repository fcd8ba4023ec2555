//! What is wrong with the server, each with what mends it.

use leptos::prelude::*;

use crate::View;
use crate::components::{
    Icon, Row, Table, Tone, act, badge, card_with, empty_state, head, mono, section, stamp,
};
use crate::number::count;
use crate::paths;
use crate::shell::Shell;
use crate::texts::{common, settings as text};
use crate::time::Stamp;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingRow {
    pub check: String,
    pub tone: Tone,
    /// `ok`, `warning`.
    pub severity: String,
    pub found: String,
    /// A command, where there is one.
    pub remedy: Option<String>,
}

/// When the server was looked over last, and what was found. Posts to [`paths::doctor`]
/// without fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportView {
    pub at: Stamp,
    /// The worst first.
    pub findings: Vec<FindingRow>,
}

/// `None` before the first time since the start.
pub fn doctor(shell: &Shell, report: Option<&ReportView>) -> String {
    let look = act(shell.csrf(), Some(Icon::Search), text::LOOK_THE_SERVER_OVER, &paths::doctor(), "");
    let body = match report {
        None => section(
            text::DOCTOR,
            vec![empty_state(
                Icon::Check,
                text::NOT_LOOKED_OVER_SINCE_THE_START,
                text::NOT_LOOKED_OVER_HINT,
                vec![look],
            )],
        ),
        Some(report) => card_with(text::DOCTOR, vec![look], vec![summary(report), findings(report)]),
    };
    super::page(shell, text::DOCTOR).body(vec![body])
}

fn summary(report: &ReportView) -> View {
    let of = |tone| report.findings.iter().filter(|finding| finding.tone == tone).count();
    let (errors, warnings) = (of(Tone::Error), of(Tone::Caution));
    let number = |number: usize, noun: &str| count(i64::try_from(number).unwrap_or(i64::MAX), noun);
    let text = match (errors, warnings) {
        (0, 0) => text::ALL_IS_WELL.to_owned(),
        (0, warnings) => number(warnings, "warning"),
        (errors, 0) => number(errors, "error"),
        (errors, warnings) => format!("{}, {}", number(errors, "error"), number(warnings, "warning")),
    };
    view! { <p class="hint">{text}", "{stamp(&report.at)}{text::WHAT_MENDS_IS_A_COMMAND}{mono("unkey doctor --fix")}{text::MENDS_WHAT_LOSES_NOTHING}</p> }.into_any()
}

fn findings(report: &ReportView) -> View {
    let heads = vec![head(common::STATE), head(text::CHECK), head(text::FOUND)];
    let rows = report.findings.iter().map(|finding| {
        let remedy = finding.remedy.as_deref().map(|remedy| view! { <p class="hint">{mono(remedy)}</p> });
        Row::new(vec![
            badge(finding.tone, &finding.severity),
            finding.check.clone().into_any(),
            view! { <div class="found">{finding.found.clone()}{remedy}</div> }.into_any(),
        ])
    });
    Table::new(text::FINDINGS, heads).rows(rows.collect()).into_any()
}
