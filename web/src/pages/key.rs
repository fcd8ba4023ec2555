//! One key: its facts, what it was used for, every request, every change.

use leptos::prelude::*;

use super::key_rotate::LEAKED;
use super::parts::{
    ApiRef, AuditRow, KeyLine, Live, Log, VerificationRow, audit_table, key_lines, verification_columns,
    verification_log,
};
use crate::View;
use crate::charts::{Bars, Heat, bars, heat};
use crate::components::{
    Chip, Filters, Icon, LimitRule, Pager, Row, Table, TimeRange, act, button_link, card, chips, code_block,
    copy_chip, empty_state, facts, filter_bar, head, link, masked, menu, meter, mono, nothing, num,
    optional_stamp, pager, range_picker, section, split, stamp, tabs, tags,
};
use crate::form::ON;
use crate::paths::{self, Here};
use crate::shell::{Crumb, Page, Section, Shell};
use crate::texts::{common, keys as text};
use crate::time::{Stamp, duration};

/// What every tab of a key shows at its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHead {
    pub id: String,
    /// Its name, else what is stored of its secret.
    pub label: String,
    pub api: ApiRef,
    pub enabled: bool,
    /// A deleted key that can still be restored.
    pub deleted: bool,
    /// Whether its secret can be shown again to those who may.
    pub recoverable: bool,
    /// Most urgent first.
    pub states: Vec<Chip>,
}

/// The credits of a key with finite ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditsFact {
    pub remaining: i64,
    /// Amount and rhythm: `1,000 every month on day 1`.
    pub refill: Option<(i64, String)>,
}

/// Everything that is set on a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    pub start: String,
    pub last4: String,
    pub created: Stamp,
    /// Who made it, as the audit log knows them.
    pub created_by: Option<String>,
    pub updated: Option<Stamp>,
    pub last_used: Option<Stamp>,
    pub expires: Option<Stamp>,
    pub credits: Option<CreditsFact>,
    pub limits: Vec<LimitRule>,
    pub roles: Vec<(String, String)>,
    /// Effective slugs.
    pub permissions: Vec<String>,
    /// External id, and id of the identity.
    pub identity: Option<(String, String)>,
    pub environment: Option<String>,
    /// Pretty-printed JSON; empty for none.
    pub meta: String,
}

/// Tab Activity. The menu posts to [`paths::enable_key`],
/// [`paths::disable_key`], [`paths::restore_key`] and [`paths::decrypt_key`]
/// without fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyView {
    pub key: KeyHead,
    pub facts: KeyFacts,
    pub here: Here,
    pub range: TimeRange,
    pub requests: Bars,
    /// Requests by hour of the day or by day.
    pub rhythm: Option<Heat>,
    /// The newest few verifications.
    pub recent: Vec<VerificationRow>,
    /// Other keys of the same identity.
    pub siblings: Vec<KeyLine>,
}

fn frame<'a>(shell: &'a Shell, key: &KeyHead, current: &str) -> Page<'a> {
    let entries = vec![
        (text::ACTIVITY, paths::key(&key.id)),
        (text::LOG, paths::key_log(&key.id)),
        (common::CHANGES, paths::key_changes(&key.id)),
    ];
    let explain =
        || button_link(Some(Icon::Help), common::EXPLAIN, &paths::explain().with("key", &key.id), "");
    key.api
        .crumbs(Page::new(shell, Section::Apis, &key.label))
        .crumb(Crumb::new(common::KEYS, paths::api_keys(&key.api.id)))
        .beside_title(chips(&key.states))
        .beside_title(copy_chip(&key.id, text::COPY_KEY_ID))
        .tabs(tabs(common::KEY, current, entries))
        .action_if(!key.deleted, explain)
        .action_if(shell.may.write && key.deleted, || {
            act(shell.csrf(), Some(Icon::Rotate), text::RESTORE, &paths::restore_key(&key.id), "primary")
        })
        .action_if(shell.may.write && !key.deleted, || {
            button_link(Some(Icon::Edit), common::EDIT, &paths::edit_key(&key.id), "primary")
        })
        .action_if(shell.may.write && !key.deleted, || menu(&key.label, acts(shell, key)))
}

