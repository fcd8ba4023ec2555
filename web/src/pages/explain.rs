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
        None => vec![empty_state(
            Icon::Search,
            "Nothing asked yet",
            "Paste a key, and what the caller asked for, to see every check in order. Nothing is consumed.",
            vec![],
        )],
    };
    Page::new(shell, Section::Explain, "Explain a decision")
        .body(vec![split(trace, vec![question(shell, &view.form)])])
}

fn question(shell: &Shell, form: &FormState) -> View {
    let fields = vec![
        form_error(form),
        input(
            form,
            Field::text("key", "Key")
                .help("The secret, or an id. A secret is hashed on arrival and never kept.")
                .mono()
                .required()
                .no_autofill(),
        ),
        input(
            form,
            Field::text("permissions", "Permission query")
                .mono()
                .placeholder("documents.read AND billing.view"),
        ),
        input(form, Field::number("cost", "Cost").help("Credits to spend; 1 if empty.")),
        area(
            form,
            Field::text("limits", "Limits").mono().rows(2).help("One a line: name, and a cost if not 1."),
        ),
        input(form, Field::text("ip", "Source address").mono().help("Your own if empty.")),
        action("A dry run: nothing is consumed or counted.", vec![submit("Explain", "primary")]),
    ];
    section("What is asked", vec![post_form(shell.csrf(), &paths::explain(), "form", fields)])
}

pub(crate) fn trace_view(shell: &Shell, trace: &Trace) -> Vec<View> {
    let named = |one: &Option<Named>, path: fn(&str) -> Href| {
        one.as_ref().map_or_else(|| nothing("not found"), |one| link(&one.name, &path(&one.id)))
    };
    let time = match &trace.at {
        Some(at) => crate::components::stamp(at),
        None => nothing("now"),
    };
    let mut summary = vec![("Outcome", outcome_badge(trace.outcome))];
    summary.extend(trace.now.map(|now| ("The same request now", outcome_badge(now))));
    summary.extend([
        ("Key", named(&trace.key, paths::key)),
        ("API", named(&trace.api, paths::api)),
        ("Time", time),
        ("Source", trace.ip.as_deref().map_or_else(|| nothing("unknown"), mono)),
        ("Cost", num(trace.cost)),
    ]);
    let failed = trace.checks.iter().find(|check| check.verdict == Verdict::Failed);
    let failed = failed.map(|check| view! { <ol class="trace">{check_view(shell, check)}</ol> });
    let checks = trace.checks.iter().map(|check| check_view(shell, check)).collect_view();
    let title = if trace.dry_run { "Dry run" } else { "What happened" };
    let all = view! {
        {failed}
        <details>
            <summary class="button small">"All checks: "{tally(&trace.checks)}</summary>
            <ol class="trace">{checks}</ol>
        </details>
    };
    vec![
        verdict(shell, trace),
        section("Checks, in order", vec![all.into_any()]),
        section(title, vec![facts(summary)]),
    ]
}

/// The answer in one sentence, and beside it what would change it.
fn verdict(shell: &Shell, trace: &Trace) -> View {
    let (class, icon, word) = match (trace.outcome.is_good(), trace.dry_run) {
        (true, false) => ("t-ok", Icon::Check, "Accepted"),
        (true, true) => ("t-ok", Icon::Check, "Would be accepted"),
        (false, false) => ("t-error", Icon::Cross, "Refused"),
        (false, true) => ("t-error", Icon::Cross, "Would be refused"),
    };
    let failed = trace.checks.iter().find(|check| check.verdict == Verdict::Failed);
    let reason = failed.map_or_else(|| trace.outcome.meaning().to_owned(), |check| check.detail.clone());
    let since = match trace.now {
        Some(now) if now.is_good() && !trace.outcome.is_good() => " The same request would be accepted now.",
        Some(now) if !now.is_good() && trace.outcome.is_good() => " The same request would be refused now.",
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
        (count(&[Verdict::Passed]), "passed"),
        (count(&[Verdict::Failed]), "failed"),
        (count(&[Verdict::NotReached, Verdict::WouldPass, Verdict::WouldFail]), "not reached"),
        (count(&[Verdict::NotUsed]), "not used"),
    ];
    let told: Vec<String> =
        kinds.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    told.join(", ")
}

fn acts(shell: &Shell, check: &Check) -> View {
    let setting = check.setting.as_ref().filter(|_| shell.may.write);
    let setting = setting.map(|href| button_link(Some(Icon::Settings), "Setting", href, "small"));
    let fix = check.fix.as_ref().filter(|_| shell.may.write).map(|fix| fix_view(shell, fix));
    view! { <div class="trace-actions">{fix}{setting}</div> }.into_any()
}

fn check_view(shell: &Shell, check: &Check) -> View {
    let (class, word, icon) = match check.verdict {
        Verdict::Passed => ("passed", "passed", Some(Icon::Check)),
        Verdict::Failed => ("failed", "failed", Some(Icon::Cross)),
        Verdict::NotReached => ("skipped", "not reached", None),
        Verdict::WouldPass => ("skipped", "not reached, would pass", None),
        Verdict::WouldFail => ("skipped", "not reached, would fail", None),
        Verdict::NotUsed => ("skipped", "not used", None),
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
    let caption = format!("Values of {}", check.name);
    view! {
        <table class="values">
            <caption class="sr">{caption}</caption>
            <thead>
                <tr>
                    <th scope="col"><span class="sr">"Value"</span></th>
                    {past.then(|| view! { <th scope="col">"Then"</th> })}
                    <th scope="col">"Now"</th>
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
        QueryNode::And(children) => group("all of", children),
        QueryNode::Or(children) => group("any of", children),
        QueryNode::Permission { slug, held, decisive } => {
            let (class, icon, word) = match (held, decisive) {
                (true, _) => ("held", Icon::Check, "held"),
                (false, true) => ("missing decisive", Icon::Cross, "missing, this decided it"),
                (false, false) => ("missing", Icon::Cross, "missing"),
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
