//! Badges and status chips. A chip carries its reason: why the state holds and
//! what to do about it.

use leptos::prelude::*;

use super::icon::Icon;
use super::outcome::Outcome;
use crate::View;

/// How much attention a state asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Quiet,
    Good,
    Info,
    Caution,
    Attention,
    Error,
}

impl Tone {
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Tone::Quiet => "quiet",
            Tone::Good => "ok",
            Tone::Info => "info",
            Tone::Caution => "caution",
            Tone::Attention => "attention",
            Tone::Error => "error",
        }
    }

    const fn icon(self) -> Option<Icon> {
        match self {
            Tone::Quiet => None,
            Tone::Good => Some(Icon::Check),
            Tone::Info => Some(Icon::Info),
            Tone::Caution | Tone::Attention => Some(Icon::Warning),
            Tone::Error => Some(Icon::Cross),
        }
    }
}

/// A state of an entity and why it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chip {
    pub tone: Tone,
    pub label: String,
    /// A sentence; empty where the label says it all.
    pub reason: String,
}

impl Chip {
    pub fn new(tone: Tone, label: &str, reason: &str) -> Self {
        Self { tone, label: label.to_owned(), reason: reason.to_owned() }
    }
}

pub(crate) fn badge(tone: Tone, label: &str) -> View {
    view! { <span class=format!("badge t-{}", tone.class())>{label.to_owned()}</span> }.into_any()
}

pub(crate) fn status_badge(chip: &Chip) -> View {
    let reason = (!chip.reason.is_empty()).then(|| chip.reason.clone());
    let icon = chip.tone.icon().map(Icon::view);
    view! {
        <span class=format!("badge t-{}", chip.tone.class()) title=reason>
            {icon}
            {chip.label.clone()}
        </span>
    }
    .into_any()
}

/// The most urgent state, and how many more there are. The others, with their
/// reasons, unfold.
pub(crate) fn chips(states: &[Chip]) -> View {
    match states {
        [] => ().into_any(),
        [only] => status_badge(only),
        [first, rest @ ..] => {
            let lines = states.iter().map(|chip| {
                view! { <li>{status_badge(chip)}<span>{chip.reason.clone()}</span></li> }.into_any()
            });
            view! {
                <details class="chips">
                    <summary>
                        {status_badge(first)}
                        <span class="more-count">{format!("+{}", rest.len())}</span>
                    </summary>
                    <ul class="popover">{lines.collect_view()}</ul>
                </details>
            }
            .into_any()
        }
    }
}

/// An outcome by shape, colour and word.
pub(crate) fn outcome_badge(outcome: Outcome) -> View {
    view! {
        <span class=format!("badge o-{}", outcome.class()) title=outcome.meaning()>
            {super::outcome::swatch(outcome)}
            {outcome.label()}
        </span>
    }
    .into_any()
}
