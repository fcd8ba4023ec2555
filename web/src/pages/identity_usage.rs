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
use crate::texts::{common, identities as text};

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
    let earlier =
        view.earlier.as_ref().map(|earlier| button_link(Some(Icon::Left), text::EARLIER, earlier, ""));
    let later = view.later.as_ref().map(|later| button_link(Some(Icon::Right), text::LATER, later, ""));
    let page = Page::new(shell, Section::Identities, &format!("{}, {}", view.identity.name, view.month))
        .crumb(Crumb::new(common::IDENTITIES, paths::identities()))
        .crumb(Crumb::new(&view.identity.name, paths::identity(&view.identity.id)))
        .action(earlier.into_any())
        .action(later.into_any());
    if view.kept == Kept::Nothing {
        let hint = text::NOTHING_IS_KEPT_HINT;
        return page.body(vec![empty_state(Icon::Chart, text::NOTHING_IS_KEPT_OF_THIS_MONTH, hint, vec![])]);
    }
    let page = page.action(button_link(Some(Icon::Export), text::BILL_AS_CSV, &view.csv, "primary"));
    let partly = match &view.kept {
        Kept::From(day) => Some(warning(&text::from_a_day_on(day))),
        Kept::Whole | Kept::Nothing => None,
    };
    if view.outcomes.is_empty() {
        let hint = text::NOTHING_WAS_USED_HINT;
        let unused = empty_state(Icon::Chart, text::NOTHING_WAS_USED_IN_THIS_MONTH, hint, vec![]);
        return page.body(vec![partly.into_any(), unused]);
    }
    let slug = &shell.workspace.slug;
    let command = format!("unkey analytics query --workspace {slug} --format csv \"{}\"", view.sql);
    page.body(vec![
        partly.into_any(),
        totals(view),
        section(common::KEYS, vec![keys(view)]),
        code_block(text::THE_BILL_IN_SQL, &view.sql),
        code_block(text::THE_SAME_AT_THE_COMMAND_LINE, &command),
        note(text::MONTHS_ARE_THOSE_OF_UTC),
    ])
}

fn totals(view: &IdentityUsageView) -> View {
    let outcomes = view.outcomes.iter().map(|(outcome, count)| {
        let mark = view! { <span class="status">{swatch(*outcome)}{num(*count)}</span> };
        stat(outcome.label(), mark.into_any(), None)
    });
    stats(outcomes.chain([stat(common::CREDITS_SPENT, num(view.credits), None)]).collect())
}

fn keys(view: &IdentityUsageView) -> View {
    let heads = vec![
        head(common::KEY),
        head(common::ACCEPTED).numeric(),
        head(common::REFUSED).numeric(),
        head(common::CREDITS_SPENT).numeric(),
    ];
    let row = |key: &KeyUsage| {
        Row::new(vec![
            link(&key.label, &paths::key(&key.id)),
            num(key.accepted),
            num(key.refused),
            num(key.credits),
        ])
    };
    let table = Table::new(text::KEYS_OF_THE_CUSTOMER, heads).rows(view.keys.iter().map(row).collect());
    let more = view.has_more.then(|| {
        view! { <p class="hint">{text::THESE_ARE_THE_BUSIEST}</p> }
    });
    view! { {table} {more} }.into_any()
}
