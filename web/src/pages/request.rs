//! One API request: what was sent and what was answered, secrets redacted.
//!
//! Headers are not kept, so none are shown.

use leptos::prelude::*;

use super::parts::Named;
use crate::View;
use crate::components::{
    Icon, Outcome, button_link, code_block, copy_chip, facts, link, mono, nothing, outcome_badge, section,
    split, stamp,
};
use crate::number::exact;
use crate::paths;
use crate::shell::{Crumb, Page, Section, Shell};
use crate::texts::{common, requests as text};
use crate::time::{Stamp, latency};

/// Bodies come redacted and cut, pretty-printed where they are whole JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestView {
    pub id: String,
    pub at: Stamp,
    pub status: u16,
    pub outcome: Option<Outcome>,
    pub method: String,
    pub path: String,
    /// `v1`, `v2`.
    pub door: String,
    pub root_key: Option<Named>,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub latency_us: i64,
    /// Length of the body as it came, and what is kept of it.
    pub sent: (i64, Option<String>),
    pub answered: (i64, Option<String>),
    /// Whether a verification of this id is on record.
    pub verification: bool,
}

pub fn show(shell: &Shell, view: &RequestView) -> String {
    let status = Outcome::of_status(view.status);
    let rows = vec![
        (common::STATUS, view! { {outcome_badge(status)} {mono(&view.status.to_string())} }.into_any()),
        (common::OUTCOME, view.outcome.map_or_else(|| nothing("–"), outcome_badge)),
        (common::TIME, stamp(&view.at)),
        (common::INTERFACE, mono(&view.door)),
        (
            common::ROOT_KEY,
            view.root_key
                .as_ref()
                .map_or_else(|| nothing(common::NONE), |key| link(&key.name, &paths::root_key(&key.id))),
        ),
        (common::SOURCE, view.ip.as_deref().map_or_else(|| nothing(common::UNKNOWN), mono)),
        (common::USER_AGENT, view.user_agent.as_deref().map_or_else(|| nothing(common::NONE), mono)),
        (common::DURATION, mono(&latency(view.latency_us))),
    ];
    let main = vec![body(text::REQUEST_BODY, &view.sent), body(text::RESPONSE_BODY, &view.answered)];
    Page::new(shell, Section::Requests, &format!("{} {}", view.method, view.path))
        .crumb(Crumb::new(common::REQUESTS, paths::requests()))
        .beside_title(copy_chip(&view.id, text::REQUEST_ID_TO_COPY))
        .action_if(view.verification, || {
            button_link(Some(Icon::Help), text::VERIFICATION, &paths::verification(&view.id), "primary")
        })
        .body(vec![split(main, vec![section(common::FACTS, vec![facts(rows)])])])
}

fn body(name: &str, (bytes, kept): &(i64, Option<String>)) -> View {
    match kept {
        Some(text) => code_block(&text::body_of_bytes(name, exact(*bytes)), text),
        None if *bytes == 0 => code_block(name, text::EMPTY_BODY),
        None => code_block(name, &text::bytes_not_kept(exact(*bytes))),
    }
}
