//! Where one is signed in.

use leptos::prelude::*;

use crate::components::{
    Icon, Row, Table, Tone, act, badge, head, mono, nothing, optional_stamp, section, stamp,
};
use crate::paths;
use crate::shell::Shell;
use crate::time::Stamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    pub id: String,
    /// `Firefox on Linux`, or the user agent as it is.
    pub browser: String,
    pub ip: Option<String>,
    pub started: Stamp,
    pub last_seen: Option<Stamp>,
    /// Whether this page was asked for with it.
    pub current: bool,
}

/// Posts to [`paths::end_session`] and [`paths::end_other_sessions`] without fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionsView {
    pub sessions: Vec<SessionRow>,
}

pub fn sessions(shell: &Shell, view: &SessionsView) -> String {
    let heads = vec![head("Browser"), head("Address"), head("Signed in"), head("Last seen"), head("")];
    let rows = view.sessions.iter().map(|session| {
        let end = if session.current {
            badge(Tone::Good, "this one")
        } else {
            act(shell.csrf(), None, "End", &paths::end_session(&session.id), "small")
        };
        Row::new(vec![
            session.browser.clone().into_any(),
            session.ip.as_deref().map_or_else(|| nothing("unknown"), mono),
            stamp(&session.started),
            optional_stamp(&session.last_seen, "never"),
            end,
        ])
    });
    let table = Table::new("Sessions", heads).rows(rows.collect());
    let others = (view.sessions.len() > 1).then(|| {
        act(shell.csrf(), Some(Icon::Cross), "End all others", &paths::end_other_sessions(), "danger")
    });
    super::page(shell, "Sessions").body(vec![section("Your sessions", vec![table, others.into_any()])])
}
