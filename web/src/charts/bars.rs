//! Bars stacked by outcome over time; each bar is a link into its bucket. Over them, if
//! it was asked for, an outline of the span before.

use leptos::prelude::*;

use super::scale::{HEIGHT, height, nice_top, stack};
use super::table::{Figures, figures, grid_lines, time_axis, value_axis};
use crate::View;
use crate::components::Outcome;
use crate::number::{compact, exact};
use crate::paths::{Here, Href, OUTCOME};
use crate::texts::charts as text;

/// Counts of one stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// `Nov 20 07:00`.
    pub label: String,
    /// One per outcome of the chart, in its order.
    pub counts: Vec<i64>,
    /// The same page about this bucket only.
    pub zoom: Option<Href>,
    /// Unix milliseconds; where dragging over the chart begins and ends.
    pub start_ms: i64,
    pub end_ms: i64,
}

/// A stacked bar chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bars {
    /// Unique on its page: letters and hyphens.
    pub id: &'static str,
    pub title: String,
    /// The first is drawn lowest.
    pub outcomes: Vec<Outcome>,
    pub buckets: Vec<Bucket>,
    /// The list that each outcome of the legend leads to, of that outcome alone; from the
    /// one that is chosen, back to all.
    pub of_outcome: Option<Here>,
    /// What there is to compare with, of a span of which that is kept.
    pub before: Option<Before>,
}

/// The span before that of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// `the 24 hours before`.
    pub name: String,
    /// The same page with the comparison, or without it if it is there.
    pub switch: Href,
    /// As much as each bucket has in all outcomes, as far into the span before; `None`
    /// while nothing is compared.
    pub totals: Option<Vec<i64>>,
}

/// Units of width per bucket, and the gap to the next.
const STEP: i64 = 20;
const GAP: i64 = 2;

impl Bars {
    fn total(&self, index: usize) -> i64 {
        self.buckets.iter().map(|bucket| bucket.counts.get(index).copied().unwrap_or(0)).sum()
    }

    fn grand_total(&self) -> i64 {
        self.buckets.iter().flat_map(|bucket| &bucket.counts).sum()
    }

    /// The span before, by its name and bucket by bucket, if it is compared.
    fn compared(&self) -> Option<(&str, &[i64])> {
        let before = self.before.as_ref()?;
        Some((before.name.as_str(), before.totals.as_deref()?))
    }
}

pub(crate) fn bars(chart: &Bars) -> View {
    let tallest = chart.buckets.iter().map(|bucket| bucket.counts.iter().sum()).max().unwrap_or(0);
    let before = chart.compared().and_then(|(_, totals)| totals.iter().max().copied());
    let top = nice_top(tallest.max(before.unwrap_or(0)));
    let labels: Vec<_> = chart.buckets.iter().map(|bucket| bucket.label.clone()).collect();
    let (heads, rows) = table(chart);
    view! {
        <figure class="chart">
            <figcaption>
                <h2>{chart.title.clone()}</h2>
                <strong class="total" title=exact(chart.grand_total())>{compact(chart.grand_total())}</strong>
                {legend(chart)}
            </figcaption>
            <div class="plot">
                {value_axis(compact(top), compact(top / 2), "0")}
                {drawing(chart, top)}
                {time_axis(&labels, labels.len())}
            </div>
            {figures(&chart.title, heads, rows, exact)}
        </figure>
    }
    .into_any()
}

/// Heads and rows of the figures; outcomes that never occurred have no column.
fn table(chart: &Bars) -> (Vec<String>, Vec<Figures>) {
    let seen: Vec<_> = (0..chart.outcomes.len()).filter(|index| chart.total(*index) > 0).collect();
    let heads = seen.iter().map(|index| chart.outcomes[*index].label().to_owned());
    let before = chart.compared();
    let row = |(position, bucket): (usize, &Bucket)| {
        let counts = seen.iter().map(|index| bucket.counts.get(*index).copied());
        let before = before.map(|(_, totals)| totals.get(position).copied());
        (bucket.label.clone(), counts.chain(before).collect())
    };
    let rows = chart.buckets.iter().enumerate().map(row).collect();
    (heads.chain(before.map(|(name, _)| capitalized(name))).collect(), rows)
}

fn legend(chart: &Bars) -> View {
    let entries = chart.outcomes.iter().enumerate().map(|(index, outcome)| {
        let total = chart.total(index);
        let class = if total == 0 { "none" } else { "" };
        let entry = view! {
            {crate::components::swatch(*outcome)}
            {outcome.label()}
            <span class="num" title=exact(total)>{compact(total)}</span>
        };
        let entry = match chart.of_outcome.as_ref().map(|here| chosen(here, *outcome)) {
            Some((href, true)) => {
                view! { <a href=href.to_string() aria-current="true" title=text::SHOW_ALL>{entry}</a> }
                    .into_any()
            }
            Some((href, false)) => view! { <a href=href.to_string()>{entry}</a> }.into_any(),
            None => entry.into_any(),
        };
        view! { <li class=class>{entry}</li> }.into_any()
    });
    view! { <ul class="legend">{entries.collect_view()}{chart.before.as_ref().map(switch)}</ul> }.into_any()
}

