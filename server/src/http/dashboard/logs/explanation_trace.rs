//! An explanation of the domain as the trace of a page: each check with its
//! values, then and now, where to change it, and the action that would mend it.

use std::net::IpAddr;

use web::components::Outcome;
use web::number::{count, exact};
use web::pages::explain::{Check as CheckView, Fix as FixView, Trace, Verdict as VerdictView};
use web::pages::parts::Named;
use web::paths::{self, Href};
use web::texts::{common, explain as text};
use web::time::duration;

use super::permission_query_tree::tree;
use crate::http::dashboard::api_reference::api_named;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::presenters::spending::spent_of;
use base::error::Result;
use domain::explain::{Check, Explained, Explanation, Fix, LimitState, Recorded, Step, Then, Verdict};
use domain::verification;

/// A value by name: what it was, what it is.
type Values = Vec<(String, Option<String>, Option<String>)>;

/// What was asked for, beside the explanation.
pub struct TracedRequest {
    pub cost: i64,
    pub ip: Option<IpAddr>,
    /// Fields of the form that asks it again.
    pub fields: Vec<(String, String)>,
}

pub async fn trace(
    request: &MemberRequest,
    explanation: &Explanation,
    asked: &TracedRequest,
) -> Result<Trace> {
    let api = match &explanation.key {
        Some(key) => Some(api_named(request, key.api.as_str()).await?),
        None => None,
    };
    let past = explanation.recorded.as_ref();
    let now = of(explanation.outcome);
    let key = explanation.key.as_ref();
    let named = |key: &Explained| Named::new(key.id.as_str(), key.name.as_deref().unwrap_or(key.id.as_str()));
    let of_step = |step: &Step| check(request, step, key, past, asked);
    Ok(Trace {
        outcome: past.and_then(|past| Outcome::of_verification(&past.outcome)).unwrap_or(now),
        dry_run: past.is_none(),
        key: key.map(named),
        api,
        at: past.map(|past| request.stamp(past.time_ms)),
        ip: asked.ip.map(|ip| ip.to_string()),
        cost: asked.cost,
        checks: explanation.steps.iter().map(of_step).collect(),
        now: past.map(|_| now),
    })
}

fn of(outcome: verification::Outcome) -> Outcome {
    Outcome::of_verification(outcome.as_str()).unwrap_or(Outcome::NotFound)
}

fn check(
    request: &MemberRequest,
    step: &Step,
    key: Option<&Explained>,
    past: Option<&Recorded>,
    asked: &TracedRequest,
) -> CheckView {
    let now = step.sentence();
    let detail = match past.and_then(|past| said_then(step, past)) {
        Some(then) => text::then_and_now(&then, &now),
        None if past.is_some() => text::now_is(&now),
        None => now,
    };
    let query = match &step.check {
        Check::Permissions { query, missing } => tree(query, missing.as_deref()),
        _ => None,
    };
    CheckView {
        name: name(&step.check).to_owned(),
        verdict: verdict(step),
        detail,
        values: values(request, step, past),
        query,
        setting: key.and_then(|key| setting(&step.check, key)),
        fix: key.and_then(|key| fix(step.fix.as_ref()?, key, asked)),
    }
}

fn name(check: &Check) -> &'static str {
    match check {
        Check::Found { .. } => text::KEY_FOUND,
        Check::Workspace { .. } => common::WORKSPACE,
        Check::Enabled { .. } => common::ENABLED,
        Check::Api { .. } => common::API,
        Check::Expiry { .. } => common::EXPIRY,
        Check::Address { .. } => text::IP_LIST,
        Check::Permissions { .. } => common::PERMISSIONS,
        Check::Limits(_) => common::RATE_LIMITS,
        Check::Credits { .. } => common::CREDITS,
        Check::SpendCap { .. } => common::SPEND_CAP,
    }
}

/// Of the past how it went then, else how it would go.
fn verdict(step: &Step) -> VerdictView {
    match (step.then, step.verdict) {
        (Some(Then::Failed), _) | (None, Verdict::Failed) => VerdictView::Failed,
        (Some(Then::NotReached), _) => VerdictView::NotReached,
        (Some(Then::Passed) | None, Verdict::NotAsked) => VerdictView::NotUsed,
        (Some(Then::Passed), _) | (None, Verdict::Passed) => VerdictView::Passed,
        (None, Verdict::Later { would_pass: true }) => VerdictView::WouldPass,
        (None, Verdict::Later { would_pass: false }) => VerdictView::WouldFail,
    }
}

/// What the record says of the check that decided.
fn said_then(step: &Step, past: &Recorded) -> Option<String> {
    if step.then != Some(Then::Failed) {
        return None;
    }
    let denial = past.denial.as_deref().unwrap_or(common::UNKNOWN);
    Some(match &step.check {
        Check::Permissions { .. } => text::permission_was_missing(denial),
        Check::Limits(_) => text::limit_was_exceeded(denial),
        Check::Credits { .. } => common::CREDITS_DID_NOT_SUFFICE.to_owned(),
        Check::SpendCap { .. } => text::MONTH_WAS_USED_UP.to_owned(),
        Check::Expiry { .. } => text::KEY_HAD_EXPIRED.to_owned(),
        Check::Enabled { .. } => text::KEY_WAS_DISABLED.to_owned(),
        Check::Workspace { .. } => text::WORKSPACE_WAS_DISABLED.to_owned(),
        _ => text::A_RULE_REFUSED_IT.to_owned(),
    })
}