fn acts(shell: &Shell, key: &KeyHead) -> Vec<View> {
    let csrf = shell.csrf();
    let switch = if key.enabled {
        act(csrf, Some(Icon::Pause), common::DISABLE, &paths::disable_key(&key.id), "menu-item")
    } else {
        act(csrf, Some(Icon::Play), common::ENABLE, &paths::enable_key(&key.id), "menu-item")
    };
    let mut items = vec![
        button_link(Some(Icon::Rotate), common::ROTATE, &paths::rotate_key(&key.id), "menu-item"),
        button_link(
            Some(Icon::Warning),
            text::REPLACE_IT_LEAKED,
            &paths::rotate_key(&key.id).with(LEAKED, ON),
            "menu-item",
        ),
        switch,
    ];
    if key.recoverable {
        items.push(act(
            csrf,
            Some(Icon::Lock),
            text::SHOW_THE_SECRET,
            &paths::decrypt_key(&key.id),
            "menu-item",
        ));
    }
    items.push(button_link(
        Some(Icon::Trash),
        common::DELETE,
        &paths::edit_key(&key.id).at("danger"),
        "menu-item",
    ));
    items
}

pub fn activity(shell: &Shell, view: &KeyView) -> String {
    let recent = if view.recent.is_empty() {
        empty_state(Icon::Chart, text::NO_REQUEST_IN_THIS_SPAN, text::NO_REQUEST_IN_THIS_SPAN_HINT, vec![])
    } else {
        verification_log(&view.recent, Log::Latest, None, None)
    };
    let more = link(text::ALL_REQUESTS_OF_THIS_KEY, &paths::key_log(&view.key.id));
    let mut main = vec![
        view! { <div class="filters"><div class="filter-row">{range_picker(&view.here, &view.range)}</div></div> }
            .into_any(),
        bars(&view.requests),
    ];
    main.extend(view.rhythm.as_ref().map(|rhythm| section(&rhythm.title, vec![heat(rhythm)])));
    main.push(section(
        common::LATEST_REQUESTS,
        vec![recent, view! { <p class="card-more">{more}</p> }.into_any()],
    ));
    if !view.siblings.is_empty() {
        main.push(section(
            text::OTHER_KEYS_OF_THIS_IDENTITY,
            vec![key_lines(text::OTHER_KEYS, &view.siblings)],
        ));
    }
    frame(shell, &view.key, text::ACTIVITY).body(vec![split(main, side(&view.facts))])
}

fn side(facts_: &KeyFacts) -> Vec<View> {
    let mut blocks = vec![section(common::FACTS, vec![facts(fact_rows(facts_))])];
    blocks.push(section(common::RATE_LIMITS, vec![limits(&facts_.limits)]));
    blocks.push(section(common::PERMISSIONS, vec![permissions(facts_)]));
    if !facts_.meta.is_empty() {
        blocks.push(code_block(text::METADATA, &facts_.meta));
    }
    blocks
}

fn fact_rows(facts: &KeyFacts) -> Vec<(&'static str, View)> {
    let identity = facts.identity.as_ref();
    vec![
        (common::VALUE, masked(&facts.start, &facts.last4)),
        (
            common::IDENTITY,
            identity.map_or_else(|| nothing(common::NONE), |(name, id)| link(name, &paths::identity(id))),
        ),
        (common::CREDITS, credits(facts.credits.as_ref())),
        (common::EXPIRES, optional_stamp(&facts.expires, common::NEVER)),
        (common::LAST_USED, optional_stamp(&facts.last_used, common::NEVER)),
        (
            text::ENVIRONMENT,
            facts.environment.clone().map_or_else(|| nothing(common::NONE), |text| text.into_any()),
        ),
        (common::CREATED, stamp(&facts.created)),
        (
            common::CREATED_BY,
            facts.created_by.clone().map_or_else(|| nothing(common::UNKNOWN), |text| text.into_any()),
        ),
        (common::CHANGED, optional_stamp(&facts.updated, common::NEVER)),
    ]
}

