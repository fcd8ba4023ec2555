//! The audit log: who changed what, and each change before and after.

use leptos::prelude::*;

use super::parts::{AuditRow, audit_columns, audit_table, event_badge, export_link};
use crate::components::{
    Changed, Filters, Icon, Pager, Row, Table, TimeRange, code_block, copy_chip, diff, empty_state, facts,
    filter_bar, head, link, mono, nothing, pager, range_picker, section, split, stamp,
};
use crate::paths::{self, Href};
use crate::shell::{Crumb, Page, Section, Shell};
use crate::texts::{audit as text, common};
use crate::time::Stamp;

/// `filters` has the fields `event`, `actor`, `target`, `request`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditView {
    pub filters: Filters,
    pub range: TimeRange,
    pub rows: Vec<AuditRow>,
    pub pager: Pager,
}

pub fn list(shell: &Shell, view: &AuditView) -> String {
    let here = &view.filters.here;
    let rows = if view.rows.is_empty() {
        empty_state(Icon::Audit, text::NO_CHANGE_HERE, text::CHANGE_FILTERS_OR_SPAN, vec![])
    } else {
        audit_table(&view.rows, Some(here))
    };
    Page::new(shell, Section::Audit, common::AUDIT_LOG)
        .action_if(shell.may.admin, || export_link(here, "audit"))
        .body(vec![
            filter_bar(
                shell.csrf(),
                &view.filters,
                vec![range_picker(here, &view.range), audit_columns(here)],
            ),
            rows,
            pager(here, &view.pager, "entry"),
        ])
}

/// A resource an entry is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditTarget {
    pub kind: String,
    pub id: String,
    pub name: Option<String>,
    /// Its page, of a kind that has one.
    pub href: Option<Href>,
    /// Pretty-printed JSON; empty for none.
    pub meta: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntryView {
    pub id: String,
    pub at: Stamp,
    pub event: String,
    pub description: String,
    pub actor: String,
    pub actor_kind: String,
    pub actor_id: String,
    /// A root key's page, else what else they did.
    pub actor_href: Option<Href>,
    pub door: String,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: String,
    /// Whether the request log has it.
    pub request_logged: bool,
    pub changes: Vec<Changed>,
    pub targets: Vec<AuditTarget>,
    /// Other entries of the same act.
    pub related: Vec<AuditRow>,
}

pub fn entry(shell: &Shell, view: &AuditEntryView) -> String {
    let actor = match &view.actor_href {
        Some(href) => link(&view.actor, href),
        None => view.actor.clone().into_any(),
    };
    let request = match view.request_logged {
        true => view! { <a href=paths::request(&view.request_id).to_string()>{mono(&view.request_id)}</a> }
            .into_any(),
        false => mono(&view.request_id),
    };
    let rows = vec![
        (common::EVENT, event_badge(&view.event)),
        (common::TIME, stamp(&view.at)),
        (common::ACTOR, view! { {actor} <span class="note">{view.actor_kind.clone()}</span> }.into_any()),
        (common::ACTOR_ID, mono(&view.actor_id)),
        (common::INTERFACE, mono(&view.door)),
        (common::SOURCE, view.ip.as_deref().map_or_else(|| nothing(common::NONE), mono)),
        (common::USER_AGENT, view.user_agent.as_deref().map_or_else(|| nothing(common::NONE), mono)),
        (common::REQUEST, request),
    ];
    let changes = if view.changes.is_empty() {
        view! { <p class="hint">{text::CHANGED_NO_FIELD}</p> }.into_any()
    } else {
        diff(text::CHANGED_FIELDS, &view.changes)
    };
    let mut main = vec![
        section(text::BEFORE_AND_AFTER, vec![changes]),
        section(text::WHAT_IT_WAS_ABOUT, vec![targets(view)]),
    ];
    let metas = view.targets.iter().filter(|target| !target.meta.is_empty());
    main.extend(metas.map(|target| code_block(&format!("{} {}", target.kind, target.id), &target.meta)));
    if !view.related.is_empty() {
        main.push(section(text::OF_THE_SAME_ACT, vec![audit_table(&view.related, None)]));
    }
    Page::new(shell, Section::Audit, &view.description)
        .crumb(Crumb::new(common::AUDIT_LOG, paths::audit()))
        .beside_title(copy_chip(&view.id, text::ENTRY_ID_TO_COPY))
        .body(vec![split(main, vec![section(common::FACTS, vec![facts(rows)])])])
}

fn targets(view: &AuditEntryView) -> crate::View {
    let rows = view.targets.iter().map(|target| {
        let name = target.name.clone().unwrap_or_else(|| target.id.clone());
        let name = target.href.as_ref().map_or_else(|| name.clone().into_any(), |href| link(&name, href));
        Row::new(vec![mono(&target.kind), name, mono(&target.id)])
    });
    Table::new(text::RESOURCES, vec![head(common::KIND), head(common::NAME), head(common::ID)])
        .rows(rows.collect())
}
