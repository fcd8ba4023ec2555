//! Why a request was refused, or would be: every check in order, then and now.

use leptos::prelude::*;

use super::parts::Named;
use crate::View;
use crate::components::{
    Field, Icon, Outcome, action, area, button_link, empty_state, facts, form_error, input, link, mono,
    nothing, num, outcome_badge, post_form, section, split, submit,
};
use crate::form::FormState;
use crate::paths::{self, Href};
use crate::shell::{Page, Section, Shell};
use crate::texts::{common, explain as text};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    Failed,
    /// An earlier check had settled the outcome.
    NotReached,
    /// As before, and what would have come of this one.
    WouldPass,
    WouldFail,
    /// Nothing was set or asked for.
    NotUsed,
}

/// One check of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// `Expiry`, `IP list`, `Rate limit requests`.
    pub name: String,
    pub verdict: Verdict,
    /// One sentence: what was compared with what.
    pub detail: String,
    /// Name of a value, its value at the time, its value now.
    pub values: Vec<(String, Option<String>, Option<String>)>,
    /// The permission query, for the check that evaluates one.
    pub query: Option<QueryNode>,
    /// Where the setting is changed, for those who may.
    pub setting: Option<Href>,
    /// What would let the same request pass.
    pub fix: Option<Fix>,
}

/// A permission query as a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryNode {
    And(Vec<QueryNode>),
    Or(Vec<QueryNode>),
    Permission {
        slug: String,
        held: bool,
        /// Whether this one settled the refusal.
        decisive: bool,
    },
}

/// One act that changes the outcome, for those who may change keys. Posts to
/// `action` with these fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// `Grant documents.read to this key`.
    pub label: String,
    pub action: Href,
    pub fields: Vec<(String, String)>,
}

/// What the trace found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    pub outcome: Outcome,
    /// Whether the request was made up for this page; nothing was consumed.
    pub dry_run: bool,
    pub key: Option<Named>,
    pub api: Option<Named>,
    /// Text of the request's time, of a trace of a real request.
    pub at: Option<crate::time::Stamp>,
    pub ip: Option<String>,
    pub cost: i64,
    pub checks: Vec<Check>,
    /// What the same request would come to now.
    pub now: Option<Outcome>,
}

/// Posts to [`paths::explain`]: `key` (a secret or an id; a secret is hashed on
/// arrival and never shown again), `permissions` (a query), `cost`, `limits`
/// (one a line: `name cost`), `ip`. The same fields, with an id, may stand in
/// the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainView {
    pub form: FormState,
    pub trace: Option<Trace>,
}

pub fn explain(shell: &Shell, view: &ExplainView) -> String {
    let trace = match &view.trace {
        Some(trace) => trace_view(shell, trace),
        None => {
            vec![empty_state(Icon::Search, text::NOTHING_ASKED_YET, text::NOTHING_ASKED_YET_HINT, vec![])]
        }
    };
    Page::new(shell, Section::Explain, text::EXPLAIN_A_DECISION)
        .body(vec![split(trace, vec![question(shell, &view.form)])])
}

fn question(shell: &Shell, form: &FormState) -> View {
    let fields = vec![
        form_error(form),
        input(form, Field::text("key", common::KEY).help(text::KEY_HINT).mono().required().no_autofill()),
        input(
            form,
            Field::text("permissions", text::PERMISSION_QUERY)
                .mono()
                .placeholder("documents.read AND billing.view"),
        ),
        input(form, Field::number("cost", common::COST).help(text::COST_HINT)),
        area(form, Field::text("limits", text::LIMITS).mono().rows(2).help(text::LIMITS_HINT)),
        input(form, Field::text("ip", common::SOURCE_ADDRESS).mono().help(text::SOURCE_ADDRESS_HINT)),
        action(text::DRY_RUN_HINT, vec![submit(common::EXPLAIN, "primary")]),
    ];
    section(text::WHAT_IS_ASKED, vec![post_form(shell.csrf(), &paths::explain(), "form", fields)])
}

