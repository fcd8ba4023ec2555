//! Whether the older API answers, and how much it is used.

use leptos::prelude::*;

use crate::View;
use crate::components::{Tone, badge, link, note, num, section, stat, stats};
use crate::paths;
use crate::shell::Shell;
use crate::texts::{common, settings as text};
use crate::time::Stamp;

/// What the switch is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum V1Mode {
    On,
    VerifyNeedsRootKey,
    Off,
}

/// The switch is set when the server starts; this page changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct V1View {
    pub mode: V1Mode,
    /// Unknown keys an address may verify in a minute.
    pub unknown_per_minute: Option<i64>,
    /// Requests since the start of the server, of every workspace.
    pub served: i64,
    pub refused: i64,
    pub since: Stamp,
}

impl V1Mode {
    const fn words(self) -> (Tone, &'static str, &'static str) {
        match self {
            V1Mode::On => (Tone::Good, "on", text::V1_ON),
            V1Mode::VerifyNeedsRootKey => (Tone::Info, "verify-needs-root-key", text::V1_NEEDS_ROOT_KEY),
            V1Mode::Off => (Tone::Quiet, "off", text::V1_OFF),
        }
    }
}

pub fn v1(shell: &Shell, view: &V1View) -> String {
    let (tone, value, about) = view.mode.words();
    let mut switch: Vec<View> = vec![badge(tone, value), note(about)];
    if let (V1Mode::On, Some(budget)) = (view.mode, view.unknown_per_minute) {
        let text = text::v1_budget_of_unknown_keys(budget);
        switch.push(note(&text));
    }
    switch.push(note(text::V1_SET_BY));
    switch.push(link(text::FROM_V1_TO_V2, &paths::doc("migrate-from-unkey")));
    let since = text::since_the_start(&view.since.relative);
    let use_ = stats(vec![
        stat(text::SERVED, num(view.served), Some(view! { {since} }.into_any())),
        stat(common::REFUSED, num(view.refused), None),
    ]);
    let list = link(text::THE_REQUEST_LOG, &paths::requests());
    super::page(shell, text::V1_API)
        .body(vec![section(text::THE_V1_API, switch), section(text::WHO_STILL_USES_IT, vec![use_, list])])
}