fn credits(credits: Option<&CreditsFact>) -> View {
    let Some(credits) = credits else { return nothing(common::UNLIMITED) };
    let refill = credits.refill.as_ref().map(|(amount, rhythm)| {
        view! {
            {meter(common::CREDITS_LEFT, credits.remaining, *amount)}
            <p class="hint">{rhythm.clone()}</p>
        }
    });
    view! { <span class="num">{text::credits_left(credits.remaining)}</span>{refill} }.into_any()
}

pub(crate) fn limits(rules: &[LimitRule]) -> View {
    if rules.is_empty() {
        return view! { <p class="hint">{text::NO_LIMITS}</p> }.into_any();
    }
    let heads = vec![head(common::NAME), head(common::LIMIT).numeric(), head(text::USED_NOW).numeric()];
    let rows = rules.iter().map(|rule| {
        let origin = rule.inherited.then(|| view! { <span class="note">{text::OF_THE_IDENTITY}</span> });
        let auto = rule.auto_apply.then(|| view! { <span class="note">{text::ALWAYS}</span> });
        let name = view! { {mono(&rule.name)} {auto} {origin} };
        let limit = view! { {num(rule.limit)}" / "{duration(rule.duration_ms)} };
        let used = rule.used.map_or_else(|| nothing("–"), num);
        Row::new(vec![name.into_any(), limit.into_any(), used])
    });
    Table::new(common::RATE_LIMITS, heads).rows(rows.collect())
}

fn permissions(facts: &KeyFacts) -> View {
    let roles = facts.roles.iter().map(|(id, name)| view! { <li>{link(name, &paths::role(id))}</li> });
    let roles = match facts.roles.is_empty() {
        true => nothing(common::NONE),
        false => view! { <ul class="tags">{roles.collect_view()}</ul> }.into_any(),
    };
    view! {
        <h3>{common::ROLES}</h3>
        {roles}
        <h3>{text::effective_permissions(facts.permissions.len())}</h3>
        {tags(&facts.permissions)}
    }
    .into_any()
}

/// Tab Log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyLogView {
    pub key: KeyHead,
    pub filters: Filters,
    pub range: TimeRange,
    pub live: Live,
    pub requests: Bars,
    pub rows: Vec<VerificationRow>,
    pub pager: Pager,
}

pub fn log(shell: &Shell, view: &KeyLogView) -> String {
    let here = &view.filters.here;
    let columns = verification_columns(Log::OfKey, here);
    let extra = vec![range_picker(here, &view.range), view.live.switch(here), columns];
    let rows = if view.rows.is_empty() {
        empty_state(Icon::Log, common::NO_REQUEST_HERE, text::NO_REQUEST_HERE_HINT, vec![])
    } else {
        verification_log(&view.rows, Log::OfKey, Some(here), view.live.source())
    };
    frame(shell, &view.key, text::LOG).waiting(view.live.on).body(vec![
        filter_bar(shell.csrf(), &view.filters, extra),
        bars(&view.requests),
        rows,
        pager(here, &view.pager, text::NOUN_REQUEST),
    ])
}

/// Tab Changes: the audit log of this key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChangesView {
    pub key: KeyHead,
    pub here: Here,
    pub rows: Vec<AuditRow>,
    pub pager: Pager,
}

pub fn changes(shell: &Shell, view: &KeyChangesView) -> String {
    let rows = if view.rows.is_empty() {
        card(vec![empty_state(
            Icon::Audit,
            text::NO_CHANGE_IS_ON_RECORD,
            text::NO_CHANGE_IS_ON_RECORD_HINT,
            vec![],
        )])
    } else {
        audit_table(&view.rows, None)
    };
    frame(shell, &view.key, common::CHANGES)
        .body(vec![rows, pager(&view.here, &view.pager, text::NOUN_CHANGE)])
}