pub(crate) fn trace_view(shell: &Shell, trace: &Trace) -> Vec<View> {
    let named = |one: &Option<Named>, path: fn(&str) -> Href| {
        one.as_ref().map_or_else(|| nothing(text::NOT_FOUND), |one| link(&one.name, &path(&one.id)))
    };
    let time = match &trace.at {
        Some(at) => crate::components::stamp(at),
        None => nothing(text::UNTIL_NOW),
    };
    let mut summary = vec![(common::OUTCOME, outcome_badge(trace.outcome))];
    summary.extend(trace.now.map(|now| (text::THE_SAME_REQUEST_NOW, outcome_badge(now))));
    summary.extend([
        (common::KEY, named(&trace.key, paths::key)),
        (common::API, named(&trace.api, paths::api)),
        (common::TIME, time),
        (common::SOURCE, trace.ip.as_deref().map_or_else(|| nothing(common::UNKNOWN), mono)),
        (common::COST, num(trace.cost)),
    ]);
    let failed = trace.checks.iter().find(|check| check.verdict == Verdict::Failed);
    let failed = failed.map(|check| view! { <ol class="trace">{check_view(shell, check)}</ol> });
    let checks = trace.checks.iter().map(|check| check_view(shell, check)).collect_view();
    let title = if trace.dry_run { text::DRY_RUN } else { text::WHAT_HAPPENED };
    let all = view! {
        {failed}
        <details>
            <summary class="button small">{text::ALL_CHECKS}{tally(&trace.checks)}</summary>
            <ol class="trace">{checks}</ol>
        </details>
    };
    vec![
        verdict(shell, trace),
        section(text::CHECKS_IN_ORDER, vec![all.into_any()]),
        section(title, vec![facts(summary)]),
    ]
}

/// The answer in one sentence, and beside it what would change it.
fn verdict(shell: &Shell, trace: &Trace) -> View {
    let (class, icon, word) = match (trace.outcome.is_good(), trace.dry_run) {
        (true, false) => ("t-ok", Icon::Check, common::ACCEPTED),
        (true, true) => ("t-ok", Icon::Check, text::WOULD_BE_ACCEPTED),
        (false, false) => ("t-error", Icon::Cross, common::REFUSED),
        (false, true) => ("t-error", Icon::Cross, text::WOULD_BE_REFUSED),
    };
    let failed = trace.checks.iter().find(|check| check.verdict == Verdict::Failed);
    let reason = failed.map_or_else(|| trace.outcome.meaning().to_owned(), |check| check.detail.clone());
    let since = match trace.now {
        Some(now) if now.is_good() && !trace.outcome.is_good() => text::WOULD_BE_ACCEPTED_NOW,
        Some(now) if !now.is_good() && trace.outcome.is_good() => text::WOULD_BE_REFUSED_NOW,
        _ => "",
    };
    let acts = failed.map(|check| acts(shell, check));
    view! {
        <div class=format!("notice verdict-line {class}")>
            {icon.view()}
            <p><strong>{format!("{word}: ")}</strong>{reason}{since}</p>
            {acts}
        </div>
    }
    .into_any()
}

/// How many checks ended how.
fn tally(checks: &[Check]) -> String {
    let count = |of: &[Verdict]| checks.iter().filter(|check| of.contains(&check.verdict)).count();
    let kinds = [
        (count(&[Verdict::Passed]), text::PASSED_CHECK),
        (count(&[Verdict::Failed]), text::FAILED_CHECK),
        (count(&[Verdict::NotReached, Verdict::WouldPass, Verdict::WouldFail]), text::NOT_REACHED),
        (count(&[Verdict::NotUsed]), text::NOT_USED),
    ];
    let told: Vec<String> =
        kinds.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    told.join(", ")
}

fn acts(shell: &Shell, check: &Check) -> View {
    let setting = check.setting.as_ref().filter(|_| shell.may.write);
    let setting = setting.map(|href| button_link(Some(Icon::Settings), text::SETTING, href, "small"));
    let fix = check.fix.as_ref().filter(|_| shell.may.write).map(|fix| fix_view(shell, fix));
    view! { <div class="trace-actions">{fix}{setting}</div> }.into_any()
}

