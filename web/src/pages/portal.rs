//! What an end user sees in a portal: their keys and their usage.

use leptos::prelude::*;

use crate::View;
use crate::charts::{Bars, bars};
use crate::components::TimeRange;
use crate::components::{
    Chip, Icon, ShownOnce, act, chips, empty_state, facts, masked, optional_stamp, range_picker, section,
    shown_once, stamp,
};
use crate::paths::{self, Here};
use crate::shell::{PortalFrame, bare, portal_page};
use crate::time::Stamp;

/// A key of the end user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalKey {
    pub id: String,
    pub label: String,
    pub start: String,
    pub last4: String,
    pub created: Stamp,
    pub last_used: Option<Stamp>,
    pub expires: Option<Stamp>,
    pub states: Vec<Chip>,
}

/// Each key posts to [`paths::portal_reroll`] without fields, where the session
/// may reroll. The answer is this view with `shown`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalKeysView {
    pub keys: Vec<PortalKey>,
    pub may_reroll: bool,
    /// The new secret, right after a reroll.
    pub shown: Option<ShownOnce>,
}

pub fn keys(portal: &PortalFrame, view: &PortalKeysView) -> String {
    let csrf = &portal.frame.csrf;
    let shown = view.shown.as_ref().map(|shown| shown_once(csrf, shown));
    let cards = view.keys.iter().map(|key| key_card(portal, key, view.may_reroll)).collect_view();
    let body = if view.keys.is_empty() {
        empty_state(Icon::Key, "You have no keys yet", "They show here once you have some.", vec![])
    } else {
        cards.into_any()
    };
    portal_page(portal, "Keys", vec![shown.into_any(), body])
}

fn key_card(portal: &PortalFrame, key: &PortalKey, may_reroll: bool) -> View {
    let reroll = may_reroll.then(|| {
        view! {
            <details class="confirm">
                <summary class="button">{Icon::Rotate.view()}<span>"Replace"</span></summary>
                <p class="hint">"Makes a new secret. The old one stops working after a grace period."</p>
                {act(&portal.frame.csrf, None, "Replace this key", &paths::portal_reroll(&portal.slug, &key.id), "primary")}
            </details>
        }
    });
    section(
        &key.label,
        vec![
            facts(vec![
                ("Key", masked(&key.start, &key.last4)),
                ("State", chips(&key.states)),
                ("Last used", optional_stamp(&key.last_used, "never")),
                ("Expires", optional_stamp(&key.expires, "never")),
                ("Created", stamp(&key.created)),
            ]),
            reroll.into_any(),
        ],
    )
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalUsageView {
    pub here: Here,
    pub range: TimeRange,
    pub requests: Bars,
}

pub fn usage(portal: &PortalFrame, view: &PortalUsageView) -> String {
    let range = view! { <div class="filters">{range_picker(&view.here, &view.range)}</div> };
    portal_page(portal, "Usage", vec![range.into_any(), bars(&view.requests)])
}

/// The end user came without a session, or with one that ended.
pub fn closed(portal: &PortalFrame) -> String {
    let back = portal.return_to.as_ref().map(|href| {
        view! { <a class="button primary" href=href.to_string() rel="noreferrer">"Back to the site"</a> }
    });
    let lead = "Open this page again from the site that sent you here.";
    bare(&portal.frame, "This session has ended", lead, vec![back.into_any()])
}
