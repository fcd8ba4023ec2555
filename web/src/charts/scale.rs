//! From values to places in a plot, in whole numbers.

/// Height of a plot in its own units; widths are chosen by each chart.
pub(super) const HEIGHT: i64 = 200;
/// The least height of a mark whose value is above zero.
const LEAST: i64 = 4;

/// The top of an axis that holds `max`: 1, 2 or 5 times a power of ten.
pub(super) fn nice_top(max: i64) -> i64 {
    let mut power = 1i64;
    loop {
        for factor in [1, 2, 5] {
            let top = power.saturating_mul(factor);
            if top >= max {
                return top.max(2);
            }
        }
        power = power.saturating_mul(10);
    }
}

/// The height of `value` under an axis that ends at `top`.
pub(super) fn height(value: i64, top: i64) -> i64 {
    if value <= 0 {
        return 0;
    }
    let exact = i128::from(value) * i128::from(HEIGHT) / i128::from(top.max(1));
    i64::try_from(exact).unwrap_or(HEIGHT).clamp(LEAST, HEIGHT)
}

/// Heights of stacked values. Small ones get their least height from the tall
/// ones, so that the stack still fits.
pub(super) fn stack(values: &[i64], top: i64) -> Vec<i64> {
    let mut heights: Vec<_> = values.iter().map(|value| height(*value, top)).collect();
    let mut over = heights.iter().sum::<i64>() - HEIGHT;
    while over > 0 {
        let Some(tallest) = heights.iter_mut().max().filter(|tallest| **tallest > LEAST) else { break };
        let cut = over.min(*tallest - LEAST);
        *tallest -= cut;
        over -= cut;
    }
    heights
}

/// Most labels under a plot.
const LABELS: usize = 6;

/// Positions of the labels among `count` columns: from the first, always as many apart.
pub(super) fn ticks(count: usize) -> impl Iterator<Item = usize> {
    (0..count).step_by(count.div_ceil(LABELS).max(1))
}

/// How far across a plot something is, as an attribute of SVG says it.
pub(super) fn percent(part: usize, of: usize) -> String {
    let tenths = part * 1000 / of.max(1);
    format!("{}.{}%", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_round_number() {
        assert_eq!([0, 1, 3, 7, 12, 100, 101, 4_999].map(nice_top), [2, 2, 5, 10, 20, 100, 200, 5_000]);
        assert_eq!(nice_top(i64::MAX), i64::MAX);
    }

    #[test]
    fn one_among_a_million_is_still_seen_and_the_stack_fits() {
        let heights = stack(&[1_000_000, 1, 0, 1], 1_000_000);
        assert_eq!(heights, [HEIGHT - 2 * LEAST, LEAST, 0, LEAST]);
        assert_eq!(height(i64::MAX, i64::MAX), HEIGHT);
    }

    #[test]
    fn labels_are_as_many_columns_apart_as_their_distance_says() {
        let of = |count| ticks(count).collect::<Vec<_>>();
        assert_eq!(of(24), [0, 4, 8, 12, 16, 20]);
        assert_eq!(of(31), [0, 6, 12, 18, 24, 30]);
        assert_eq!(of(2), [0, 1]);
        assert!(of(0).is_empty());
        assert_eq!((percent(1, 48), percent(1, 1)), ("2.0%".to_owned(), "100.0%".to_owned()));
    }
}
