//! `unkey audit list | export`: pages of the audit log, asked for one after the
//! other so that no export holds the database or the memory for long.

use clap::ArgMatches;

use super::listing::{self, Column, moments, plain};
use super::options::list_format;
use super::output::{Output, moment};
use crate::app::App;
use base::access::OpCtx;
use base::audit::{AuditEntry, AuditFilter};
use base::error::{Error, Result};
use base::store::Page;
use domain::transfer::{Format, csv_lines};

/// Entries of one request to the server.
const PAGE: u64 = 1000;

pub(super) async fn list(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let limit = matches.get_one::<usize>("limit").copied().unwrap_or_default() as u64;
    let page = app.audit_log.list(cx, &filter(matches)?, &Page { limit, cursor: None }).await?;
    let rows = page.items.into_iter().map(|entry| {
        let target = entry.targets.first().map(|target| target.id.clone());
        vec![
            entry.time_ms.into(),
            entry.event.into(),
            entry.actor_name.into(),
            target.into(),
            entry.id.as_str().into(),
            entry.description.into(),
        ]
    });
    listing::list(list_format(matches), LIST_COLUMNS, rows)
}

const LIST_COLUMNS: &[Column] =
    &[moments("time"), plain("event"), plain("actor"), plain("target"), plain("id"), plain("description")];

/// One page; `more` asks for the next.
pub(super) async fn export(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let cursor = matches.get_one::<String>("cursor").cloned();
    let format = matches.get_one::<Format>("format").copied().unwrap_or(Format::JsonLines);
    let is_first = cursor.is_none();
    let page = app.audit_log.list(cx, &filter(matches)?, &Page { limit: PAGE, cursor }).await?;
    let text = match format {
        Format::Csv => {
            let header = is_first.then(|| COLUMNS.map(str::to_owned).to_vec());
            csv_lines(header.into_iter().chain(page.items.iter().map(|entry| columns(entry).to_vec())))?
        }
        Format::JsonLines => page.items.iter().map(|entry| entry.to_json().to_string() + "\n").collect(),
    };
    Ok(Output { next: page.next, ..Output::text(text) })
}

const COLUMNS: [&str; 12] = [
    "id",
    "time",
    "event",
    "description",
    "actor_type",
    "actor_id",
    "actor_name",
    "target_types",
    "target_ids",
    "ip",
    "request_id",
    "changes",
];

fn columns(entry: &AuditEntry) -> [String; 12] {
    let joined = |part: fn(&base::audit::AuditTarget) -> &str| {
        entry.targets.iter().map(part).collect::<Vec<_>>().join(" ")
    };
    [
        entry.id.to_string(),
        moment(entry.time_ms),
        entry.event.clone(),
        entry.description.clone(),
        entry.actor_type.clone(),
        entry.actor_id.clone(),
        entry.actor_name.clone(),
        joined(|target| &target.kind),
        joined(|target| &target.id),
        entry.ip.clone().unwrap_or_default(),
        entry.request_id.clone(),
        entry.changes.as_ref().map(ToString::to_string).unwrap_or_default(),
    ]
}

fn filter(matches: &ArgMatches) -> Result<AuditFilter> {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let moment = |name: &str| text(name).map(|text| read_moment(&text)).transpose();
    let (since_ms, until_ms) = (moment("since")?, moment("until")?);
    if since_ms.zip(until_ms).is_some_and(|(since_ms, until_ms)| until_ms <= since_ms) {
        return Err(Error::invalid("--until must be after --since."));
    }
    Ok(AuditFilter {
        event: text("event"),
        actor: text("actor"),
        target: text("target"),
        text: text("text"),
        request_id: text("request-id"),
        since_ms,
        until_ms,
    })
}

/// A day, or a moment as RFC 3339 writes it.
fn read_moment(text: &str) -> Result<i64> {
    let day =
        || text.parse::<chrono::NaiveDate>().ok().map(|day| day.and_time(chrono::NaiveTime::MIN).and_utc());
    let moment = chrono::DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc()).or_else(day);
    moment.map(|time| time.timestamp_millis()).ok_or_else(|| {
        Error::invalid(format!("'{text}' is neither a day like 2026-10-31 nor an RFC 3339 moment."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_days_or_rfc_3339() {
        assert_eq!(read_moment("1970-01-02").unwrap(), 86_400_000);
        assert_eq!(read_moment("1970-01-01T01:00:00+01:00").unwrap(), 0);
        assert!(read_moment("yesterday").is_err());
    }
}
