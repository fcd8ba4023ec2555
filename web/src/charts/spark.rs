//! A chart the size of a word: good below, bad on top.

use leptos::prelude::*;

use crate::View;
use crate::number::exact;
use crate::texts::charts as text;

/// Good and bad counts over time, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spark(pub Vec<(i64, i64)>);

const HEIGHT: i64 = 28;
const STEP: i64 = 5;
/// One bad among thousands still gets this much.
const LEAST: i64 = 3;

/// `good` and `bad` are the words for what is counted: valid, denied.
pub(crate) fn spark(data: &Spark, good: &str, bad: &str) -> View {
    let top = data.0.iter().map(|(good, bad)| good.saturating_add(*bad)).max().unwrap_or(0).max(1);
    let (all_good, all_bad) = data.0.iter().fold((0, 0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
    let text = match all_good + all_bad {
        0 => text::NO_ACTIVITY.to_owned(),
        _ => format!("{} {good}, {} {bad}", exact(all_good), exact(all_bad)),
    };
    let width = STEP * i64::try_from(data.0.len()).unwrap_or(1).max(1);
    let columns = (0..).zip(&data.0).map(|(index, pair)| column(index * STEP, *pair, top)).collect_view();
    let base = HEIGHT - 1;
    view! {
        <svg
            class="spark"
            viewBox=format!("0 0 {width} {HEIGHT}")
            preserveAspectRatio="none"
            role="img"
            aria-label=text
        >
            <title>{text.clone()}</title>
            <line class="grid-line" x1="0" x2=width y1=base y2=base></line>
            {columns}
        </svg>
    }
    .into_any()
}

fn column(x: i64, (good, bad): (i64, i64), top: i64) -> View {
    let scaled = |value: i64| {
        let exact = i128::from(value) * i128::from(HEIGHT) / i128::from(top);
        i64::try_from(exact).unwrap_or(HEIGHT).clamp(if value > 0 { LEAST } else { 0 }, HEIGHT)
    };
    let bad = scaled(bad);
    let good = scaled(good).min(HEIGHT - bad);
    let mark = |class: &'static str, y: i64, height: i64| {
        (height > 0).then(|| view! { <rect class=class x=x y=y width=STEP - 1 height=height></rect> })
    };
    view! { {mark("s-good", HEIGHT - good, good)} {mark("s-bad", HEIGHT - good - bad, bad)} }.into_any()
}
