//! What a customer used in a month: the totals, the keys, and the bill as a file.

use leptos::prelude::*;

use super::parts::Named;
use crate::View;
use crate::components::{
    Icon, Outcome, Row, Table, button_link, code_block, empty_state, head, link, note, num, section, stat,
    stats, swatch, warning,
};
use crate::paths::{self, Href};
use crate::shell::{Crumb, Page, Section, Shell};

/// One key of the customer in the month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUsage {
    pub id: String,
    pub label: String,
    pub accepted: i64,
    pub refused: i64,
    pub credits: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityUsageView {
    /// Id and external id.
    pub identity: Named,
    /// `November 2026`.
    pub month: String,
    /// As long as anything of it is kept.
    pub earlier: Option<Href>,
    /// Unless it has not begun.
    pub later: Option<Href>,
    /// Those that occurred.
    pub outcomes: Vec<(Outcome, i64)>,
    pub credits: i64,
    /// The busiest first.
    pub keys: Vec<KeyUsage>,
    /// Whether there are more keys than these.
    pub has_more: bool,
    /// The bill: a line for each key and outcome.
    pub csv: Href,
    /// The query that the bill is the answer to.
    pub sql: String,
    pub kept: Kept,
}

/// How much of the month is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    Whole,
    /// From a day on: `6 November 2025`.
    From(String),
    Nothing,
}

pub fn usage(shell: &Shell, view: &IdentityUsageView) -> String {
    let earlier = view.earlier.as_ref().map(|earlier| button_link(Some(Icon::Left), "Earlier", earlier, ""));
    let later = view.later.as_ref().map(|later| button_link(Some(Icon::Right), "Later", later, ""));
    let page = Page::new(shell, Section::Identities, &format!("{}, {}", view.identity.name, view.month))
        .crumb(Crumb::new("Identities", paths::identities()))
        .crumb(Crumb::new(&view.identity.name, paths::identity(&view.identity.id)))
        .action(earlier.into_any())
        .action(later.into_any());
    if view.kept == Kept::Nothing {
        let hint = "Requests of that time were removed since. What was used then is not known any more.";
        return page.body(vec![empty_state(Icon::Chart, "Nothing is kept of this month", hint, vec![])]);
    }
    let page = page.action(button_link(Some(Icon::Export), "Bill as CSV", &view.csv, "primary"));
    let partly = match &view.kept {
        Kept::From(day) => {
            Some(warning(&format!("From {day} on: the rest of the month is not kept any more.")))
        }
        Kept::Whole | Kept::Nothing => None,
    };
    if view.outcomes.is_empty() {
        let hint = "Verifications of any of its keys are counted here, from the first to the last of the month in UTC.";
        let unused = empty_state(Icon::Chart, "Nothing was used in this month", hint, vec![]);
        return page.body(vec![partly.into_any(), unused]);
    }
    let slug = &shell.workspace.slug;
    let command = format!("unkey analytics query --workspace {slug} --format csv \"{}\"", view.sql);
    page.body(vec![
        partly.into_any(),
        totals(view),
        section("Keys", vec![keys(view)]),
        code_block("The bill in SQL, for the page Query", &view.sql),
        code_block("The same at the command line", &command),
        note("Months are those of UTC. Unknown keys belong to nobody and are not in it."),
    ])
}

fn totals(view: &IdentityUsageView) -> View {
    let outcomes = view.outcomes.iter().map(|(outcome, count)| {
        let mark = view! { <span class="status">{swatch(*outcome)}{num(*count)}</span> };
        stat(outcome.label(), mark.into_any(), None)
    });
    stats(outcomes.chain([stat("Credits spent", num(view.credits), None)]).collect())
}

fn keys(view: &IdentityUsageView) -> View {
    let heads = vec![
        head("Key"),
        head("Accepted").numeric(),
        head("Refused").numeric(),
        head("Credits spent").numeric(),
    ];
    let row = |key: &KeyUsage| {
        Row::new(vec![
            link(&key.label, &paths::key(&key.id)),
            num(key.accepted),
            num(key.refused),
            num(key.credits),
        ])
    };
    let table = Table::new("Keys of the customer", heads).rows(view.keys.iter().map(row).collect());
    let more = view.has_more.then(|| {
        view! { <p class="hint">"These are the busiest. The file has all of them."</p> }
    });
    view! { {table} {more} }.into_any()
}
