//! A chart beside the span before its own, bar by bar.
//!
//! Bars of the span before are as far from its start as those of the span are from
//! theirs, whatever the calendar says of either, so a day at which clocks are set is
//! compared with a whole one. Where a span does not end at a whole minute, as *Today* does
//! not, the bars in it end at the minute before: what is counted by whole minutes is kept
//! for the next question.
//!
//! Only an address with [`COMPARE`] asks for it, since it is a count of its own.

use std::ops::Range;

use web::charts::{Bars, Before};
use web::paths::COMPARE;

use super::member_request::MemberRequest;
use super::time_span::TimeSpan;
use base::clock::MINUTE_MS;
use base::error::Result;
use insight::analytics::{Buckets, Counts, Question, Row};

const SWITCHED_ON: &str = "before";

pub struct SpanBefore {
    /// `None` where not all of it is kept: then there is nothing to compare with.
    range: Option<Range<i64>>,
    /// `the 24 hours before`.
    name: String,
    is_asked: bool,
    /// Where its bars begin.
    starts: Vec<i64>,
}

impl SpanBefore {
    /// Of a span and the buckets of its charts.
    pub fn of(request: &MemberRequest, span: &TimeSpan, buckets: &Buckets) -> Self {
        let range = span.before(request.now_ms());
        let of_span = buckets.starts(span.start_ms, span.end_ms);
        let starts = range.as_ref().map(|range| starts(range, &of_span)).unwrap_or_default();
        let is_asked = request.query().text(COMPARE) == SWITCHED_ON;
        Self { range, name: span.range.before(), is_asked, starts }
    }

    /// Where its bars begin, if they are shown.
    pub fn shown_starts(&self) -> &[i64] {
        if self.is_asked { &self.starts } else { &[] }
    }

    /// Rows of the events of a question, which is about the span itself. None unless they
    /// are shown.
    pub async fn count(&self, request: &MemberRequest, question: &Question) -> Result<Vec<Row>> {
        let Some(range) = self.range.as_ref().filter(|_| self.is_asked) else { return Ok(Vec::new()) };
        let question = Question {
            start_ms: range.start,
            end_ms: range.end,
            buckets: Some(Buckets::From(self.starts.clone())),
            ..question.clone()
        };
        request.app.analytics.count(question).await
    }

    /// The chart beside rows of this span, or with the way to that.
    pub fn beside(
        &self,
        request: &MemberRequest,
        chart: Bars,
        rows: &[Row],
        of: impl Fn(&Counts) -> i64,
    ) -> Bars {
        if self.range.is_none() {
            return chart;
        }
        let here = request.here();
        let switch = match self.is_asked {
            true => here.without(&[COMPARE]),
            false => here.with(COMPARE, SWITCHED_ON),
        };
        let totals = self.is_asked.then(|| totals(&self.starts, rows, of));
        Bars { before: Some(Before { name: self.name.clone(), switch, totals }), ..chart }
    }
}

/// As far into the range as those of the span are into that.
fn starts(range: &Range<i64>, of_span: &[i64]) -> Vec<i64> {
    let shift_ms = range.end - range.start;
    let shift_ms = shift_ms - shift_ms.rem_euclid(MINUTE_MS);
    let shifted = of_span.iter().skip(1).map(|start| (start - shift_ms).min(range.end - 1));
    let starts = std::iter::once(range.start).chain(shifted);
    starts.collect()
}

/// Of each bar, those of the rows that begin in it.
fn totals(starts: &[i64], rows: &[Row], of: impl Fn(&Counts) -> i64) -> Vec<i64> {
    let mut totals = vec![0; starts.len()];
    for row in rows {
        let bar = starts.partition_point(|start| *start <= row.time_ms).checked_sub(1);
        if let Some(total) = bar.and_then(|bar| totals.get_mut(bar)) {
            *total += of(&row.counts);
        }
    }
    totals
}

#[cfg(test)]
mod tests {
    use base::clock::HOUR_MS;

    use super::*;

    #[test]
    fn bars_are_as_far_into_both_spans() {
        // From 00:10 to 02:10, in bars of an hour.
        let (start, end) = (10 * MINUTE_MS, 2 * HOUR_MS + 10 * MINUTE_MS);
        let before = start - (end - start)..start;
        let found = starts(&before, &[0, HOUR_MS, 2 * HOUR_MS]);
        assert_eq!(found, [before.start, -HOUR_MS, 0]);
        let row = |time_ms, valid| Row {
            time_ms,
            groups: Vec::new(),
            counts: Counts { valid, ..Counts::default() },
        };
        let rows =
            [row(before.start - 1, 100), row(before.start, 1), row(-HOUR_MS, 2), row(-1, 4), row(0, 8)];
        assert_eq!(totals(&found, &rows, Counts::total), [1, 6, 8]);
    }

    #[test]
    fn bars_of_a_span_that_ends_at_an_odd_moment_begin_at_whole_minutes() {
        let before = -(2 * HOUR_MS + 1)..0;
        assert_eq!(starts(&before, &[0, HOUR_MS, 2 * HOUR_MS]), [before.start, -HOUR_MS, -1]);
    }
}
