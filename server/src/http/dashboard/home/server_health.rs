//! How the server is: read where it is kept when the page asks, as metrics are.

use web::components::Tone;
use web::number::bytes;
use web::pages::home::HealthFact;
use web::texts::{common, home as text};
use web::time::latency;

use crate::http::dashboard::event_query::event_question;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::time_span::TimeSpan;
use crate::jobs::BackupReport;
use base::access::{Operation, Target};
use base::error::Result;
use base::store::stored_bytes;
use insight::analytics::Filter;
use insight::search::{Kind, Lag};

/// Events that may wait without anybody minding: a tenth of the queue.
const MANY_WAIT: u64 = 50_000;

pub async fn facts(request: &MemberRequest, span: &TimeSpan) -> Result<Vec<HealthFact>> {
    request.cx.require(Operation::SettingsRead, Target::NONE)?;
    let app = &request.app;
    let (took, lag, config_bytes, event_bytes, backups) = tokio::try_join!(
        app.analytics.latency(event_question(request, Kind::Verifications, span, Filter::default())),
        app.search.lag(app.events(), &app.store),
        stored_bytes(app.store.read()),
        stored_bytes(app.events().reader()),
        app.backup_job.report(),
    )?;
    let took = took.first().copied().unwrap_or_default();
    let percentile = |us: u64| latency(us.cast_signed());
    let took = match took.count {
        0 => text::NO_VERIFICATION_IN_THIS_SPAN.to_owned(),
        _ => text::percentiles(&percentile(took.p50_us), &percentile(took.p99_us)),
    };
    let waiting = app.recorder.health().waiting;
    let queue =
        if waiting == 0 { text::QUEUE_IS_EMPTY.to_owned() } else { text::events_wait(waiting.cast_signed()) };
    let fact = |name: &str, value: String, tone| HealthFact { name: name.to_owned(), value, tone };
    let (backup, backup_tone) = last_backup(request, backups.as_ref());
    Ok(vec![
        fact(text::VERSION, env!("CARGO_PKG_VERSION").to_owned(), Tone::Quiet),
        fact(text::DATABASE, app.store.database().engine().name().to_owned(), Tone::Quiet),
        fact(text::STARTED, request.stamp(app.started_ms()).relative, Tone::Quiet),
        fact(text::VERIFY_P50_P99, took, Tone::Quiet),
        fact(text::EVENT_QUEUE, queue, if waiting > MANY_WAIT { Tone::Caution } else { Tone::Good }),
        search(lag),
        fact(text::LAST_BACKUP, backup, backup_tone),
        fact(text::EVENTS_ON_DISK, bytes(event_bytes.cast_signed()), Tone::Quiet),
        fact(text::EVERYTHING_ELSE_ON_DISK, bytes(config_bytes.cast_signed()), Tone::Quiet),
    ])
}

/// Nothing bad is said where backups are made by other means.
fn last_backup(request: &MemberRequest, report: Option<&BackupReport>) -> (String, Tone) {
    let Some(report) = report else { return (text::NO_BACKUPS_PLANNED.to_owned(), Tone::Quiet) };
    let tone = if report.is_overdue || report.error.is_some() { Tone::Caution } else { Tone::Good };
    match &report.last_good {
        Some(good) => (request.stamp(good.made_at_ms).relative, tone),
        None => (text::NO_BACKUP_YET.to_owned(), tone),
    }
}

fn search(lag: Lag) -> HealthFact {
    let (value, tone) = match (lag.is_noticeable(), lag.rebuilding) {
        (false, _) => (text::UP_TO_DATE.to_owned(), Tone::Good),
        (true, true) => (text::BEING_BUILT_AGAIN.to_owned(), Tone::Caution),
        (true, false) => {
            let behind = (lag.chunks + lag.entries).cast_signed();
            (text::batches_to_go(behind), Tone::Caution)
        }
    };
    HealthFact { name: common::SEARCH.to_owned(), value, tone }
}
