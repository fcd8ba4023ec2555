//! What several pages share: heads of entities, rows of logs, the live tail.

use std::cmp::Ordering;

use leptos::prelude::*;

use crate::View;
use crate::components::{Changed, ChangedValue, Chip, Column, Tone};
use crate::components::{
    Icon, Outcome, Row, Table, badge, columns_menu, head, link, log_stamp, mono, nothing, num, outcome_badge,
    tabs, tags,
};
use crate::number::exact;
use crate::paths::{self, CURSOR, HIDE, Here, Href, LIVE, ROWS};
use crate::shell::{Crumb, Page, Section, Shell};
use crate::texts::{audit, common, parts as text};
use crate::time::{Stamp, latency};

/// An entity by id and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub id: String,
    pub name: String,
}

impl Named {
    pub fn new(id: &str, name: &str) -> Self {
        Self { id: id.to_owned(), name: name.to_owned() }
    }
}

/// An API and those one can hop to from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRef {
    pub id: String,
    pub name: String,
    /// APIs of the workspace, this one included; as many as fit a menu.
    pub siblings: Vec<Named>,
}

impl ApiRef {
    pub(crate) fn crumbs<'a>(&self, page: Page<'a>) -> Page<'a> {
        let siblings = self.siblings.iter().map(|api| (api.name.clone(), paths::api(&api.id))).collect();
        page.crumb(Crumb::new(common::APIS, paths::apis()))
            .crumb(Crumb::new(&self.name, paths::api(&self.id)).siblings(siblings))
    }

    /// A page of this API under one of its tabs.
    pub(crate) fn page<'a>(&self, shell: &'a Shell, current: &str) -> Page<'a> {
        let entries = vec![
            (common::OVERVIEW, paths::api(&self.id)),
            (common::KEYS, paths::api_keys(&self.id)),
            (common::PORTAL, paths::api_portal(&self.id)),
            (common::SETTINGS, paths::api_settings(&self.id)),
        ];
        self.crumbs(Page::new(shell, Section::Apis, &self.name))
            .beside_title(crate::components::copy_chip(&self.id, common::API_ID_TO_COPY))
            .tabs(tabs(common::API, current, entries))
    }
}

/// A namespace and those one can hop to from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceRef {
    pub id: String,
    pub name: String,
    pub siblings: Vec<Named>,
}

impl NamespaceRef {
    pub(crate) fn crumbs<'a>(&self, page: Page<'a>) -> Page<'a> {
        let siblings =
            self.siblings.iter().map(|one| (one.name.clone(), paths::namespace(&one.id))).collect();
        page.crumb(Crumb::new(common::RATE_LIMITS, paths::namespaces()))
            .crumb(Crumb::new(&self.name, paths::namespace(&self.id)).siblings(siblings))
    }

    pub(crate) fn page<'a>(&self, shell: &'a Shell, current: &str) -> Page<'a> {
        let entries = vec![
            (common::REQUESTS, paths::namespace(&self.id)),
            (common::LOGS, paths::namespace_logs(&self.id)),
            (common::OVERRIDES, paths::overrides(&self.id)),
            (common::SETTINGS, paths::namespace_settings(&self.id)),
        ];
        self.crumbs(Page::new(shell, Section::Ratelimits, &self.name))
            .beside_title(crate::components::copy_chip(&self.id, text::NAMESPACE_ID_TO_COPY))
            .tabs(tabs(common::NAMESPACE, current, entries))
    }
}

/// A verification as logs list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerificationRow {
    /// The request's id, which is the verification's.
    pub id: String,
    pub at: Stamp,
    pub outcome: Outcome,
    /// The key, where the log is not about one.
    pub key: Option<Named>,
    /// The limit that was exceeded, the permission that was missing.
    pub denial: Option<String>,
    pub tags: Vec<String>,
    pub ip: Option<String>,
    pub spent: i64,
    /// Credits left, of a key with finite ones.
    pub balance: Option<i64>,
    pub latency_us: i64,
}

/// Which columns a log of verifications has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    /// Everything but the key, which the page is about.
    OfKey,
    /// Everything.
    OfIdentity,
    /// What fits beside other things.
    Latest,
}