fn values(request: &MemberRequest, step: &Step, past: Option<&Recorded>) -> Values {
    let row = |name: &str, then: Option<String>, now: Option<String>| (name.to_owned(), then, now);
    let now = |name: &str, value: String| row(name, None, Some(value));
    let time = |time_ms: i64| request.stamp(time_ms).local;
    match &step.check {
        Check::Found { deleted: None } | Check::Permissions { .. } => Vec::new(),
        Check::Found { deleted: Some(key) } => {
            let deleted = key.deleted_at.map(|at_ms| now(common::DELETED, time(at_ms)));
            std::iter::once(now(common::KEY, key.key.to_string())).chain(deleted).collect()
        }
        Check::Workspace { enabled } | Check::Enabled { enabled } => {
            let then = step.then.filter(|then| *then != Then::NotReached);
            vec![row(common::ENABLED, then.map(|then| yes(then == Then::Passed)), Some(yes(*enabled)))]
        }
        Check::Api { asked, of_key } => {
            let asked = asked.as_ref().map(|asked| now(text::ASKED_FOR, asked.to_string()));
            std::iter::once(now(text::API_OF_THE_KEY, of_key.to_string())).chain(asked).collect()
        }
        Check::Expiry { expires_at: None, .. } => Vec::new(),
        Check::Expiry { expires_at: Some(expires_at), now_ms } => vec![
            now(common::EXPIRES, time(*expires_at)),
            row(common::TIME, past.map(|past| time(past.time_ms)), Some(time(*now_ms))),
        ],
        Check::Address { ip, allowlist } => {
            let text = |ip: IpAddr| ip.to_string();
            let list = allowlist.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let listed = (!allowlist.is_empty()).then(|| now(text::LIST, list));
            let source = row(common::SOURCE, past.and_then(|past| past.ip).map(text), ip.map(text));
            std::iter::once(source).chain(listed).collect()
        }
        Check::Limits(limits) => limits.iter().map(|limit| limit_row(request, limit, past)).collect(),
        Check::SpendCap { month: None, .. } => Vec::new(),
        Check::SpendCap { month: Some(month), resets_at, cost } => vec![
            now(common::SPENT_THIS_MONTH, spent_of(month)),
            now(text::NEXT_MONTH, time(*resets_at)),
            now(common::COST, exact(*cost)),
        ],
        Check::Credits { balance, cost } => {
            let unlimited = || common::UNLIMITED.to_owned();
            let left = past.map(|past| past.balance.map_or_else(unlimited, exact));
            vec![
                row(text::BALANCE, left, Some(balance.map_or_else(unlimited, exact))),
                row(common::COST, past.map(|past| exact(past.spent_credits)), Some(exact(*cost))),
            ]
        }
    }
}

fn yes(is: bool) -> String {
    if is { common::YES } else { common::NO }.to_owned()
}

fn limit_row(
    request: &MemberRequest,
    limit: &LimitState,
    past: Option<&Recorded>,
) -> (String, Option<String>, Option<String>) {
    let exceeded = past.filter(|past| past.denial.as_deref() == Some(limit.name.as_str()));
    let now = text::limit_values(
        limit.used,
        limit.limit,
        duration(i64::try_from(limit.duration_ms).unwrap_or(i64::MAX)),
        limit.cost,
        &request.stamp(limit.reset_ms).local,
    );
    (limit.name.clone(), exceeded.map(|_| text::EXCEEDED.to_owned()), Some(now))
}

fn setting(check: &Check, key: &Explained) -> Option<Href> {
    Some(match check {
        Check::Found { .. } | Check::Api { .. } => return None,
        Check::Workspace { .. } => paths::danger(),
        Check::SpendCap { .. } => paths::edit_identity(key.identity.as_ref()?.as_str()),
        Check::Address { .. } => paths::api_settings(key.api.as_str()),
        Check::Limits(limits) => match (&key.identity, limits.iter().any(|limit| limit.of_identity)) {
            (Some(identity), true) => paths::edit_identity(identity.as_str()),
            _ => paths::edit_key(key.id.as_str()),
        },
        _ => paths::edit_key(key.id.as_str()),
    })
}

/// Actions that one press can do; the others have their setting's page.
fn fix(fix: &Fix, key: &Explained, asked: &TracedRequest) -> Option<FixView> {
    let (what, label, more) = match fix {
        Fix::EnableKey => ("enable", text::ENABLE_THIS_KEY.to_owned(), None),
        Fix::ExtendExpiry => ("extend", text::LET_IT_WORK_FOR_30_MORE_DAYS.to_owned(), None),
        Fix::Grant { slug } => ("grant", text::grant_to_this_key(slug), Some(("permission", slug.clone()))),
        Fix::TopUp { missing } => {
            ("top_up", text::add_credits(count(*missing, "credit")), Some(("amount", missing.to_string())))
        }
        Fix::EnableWorkspace
        | Fix::UseKeyOf(_)
        | Fix::AllowAddress(_)
        | Fix::RaiseLimit { .. }
        | Fix::RaiseCap { .. } => return None,
    };
    let own = |name: &str| matches!(name, "key" | "fix" | "permission" | "amount");
    let mut fields = vec![("key".to_owned(), key.id.to_string()), ("fix".to_owned(), what.to_owned())];
    fields.extend(more.map(|(name, value)| (name.to_owned(), value)));
    fields.extend(asked.fields.iter().filter(|(name, _)| !own(name)).cloned());
    Some(FixView { label, action: paths::explain_fix(), fields })
}
