//! What will need a hand, each with the list where one lends it.
//!
//! What is not known is not claimed: of backups, something is said where this program
//! is to make them.

use web::components::Tone;
use web::number::{count, exact};
use web::pages::home::Warning;
use web::paths::{self, QUERY};

use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::presenters::spending::spent_of;
use crate::jobs::{BackupReport, ClockReport};
use base::clock::{DAY_MS, MINUTE_MS};
use base::error::Result;
use domain::identities::{MOST_NEAR, NearCap};
use domain::keys::{FEW_CREDITS, KeyCount};
use domain::leaks::Leak;

const WEEK_MS: i64 = 7 * DAY_MS;
const UNUSED_DAYS: i64 = 90;

/// APIs and root keys that are named for one reason.
const NAMED: usize = 3;

/// So many keys are counted at most.
const COUNTED: i64 = 10_000;

/// The most urgent first.
pub async fn warnings(request: &MemberRequest) -> Result<Vec<Warning>> {
    let (app, cx) = (&request.app, &request.cx);
    let (leaks, near_cap, expiring, short, unused, lag, jobs, clock, backups) = tokio::try_join!(
        app.leaks.recent(cx),
        app.identities.near_cap(cx),
        app.keys.expiring(cx, request.now_ms() + WEEK_MS),
        app.keys.short_of_credits(cx),
        app.root_keys.unused(cx, request.now_ms() - UNUSED_DAYS * DAY_MS),
        app.search.lag(app.events(), &app.store),
        app.jobs.last_runs(),
        app.jobs.clock_report(app.clock.moment()),
        app.backup_job.report(),
    )?;
    let mut warnings: Vec<Warning> = leaks.iter().take(NAMED).map(|leak| leaked(request, leak)).collect();
    warnings.extend(recording(request));
    warnings.extend(of_the_clock(request, &clock));
    warnings.extend(jobs.iter().filter_map(|job| {
        let title = format!("The scheduled work {} failed", job.name);
        let detail =
            format!("{} It is tried again on its own; the log of the server says more.", job.error.as_ref()?);
        Some(server(Tone::Error, title, &detail))
    }));
    warnings.extend(backups.and_then(|report| of_backups(request, &report)));
    warnings.extend(near_caps(&near_cap));
    warnings.extend(short.iter().take(NAMED).map(few_credits));
    warnings.extend(expiring.iter().take(NAMED).map(|due| expire(request, due)));
    if unused.keys > 0 {
        warnings.push(unused_root_keys(unused.keys, unused.full));
    }
    if lag.is_noticeable() {
        let title = if lag.rebuilding { "Indexes are being built again" } else { "Indexes are behind" };
        let detail = "Charts, logs and search lack the newest events until they have caught up.";
        warnings.push(server(Tone::Info, title.to_owned(), detail));
    }
    Ok(warnings)
}

fn recording(request: &MemberRequest) -> Vec<Warning> {
    let health = request.app.recorder.health();
    let mut warnings = Vec::new();
    if request.app.store.database().health().is_failing() {
        let detail = "Whatever is changed now is refused. Is the disk full? The log of the server says why.";
        warnings.push(server(Tone::Error, "Changes cannot be stored".to_owned(), detail));
    }
    if let Some(path) = &request.app.events_set_aside {
        let title = "Past events are missing".to_owned();
        let detail =
            format!("events.db was damaged at the start of the server. It is kept as {}.", path.display());
        warnings.push(server(Tone::Error, title, &detail));
    }
    if !health.storing {
        let detail = "Verifications go on, but what happens now may be lost. Is the disk full?";
        warnings.push(server(Tone::Error, "Events cannot be stored".to_owned(), detail));
    }
    let lost = health.lost + health.lost_requests;
    if lost > 0 {
        let title = format!("{} lost since the start", were(lost.cast_signed(), "event"));
        warnings.push(server(Tone::Caution, title, "They could not be stored in time; charts lack them."));
    }
    warnings
}

fn of_the_clock(request: &MemberRequest, clock: &ClockReport) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if clock.deletion_waits {
        let title = "The clock of the server may be far ahead".to_owned();
        let detail = "Nothing is deleted for its age until it has said the same for an hour. Is it right?";
        warnings.push(server(Tone::Error, title, detail));
    }
    if clock.stored_ahead_ms >= MINUTE_MS {
        let title = "The clock of the server was ahead, or is behind now".to_owned();
        let stored = request.stamp(request.now_ms() + clock.stored_ahead_ms).relative;
        let detail = format!("What was stored last bears a time {stored}. Is the clock right?");
        warnings.push(server(Tone::Caution, title, &detail));
    }
    warnings
}

