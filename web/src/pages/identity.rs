//! One identity: its keys, limits, metadata, and all requests with its keys.

use super::key::limits;
use super::parts::{
    KeyLine, Live, Log, Named, VerificationRow, further_keys, key_lines, verification_columns,
    verification_log,
};
use crate::charts::{Bars, bars};
use crate::components::{
    BoundedCount, Filters, Icon, LimitRule, Pager, SpentMonth, TimeRange, button_link, code_block, copy_chip,
    empty_state, facts, filter_bar, optional_stamp, pager, range_picker, section, spent_month, split, stamp,
};
use crate::paths;
use crate::shell::{Crumb, Page, Section, Shell};
use crate::time::Stamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityView {
    /// Id and external id.
    pub identity: Named,
    pub created: Stamp,
    pub last_used: Option<Stamp>,
    pub keys: Vec<KeyLine>,
    /// Cursor of the next keys, in the parameter [`KEYS`](super::parts::KEYS).
    pub more_keys: Option<String>,
    pub total_keys: BoundedCount,
    pub limits: Vec<LimitRule>,
    /// The present month, where what is spent in it has a cap.
    pub month: Option<SpentMonth>,
    /// Pretty-printed JSON; empty for none.
    pub meta: String,
    pub filters: Filters,
    pub range: TimeRange,
    pub live: Live,
    pub requests: Bars,
    pub rows: Vec<VerificationRow>,
    pub pager: Pager,
}

pub fn show(shell: &Shell, view: &IdentityView) -> String {
    let here = &view.filters.here;
    let columns = verification_columns(Log::OfIdentity, here);
    let extra = vec![range_picker(here, &view.range), view.live.switch(here), columns];
    let keys = if view.keys.is_empty() {
        empty_state(Icon::Key, "No key yet", "Make a key with this external id and it shows here.", vec![])
    } else {
        key_lines("Keys of this identity", &view.keys)
    };
    // A tail needs its table, empty or not.
    let log = if view.rows.is_empty() && !view.live.on {
        empty_state(Icon::Log, "No request in this span", "Requests with any of its keys show here.", vec![])
    } else {
        verification_log(&view.rows, Log::OfIdentity, Some(here), view.live.source())
    };
    let main = vec![
        filter_bar(shell.csrf(), &view.filters, extra),
        bars(&view.requests),
        section("Keys", vec![keys, further_keys(here, &view.more_keys)]),
        section("Requests", vec![log, pager(here, &view.pager, "request")]),
    ];
    let mut side = vec![
        section(
            "Facts",
            vec![facts(vec![
                ("External id", copy_chip(&view.identity.name, "external id")),
                ("Keys", view.total_keys.view()),
                ("Last used", optional_stamp(&view.last_used, "never")),
                ("Created", stamp(&view.created)),
            ])],
        ),
        section("Shared rate limits", vec![limits(&view.limits)]),
    ];
    if let Some(month) = &view.month {
        side.insert(1, section("Spent this month", vec![spent_month(month)]));
    }
    if !view.meta.is_empty() {
        side.push(code_block("Metadata", &view.meta));
    }
    Page::new(shell, Section::Identities, &view.identity.name)
        .crumb(Crumb::new("Identities", paths::identities()))
        .beside_title(copy_chip(&view.identity.id, "identity id"))
        .waiting(view.live.on)
        .action(button_link(Some(Icon::Chart), "Usage", &paths::identity_usage(&view.identity.id), ""))
        .action_if(shell.may.write, || {
            button_link(Some(Icon::Edit), "Edit", &paths::edit_identity(&view.identity.id), "primary")
        })
        .body(vec![split(main, side)])
}
