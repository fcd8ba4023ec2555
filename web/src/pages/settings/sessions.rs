//! Where one is signed in.

use leptos::prelude::*;

use crate::components::{
    Icon, Row, Table, Tone, act, badge, head, mono, nothing, optional_stamp, section, stamp,
};
use crate::paths;
use crate::shell::Shell;
use crate::texts::{common, security as text};
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
    let heads = vec![
        head(text::BROWSER),
        head(text::ADDRESS),
        head(text::SIGNED_IN),
        head(common::LAST_SEEN),
        head(""),
    ];
    let rows = view.sessions.iter().map(|session| {
        let end = if session.current {
            badge(Tone::Good, text::THIS_SESSION)
        } else {
            act(shell.csrf(), None, text::END_SESSION, &paths::end_session(&session.id), "small")
        };
        Row::new(vec![
            session.browser.clone().into_any(),
            session.ip.as_deref().map_or_else(|| nothing(common::UNKNOWN), mono),
            stamp(&session.started),
            optional_stamp(&session.last_seen, common::NEVER),
            end,
        ])
    });
    let table = Table::new(common::SESSIONS, heads).rows(rows.collect());
    let others = (view.sessions.len() > 1).then(|| {
        act(shell.csrf(), Some(Icon::Cross), text::END_ALL_OTHERS, &paths::end_other_sessions(), "danger")
    });
    super::page(shell, common::SESSIONS)
        .body(vec![section(text::YOUR_SESSIONS, vec![table, others.into_any()])])
}
