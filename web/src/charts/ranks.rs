//! Bars beside names, one below the other: which of them has how much.
//!
//! The figures stand beside the bars, so there is no table of them besides.

use leptos::prelude::*;

use super::scale::percent;
use crate::View;

/// A name and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rank {
    pub label: String,
    /// As it is written.
    pub value: String,
    /// How long its bar is, in any unit that all of a chart share.
    pub length: usize,
}

/// Names with their values, in the order that they were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranks {
    pub title: String,
    /// What the names are, and what the values are.
    pub heads: (String, String),
    pub ranks: Vec<Rank>,
}

pub(crate) fn ranks(chart: &Ranks) -> View {
    let longest = chart.ranks.iter().map(|rank| rank.length).max().unwrap_or(0).max(1);
    let rows = chart.ranks.iter().map(|rank| row(rank, longest)).collect_view();
    let (names, values) = chart.heads.clone();
    view! {
        <figure class="chart">
            <figcaption>
                <h2>{chart.title.clone()}</h2>
            </figcaption>
            <div class="table-wrap" tabindex="0" role="region" aria-label=chart.title.clone()>
                <table class="dense">
                    <caption class="sr">{chart.title.clone()}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{names}</th>
                            <td></td>
                            <th scope="col" class="r">{values}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </figure>
    }
    .into_any()
}

fn row(rank: &Rank, longest: usize) -> View {
    view! {
        <tr>
            <th scope="row">{rank.label.clone()}</th>
            <td>
                <svg class="heat" aria-hidden="true">
                    <rect class="heat-3" y="4" height="14" rx="2" width=percent(rank.length, longest)></rect>
                </svg>
            </td>
            <td class="r">{rank.value.clone()}</td>
        </tr>
    }
    .into_any()
}
