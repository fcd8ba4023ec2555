//! `unkey doctor`: what is wrong with the server, or with a folder that nobody serves.

use clap::ArgMatches;
use serde_json::{Value, json};

use super::command::ListFormat;
use super::listing::{Column, list, objects, plain};
use super::options::list_format;
use super::output::{Output, moment, table};
use crate::doctor::{Doctor, Finding, Mended, Patience, Report, Severity};
use base::clock::Clock;
use base::error::Result;

/// Everything that can be looked at.
pub(super) async fn examine(
    doctor: &Doctor,
    given: &ArgMatches,
    begun: impl FnMut(&'static str),
) -> Result<Output> {
    let (report, mended) = match given.get_flag("fix") {
        true => doctor.mend(Patience::OPERATOR, begun).await?,
        false => (doctor.examine(Patience::OPERATOR, begun).await?, Vec::new()),
    };
    written(&report, &mended, given)
}

/// A report of one finding, where nothing else can be looked at.
pub(super) fn only(clock: &Clock, given: &ArgMatches, finding: Finding) -> Result<Output> {
    written(&Report { at_ms: clock.now_ms(), findings: vec![finding] }, &[], given)
}

fn written(report: &Report, mended: &[Mended], given: &ArgMatches) -> Result<Output> {
    let output = match list_format(given) {
        ListFormat::Json => Output::text(serde_json::to_string_pretty(&object(report))? + "\n"),
        ListFormat::Csv => list(ListFormat::Csv, COLUMNS, report.findings.iter().map(row))?,
        ListFormat::Table => Output::text(lines(report)),
    };
    let told: String = mended.iter().map(|mended| format!("{}\n", mended.told)).collect();
    let is_strict = given.get_flag("strict");
    let fails = report.worst() == Severity::Error || is_strict && report.worst() > Severity::Ok;
    Ok(Output { stderr: told, status: u8::from(fails), ..output })
}

/// A line for each finding, and below it what mends it.
fn lines(report: &Report) -> String {
    let rows = report.findings.iter().flat_map(|finding| {
        let found =
            vec![finding.severity.as_str().to_owned(), finding.check.to_owned(), finding.found.clone()];
        let remedy = finding.remedy.as_ref();
        let remedy = remedy.map(|remedy| vec![String::new(), String::new(), format!("-> {remedy}")]);
        std::iter::once(found).chain(remedy)
    });
    table(&rows.collect::<Vec<_>>()) + &summary(report)
}

fn summary(report: &Report) -> String {
    let of = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let counted = [
        (of(Severity::Error), "error", "errors"),
        (of(Severity::Warning), "warning", "warnings"),
        (of(Severity::Unknown), "check that could not be done", "checks that could not be done"),
    ];
    let counted = counted.into_iter().filter(|(number, _, _)| *number > 0);
    let counted: Vec<_> = counted
        .map(|(number, one, several)| format!("{number} {}", if number == 1 { one } else { several }))
        .collect();
    match counted.is_empty() {
        true => "All is well.\n".to_owned(),
        false => format!("{}.\n", counted.join(", ")),
    }
}

const COLUMNS: &[Column] =
    &[plain("check"), plain("severity"), plain("found"), plain("remedy"), plain("fixable")];

fn row(finding: &Finding) -> Vec<Value> {
    vec![
        finding.check.into(),
        finding.severity.as_str().into(),
        finding.found.clone().into(),
        finding.remedy.clone().into(),
        finding.fix.is_some().into(),
    ]
}

fn object(report: &Report) -> Value {
    json!({
        "severity": report.worst().as_str(),
        "checked_at": moment(report.at_ms),
        "findings": objects(COLUMNS, report.findings.iter().map(row)),
    })
}