fn log_heads(log: Log) -> Vec<Column> {
    let key = (log == Log::OfIdentity).then(|| head(common::KEY));
    let tags = (log != Log::Latest).then(|| head(common::TAGS));
    let credits = (log != Log::Latest).then(|| head(common::CREDITS).numeric());
    let start =
        [head(common::TIME), head(common::OUTCOME)].into_iter().chain(key).chain([head(common::REASON)]);
    start
        .chain(tags)
        .chain([head(common::SOURCE)])
        .chain(credits)
        .chain([head(common::DURATION).numeric()])
        .collect()
}

/// A log of verifications, newest first.
pub(crate) fn verification_log(
    rows: &[VerificationRow],
    log: Log,
    here: Option<&Here>,
    live: Option<String>,
) -> View {
    let rows = rows.iter().map(|row| log_row(row, log)).collect();
    Table::new(common::VERIFICATIONS, log_heads(log)).of_columns(here).dense().live(live).rows(rows)
}

/// The columns of a log of verifications.
pub(crate) fn verification_columns(log: Log, here: &Here) -> View {
    columns_menu(here, &log_heads(log))
}

/// One row of a verification log as the live tail sends it.
pub fn verification_row(row: &VerificationRow, log: Log, here: &Here) -> String {
    crate::to_html(log_row(row, log).under(&log_heads(log), Some(here)).view(false))
}

fn log_row(row: &VerificationRow, log: Log) -> Row {
    let time = view! { <a href=paths::verification(&row.id).to_string()>{log_stamp(&row.at)}</a> };
    let balance = row.balance.map(|balance| format!(" → {}", exact(balance))).unwrap_or_default();
    let credits = match (row.spent, row.balance) {
        (0, None) => nothing("–"),
        (spent, _) => view! { <span class="num">{format!("{spent}{balance}")}</span> }.into_any(),
    };
    let key = row.key.as_ref();
    let mut cells = vec![time.into_any(), outcome_badge(row.outcome)];
    if log == Log::OfIdentity {
        cells.push(key.map_or_else(|| nothing(common::UNKNOWN), |key| link(&key.name, &paths::key(&key.id))));
    }
    cells.push(row.denial.as_deref().map_or_else(|| nothing("–"), mono));
    if log != Log::Latest {
        cells.push(if row.tags.is_empty() { nothing("–") } else { tags(&row.tags) });
    }
    cells.push(row.ip.as_deref().map_or_else(|| nothing("–"), mono));
    if log != Log::Latest {
        cells.push(credits);
    }
    cells.push(view! { <span class="num">{latency(row.latency_us)}</span> }.into_any());
    Row::new(cells).class(severity(row.outcome))
}

/// The tint of a log row.
pub(crate) fn severity(outcome: Outcome) -> &'static str {
    match outcome {
        outcome if outcome.is_good() => "",
        Outcome::RateLimited | Outcome::Blocked | Outcome::ClientError => "row-caution",
        _ => "row-error",
    }
}

/// The live tail of a log: whether it runs, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    pub on: bool,
    /// Server-sent events whose data is a row of the table.
    pub source: Href,
}

impl Live {
    pub(crate) fn source(&self) -> Option<String> {
        self.on.then(|| self.source.to_string())
    }

    /// The switch, which is a link, and the way to look again.
    pub(crate) fn switch(&self, here: &Here) -> View {
        let (href, pressed) =
            if self.on { (here.without(&[LIVE]), "true") } else { (here.with(LIVE, "1"), "false") };
        let name = if self.on { text::LIVE_PRESS_TO_STOP } else { text::LIVE };
        view! {
            <a class="button live" role="button" href=href.to_string() aria-pressed=pressed>
                {Icon::Live.view()}
                <span>{name}</span>
            </a>
            <a class="button" href=here.href().to_string()>
                {Icon::Rotate.view()}
                <span>{text::REFRESH}</span>
            </a>
        }
        .into_any()
    }
}