fn check_view(shell: &Shell, check: &Check) -> View {
    let (class, word, icon) = match check.verdict {
        Verdict::Passed => ("passed", text::PASSED_CHECK, Some(Icon::Check)),
        Verdict::Failed => ("failed", text::FAILED_CHECK, Some(Icon::Cross)),
        Verdict::NotReached => ("skipped", text::NOT_REACHED, None),
        Verdict::WouldPass => ("skipped", text::NOT_REACHED_WOULD_PASS, None),
        Verdict::WouldFail => ("skipped", text::NOT_REACHED_WOULD_FAIL, None),
        Verdict::NotUsed => ("skipped", text::NOT_USED, None),
    };
    let values = (!check.values.is_empty()).then(|| values(check));
    let query = check.query.as_ref().map(|query| view! { <ul class="query">{node(query)}</ul> });
    // Those of the check that failed stand above, with the verdict.
    let acts = (check.verdict != Verdict::Failed).then(|| acts(shell, check));
    view! {
        <li class=class>
            <span class="trace-mark">{icon.map(Icon::view)}</span>
            <div>
                <h3>{check.name.clone()} <span class="verdict">{word}</span></h3>
                <p>{check.detail.clone()}</p>
                {query}
                {values}
                {acts}
            </div>
        </li>
    }
    .into_any()
}

/// A made-up request has no past: its values have one column.
fn values(check: &Check) -> View {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
    let past = check.values.iter().any(|(_, then, _)| then.is_some());
    let rows = check
        .values
        .iter()
        .map(|(name, then, now)| {
            let class = (then.is_some() && now.is_some() && then != now).then_some("changed");
            view! {
                <tr class=class>
                    <th scope="row">{name.clone()}</th>
                    {past.then(|| view! { <td>{text(then)}</td> })}
                    <td>{text(now)}</td>
                </tr>
            }
        })
        .collect_view();
    let caption = text::values_of(&check.name);
    view! {
        <table class="values">
            <caption class="sr">{caption}</caption>
            <thead>
                <tr>
                    <th scope="col"><span class="sr">{common::VALUE}</span></th>
                    {past.then(|| view! { <th scope="col">{text::THEN}</th> })}
                    <th scope="col">{text::NOW}</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// Deeper than people write by hand; what is below is cut.
const MAX_DEPTH: usize = 16;

fn node(query: &QueryNode) -> View {
    node_at(query, 0)
}

fn node_at(query: &QueryNode, depth: usize) -> View {
    let group = |word: &'static str, children: &[QueryNode]| {
        if depth >= MAX_DEPTH {
            return view! { <li>"…"</li> }.into_any();
        }
        let children = children.iter().map(|child| node_at(child, depth + 1)).collect_view();
        view! { <li><b>{word}</b><ul>{children}</ul></li> }.into_any()
    };
    match query {
        QueryNode::And(children) => group(text::ALL_OF, children),
        QueryNode::Or(children) => group(text::ANY_OF, children),
        QueryNode::Permission { slug, held, decisive } => {
            let (class, icon, word) = match (held, decisive) {
                (true, _) => ("held", Icon::Check, text::HELD),
                (false, true) => ("missing decisive", Icon::Cross, text::MISSING_DECISIVE),
                (false, false) => ("missing", Icon::Cross, text::MISSING),
            };
            view! { <li class=class>{icon.view()}{mono(slug)}<span class="note">{word}</span></li> }
                .into_any()
        }
    }
}

fn fix_view(shell: &Shell, fix: &Fix) -> View {
    let mut body: Vec<View> =
        fix.fields.iter().map(|(name, value)| crate::components::hidden(name, value)).collect();
    body.push(submit(&fix.label, "small primary"));
    post_form(shell.csrf(), &fix.action, "inline", body)
}
