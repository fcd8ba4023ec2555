//! Is anything wrong? What happened lately, what will need a hand, and how the
//! server is.

use leptos::prelude::*;

use super::parts::{AuditRow, Compared, Rise, audit_table};
use crate::View;
use crate::charts::{Bars, bars};
use crate::components::{
    Icon, Outcome, Row, SavedView, Table, TimeRange, Tone, button_link, card_with, empty_state, facts, head,
    link, mono, num, outcome_badge, range_picker, section, split, stats,
};
use crate::paths::{self, FROM, Here, Href, SINCE, TO};
use crate::shell::{Page, Section, Shell};
use crate::texts::{common, home as text};

/// Something that asks for attention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub tone: Tone,
    /// `12 keys expire within a week`.
    pub title: String,
    /// Who or what it is about, where that is a name that a stranger may have chosen.
    pub about: Option<String>,
    pub detail: String,
    pub href: Href,
    /// `See keys`.
    pub go: String,
}

/// Whose requests are refused most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// `key`, `identity`, `identifier`.
    pub kind: String,
    pub label: String,
    pub href: Href,
    pub refused: i64,
    pub of: i64,
    pub mostly: Outcome,
}

/// A fact about the server: name, value, and whether it is as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthFact {
    pub name: String,
    pub value: String,
    pub tone: Tone,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HomeView {
    pub here: Here,
    pub range: TimeRange,
    /// The span that figures are compared with: `the 24 hours before`.
    pub before: Option<String>,
    /// Whether unknown keys of that span are known, which are part of other figures.
    pub is_before_known: bool,
    pub verifications: Compared,
    pub denials: Compared,
    /// Verifications with keys that nobody has, which are among the denials.
    pub unknown: Compared,
    /// Why some of them may be missing.
    pub unknown_note: Option<String>,
    pub decisions: Compared,
    pub blocked: Compared,
    pub requests: Bars,
    /// Most urgent first.
    pub concerns: Vec<Warning>,
    pub failing: Vec<Failing>,
    pub changes: Vec<AuditRow>,
    pub health: Vec<HealthFact>,
    pub views: Vec<SavedView>,
    /// Whether nothing was ever verified here, so that first steps are offered.
    pub first_steps: bool,
}

pub fn home(shell: &Shell, view: &HomeView) -> String {
    let before = view.before.as_deref();
    let with_unknown = before.filter(|_| view.is_before_known);
    let figures = stats(vec![
        view.verifications.view(common::VERIFICATIONS, Rise::Neutral, with_unknown),
        view.denials.view(text::DENIED, Rise::Worse, with_unknown),
        view.unknown.linked(text::UNKNOWN_KEYS, Rise::Worse, with_unknown, &unknown_keys(&view.here)),
        view.decisions.view(text::RATE_LIMIT_DECISIONS, Rise::Neutral, before),
        view.blocked.view(text::BLOCKED, Rise::Worse, before),
    ]);
    let range = range_picker(&view.here, &view.range);
    let mut main = Vec::new();
    if view.first_steps {
        main.push(first_steps(shell));
    }
    main.push(concerns(&view.concerns));
    main.push(bars(&view.requests));
    if let Some(note) = &view.unknown_note {
        main.push(view! { <p class="hint">{note.clone()}</p> }.into_any());
    }
    if !view.failing.is_empty() {
        main.push(section(text::REFUSED_MOST, vec![failing(&view.failing)]));
    }
    let all = link(common::ALL, &paths::audit());
    let changes = match view.changes.as_slice() {
        [] => view! { <p class="hint">{text::NO_CHANGE_YET}</p> }.into_any(),
        rows => audit_table(rows, None),
    };
    main.push(card_with(text::RECENT_CHANGES, vec![all], vec![changes]));
    let mut side = vec![health(&view.health)];
    if !view.views.is_empty() {
        let links =
            view.views.iter().map(|one| view! { <li>{link(&one.name, &one.href)}</li> }).collect_view();
        side.push(section(text::SAVED_VIEWS, vec![view! { <ul class="plain">{links}</ul> }.into_any()]));
    }
    Page::new(shell, Section::Home, &shell.workspace.name)
        .action(range)
        .body(vec![figures, split(main, side)])
}

/// The requests with unknown keys, of the span of the page.
fn unknown_keys(here: &Here) -> Href {
    let span = [SINCE, FROM, TO].into_iter().filter_map(|name| Some((name, here.get(name)?)));
    let requests = paths::requests().with("outcome", Outcome::NotFound.code());
    span.fold(requests, |href, (name, value)| href.with(name, value))
}

fn first_steps(shell: &Shell) -> View {
    if !shell.may.admin {
        let hint = text::NOT_VERIFIED_YET_FOR_READERS;
        return empty_state(Icon::Play, text::NOTHING_WAS_VERIFIED_HERE_YET, hint, vec![]);
    }
    empty_state(
        Icon::Play,
        text::NOTHING_WAS_VERIFIED_HERE_YET,
        text::NOT_VERIFIED_YET_HINT,
        vec![button_link(None, text::TAKE_THE_FIRST_STEPS, &paths::start(), "primary")],
    )
}

fn concerns(concerns: &[Warning]) -> View {
    if concerns.is_empty() {
        return view! {
            <section class="card all-well" aria-label=text::CONCERNS>
                {Icon::Check.view()}
                <p>{text::NOTHING_NEEDS_ATTENTION}</p>
            </section>
        }
        .into_any();
    }
    let rows = concerns
        .iter()
        .map(|concern| {
            let about = concern.about.as_ref().map(|about| view! { <bdi>{about.clone()}</bdi> ": " });
            let icon = if concern.tone == Tone::Info { Icon::Info } else { Icon::Warning };
            view! {
                <li>
                    <span class=format!("concern-mark t-{}", concern.tone.class())>{icon.view()}</span>
                    <div>
                        <b>{concern.title.clone()}</b>
                        <p class="hint">{about}{concern.detail.clone()}</p>
                    </div>
                    {button_link(None, &concern.go, &concern.href, "small")}
                </li>
            }
        })
        .collect_view();
    section(text::NEEDS_ATTENTION, vec![view! { <ul class="concerns">{rows}</ul> }.into_any()])
}

fn failing(rows: &[Failing]) -> View {
    let heads = vec![
        head(common::WHO),
        head(common::KIND),
        head(text::MAIN_REASON),
        head(common::REFUSED).numeric(),
        head(text::SHARE).numeric(),
    ];
    let rows = rows.iter().map(|row| {
        let name = view! { <a href=row.href.to_string()>{mono(&row.label)}</a> };
        let share = view! { <span class="num">{crate::number::percent(row.refused, row.of)}</span> };
        Row::new(vec![
            name.into_any(),
            row.kind.clone().into_any(),
            outcome_badge(row.mostly),
            num(row.refused),
            share.into_any(),
        ])
    });
    Table::new(text::REFUSED_MOST, heads).rows(rows.collect())
}

fn health(rows: &[HealthFact]) -> View {
    let values = rows
        .iter()
        .map(|fact| {
            let mark = match fact.tone {
                Tone::Good | Tone::Quiet => ().into_any(),
                _ => Icon::Warning.view(),
            };
            let value = view! { <span class=format!("health t-{}", fact.tone.class())>{mark}{fact.value.clone()}</span> };
            (fact.name.as_str(), value.into_any())
        })
        .collect();
    section(common::THIS_SERVER, vec![facts(values)])
}