/// The way to take a list out as a file, its choice of rows kept.
pub(crate) fn export_link(here: &Here, what: &str) -> View {
    let kept = here.pairs.iter().filter(|(name, _)| ![CURSOR, LIVE, ROWS, HIDE].contains(&name.as_str()));
    let href = kept.fold(paths::export().with("what", what), |href, (name, value)| href.with(name, value));
    crate::components::button_link(Some(Icon::Export), common::EXPORT, &href, "")
}

/// An audit entry as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    pub id: String,
    pub at: Stamp,
    pub event: String,
    pub description: String,
    pub actor: String,
    /// `user`, `root key`, `job`, `cli`.
    pub actor_kind: String,
    /// A root key's page, else what else they did.
    pub actor_href: Option<Href>,
    /// What it was about first of all, if that has a page.
    pub about: Option<AuditSubject>,
    pub changes: Vec<Changed>,
    /// Whether it is of the act of the entry above it.
    pub goes_on: bool,
    /// The address the actor came from, if it came from one.
    pub ip: Option<String>,
}

/// Something that an entry is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditSubject {
    /// Its name, else its id.
    pub name: String,
    pub href: Href,
}

fn audit_heads() -> Vec<Column> {
    [common::TIME, common::EVENT, common::DESCRIPTION, common::ACTOR, common::SOURCE]
        .into_iter()
        .map(head)
        .collect()
}

/// The columns of an audit log.
pub(crate) fn audit_columns(here: &Here) -> View {
    columns_menu(here, &audit_heads())
}

pub(crate) fn audit_table(rows: &[AuditRow], here: Option<&Here>) -> View {
    Table::new(common::CHANGES, audit_heads())
        .of_columns(here)
        .wide()
        .rows(rows.iter().map(audit_row).collect())
}

fn audit_row(row: &AuditRow) -> Row {
    let entry = paths::audit_entry(&row.id).to_string();
    let time = match row.goes_on {
        true => {
            view! { <a href=entry class="note" title=text::OF_THE_ACT_ABOVE>{text::SAME_ACT}</a> }.into_any()
        }
        false => view! { <a href=entry>{log_stamp(&row.at)}</a> }.into_any(),
    };
    // Most actors are people, which their address already says.
    let kind = (row.actor_kind != audit::ACTOR_USER)
        .then(|| view! { <span class="note">{row.actor_kind.clone()}</span> });
    let actor = match &row.actor_href {
        Some(href) => view! { <bdi>{link(&row.actor, href)}</bdi> }.into_any(),
        None => view! { <bdi>{row.actor.clone()}</bdi> }.into_any(),
    };
    Row::new(vec![
        time,
        event_badge(&row.event),
        view! { <bdi>{row.description.clone()}</bdi>{second_line(row)} }.into_any(),
        view! { {actor} {kind} }.into_any(),
        row.ip.as_deref().map_or_else(|| nothing(common::NONE), mono),
    ])
}

/// The way to what it was about, and what changed.
fn second_line(row: &AuditRow) -> Option<View> {
    let about = row.about.as_ref().map(|about| view! { <bdi>{link(&about.name, &about.href)}</bdi> });
    if about.is_none() && row.changes.is_empty() {
        return None;
    }
    let between = if about.is_some() && !row.changes.is_empty() { ": " } else { "" };
    let told = row.changes.iter().take(TOLD_CHANGES).enumerate().map(|(index, change)| {
        let comma = if index > 0 { ", " } else { "" };
        view! { {comma}{told_change(change)} }
    });
    let more = row.changes.len().saturating_sub(TOLD_CHANGES);
    let more = (more > 0).then(|| text::and_more(more));
    Some(view! { <div class="hint">{about}{between}{told.collect_view()}{more}</div> }.into_any())
}

/// Changes that a row of a list tells; its page has all.
const TOLD_CHANGES: usize = 4;

/// What is longer is on the page of the entry, where nothing is cut off.
const TOLD_CHARACTERS: usize = 40;

/// Whether a line has no room for it.
pub(crate) fn is_long(change: &Changed) -> bool {
    let is_long = |side: &ChangedValue| side.width() > TOLD_CHARACTERS;
    [&change.before, &change.after].into_iter().flatten().any(is_long)
}

