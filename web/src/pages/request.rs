//! One API request: what was sent and what was answered, secrets redacted.

use leptos::prelude::*;

use super::parts::Named;
use crate::View;
use crate::components::{
    Icon, Outcome, Row, Table, button_link, code_block, copy_chip, facts, head, link, mono, nothing,
    outcome_badge, section, split, stamp,
};
use crate::paths;
use crate::shell::{Crumb, Page, Section, Shell};
use crate::time::{Stamp, latency};

/// Headers and bodies come redacted; bodies pretty-printed where they are JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestView {
    pub id: String,
    pub at: Stamp,
    pub status: u16,
    pub outcome: Option<Outcome>,
    pub method: String,
    pub host: String,
    pub path: String,
    pub root_key: Option<Named>,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub latency_us: i64,
    pub request_headers: Vec<(String, String)>,
    pub request_body: String,
    pub response_headers: Vec<(String, String)>,
    pub response_body: String,
    /// Whether a verification of this id is on record.
    pub verification: bool,
}

pub fn show(shell: &Shell, view: &RequestView) -> String {
    let status = Outcome::of_status(view.status);
    let rows = vec![
        ("Status", view! { {outcome_badge(status)} {mono(&view.status.to_string())} }.into_any()),
        ("Outcome", view.outcome.map_or_else(|| nothing("–"), outcome_badge)),
        ("Time", stamp(&view.at)),
        ("Host", mono(&view.host)),
        (
            "Root key",
            view.root_key
                .as_ref()
                .map_or_else(|| nothing("none"), |key| link(&key.name, &paths::root_key(&key.id))),
        ),
        ("Source", view.ip.as_deref().map_or_else(|| nothing("unknown"), mono)),
        ("User agent", view.user_agent.as_deref().map_or_else(|| nothing("none"), mono)),
        ("Took", mono(&latency(view.latency_us))),
    ];
    let main = vec![
        body("Request body", &view.request_body),
        body("Response body", &view.response_body),
        headers("Request headers", &view.request_headers),
        headers("Response headers", &view.response_headers),
    ];
    Page::new(shell, Section::Requests, &format!("{} {}", view.method, view.path))
        .crumb(Crumb::new("Requests", paths::requests()))
        .beside_title(copy_chip(&view.id, "request id"))
        .action_if(view.verification, || {
            button_link(Some(Icon::Help), "Explain", &paths::verification(&view.id), "primary")
        })
        .body(vec![split(main, vec![section("Facts", vec![facts(rows)])])])
}

fn body(name: &str, text: &str) -> View {
    code_block(name, if text.is_empty() { "(empty)" } else { text })
}

fn headers(name: &str, headers: &[(String, String)]) -> View {
    let rows = headers.iter().map(|(name, value)| Row::new(vec![mono(name), mono(value)])).collect();
    section(name, vec![Table::new(name, vec![head("Name"), head("Value")]).dense().rows(rows)])
}
