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
use crate::texts::{common, identities as text};
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
        empty_state(Icon::Key, text::NO_KEY_YET, text::NO_KEY_YET_HINT, vec![])
    } else {
        key_lines(text::KEYS_OF_THIS_IDENTITY, &view.keys)
    };
    // A tail needs its table, empty or not.
    let log = if view.rows.is_empty() && !view.live.on {
        empty_state(Icon::Log, text::NO_REQUEST_IN_THIS_SPAN, text::NO_REQUEST_IN_THIS_SPAN_HINT, vec![])
    } else {
        verification_log(&view.rows, Log::OfIdentity, Some(here), view.live.source())
    };
    let main = vec![
        filter_bar(shell.csrf(), &view.filters, extra),
        bars(&view.requests),
        section(common::KEYS, vec![keys, further_keys(here, &view.more_keys)]),
        section(common::REQUESTS, vec![log, pager(here, &view.pager, text::NOUN_REQUEST)]),
    ];
    let mut side = vec![
        section(
            common::FACTS,
            vec![facts(vec![
                (text::EXTERNAL_ID, copy_chip(&view.identity.name, text::COPY_EXTERNAL_ID)),
                (common::KEYS, view.total_keys.view()),
                (common::LAST_USED, optional_stamp(&view.last_used, common::NEVER)),
                (common::CREATED, stamp(&view.created)),
            ])],
        ),
        section(text::SHARED_RATE_LIMITS, vec![limits(&view.limits)]),
    ];
    if let Some(month) = &view.month {
        side.insert(1, section(common::SPENT_THIS_MONTH, vec![spent_month(month)]));
    }
    if !view.meta.is_empty() {
        side.push(code_block(text::METADATA, &view.meta));
    }
    Page::new(shell, Section::Identities, &view.identity.name)
        .crumb(Crumb::new(common::IDENTITIES, paths::identities()))
        .beside_title(copy_chip(&view.identity.id, text::COPY_IDENTITY_ID))
        .waiting(view.live.on)
        .action(button_link(Some(Icon::Chart), common::USAGE, &paths::identity_usage(&view.identity.id), ""))
        .action_if(shell.may.write, || {
            button_link(Some(Icon::Edit), common::EDIT, &paths::edit_identity(&view.identity.id), "primary")
        })
        .body(vec![split(main, side)])
}
