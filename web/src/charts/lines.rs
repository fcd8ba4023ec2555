//! Values over time as lines: active keys, latency.

use leptos::prelude::*;

use super::scale::{HEIGHT, height, nice_top};
use super::table::{figures, grid_lines, time_axis, value_axis};
use crate::View;
use crate::number::{compact, exact, thousandths};
use crate::texts::charts as text;
use crate::time::latency;

/// What the values of a chart are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Count,
    /// Microseconds.
    Latency,
    /// A thousand of them are one: shares, averages.
    Thousandths,
}

impl Unit {
    fn short(self, value: i64) -> String {
        match self {
            Unit::Count => compact(value),
            Unit::Latency => latency(value),
            Unit::Thousandths => thousandths(value),
        }
    }

    /// As a figure of its own.
    fn full(self, value: i64) -> String {
        if self == Unit::Count { exact(value) } else { self.short(value) }
    }

    fn figure(self) -> fn(i64) -> String {
        if self == Unit::Thousandths { thousandths } else { exact }
    }
}

/// One line; gaps are `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub label: String,
    pub values: Vec<Option<i64>>,
}

/// A line chart of at most three lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    /// Unique on its page: letters and hyphens.
    pub id: &'static str,
    pub title: String,
    pub unit: Unit,
    /// One per point.
    pub labels: Vec<String>,
    pub lines: Vec<Line>,
}

/// Units of width between two points.
const STEP: i64 = 20;

pub(crate) fn lines(chart: &Lines) -> View {
    let values = || chart.lines.iter().flat_map(|line| line.values.iter().flatten().copied());
    let top = nice_top(values().max().unwrap_or(0));
    let span = match (values().min(), values().max()) {
        (Some(least), Some(most)) => format!("{} – {}", chart.unit.short(least), chart.unit.short(most)),
        _ => "–".to_owned(),
    };
    let heads = chart.lines.iter().map(|line| line.label.clone()).collect();
    let rows = chart.labels.iter().enumerate().map(|(index, label)| {
        let values = chart.lines.iter().map(|line| line.values.get(index).copied().flatten());
        (label.clone(), values.collect::<Vec<_>>())
    });
    let legend = (0..).zip(&chart.lines).map(|(index, line): (usize, _)| {
        view! { <li><span class=format!("line-key l-{index}")></span>{line.label.clone()}</li> }.into_any()
    });
    view! {
        <figure class="chart">
            <figcaption>
                <h2>{chart.title.clone()}</h2>
                <strong class="total">{span.clone()}</strong>
                <ul class="legend">{legend.collect_view()}</ul>
            </figcaption>
            <div class="plot">
                {value_axis(chart.unit.short(top), chart.unit.short(top / 2), "0")}
                {drawing(chart, top, &span)}
                {time_axis(&chart.labels, columns(chart))}
            </div>
            {figures(&chart.title, heads, rows.collect(), chart.unit.figure())}
        </figure>
    }
    .into_any()
}

/// A lone point stands at the left of a plot of two.
fn columns(chart: &Lines) -> usize {
    chart.labels.len().max(2)
}

fn drawing(chart: &Lines, top: i64, span: &str) -> View {
    let width = STEP * i64::try_from(columns(chart)).unwrap_or(i64::MAX / STEP);
    let paths = (0..).zip(&chart.lines).map(|(index, line)| path(line, index, top)).collect_view();
    let points = (0..).zip(&chart.labels).map(|(index, label)| point(chart, index, label)).collect_view();
    let empty = chart.lines.iter().all(|line| line.values.iter().all(Option::is_none));
    let empty = empty.then(|| view! { <p class="chart-empty">{text::NO_ACTIVITY}</p> });
    let title = format!("{}-title", chart.id);
    view! {
        <svg
            class="lines"
            viewBox=format!("0 0 {width} {HEIGHT}")
            preserveAspectRatio="none"
            role="img"
            aria-labelledby=title
        >
            <title id=title.clone()>{format!("{}: {span}", chart.title)}</title>
            {grid_lines(width)}
            {paths}
            {points}
        </svg>
        {empty}
    }
    .into_any()
}

/// The line of a run without gaps, and for the first line the area under it.
fn path(line: &Line, index: usize, top: i64) -> View {
    let mut drawing = String::new();
    let mut area = String::new();
    let mut run: Vec<(i64, i64)> = Vec::new();
    let mut flush = |run: &mut Vec<(i64, i64)>| {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { return };
        let points: Vec<_> = run.iter().map(|(x, y)| format!("{x} {y}")).collect();
        let points = points.join("L");
        // A lone point becomes a short stroke, or it would not be seen.
        let tail = if run.len() == 1 { "h4" } else { "" };
        drawing.push_str(&format!("M{points}{tail}"));
        area.push_str(&format!("M{} {HEIGHT}L{points}L{} {HEIGHT}z", first.0, last.0));
        run.clear();
    };
    for (position, value) in (0..).zip(&line.values) {
        match value {
            Some(value) => run.push((position * STEP + STEP / 2, HEIGHT - height(*value, top))),
            None => flush(&mut run),
        }
    }
    flush(&mut run);
    let area = (index == 0).then(|| view! { <path class="area" d=area></path> });
    view! { {area} <path class=format!("line l-{index}") d=drawing></path> }.into_any()
}

/// A column to hover.
fn point(chart: &Lines, index: i64, label: &str) -> View {
    let position = usize::try_from(index).unwrap_or_default();
    let values = chart.lines.iter().filter_map(|line| {
        let value = line.values.get(position).copied().flatten()?;
        let text = chart.unit.full(value);
        Some(format!(", {}: {text}", line.label))
    });
    view! {
        <g>
            <title>{format!("{label}{}", values.collect::<String>())}</title>
            <rect class="hit" x=index * STEP y="0" width=STEP height=HEIGHT></rect>
        </g>
    }
    .into_any()
}
