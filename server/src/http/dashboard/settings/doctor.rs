//! Looking the server over. Mending is for the shell: it is nothing that somebody with a
//! browser and a role in one workspace should do to all of them.

use web::components::Tone;
use web::pages::settings::doctor::{FindingRow, ReportView, doctor as doctor_page};
use web::paths;

use super::server::require_admin;
use crate::doctor::{Finding, Patience, Severity};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::error::Result;

/// `GET /settings/doctor`.
pub async fn show(request: MemberRequest) -> Result<Reply> {
    require_admin(&request)?;
    let view = request.app.doctor.last().map(|mut report| {
        report.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let findings = report.findings.into_iter().map(row).collect();
        ReportView { at: request.stamp(report.at_ms), findings }
    });
    Ok(Reply::page(doctor_page(&request.shell, view.as_ref())))
}

/// `POST /settings/doctor`.
pub async fn look(request: MemberRequest) -> Result<Reply> {
    require_admin(&request)?;
    request.app.doctor.examine(Patience::PAGE, |_| {}).await?;
    Ok(Reply::redirect(paths::doctor()))
}

fn row(finding: Finding) -> FindingRow {
    FindingRow {
        check: finding.check.to_owned(),
        tone: match finding.severity {
            Severity::Ok => Tone::Good,
            Severity::Unknown => Tone::Info,
            Severity::Warning => Tone::Caution,
            Severity::Error => Tone::Error,
        },
        severity: finding.severity.as_str().to_owned(),
        found: finding.found,
        remedy: finding.remedy,
    }
}