/// `Limit: 5 → 8`, each value in a mark of its own that its text cannot leave.
pub(crate) fn told_change(change: &Changed) -> View {
    if is_long(change) {
        return view! { {change.field.clone()}{text::FIELD_CHANGED} }.into_any();
    }
    let value = |side: &Option<ChangedValue>| match side {
        None => common::NOT_SET.into_any(),
        Some(value) => view! { <bdi><code class="value">{value.view()}</code></bdi> }.into_any(),
    };
    let before = change.before.is_some().then(|| view! { {value(&change.before)}" \u{2192} " });
    view! { {change.field.clone()}": "{before}{value(&change.after)} }.into_any()
}

/// What ends something stands out; what makes or changes it does not.
pub(crate) fn event_badge(event: &str) -> View {
    let ends = ["delete", "revoke", "remove", "failed"].iter().any(|word| event.contains(word));
    badge(if ends { Tone::Attention } else { Tone::Quiet }, event)
}

/// A key as search results and side lists name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyLine {
    pub id: String,
    /// Its name, else what is stored of its secret.
    pub label: String,
    pub api: Named,
    pub last_used: Option<Stamp>,
    pub states: Vec<Chip>,
}

pub(crate) fn key_lines(caption: &str, keys: &[KeyLine]) -> View {
    let heads = vec![head(common::KEY), head(common::API), head(common::LAST_USED), head(common::STATE)];
    let rows = keys.iter().map(|key| {
        Row::new(vec![
            link(&key.label, &paths::key(&key.id)),
            link(&key.api.name, &paths::api(&key.api.id)),
            crate::components::optional_stamp(&key.last_used, common::NEVER),
            crate::components::chips(&key.states),
        ])
    });
    Table::new(caption, heads).rows(rows.collect())
}

/// Query parameter with the place in a list of keys that is not the page's own.
pub const KEYS: &str = "keys";

/// The way on through the keys of a page about something else.
pub(crate) fn further_keys(here: &Here, next: &Option<String>) -> View {
    let button =
        |name: &'static str, href: Href| view! { <a class="button small" href=href.to_string()>{name}</a> };
    let first = here.get(KEYS).is_some().then(|| button(text::FIRST_KEYS, here.without(&[KEYS])));
    let next = next.as_ref().map(|cursor| button(text::NEXT_KEYS, here.with(KEYS, cursor)));
    if first.is_none() && next.is_none() {
        return ().into_any();
    }
    view! { <nav class="pager" aria-label=common::KEYS><div>{first}{next}</div></nav> }.into_any()
}

/// A figure of a span beside the same figure of the span before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    pub now: i64,
    pub before: i64,
}

/// What it means that a figure rises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rise {
    /// More is neither better nor worse.
    Neutral,
    Worse,
}

impl Compared {
    /// `before` names the span before: `the 24 hours before`. Without it nothing is compared.
    pub(crate) fn view(self, label: &str, rise: Rise, before: Option<&str>) -> View {
        let note = before.map(|before| self.change(rise, before));
        crate::components::stat(label, num(self.now), note)
    }

    /// As [`Compared::view`]; the figure leads to what was counted.
    pub(crate) fn linked(self, label: &str, rise: Rise, before: Option<&str>, href: &Href) -> View {
        let note = before.map(|before| self.change(rise, before));
        let value = view! { <a href=href.to_string()>{num(self.now)}</a> }.into_any();
        crate::components::stat(label, value, note)
    }

    fn change(self, rise: Rise, before: &str) -> View {
        let (now, then) = (self.now, self.before);
        let (class, text) = match now.cmp(&then) {
            _ if then == 0 => ("", text::none_in(before)),
            Ordering::Equal => ("", text::as_in(before)),
            Ordering::Greater => {
                let class = if rise == Rise::Worse { "worse" } else { "" };
                (class, text::more_than(crate::number::percent(now - then, then), before))
            }
            Ordering::Less => {
                let class = if rise == Rise::Worse { "better" } else { "" };
                (class, text::less_than(crate::number::percent(then - now, then), before))
            }
        };
        view! { <span class=class title=exact(then)>{text}</span> }.into_any()
    }
}

/// Class of a count of refusals: none is quiet.
pub(crate) fn tint(refused: i64) -> &'static str {
    if refused > 0 { "bad" } else { "none" }
}
