//! How a span is cut over a segment, so that what its pieces say can be kept.
//!
//! A span that ends now is another one with each question. The segments that lie
//! within it are the same, and so are the days and hours within those that it
//! cuts: only what is left at its ends has to be looked at again.

use std::ops::Range;

use base::clock::{DAY_MS, HOUR_MS, MINUTE_MS};

use super::{Buckets, Filter, GroupBy, Question};

/// Ends of buckets within a span that are of that span alone.
const MAX_CUTS: usize = 4;

/// A part of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Unix milliseconds.
    pub span: Range<i64>,
    /// Whether other spans have it, too.
    pub is_lasting: bool,
}

/// The pieces of a span over a segment whose events are of `held`: apart from each
/// other, and together all of those events that are in the span.
pub(super) fn pieces(span: &Range<i64>, held: &Range<i64>) -> Vec<Piece> {
    if span.end <= held.start || held.end <= span.start {
        return Vec::new();
    }
    if span.start <= held.start && held.end <= span.end {
        return vec![Piece { span: held.clone(), is_lasting: true }];
    }
    let floor = |time_ms: i64, length_ms: i64| time_ms.div_euclid(length_ms).saturating_mul(length_ms);
    // Before its first event and after its last one a segment is the same for every span.
    let end = if held.end <= span.end { floor(held.end, DAY_MS).saturating_add(DAY_MS) } else { span.end };
    let mut start = if span.start <= held.start { floor(held.start, DAY_MS) } else { span.start };
    let mut pieces = Vec::new();
    while start < end {
        let fits = |length_ms: &i64| start.rem_euclid(*length_ms) == 0 && end - start >= *length_ms;
        let length_ms = [DAY_MS, HOUR_MS].into_iter().find(fits);
        let next = match length_ms {
            Some(length_ms) => start + length_ms,
            None => end.min(floor(start, HOUR_MS).saturating_add(HOUR_MS)),
        };
        if start < held.end && held.start < next {
            pieces.push(Piece { span: start..next, is_lasting: length_ms.is_some() });
        }
        start = next;
    }
    pieces
}

/// The spans of a question that are cut into pieces one by one: buckets that end at
/// an odd moment would be found in no other question. `None` where nothing of the
/// answer is worth keeping.
pub(super) fn spans(question: &Question) -> Option<Vec<Range<i64>>> {
    if !looks_at_many(&question.filter) || !question.group_by.iter().all(|by| has_few(*by)) {
        return None;
    }
    let mut ends = vec![question.start_ms];
    match &question.buckets {
        None => {}
        Some(Buckets::Every(length_ms)) if length_ms % MINUTE_MS == 0 => {}
        Some(Buckets::Every(_)) => return None,
        Some(Buckets::From(starts)) => {
            // Before the first bucket nothing counts.
            ends = vec![question.start_ms.max(*starts.first()?)];
            let within = starts.iter().filter(|start| (ends[0] + 1..question.end_ms).contains(*start));
            let odd: Vec<i64> = within.filter(|start| *start % MINUTE_MS != 0).copied().collect();
            ends.extend(odd);
        }
    }
    ends.push(question.end_ms);
    (ends.len() <= MAX_CUTS + 2).then(|| ends.windows(2).map(|two| two[0]..two[1]).collect())
}

/// Whether most events may have to be looked at. Those of some keys, identities or
/// addresses are few, and found at once.
fn looks_at_many(filter: &Filter) -> bool {
    let narrow = [
        &filter.keys,
        &filter.identities,
        &filter.external_ids,
        &filter.identifiers,
        &filter.request_ids,
        &filter.ips,
        &filter.root_keys,
    ];
    filter.text.is_none() && narrow.iter().all(|texts| texts.is_empty())
}

/// Groups of which there are about as many as people make by hand.
fn has_few(by: GroupBy) -> bool {
    matches!(by, GroupBy::Api | GroupBy::Namespace | GroupBy::Door | GroupBy::Status | GroupBy::Code)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(pieces: &[Piece]) -> Vec<(i64, i64, bool)> {
        pieces.iter().map(|piece| (piece.span.start, piece.span.end, piece.is_lasting)).collect()
    }

    #[test]
    fn a_segment_within_the_span_is_one_piece() {
        assert_eq!(of(&pieces(&(0..100), &(7..90))), [(7, 90, true)]);
        assert_eq!(of(&pieces(&(7..90), &(7..90))), [(7, 90, true)]);
        assert_eq!(pieces(&(0..7), &(7..90)), []);
        assert_eq!(pieces(&(90..99), &(7..90)), []);
    }

    #[test]
    fn a_span_that_begins_within_a_segment_is_hours_and_days_but_for_its_edge() {
        let found = pieces(&(DAY_MS - HOUR_MS - 5..9 * DAY_MS), &(10..2 * DAY_MS + 3));
        assert_eq!(
            of(&found),
            [
                (DAY_MS - HOUR_MS - 5, DAY_MS - HOUR_MS, false),
                (DAY_MS - HOUR_MS, DAY_MS, true),
                (DAY_MS, 2 * DAY_MS, true),
                (2 * DAY_MS, 3 * DAY_MS, true),
            ]
        );
        let found = pieces(&(-5..HOUR_MS + 7), &(10..2 * DAY_MS));
        assert_eq!(of(&found), [(0, HOUR_MS, true), (HOUR_MS, HOUR_MS + 7, false)]);
    }

    proptest! {
        /// Times in minutes, so that edges meet.
        #[test]
        fn pieces_hold_each_event_of_the_span_once(
            start in -3_000_i64..9_000, length in 1_i64..9_000, first in 0_i64..6_000, more in 0_i64..5_000,
            events in prop::collection::vec(0_i64..5_000, 20),
        ) {
            let span = start * MINUTE_MS + 1..(start + length) * MINUTE_MS;
            let held = first * MINUTE_MS..(first + more) * MINUTE_MS + 1;
            let found = pieces(&span, &held);
            for event in events {
                let time_ms = (first + event.min(more)) * MINUTE_MS;
                let holding = found.iter().filter(|piece| piece.span.contains(&time_ms)).count();
                prop_assert_eq!(holding, usize::from(span.contains(&time_ms)));
            }
        }
    }
}
