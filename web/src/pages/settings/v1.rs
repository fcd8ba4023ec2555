//! Whether the older API answers, and how much it is used.

use leptos::prelude::*;

use crate::View;
use crate::components::{Tone, badge, link, note, num, section, stat, stats};
use crate::paths;
use crate::shell::Shell;
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
            V1Mode::On => (
                Tone::Good,
                "on",
                "As its clients expect: verifying a key needs no root key, so unknown keys have a budget per address.",
            ),
            V1Mode::VerifyNeedsRootKey => (
                Tone::Info,
                "verify-needs-root-key",
                "Clients that verify keys without a root key are refused.",
            ),
            V1Mode::Off => (Tone::Quiet, "off", "Every call is refused with a pointer to v2."),
        }
    }
}

pub fn v1(shell: &Shell, view: &V1View) -> String {
    let (tone, value, about) = view.mode.words();
    let mut switch: Vec<View> = vec![badge(tone, value), note(about)];
    if let (V1Mode::On, Some(budget)) = (view.mode, view.unknown_per_minute) {
        let text =
            format!("An address may verify {budget} unknown keys a minute (v1_unknown_keys_per_minute).");
        switch.push(note(&text));
    }
    switch.push(note("Set by the setting v1 when the server starts: on, off, or verify-needs-root-key."));
    switch.push(link("From v1 to v2", &paths::doc("migrate-from-unkey")));
    let since = format!("since the start {}", view.since.relative);
    let use_ = stats(vec![
        stat("Served", num(view.served), Some(view! { {since} }.into_any())),
        stat("Refused", num(view.refused), None),
    ]);
    let list = link("The request log", &paths::requests());
    super::page(shell, "v1 API")
        .body(vec![section("The v1 API", switch), section("Who still uses it", vec![use_, list])])
}
