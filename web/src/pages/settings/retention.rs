//! How long events and audit entries are kept, and what they take.

use leptos::prelude::*;

use crate::components::{facts, link, mono, note, num, optional_stamp, section};
use crate::number::bytes;
use crate::paths;
use crate::shell::Shell;
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
    let cap = view.cap.map_or_else(|| "no cap".into_any(), |cap| mono(&bytes(cap)));
    rows.extend([
        ("Events may take", cap),
        ("Events", num(view.events)),
        ("Oldest event", optional_stamp(&view.oldest, "none")),
        ("Dropped for their size", num(view.dropped)),
    ]);
    let hint = note(
        "Set when the server starts: events_max_mib caps the space of events, the oldest go first; request_log says which requests are remembered.",
    );
    super::page(shell, "Retention").body(vec![
        section("What is kept", vec![facts(kept), hint, link("Configuration", &paths::doc("configuration"))]),
        section("Space in use", vec![facts(rows)]),
    ])
}
