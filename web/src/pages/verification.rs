//! One verification: what was asked, what was answered, and why.

use super::explain::{Trace, trace_view};
use super::parts::Named;
use crate::components::{
    Icon, Outcome, button_link, copy_chip, facts, link, mono, nothing, num, outcome_badge, section, split,
    stamp, tags, warning,
};
use crate::paths;
use crate::shell::{Crumb, Page, Section, Shell};
use crate::time::{Stamp, latency};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerificationView {
    /// The request's id.
    pub id: String,
    pub at: Stamp,
    pub outcome: Outcome,
    pub key: Option<Named>,
    pub api: Option<Named>,
    /// External id, and id of the identity.
    pub identity: Option<(String, String)>,
    pub denial: Option<String>,
    pub ip: Option<String>,
    /// `v1`, `v2`, `forward auth`.
    pub door: String,
    pub root_key: Option<Named>,
    pub spent: i64,
    pub balance: Option<i64>,
    pub latency_us: i64,
    pub tags: Vec<String>,
    /// Absent when the key is gone.
    pub trace: Option<Trace>,
    /// Whether the request log still has the request.
    pub logged: bool,
}

pub fn show(shell: &Shell, view: &VerificationView) -> String {
    let named = |one: &Option<Named>, path: fn(&str) -> paths::Href| {
        one.as_ref().map_or_else(|| nothing("none"), |one| link(&one.name, &path(&one.id)))
    };
    let rows = vec![
        ("Outcome", outcome_badge(view.outcome)),
        ("Reason", view.denial.as_deref().map_or_else(|| nothing("–"), mono)),
        ("Time", stamp(&view.at)),
        ("Key", named(&view.key, paths::key)),
        ("API", named(&view.api, paths::api)),
        (
            "Identity",
            view.identity
                .as_ref()
                .map_or_else(|| nothing("none"), |(name, id)| link(name, &paths::identity(id))),
        ),
        ("Source", view.ip.as_deref().map_or_else(|| nothing("unknown"), mono)),
        ("Interface", mono(&view.door)),
        ("Root key", named(&view.root_key, paths::root_key)),
        ("Credits spent", num(view.spent)),
        ("Credits left", view.balance.map_or_else(|| nothing("unlimited"), num)),
        ("Duration", mono(&latency(view.latency_us))),
        ("Tags", tags(&view.tags)),
    ];
    let trace = match &view.trace {
        Some(trace) => trace_view(shell, trace),
        None => vec![warning("The key is gone, so its settings can no longer be compared.")],
    };
    let page = Page::new(shell, Section::Requests, "Verification")
        .crumb(Crumb::new("Requests", paths::requests()))
        .beside_title(copy_chip(&view.id, "request id"));
    let ask = || button_link(Some(Icon::Help), "Explain", &paths::explain_verification(&view.id), "primary");
    let page = page.action_if(view.trace.is_some(), ask);
    page.action_if(view.logged, || button_link(Some(Icon::Log), "Request", &paths::request(&view.id), ""))
        .body(vec![split(trace, vec![section("Facts", vec![facts(rows)])])])
}
