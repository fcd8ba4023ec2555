//! The span of time a page is about.

use leptos::prelude::*;

use super::field::hidden;
use super::icon::Icon;
use crate::View;
use crate::paths::{FROM, Here, SINCE, TO};

/// Spans that end now, as the query parameter `since` has them.
const PRESETS: [(&str, &str); 14] = [
    ("5m", "5 minutes"),
    ("15m", "15 minutes"),
    ("30m", "30 minutes"),
    ("1h", "1 hour"),
    ("3h", "3 hours"),
    ("6h", "6 hours"),
    ("12h", "12 hours"),
    ("24h", "24 hours"),
    ("2d", "2 days"),
    ("3d", "3 days"),
    ("7d", "1 week"),
    ("14d", "2 weeks"),
    ("28d", "4 weeks"),
    ("90d", "3 months"),
];

/// A span as it was resolved when the page was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// The preset in force, as in the query: `12h`. `None` for a chosen span.
    pub since: Option<String>,
    /// Local times for the fields: `2025-11-20T07:00`.
    pub from: String,
    pub to: String,
    /// Zone of these times.
    pub zone: String,
}

impl TimeRange {
    fn label(&self) -> String {
        let preset = PRESETS.into_iter().find(|(code, _)| self.since.as_deref() == Some(code));
        match (preset, &self.since) {
            (Some((_, name)), _) => format!("Last {name}"),
            (None, Some(since)) => format!("Last {since}"),
            (None, None) => format!("{} to {}", self.from.replace('T', " "), self.to.replace('T', " ")),
        }
    }
}

/// Presets as links, a chosen span as a form; everything else that chose the
/// rows stays.
pub(crate) fn range_picker(here: &Here, range: &TimeRange) -> View {
    let base = Here::new(here.without(&[SINCE, FROM, TO]), Vec::new());
    let presets = PRESETS
        .into_iter()
        .map(|(code, name)| {
            let current = (range.since.as_deref() == Some(code)).then_some("true");
            view! { <li><a href=base.with(SINCE, code).to_string() aria-current=current>{name}</a></li> }
        })
        .collect_view();
    let kept = here.pairs.iter().filter(|(name, _)| ![SINCE, FROM, TO, "cursor"].contains(&name.as_str()));
    let kept = kept.map(|(name, value)| hidden(name, value)).collect_view();
    view! {
        <details class="menu range">
            <summary class="button">{Icon::Clock.view()}<span>{range.label()}</span>{Icon::Down.view()}</summary>
            <div class="popover">
                <ul class="presets">{presets}</ul>
                <form method="get" action=here.path.to_string()>
                    {kept}
                    <label>
                        {format!("From ({})", range.zone)}
                        <input type="datetime-local" name=FROM value=range.from.clone()/>
                    </label>
                    <label>
                        {format!("To ({})", range.zone)}
                        <input type="datetime-local" name=TO value=range.to.clone()/>
                    </label>
                    <button type="submit" class="button">"Apply"</button>
                </form>
            </div>
        </details>
    }
    .into_any()
}
