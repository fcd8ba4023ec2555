//! How long events and audit entries are kept, and what they take.

use leptos::prelude::*;

use crate::components::{facts, link, mono, note, num, optional_stamp, section};
use crate::number::bytes;
use crate::paths;
use crate::shell::Shell;
use crate::texts::{common, settings as text};
use crate::time::Stamp;

/// Retention is set when the server starts; this page changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionView {
    /// What is kept, and for how long.
    pub kept: Vec<(String, String)>,
    /// Name and bytes of what takes space.
    pub sizes: Vec<(String, i64)>,
    /// Most bytes that stored events may take.
    pub cap: Option<i64>,
    /// What can be searched: verifications, decisions and requests.
    pub events: i64,
    pub oldest: Option<Stamp>,
    /// Events that went before their time since the start, for their size.
    pub dropped: i64,
}

pub fn retention(shell: &Shell, view: &RetentionView) -> String {
    let kept = view.kept.iter().map(|(name, time)| (name.as_str(), time.clone().into_any())).collect();
    let mut rows: Vec<_> =
        view.sizes.iter().map(|(name, size)| (name.as_str(), mono(&bytes(*size)))).collect();
    let cap = view.cap.map_or_else(|| text::NO_CAP.into_any(), |cap| mono(&bytes(cap)));
    rows.extend([
        (text::EVENTS_MAY_TAKE, cap),
        (text::EVENTS, num(view.events)),
        (text::OLDEST_EVENT, optional_stamp(&view.oldest, common::NONE)),
        (text::DROPPED_FOR_THEIR_SIZE, num(view.dropped)),
    ]);
    let hint = note(text::RETENTION_HINT);
    super::page(shell, text::RETENTION).body(vec![
        section(
            text::WHAT_IS_KEPT,
            vec![facts(kept), hint, link(text::CONFIGURATION, &paths::doc("configuration"))],
        ),
        section(text::SPACE_IN_USE, vec![facts(rows)]),
    ])
}
