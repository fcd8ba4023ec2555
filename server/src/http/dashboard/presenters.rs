//! What several areas show of one thing: an API in the crumbs, the states of a
//! key, a row of a log, a rate limit in a form.
//!
//! Mappings only: nothing here asks the domain but for the neighbours of an API.

use web::components::{Chip, LimitRule, Outcome, Tone};
use web::pages::parts::{ApiRef, AuditRow, KeyLine, Named, VerificationRow};
use web::paths::CURSOR;
use web::time::Stamp;

use super::charts::{bad, count_of};
use super::duration::duration_ms;
use super::fields::Fields;
use super::member_request::MemberRequest;
use base::audit::AuditEntry;
use base::error::Result;
use base::events::StoredVerification;
use base::store::Page;
use domain::apis::Api;
use domain::keys::Key;
use domain::ratelimit::limits::{Limit, NewLimit, validate};
use insight::analytics::Counts;

/// Rows of a page of a list.
pub const ROWS: u64 = 50;
/// APIs that a menu of the crumbs offers.
const SIBLINGS: u64 = 20;
/// Rows of limits that a form may send.
const MAX_LIMITS: usize = 50;

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

impl MemberRequest {
    /// An API and those one can hop to from it.
    pub async fn api_ref(&self, api: &Api) -> Result<ApiRef> {
        let mut all = self.app.apis.first(&self.cx, SIBLINGS).await?;
        if !all.iter().any(|other| other.id == api.id) {
            all.push(api.clone());
        }
        let siblings = all.iter().map(|api| Named::new(api.id.as_str(), &api.name));
        Ok(ApiRef { id: api.id.to_string(), name: api.name.clone(), siblings: siblings.collect() })
    }

    /// The page of a list that the address asks for.
    pub fn page(&self, limit: u64) -> Page {
        Page { limit, cursor: self.query().given(CURSOR).map(ToOwned::to_owned) }
    }

    /// Where a page of events begins: what [`event_cursor`] wrote.
    pub fn events_after(&self) -> Option<(i64, u64, u64)> {
        let mut parts = self.query().given(CURSOR)?.splitn(3, '.');
        let (time, chunk, position) = (parts.next()?, parts.next()?, parts.next()?);
        Some((time.parse().ok()?, chunk.parse().ok()?, position.parse().ok()?))
    }

    /// When a key was last used, as far as it was noted: a minute may be missing.
    pub fn last_used(&self, key: &Key) -> Option<Stamp> {
        self.maybe_stamp(key.last_used_at.max(self.app.recorder.last_used().of_key(&key.id)))
    }

    pub fn key_line(&self, key: &Key) -> KeyLine {
        KeyLine {
            id: key.id.to_string(),
            label: key_label(key),
            api: Named::new(key.api.id.as_str(), &key.api.name),
            last_used: self.last_used(key),
            states: key_states(key, None, self.now_ms()),
        }
    }

    /// `key` is shown where the log is not about one.
    pub fn verification_row(&self, event: &StoredVerification, key: Option<Named>) -> VerificationRow {
        VerificationRow {
            id: event.request_id.clone(),
            at: self.stamp(event.time_ms),
            outcome: Outcome::of_verification(&event.outcome).unwrap_or(Outcome::NotFound),
            key,
            denial: event.denial.clone(),
            tags: event.tags.clone(),
            ip: event.ip.map(|ip| ip.to_string()),
            spent: event.spent_credits,
            balance: event.balance,
            latency_us: i64::from(event.latency_us),
        }
    }

    pub fn audit_row(&self, entry: AuditEntry) -> AuditRow {
        AuditRow {
            id: entry.id.to_string(),
            at: self.stamp(entry.time_ms),
            actor_kind: actor_kind(&entry).to_owned(),
            event: entry.event,
            description: entry.description,
            actor: entry.actor_name,
        }
    }
}

/// The place of a page of events as an address has it.
pub fn event_cursor((time_ms, chunk, position): (i64, u64, u64)) -> String {
    format!("{time_ms}.{chunk}.{position}")
}

/// What an actor is, in words.
pub fn actor_kind(entry: &AuditEntry) -> &'static str {
    match (entry.actor_type.as_str(), entry.actor_id.as_str()) {
        ("user", _) => "user",
        ("rootkey", _) => "root key",
        ("portalEndUser", _) => "portal user",
        (_, "cli") => "cli",
        (_, "anonymous") => "nobody signed in",
        _ => "job",
    }
}

/// The name of a key, else what is stored of its secret, else its id.
pub fn key_label(key: &Key) -> String {
    match &key.name {
        Some(name) => name.clone(),
        None if key.start.is_empty() => key.id.to_string(),
        None => format!("{}…{}", key.start, key.last4),
    }
}

