//! A strip whose cells darken with the count: when something is used.

use leptos::prelude::*;

use super::table::{figures, time_axis};
use crate::View;
use crate::number::exact;
use crate::texts::common as text;

/// Labelled counts, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heat {
    pub title: String,
    pub cells: Vec<(String, i64)>,
}

const CELL: i64 = 12;

pub(crate) fn heat(strip: &Heat) -> View {
    let most = strip.cells.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    let width = CELL * i64::try_from(strip.cells.len()).unwrap_or(1).max(1);
    let cells = (0..).zip(&strip.cells).map(|(index, (label, count)): (i64, _)| {
        // Zero is level 0; anything above it is at least level 1.
        let level = if *count <= 0 { 0 } else { 1 + i128::from(*count) * 3 / i128::from(most) };
        let (x, size) = (index * CELL, CELL - 2);
        view! {
            <rect class=format!("heat-{level}") x=x y="0" width=size height=size rx="2">
                <title>{format!("{label}: {}", exact(*count))}</title>
            </rect>
        }
        .into_any()
    });
    let cells = cells.collect_view();
    let labels: Vec<_> = strip.cells.iter().map(|(label, _)| label.clone()).collect();
    let rows = strip.cells.iter().map(|(label, count)| (label.clone(), vec![Some(*count)])).collect();
    view! {
        <svg class="heat" viewBox=format!("0 0 {width} {CELL}") preserveAspectRatio="none" role="img" aria-label=strip.title.clone()>
            {cells}
        </svg>
        {time_axis(&labels, labels.len())}
        {figures(&strip.title, vec![text::REQUESTS.to_owned()], rows, exact)}
    }
    .into_any()
}