/// The entry of the span before, which switches the comparison off, or the way to it.
fn switch(before: &Before) -> View {
    let (href, name) = (before.switch.to_string(), before.name.clone());
    match &before.totals {
        None => view! { <li><a href=href>{text::COMPARE_WITH}{name}</a></li> }.into_any(),
        Some(totals) => {
            let total = totals.iter().sum();
            view! {
                <li>
                    <a href=href aria-current="true" title=text::DO_NOT_COMPARE>
                        <span class="line-key l-b"></span>
                        {name}
                        <span class="num" title=exact(total)>{compact(total)}</span>
                    </a>
                </li>
            }
            .into_any()
        }
    }
}

/// Where an outcome of the legend leads, and whether it is the one that is shown.
fn chosen(here: &Here, outcome: Outcome) -> (Href, bool) {
    match here.get(OUTCOME) == Some(outcome.code()) {
        true => (here.without(&[OUTCOME]), true),
        false => (here.with(OUTCOME, outcome.code()), false),
    }
}

fn drawing(chart: &Bars, top: i64) -> View {
    let width = STEP * i64::try_from(chart.buckets.len()).unwrap_or(1).max(1);
    let columns = (0..).zip(&chart.buckets).map(|(index, bucket)| column(chart, index, bucket, top));
    let before = chart.compared().map(|(_, totals)| outline(totals, top));
    let empty = (chart.grand_total() == 0 && before.is_none())
        .then(|| view! { <p class="chart-empty">{text::NO_ACTIVITY}</p> });
    let (title, description) = (format!("{}-title", chart.id), format!("{}-desc", chart.id));
    view! {
        <svg
            class="bars"
            viewBox=format!("0 0 {width} {HEIGHT}")
            preserveAspectRatio="none"
            role="group"
            aria-labelledby=title
            aria-describedby=description
            data-zoom=""
        >
            <title id=title.clone()>{chart.title.clone()}</title>
            <desc id=description.clone()>{describe(chart)}</desc>
            {grid_lines(width)}
            {columns.collect_view()}
            {before}
        </svg>
        {empty}
    }
    .into_any()
}

/// Steps as wide as the bars and the gaps between them.
fn outline(totals: &[i64], top: i64) -> View {
    let mut steps = String::new();
    for (index, total) in (0..).zip(totals) {
        let y = HEIGHT - height(*total, top);
        steps.push_str(&if index == 0 { format!("M0 {y}") } else { format!("V{y}") });
        steps.push_str(&format!("H{}", (index + 1) * STEP));
    }
    view! { <path class="line l-b" aria-hidden="true" d=steps></path> }.into_any()
}

fn describe(chart: &Bars) -> String {
    let now = describe_span(chart);
    match chart.compared() {
        Some((name, totals)) => format!("{now} {}: {}.", capitalized(name), exact(totals.iter().sum())),
        None => now,
    }
}

fn capitalized(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().into_iter().flat_map(char::to_uppercase).chain(rest).collect()
}

fn describe_span(chart: &Bars) -> String {
    let parts = chart.outcomes.iter().enumerate().filter(|(index, _)| chart.total(*index) > 0);
    let parts: Vec<_> =
        parts.map(|(index, outcome)| format!("{} {}", exact(chart.total(index)), outcome.label())).collect();
    match (chart.buckets.first(), chart.buckets.last(), parts.is_empty()) {
        (Some(first), Some(last), false) => text::from_to(&first.label, &last.label, parts.join(", ")),
        _ => text::NO_ACTIVITY_SENTENCE.to_owned(),
    }
}

/// One bucket: an area to hover and follow, and its stacked marks.
fn column(chart: &Bars, index: usize, bucket: &Bucket, top: i64) -> View {
    let x = STEP * i64::try_from(index).unwrap_or(0);
    let before = chart.compared().and_then(|(_, totals)| totals.get(index).copied());
    let mut y = HEIGHT;
    let heights = stack(&bucket.counts, top);
    let marks =
        chart.outcomes.iter().zip(heights).filter(|(_, height)| *height > 0).map(|(outcome, height)| {
            y -= height;
            mark(*outcome, x, y, height)
        });
    let marks = marks.collect_view();
    let inner = view! {
        <title>{tooltip(chart, bucket, before)}</title>
        <rect class="hit" x=x y="0" width=STEP height=HEIGHT></rect>
        {marks}
    };
    let (start, end) = (bucket.start_ms.to_string(), bucket.end_ms.to_string());
    match &bucket.zoom {
        Some(zoom) if bucket.counts.iter().any(|count| *count > 0) => view! {
            <a href=zoom.to_string() data-start=start data-end=end>{inner}</a>
        }
        .into_any(),
        _ => view! { <g data-start=start data-end=end>{inner}</g> }.into_any(),
    }
}

fn mark(outcome: Outcome, x: i64, y: i64, height: i64) -> View {
    view! { <rect fill=outcome.paint() x=x y=y width=STEP - GAP height=height></rect> }.into_any()
}

fn tooltip(chart: &Bars, bucket: &Bucket, before: Option<i64>) -> String {
    let counts = chart.outcomes.iter().zip(&bucket.counts).filter(|(_, count)| **count > 0);
    let lines = counts.map(|(outcome, count)| format!(", {} {}", exact(*count), outcome.label()));
    let text: String = lines.collect();
    let text = if text.is_empty() { text::NO_ACTIVITY_AFTER_COMMA.to_owned() } else { text };
    let before = before.map(|total| text::before_counted(exact(total))).unwrap_or_default();
    format!("{}{text}{before}", bucket.label)
}