/// The states of a key, the most urgent first, never none. `counts` are those of
/// the last 36 hours, where they are known.
pub fn key_states(key: &Key, counts: Option<&Counts>, now_ms: i64) -> Vec<Chip> {
    let mut states = Vec::new();
    if !key.enabled {
        states.push(Chip::new(Tone::Quiet, "Disabled", "Requests with it are refused until it is enabled."));
    }
    states.extend(expiry_state(key.expires_at, now_ms));
    states.extend(credit_state(key));
    states.extend(counts.and_then(traffic_state));
    if states.is_empty() {
        let reason = if counts.is_some() { "Nothing stands out in the last 36 hours." } else { "" };
        states.push(Chip::new(Tone::Good, "Active", reason));
    }
    states
}

/// The state of a key that can be restored.
pub fn deleted_state() -> Chip {
    Chip::new(Tone::Quiet, "Deleted", "Requests with it are refused. It can still be restored.")
}

fn expiry_state(expires_at: Option<i64>, now_ms: i64) -> Option<Chip> {
    let left = expires_at?.saturating_sub(now_ms);
    match left {
        ..0 => Some(Chip::new(
            Tone::Attention,
            "Expired",
            "It stopped working by itself. Set a later expiry to use it again.",
        )),
        0..=DAY_MS => Some(Chip::new(
            Tone::Attention,
            "Expires soon",
            "It stops working within a day. Set a later expiry, or rotate it.",
        )),
        _ => None,
    }
}

fn credit_state(key: &Key) -> Option<Chip> {
    let remaining = key.credits.remaining?;
    let refill = key.credits.refill.as_ref();
    if remaining <= 0 {
        let reason = match refill {
            Some(_) => "Nothing is left until the next refill. Set the credits to let it work at once.",
            None => "Nothing is left, and nothing comes back by itself. Set its credits.",
        };
        return Some(Chip::new(Tone::Error, "Out of credits", reason));
    }
    let is_low = refill.is_some_and(|refill| remaining < refill.amount / 10);
    is_low.then(|| {
        Chip::new(
            Tone::Caution,
            "Low credits",
            "Less than a tenth of what a refill brings it back to is left.",
        )
    })
}

fn traffic_state(counts: &Counts) -> Option<Chip> {
    let (total, limited) = (counts.total(), count_of(counts, Outcome::RateLimited));
    if limited * 10 > total {
        let reason = "More than a tenth of its requests of 36 hours exceeded a rate limit.";
        return Some(Chip::new(Tone::Caution, "Rate limited", reason));
    }
    (bad(counts) * 10 > total).then(|| {
        Chip::new(
            Tone::Caution,
            "Often refused",
            "More than a tenth of its requests of 36 hours were refused.",
        )
    })
}

/// A stored limit as it is read. `used` is what counts in its window now.
pub fn limit_rule(limit: &Limit, used: Option<i64>, inherited: bool) -> LimitRule {
    LimitRule {
        name: limit.name.clone(),
        limit: limit.limit,
        duration_ms: limit.duration_ms,
        auto_apply: limit.auto_apply,
        used,
        inherited,
    }
}

/// Stored limits as the rows of a form have them.
pub fn limit_values(limits: &[Limit]) -> Vec<(String, String)> {
    let mut values = Vec::new();
    for (index, limit) in limits.iter().enumerate() {
        let mut push = |field: &str, value: String| values.push((format!("limits.{index}.{field}"), value));
        push("id", limit.id.to_string());
        push("name", limit.name.clone());
        push("limit", limit.limit.to_string());
        push("duration", web::time::duration(limit.duration_ms));
        if limit.auto_apply {
            push("auto_apply", web::form::ON.to_owned());
        }
    }
    values
}

/// The limits that a form sent: empty rows are none, and those of stored limits
/// whose name was emptied. What v1 notes of a stored limit stays. Else each field
/// and what is wrong with it.
pub fn read_limits(form: &Fields, stored: &[Limit]) -> Result<Vec<NewLimit>, Vec<(String, String)>> {
    let (mut limits, mut problems) = (Vec::new(), Vec::new());
    for index in 0..MAX_LIMITS {
        let field = |name: &str| format!("limits.{index}.{name}");
        let id = form.text(&field("id"));
        let stored = stored.iter().find(|limit| limit.id.as_str() == id);
        let Some(name) = form.given(&field("name")) else {
            let is_begun = ["limit", "duration"].iter().any(|name| form.given(&field(name)).is_some());
            if is_begun && stored.is_none() {
                refuse(&mut problems, field("name"), "Name the limit, or empty its row.");
            }
            continue;
        };
        let limit = match form.number(&field("limit")) {
            Ok(Some(limit)) if limit >= 1 => limit,
            Ok(_) => refuse(&mut problems, field("limit"), "A limit admits at least 1."),
            Err(problem) => refuse(&mut problems, field("limit"), &problem),
        };
        let duration_ms = match duration_ms(form.text(&field("duration"))) {
            Some(duration_ms) if duration_ms >= SECOND_MS => duration_ms,
            _ => refuse(
                &mut problems,
                field("duration"),
                "Write a duration of one second or more, such as 10s, 5m, 1h or 1d.",
            ),
        };
        if limits.iter().any(|other: &NewLimit| other.name == name) {
            refuse(&mut problems, field("name"), "Another limit has this name.");
        }
        let limit = NewLimit {
            name: name.to_owned(),
            limit,
            duration_ms,
            auto_apply: form.ticked(&field("auto_apply")),
            is_async: stored.is_some_and(|limit| limit.is_async),
        };
        if problems.is_empty()
            && let Err(error) = validate(&limit)
        {
            refuse(&mut problems, field("name"), error.detail());
        }
        limits.push(limit);
    }
    if form.pairs().iter().any(|(name, value)| !value.is_empty() && is_beyond(name)) {
        refuse(&mut problems, String::new(), &format!("There are {MAX_LIMITS} limits at most."));
    }
    if problems.is_empty() { Ok(limits) } else { Err(problems) }
}

