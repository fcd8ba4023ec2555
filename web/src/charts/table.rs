//! The figures of a chart as a table that unfolds.

use leptos::prelude::*;

use crate::View;
use crate::texts::{charts as text, common};

/// A row of figures: its label, and a value under each head.
pub(super) type Figures = (String, Vec<Option<i64>>);

/// `heads` after the first column, `rows` with their label; `write` says how a value is
/// written.
pub(super) fn figures(title: &str, heads: Vec<String>, rows: Vec<Figures>, write: fn(i64) -> String) -> View {
    let heads = heads.into_iter().map(|head| view! { <th scope="col" class="r">{head}</th> }).collect_view();
    let rows = rows.into_iter().map(|(label, values)| {
        let cells = values
            .into_iter()
            .map(|value| view! { <td class="r">{value.map_or_else(|| "–".to_owned(), write)}</td> })
            .collect_view();
        view! { <tr><th scope="row">{label}</th>{cells}</tr> }.into_any()
    });
    let caption = text::figures_of(title);
    view! {
        <details class="figures">
            <summary>{text::FIGURES}</summary>
            <div class="table-wrap" tabindex="0" role="region" aria-label=caption>
                <table class="dense">
                    <caption class="sr">{caption.clone()}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{common::TIME}</th>
                            {heads}
                        </tr>
                    </thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        </details>
    }
    .into_any()
}

/// Words under a plot of so many columns, each with a tick under the column that it names.
pub(super) fn time_axis(labels: &[String], columns: usize) -> View {
    let words = super::scale::ticks(labels.len()).map(|index| tick(&labels[index], index, columns));
    view! { <svg class="x-axis" aria-hidden="true">{words.collect_view()}</svg> }.into_any()
}

/// Columns that are as wide as a word.
const FEW: usize = 8;

fn tick(label: &str, index: usize, columns: usize) -> View {
    let middle = super::scale::percent(2 * index + 1, 2 * columns);
    // At the ends of the plot a word in the middle would be cut off.
    let (x, anchor) = match index {
        0 if columns > FEW => (super::scale::percent(0, 1), "start"),
        _ if columns > FEW && 10 * index >= 9 * columns => (super::scale::percent(index + 1, columns), "end"),
        _ => (middle.clone(), "middle"),
    };
    view! {
        <g>
            <line x1=middle.clone() x2=middle y1="0" y2="3"></line>
            <text x=x y="14" text-anchor=anchor>{label.to_owned()}</text>
        </g>
    }
    .into_any()
}

/// The top, the middle and the foot of the axis, beside a plot.
pub(super) fn value_axis(top: String, middle: String, foot: &str) -> View {
    view! {
        <div class="y-axis" aria-hidden="true">
            <span>{top}</span>
            <span>{middle}</span>
            <span>{foot.to_owned()}</span>
        </div>
    }
    .into_any()
}

/// Faint lines behind the marks.
pub(super) fn grid_lines(width: i64) -> View {
    let line = |y: i64| view! { <line class="grid-line" x1="0" x2=width y1=y y2=y></line> };
    view! { {line(0)} {line(super::scale::HEIGHT / 2)} {line(super::scale::HEIGHT)} }.into_any()
}
