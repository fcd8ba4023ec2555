//! Bars stacked by outcome over time; each bar is a link into its bucket.

use leptos::prelude::*;

use super::scale::{HEIGHT, nice_top, stack};
use super::table::{Figures, figures, grid_lines, time_axis, value_axis};
use crate::View;
use crate::components::Outcome;
use crate::number::{compact, exact};
use crate::paths::{Here, Href, OUTCOME};

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
}

pub(crate) fn bars(chart: &Bars) -> View {
    let tallest = chart.buckets.iter().map(|bucket| bucket.counts.iter().sum()).max().unwrap_or(0);
    let top = nice_top(tallest);
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
    let heads = seen.iter().map(|index| chart.outcomes[*index].label().to_owned()).collect();
    let row = |bucket: &Bucket| {
        let counts = seen.iter().map(|index| bucket.counts.get(*index).copied()).collect();
        (bucket.label.clone(), counts)
    };
    (heads, chart.buckets.iter().map(row).collect())
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
                view! { <a href=href.to_string() aria-current="true" title="Show all">{entry}</a> }.into_any()
            }
            Some((href, false)) => view! { <a href=href.to_string()>{entry}</a> }.into_any(),
            None => entry.into_any(),
        };
        view! { <li class=class>{entry}</li> }.into_any()
    });
    view! { <ul class="legend">{entries.collect_view()}</ul> }.into_any()
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
    let columns = (0..).zip(&chart.buckets).map(|(index, bucket)| column(chart, bucket, index * STEP, top));
    let empty = (chart.grand_total() == 0).then(|| view! { <p class="chart-empty">"No activity"</p> });
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
        </svg>
        {empty}
    }
    .into_any()
}

fn describe(chart: &Bars) -> String {
    let parts = chart.outcomes.iter().enumerate().filter(|(index, _)| chart.total(*index) > 0);
    let parts: Vec<_> =
        parts.map(|(index, outcome)| format!("{} {}", exact(chart.total(index)), outcome.label())).collect();
    match (chart.buckets.first(), chart.buckets.last(), parts.is_empty()) {
        (Some(first), Some(last), false) => {
            format!("From {} to {}: {}.", first.label, last.label, parts.join(", "))
        }
        _ => "No activity.".to_owned(),
    }
}

/// One bucket: an area to hover and follow, and its stacked marks.
fn column(chart: &Bars, bucket: &Bucket, x: i64, top: i64) -> View {
    let mut y = HEIGHT;
    let heights = stack(&bucket.counts, top);
    let marks =
        chart.outcomes.iter().zip(heights).filter(|(_, height)| *height > 0).map(|(outcome, height)| {
            y -= height;
            mark(*outcome, x, y, height)
        });
    let marks = marks.collect_view();
    let inner = view! {
        <title>{tooltip(chart, bucket)}</title>
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

fn tooltip(chart: &Bars, bucket: &Bucket) -> String {
    let counts = chart.outcomes.iter().zip(&bucket.counts).filter(|(_, count)| **count > 0);
    let lines = counts.map(|(outcome, count)| format!(", {} {}", exact(*count), outcome.label()));
    let text: String = lines.collect();
    if text.is_empty() { format!("{}, no activity", bucket.label) } else { format!("{}{text}", bucket.label) }
}
