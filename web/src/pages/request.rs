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
        ("Status", view! { {outcome_badge(status)} {mono(&view.status.to_string())} }.into_any()),
        ("Outcome", view.outcome.map_or_else(|| nothing("–"), outcome_badge)),
        ("Time", stamp(&view.at)),
        ("Interface", mono(&view.door)),
        (
            "Root key",
            view.root_key
                .as_ref()
                .map_or_else(|| nothing("none"), |key| link(&key.name, &paths::root_key(&key.id))),
        ),
        ("Source", view.ip.as_deref().map_or_else(|| nothing("unknown"), mono)),
        ("User agent", view.user_agent.as_deref().map_or_else(|| nothing("none"), mono)),
        ("Duration", mono(&latency(view.latency_us))),
    ];
    let main = vec![body("Request body", &view.sent), body("Response body", &view.answered)];
    Page::new(shell, Section::Requests, &format!("{} {}", view.method, view.path))
        .crumb(Crumb::new("Requests", paths::requests()))
        .beside_title(copy_chip(&view.id, "request id"))
        .action_if(view.verification, || {
            button_link(Some(Icon::Help), "Verification", &paths::verification(&view.id), "primary")
        })
        .body(vec![split(main, vec![section("Facts", vec![facts(rows)])])])
}

fn body(name: &str, (bytes, kept): &(i64, Option<String>)) -> View {
    match kept {
        Some(text) => code_block(&format!("{name}, {} bytes", exact(*bytes)), text),
        None if *bytes == 0 => code_block(name, "(empty)"),
        None => code_block(name, &format!("({} bytes that were not kept)", exact(*bytes))),
    }
}