/// Whether a field is of a row that is not read.
fn is_beyond(name: &str) -> bool {
    let index = name.strip_prefix("limits.").and_then(|rest| rest.split('.').next());
    index.is_some_and(|index| index.parse::<usize>().is_ok_and(|index| index >= MAX_LIMITS))
}

fn refuse(problems: &mut Vec<(String, String)>, field: String, problem: &str) -> i64 {
    problems.push((field, problem.to_owned()));
    0
}

/// The filter of a list of keys, from the fields of its address: what is typed in
/// the box, and a term for each field that is filled in. Also what is done to all
/// keys of a list goes by this.
pub fn key_filter(fields: &Fields) -> String {
    let mut terms: Vec<String> = fields.given(web::paths::QUERY).map(ToOwned::to_owned).into_iter().collect();
    let states: Vec<&str> = fields.all("status").collect();
    if !states.is_empty() {
        terms.push(format!("status:{}", quoted(&states.join(","))));
    }
    for name in ["name", "identity", "env", "role", "permission"] {
        terms.extend(fields.given(name).map(|value| format!("{name}:{}", quoted(value))));
    }
    for name in ["last_used", "expires", "created", "credits"] {
        terms.extend(fields.given(name).map(|value| {
            let rest = value.trim_start_matches(['<', '>']);
            format!("{name}:{}{}", &value[..value.len() - rest.len()], quoted(rest.trim()))
        }));
    }
    terms.join(" ")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_limits_tell_what_is_wrong_with_each() {
        let form = |text: &str| Fields::parse(text.as_bytes());
        let read =
            read_limits(&form("limits.0.name=a&limits.0.limit=5&limits.0.duration=1m&limits.1.name="), &[]);
        assert_eq!(
            read.unwrap(),
            [NewLimit {
                name: "a".into(),
                limit: 5,
                duration_ms: 60_000,
                auto_apply: false,
                is_async: false
            }]
        );
        let wrong =
            read_limits(&form("limits.3.name=a&limits.3.limit=x&limits.3.duration=soon"), &[]).unwrap_err();
        let fields =
            |wrong: &[(String, String)]| wrong.iter().map(|(field, _)| field.clone()).collect::<Vec<_>>();
        assert_eq!(fields(&wrong), ["limits.3.limit", "limits.3.duration"]);
        for half in ["limit=5", "duration=1m", "limit=5&limits.0.duration=1m", "id=rl_gone&limits.0.limit=5"]
        {
            let wrong = read_limits(&form(&format!("limits.0.{half}")), &[]).unwrap_err();
            assert_eq!(fields(&wrong), ["limits.0.name"], "{half}");
        }
        assert_eq!(read_limits(&form("limits.0.auto_apply=on&limits.0.limit=+"), &[]), Ok(vec![]));
        let far = read_limits(&form("limits.50.name=a&limits.50.limit=1&limits.50.duration=1m"), &[]);
        assert_eq!(fields(&far.unwrap_err()), [""]);
        let long = format!("limits.0.name={}&limits.0.limit=1&limits.0.duration=1m", "x".repeat(256));
        assert_eq!(fields(&read_limits(&form(&long), &[]).unwrap_err()), ["limits.0.name"]);
    }

    #[test]
    fn fields_of_a_list_become_its_filter() {
        let fields = Fields::parse(
            b"q=web+-env:x&status=disabled&status=expired&identity=a%22+b&expires=%3C7d&cursor=x",
        );
        assert_eq!(
            key_filter(&fields),
            r#"web -env:x status:"disabled,expired" identity:"a"" b" expires:<"7d""#
        );
        assert_eq!(key_filter(&Fields::default()), "");
    }
}
