//! One verification: what was asked, what was answered, and why.

use super::explain::{Trace, trace_view};
use super::parts::Named;
use crate::components::{
    Icon, Outcome, button_link, copy_chip, facts, link, mono, nothing, num, outcome_badge, section, split,
    stamp, tags, warning,
};
use crate::paths;
use crate::shell::{Crumb, Page, Section, Shell};
use crate::texts::{common, requests as text};
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
        one.as_ref().map_or_else(|| nothing(common::NONE), |one| link(&one.name, &path(&one.id)))
    };
    let rows = vec![
        (common::OUTCOME, outcome_badge(view.outcome)),
        (common::REASON, view.denial.as_deref().map_or_else(|| nothing("–"), mono)),
        (common::TIME, stamp(&view.at)),
        (common::KEY, named(&view.key, paths::key)),
        (common::API, named(&view.api, paths::api)),
        (
            common::IDENTITY,
            view.identity
                .as_ref()
                .map_or_else(|| nothing(common::NONE), |(name, id)| link(name, &paths::identity(id))),
        ),
        (common::SOURCE, view.ip.as_deref().map_or_else(|| nothing(common::UNKNOWN), mono)),
        (common::INTERFACE, mono(&view.door)),
        (common::ROOT_KEY, named(&view.root_key, paths::root_key)),
        (common::CREDITS_SPENT, num(view.spent)),
        (common::CREDITS_LEFT, view.balance.map_or_else(|| nothing(common::UNLIMITED), num)),
        (common::DURATION, mono(&latency(view.latency_us))),
        (common::TAGS, tags(&view.tags)),
    ];
    let trace = match &view.trace {
        Some(trace) => trace_view(shell, trace),
        None => vec![warning(text::KEY_IS_GONE)],
    };
    let page = Page::new(shell, Section::Requests, text::VERIFICATION)
        .crumb(Crumb::new(common::REQUESTS, paths::requests()))
        .beside_title(copy_chip(&view.id, text::REQUEST_ID_TO_COPY));
    let ask =
        || button_link(Some(Icon::Help), common::EXPLAIN, &paths::explain_verification(&view.id), "primary");
    let page = page.action_if(view.trace.is_some(), ask);
    page.action_if(view.logged, || {
        button_link(Some(Icon::Log), common::REQUEST, &paths::request(&view.id), "")
    })
    .body(vec![split(trace, vec![section(common::FACTS, vec![facts(rows)])])])
}
