//! What an end user sees in a portal: their keys and their usage.

use leptos::prelude::*;

use crate::View;
use crate::charts::{Bars, bars};
use crate::components::TimeRange;
use crate::components::{
    Chip, Icon, Pager, ShownOnce, SpentMonth, chips, empty_state, facts, hidden, masked, optional_stamp,
    own_spent_month, pager, post_form, range_picker, section, shown_once, stamp, submit,
};
use crate::form::NONCE;
use crate::paths::{self, Here, Href};
use crate::shell::{Frame, PortalFrame, bare, portal_page};
use crate::texts::{common, portal as text};
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

/// Each key posts to [`paths::portal_reroll`] `nonce` and `grace` (one of
/// [`GRACES`]), where the session may reroll. The answer is this view with `shown`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalKeysView {
    pub here: Here,
    pub keys: Vec<PortalKey>,
    pub pager: Pager,
    /// Names a replacement, so that it happens once.
    pub nonce: String,
    pub may_reroll: bool,
    /// The new secret, right after a reroll.
    pub shown: Option<ShownOnce>,
}

/// How long a replaced key still works: minutes, and in words.
pub const GRACES: [(i64, &str); 4] =
    [(0, text::AT_ONCE), (60, text::IN_AN_HOUR), (1440, text::IN_A_DAY), (10_080, text::IN_A_WEEK)];

pub fn keys(portal: &PortalFrame, view: &PortalKeysView) -> String {
    let csrf = &portal.frame.csrf;
    let shown = view.shown.as_ref().map(|shown| shown_once(csrf, shown));
    let cards = view.keys.iter().map(|key| key_card(portal, key, view)).collect_view();
    let body = if view.keys.is_empty() {
        empty_state(Icon::Key, text::YOU_HAVE_NO_KEYS_YET, text::NO_KEYS_YET_HINT, vec![])
    } else {
        cards.into_any()
    };
    portal_page(portal, common::KEYS, vec![shown.into_any(), body, pager(&view.here, &view.pager, "key")])
}

fn key_card(portal: &PortalFrame, key: &PortalKey, view: &PortalKeysView) -> View {
    let reroll = view.may_reroll.then(|| reroll_form(portal, key, &view.nonce));
    section(
        &key.label,
        vec![
            facts(vec![
                (common::KEY, masked(&key.start, &key.last4)),
                (common::STATE, chips(&key.states)),
                (common::LAST_USED, optional_stamp(&key.last_used, common::NEVER)),
                (common::EXPIRES, optional_stamp(&key.expires, common::NEVER)),
                (common::CREATED, stamp(&key.created)),
            ]),
            reroll.into_any(),
        ],
    )
}

fn reroll_form(portal: &PortalFrame, key: &PortalKey, nonce: &str) -> View {
    let graces = GRACES.into_iter().map(|(minutes, words)| {
        view! { <option value=minutes.to_string() selected=minutes == 1440>{words}</option> }.into_any()
    });
    let fields = view! {
        {hidden(NONCE, &format!("{nonce}.{}", key.id))}
        <label>
            {text::OLD_SECRET_STOPS_WORKING}
            <span class="control select">
                <select name="grace">{graces.collect_view()}</select>
                {Icon::Down.view()}
            </span>
        </label>
    };
    let action = paths::portal_reroll(&portal.slug, &key.id);
    let form = vec![fields.into_any(), submit(text::REPLACE_THIS_KEY, "primary")];
    view! {
        <details class="confirm">
            <summary class="button">{Icon::Rotate.view()}<span>{text::REPLACE}</span></summary>
            <p class="hint">{text::REPLACE_HINT}</p>
            {post_form(&portal.frame.csrf, &action, "form", form)}
        </details>
    }
    .into_any()
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalUsageView {
    pub here: Here,
    pub range: TimeRange,
    pub requests: Bars,
    /// The present month, where what is spent in it has a cap.
    pub month: Option<SpentMonth>,
}

pub fn usage(portal: &PortalFrame, view: &PortalUsageView) -> String {
    let range = view! { <div class="filters">{range_picker(&view.here, &view.range)}</div> };
    let month = view.month.as_ref().map(|month| section(common::CREDITS, vec![own_spent_month(month)]));
    portal_page(portal, common::USAGE, vec![month.into_any(), range.into_any(), bars(&view.requests)])
}

/// The end user came without a session, or with one that ended; `return_to` is
/// the site it was of, where that is known.
pub fn closed(frame: &Frame, return_to: Option<&Href>) -> String {
    let back = return_to.map(|href| {
        view! { <a class="button primary" href=href.to_string() rel="noreferrer">{common::BACK_TO_THE_SITE}</a> }
    });
    let lead = text::SESSION_ENDED_HINT;
    bare(frame, text::THIS_SESSION_HAS_ENDED, lead, vec![back.into_any()])
}
