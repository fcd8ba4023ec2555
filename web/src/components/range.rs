//! The span of time a page is about.

use leptos::prelude::*;

use super::field::hidden;
use super::icon::Icon;
use crate::View;
use crate::paths::{FROM, Here, Href, SINCE, TO};
use crate::texts::{common, time as text};

/// Spans whose ends the calendar says.
const CALENDAR: [(&str, &str); 3] =
    [("today", text::TODAY), ("month", text::THIS_MONTH), ("last-month", text::LAST_MONTH)];
/// Spans that end now, as the query parameter `since` has them.
const PRESETS: [(&str, &str); 14] = [
    ("5m", text::FIVE_MINUTES),
    ("15m", text::FIFTEEN_MINUTES),
    ("30m", text::THIRTY_MINUTES),
    ("1h", text::ONE_HOUR),
    ("3h", text::THREE_HOURS),
    ("6h", text::SIX_HOURS),
    ("12h", text::TWELVE_HOURS),
    ("24h", text::TWENTY_FOUR_HOURS),
    ("2d", text::TWO_DAYS),
    ("3d", text::THREE_DAYS),
    ("7d", text::ONE_WEEK),
    ("14d", text::TWO_WEEKS),
    ("28d", text::FOUR_WEEKS),
    ("90d", text::THREE_MONTHS),
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
    /// The span before it, of as many months or days where it is of whole ones and as long
    /// where it is not, if all of it is kept.
    pub earlier: Option<TimeStep>,
    /// And after it, unless it ends now.
    pub later: Option<TimeStep>,
    /// Why what was asked for is not what is shown.
    pub problem: Option<String>,
}

/// A span to go to, Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeStep {
    pub from_ms: i64,
    pub to_ms: i64,
}

impl TimeRange {
    fn preset(&self) -> Option<&'static str> {
        PRESETS.into_iter().find(|(code, _)| self.since.as_deref() == Some(code)).map(|(_, name)| name)
    }

    /// `Last 24 hours`, or from when to when.
    pub fn label(&self) -> String {
        let named = CALENDAR.into_iter().find(|(code, _)| self.since.as_deref() == Some(code));
        match (named, self.preset(), &self.since) {
            (Some((_, name)), ..) => name.to_owned(),
            (_, Some(name), _) => text::last_span(name),
            (.., Some(since)) => text::last_span(since),
            _ => text::from_to(self.from.replace('T', " "), self.to.replace('T', " ")),
        }
    }

    /// How the span before it is called in a sentence: `the 24 hours before`.
    pub fn before(&self) -> String {
        match self.preset() {
            Some(name) => text::the_span_before(name),
            None => text::THE_SAME_TIME_BEFORE.to_owned(),
        }
    }
}

/// Spans as links, a chosen one as a form, and a step to either side; everything else
/// that chose the rows stays.
pub(crate) fn range_picker(here: &Here, range: &TimeRange) -> View {
    let base = here.without(&[SINCE, FROM, TO]);
    let presets = CALENDAR
        .into_iter()
        .chain(PRESETS)
        .map(|(code, name)| {
            let current = (range.since.as_deref() == Some(code)).then_some("true");
            view! { <li><a href=base.clone().with(SINCE, code).to_string() aria-current=current>{name}</a></li> }
        })
        .collect_view();
    let kept = here.pairs.iter().filter(|(name, _)| ![SINCE, FROM, TO, "cursor"].contains(&name.as_str()));
    let kept = kept.map(|(name, value)| hidden(name, value)).collect_view();
    let problem = range.problem.clone().map(
        |problem| view! { <p class="notice t-error" role="alert">{problem}{text::shown_instead(range.label())}</p> },
    );
    view! {
        <div class="span">
            {step(&base, text::EARLIER, Icon::Left, range.earlier)}
            <details class="menu range" open=range.problem.is_some()>
                <summary class="button">{Icon::Clock.view()}<span>{range.label()}</span>{Icon::Down.view()}</summary>
                <div class="popover">
                    <ul class="presets">{presets}</ul>
                    <form method="get" action=here.path.to_string()>
                        {kept}
                        {problem}
                        {time_field(FROM, text::FROM, &range.from, &range.zone)}
                        {time_field(TO, text::TO, &range.to, &range.zone)}
                        <button type="submit" class="button">{common::APPLY}</button>
                    </form>
                </div>
            </details>
            {step(&base, text::LATER, Icon::Right, range.later)}
        </div>
    }
    .into_any()
}

fn time_field(name: &'static str, label: &str, value: &str, zone: &str) -> View {
    view! {
        <label>
            {format!("{label} ({zone})")}
            <input type="datetime-local" name=name value=value.to_owned()/>
        </label>
    }
    .into_any()
}

/// A link to the span beside the one that is shown, where there is one.
fn step(base: &Href, label: &'static str, icon: Icon, to: Option<TimeStep>) -> View {
    let Some(to) = to else {
        return view! { <span class="button icon-only" aria-hidden="true">{icon.view()}</span> }.into_any();
    };
    let href = base.clone().with(FROM, &to.from_ms.to_string()).with(TO, &to.to_ms.to_string()).to_string();
    view! { <a class="button icon-only" href=href aria-label=label title=label>{icon.view()}</a> }.into_any()
}
