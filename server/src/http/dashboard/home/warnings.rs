//! What will need a hand, each with the list where one lends it.
//!
//! What is not known is not claimed: of backups, something is said where this program
//! is to make them.

use web::components::Tone;
use web::pages::home::Warning;
use web::paths::{self, QUERY};
use web::texts::home as text;

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
        let title = text::scheduled_work_failed(job.name);
        let detail = text::tried_again(job.error.as_ref()?);
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
        let title =
            if lag.rebuilding { text::INDEXES_ARE_BEING_BUILT_AGAIN } else { text::INDEXES_ARE_BEHIND };
        let detail = text::INDEXES_ARE_BEHIND_HINT;
        warnings.push(server(Tone::Info, title.to_owned(), detail));
    }
    Ok(warnings)
}

fn recording(request: &MemberRequest) -> Vec<Warning> {
    let health = request.app.recorder.health();
    let mut warnings = Vec::new();
    if request.app.store.database().health().is_failing() {
        let detail = text::CHANGES_CANNOT_BE_STORED_HINT;
        warnings.push(server(Tone::Error, text::CHANGES_CANNOT_BE_STORED.to_owned(), detail));
    }
    if let Some(path) = &request.app.events_set_aside {
        let title = text::PAST_EVENTS_ARE_MISSING.to_owned();
        let detail = text::events_are_kept_as(&path.display().to_string());
        warnings.push(server(Tone::Error, title, &detail));
    }
    if !health.storing {
        let detail = text::EVENTS_CANNOT_BE_STORED_HINT;
        warnings.push(server(Tone::Error, text::EVENTS_CANNOT_BE_STORED.to_owned(), detail));
    }
    let lost = health.lost + health.lost_requests;
    if lost > 0 {
        let title = text::events_lost(lost.cast_signed());
        warnings.push(server(Tone::Caution, title, text::EVENTS_LOST_HINT));
    }
    warnings
}

fn of_the_clock(request: &MemberRequest, clock: &ClockReport) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if clock.deletion_waits {
        let title = text::CLOCK_MAY_BE_FAR_AHEAD.to_owned();
        let detail = text::CLOCK_MAY_BE_FAR_AHEAD_HINT;
        warnings.push(server(Tone::Error, title, detail));
    }
    if clock.stored_ahead_ms >= MINUTE_MS {
        let title = text::CLOCK_WAS_AHEAD.to_owned();
        let stored = request.stamp(request.now_ms() + clock.stored_ahead_ms).relative;
        let detail = text::clock_was_ahead_by(&stored);
        warnings.push(server(Tone::Caution, title, &detail));
    }
    warnings
}

fn of_backups(request: &MemberRequest, report: &BackupReport) -> Option<Warning> {
    let age = match &report.last_good {
        Some(good) => text::last_good_backup(&request.stamp(good.made_at_ms).relative),
        None => text::NO_BACKUP_WAS_EVER_MADE.to_owned(),
    };
    let why =
        report.error.as_ref().map_or(String::new(), |error| format!(" {}", text::last_backup_failed(error)));
    let title = match (report.is_overdue, &report.error) {
        (true, _) => text::NO_BACKUP_AS_NEW_AS_PLANNED,
        (false, Some(_)) => text::THE_LAST_BACKUP_FAILED,
        (false, None) => return None,
    };
    Some(server(Tone::Error, title.to_owned(), &format!("{age}{why}")))
}

fn leaked(request: &MemberRequest, leak: &Leak) -> Warning {
    let (id, rotate) = (leak.key.as_str(), paths::rotate_root_key);
    Warning {
        tone: Tone::Error,
        title: text::root_key_was_found(&leak.name),
        about: None,
        detail: text::found_and_still_works(
            id,
            &leak.place.sentence(),
            &request.stamp(leak.time_ms).relative,
        ),
        href: if request.shell.may.admin { rotate(id) } else { paths::root_key(id) },
        go: if request.shell.may.admin { text::REPLACE_IT } else { text::SEE_ROOT_KEY }.to_owned(),
    }
}

fn server(tone: Tone, title: String, detail: &str) -> Warning {
    Warning {
        tone,
        title,
        about: None,
        detail: detail.to_owned(),
        href: paths::retention(),
        go: text::SEE_STORAGE.to_owned(),
    }
}

fn expire(request: &MemberRequest, due: &KeyCount) -> Warning {
    Warning {
        tone: Tone::Caution,
        title: text::keys_expire(due.keys, due.keys >= COUNTED, &due.api_name),
        about: None,
        detail: text::the_first_one(&request.stamp(due.first).relative),
        href: paths::api_keys(due.api.as_str()).with(QUERY, "expires:<7d -status:expired"),
        go: text::SEE_KEYS.to_owned(),
    }
}

fn few_credits(due: &KeyCount) -> Warning {
    let first =
        if due.first <= 0 { text::NO_CREDITS_LEFT.to_owned() } else { text::lowest_balance(due.first) };
    Warning {
        tone: if due.first <= 0 { Tone::Error } else { Tone::Caution },
        title: text::keys_have_few_credits(due.keys, due.keys >= COUNTED, &due.api_name, FEW_CREDITS),
        about: None,
        detail: first,
        href: paths::api_keys(due.api.as_str()).with(QUERY, &format!("credits:<{FEW_CREDITS}")),
        go: text::SEE_KEYS.to_owned(),
    }
}

fn near_caps(near: &[NearCap]) -> Vec<Warning> {
    let (named, others) = near.split_at(near.len().min(NAMED));
    let mut warnings: Vec<Warning> = named.iter().map(near_cap).collect();
    if let Some(first) = others.first() {
        let tone = if first.spending.left() == 0 { Tone::Error } else { Tone::Caution };
        warnings.push(Warning {
            tone,
            title: text::others_near_their_cap(others.len(), near.len() >= MOST_NEAR),
            about: None,
            detail: text::OTHERS_NEAR_THEIR_CAP_HINT.to_owned(),
            href: paths::identities(),
            go: text::SEE_IDENTITIES.to_owned(),
        });
    }
    warnings
}

fn near_cap(near: &NearCap) -> Warning {
    let is_spent = near.spending.left() == 0;
    let left = match is_spent {
        true => text::REFUSED_UNTIL_NEXT_MONTH.to_owned(),
        false => text::credits_left(near.spending.left()),
    };
    Warning {
        tone: if is_spent { Tone::Error } else { Tone::Caution },
        title: if is_spent { text::A_SPEND_CAP_IS_REACHED } else { text::A_SPEND_CAP_IS_NEARLY_REACHED }
            .to_owned(),
        about: Some(near.external_id.clone()),
        detail: format!("{} {left}", text::credits_of_this_month(&spent_of(&near.spending))),
        href: paths::identity(near.id.as_str()),
        go: text::SEE_IDENTITY.to_owned(),
    }
}

fn unused_root_keys(unused: i64, full: i64) -> Warning {
    Warning {
        tone: if full > 0 { Tone::Caution } else { Tone::Info },
        title: text::unused_root_keys(unused, UNUSED_DAYS),
        about: None,
        detail: text::unused_root_keys_hint(full),
        href: paths::root_keys().with(QUERY, &format!("last_used:>{UNUSED_DAYS}d")),
        go: text::SEE_ROOT_KEYS.to_owned(),
    }
}