fn of_backups(request: &MemberRequest, report: &BackupReport) -> Option<Warning> {
    let age = match &report.last_good {
        Some(good) => format!("The last good one was made {}.", request.stamp(good.made_at_ms).relative),
        None => "None was ever made.".to_owned(),
    };
    let why = report.error.as_ref().map_or(String::new(), |error| format!(" The last one failed: {error}."));
    let title = match (report.is_overdue, &report.error) {
        (true, _) => "There is no backup as new as planned",
        (false, Some(_)) => "The last backup failed",
        (false, None) => return None,
    };
    Some(server(Tone::Error, title.to_owned(), &format!("{age}{why}")))
}

fn leaked(request: &MemberRequest, leak: &Leak) -> Warning {
    let (id, rotate) = (leak.key.as_str(), paths::rotate_root_key);
    Warning {
        tone: Tone::Error,
        title: format!("The root key {} was found in public", leak.name),
        about: None,
        detail: format!(
            "{} was found {}, {}. It still works: replace it, then revoke it.",
            leak.key,
            leak.place.sentence(),
            request.stamp(leak.time_ms).relative
        ),
        href: if request.shell.may.admin { rotate(id) } else { paths::root_key(id) },
        go: if request.shell.may.admin { "Replace it" } else { "See root key" }.to_owned(),
    }
}

fn server(tone: Tone, title: String, detail: &str) -> Warning {
    Warning {
        tone,
        title,
        about: None,
        detail: detail.to_owned(),
        href: paths::retention(),
        go: "See storage".to_owned(),
    }
}

fn expire(request: &MemberRequest, due: &KeyCount) -> Warning {
    let verb = if due.keys == 1 { "expires" } else { "expire" };
    Warning {
        tone: Tone::Caution,
        title: format!("{} of {} {verb} within a week", keys(due.keys), due.api_name),
        about: None,
        detail: format!("The first one {}.", request.stamp(due.first).relative),
        href: paths::api_keys(due.api.as_str()).with(QUERY, "expires:<7d -status:expired"),
        go: "See keys".to_owned(),
    }
}

fn few_credits(due: &KeyCount) -> Warning {
    let verb = if due.keys == 1 { "has" } else { "have" };
    let first = if due.first <= 0 {
        "Some have none left and are refused.".to_owned()
    } else {
        format!("The lowest balance is {}.", exact(due.first))
    };
    Warning {
        tone: if due.first <= 0 { Tone::Error } else { Tone::Caution },
        title: format!("{} of {} {verb} fewer than {FEW_CREDITS} credits", keys(due.keys), due.api_name),
        about: None,
        detail: first,
        href: paths::api_keys(due.api.as_str()).with(QUERY, &format!("credits:<{FEW_CREDITS}")),
        go: "See keys".to_owned(),
    }
}

fn near_caps(near: &[NearCap]) -> Vec<Warning> {
    let (named, others) = near.split_at(near.len().min(NAMED));
    let mut warnings: Vec<Warning> = named.iter().map(near_cap).collect();
    if let Some(first) = others.first() {
        let tone = if first.spending.left() == 0 { Tone::Error } else { Tone::Caution };
        let more = if near.len() >= MOST_NEAR { "or more " } else { "" };
        warnings.push(Warning {
            tone,
            title: match others.len() {
                1 => "1 other identity has spent most of its month".to_owned(),
                number => format!("{number} {more}other identities have spent most of their month"),
            },
            about: None,
            detail: "Their pages say how much is left.".to_owned(),
            href: paths::identities(),
            go: "See identities".to_owned(),
        });
    }
    warnings
}

fn near_cap(near: &NearCap) -> Warning {
    let is_spent = near.spending.left() == 0;
    let left = match is_spent {
        true => "Its keys are refused until the next month begins.".to_owned(),
        false => format!("{} left.", count(near.spending.left(), "credit")),
    };
    Warning {
        tone: if is_spent { Tone::Error } else { Tone::Caution },
        title: if is_spent { "A spend cap is reached" } else { "A spend cap is nearly reached" }.to_owned(),
        about: Some(near.external_id.clone()),
        detail: format!("{} credits of this month are spent. {left}", spent_of(&near.spending)),
        href: paths::identity(near.id.as_str()),
        go: "See identity".to_owned(),
    }
}

fn unused_root_keys(unused: i64, full: i64) -> Warning {
    let detail = match full {
        0 => "Revoke what nobody needs.".to_owned(),
        1 => "One of them has every right.".to_owned(),
        full => format!("{} of them have every right.", exact(full)),
    };
    Warning {
        tone: if full > 0 { Tone::Caution } else { Tone::Info },
        title: format!("{} not used in {UNUSED_DAYS} days", were(unused, "root key")),
        about: None,
        detail,
        href: paths::root_keys().with(QUERY, &format!("last_used:>{UNUSED_DAYS}d")),
        go: "See root keys".to_owned(),
    }
}

fn keys(number: i64) -> String {
    if number >= COUNTED { format!("{} or more keys", exact(number)) } else { count(number, "key") }
}

fn were(number: i64, noun: &str) -> String {
    format!("{} {}", count(number, noun), if number == 1 { "was" } else { "were" })
}
