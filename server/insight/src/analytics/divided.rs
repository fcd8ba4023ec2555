//! Questions whose answer is what segments say of pieces of the span, added up.
//!
//! What may be asked again in the same words is kept (`kept`); the rest, and
//! everything that is found at once, is asked of the index each time.

use std::ops::Range;
use std::sync::Arc;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::query::{EnableScoring, Weight};
use tantivy::{Searcher, SegmentReader};

use super::kept::{Kept, Place, What};
use super::pieces::{Piece, pieces, spans};
use super::query::Conditions;
use super::{Analytics, Buckets, Question};
use crate::search::Week;
use base::error::{Error, Result};

/// How a kind of question is asked and its answer added up.
pub(super) trait Divided: Send + 'static {
    /// What one segment says of one piece.
    type Part: Send + Sync + 'static;
    type Sum: Default + Send + 'static;

    fn what(&self) -> What;
    fn ask(&self, question: &Question, segment: &Segment<'_>) -> Result<Self::Part>;
    /// About what a part takes in memory.
    fn bytes(part: &Self::Part) -> usize;
    fn add(&self, sum: &mut Self::Sum, part: Arc<Self::Part>, told: &Told<'_>) -> Result<()>;

    /// After the last piece of a segment.
    fn end_of_segment(&self, _: &mut Self::Sum, _: &Source<'_>) -> Result<()> {
        Ok(())
    }
}

/// A segment, and the events of it that a question is about.
pub(super) struct Segment<'a> {
    number: u32,
    reader: &'a SegmentReader,
    weight: &'a dyn Weight,
}

impl Segment<'_> {
    pub fn collect<C: Collector>(
        &self,
        collector: &C,
    ) -> tantivy::Result<<C::Child as SegmentCollector>::Fruit> {
        collector.collect_segment(self.weight, self.number, self.reader)
    }
}

/// Where parts come from.
pub(super) struct Source<'a> {
    pub reader: &'a SegmentReader,
    /// Where what the segment says is kept, if it is.
    pub kept: Option<&'a Kept>,
}

/// Which buckets of the question the rows of a part are in.
pub(super) struct Told<'a> {
    of_question: Option<&'a Buckets>,
    /// Whether the part has several.
    has_buckets: bool,
    /// Where its first one begins, or later.
    first_ms: i64,
}

impl Told<'_> {
    pub fn bucket(&self, of_part: i64) -> i64 {
        let time_ms = if self.has_buckets { of_part } else { self.first_ms };
        match self.of_question {
            Some(buckets) => buckets.around(time_ms).map_or(time_ms, |(start_ms, _)| start_ms),
            None => of_part,
        }
    }
}

impl Analytics {
    /// Asks the segments of the span, those of older weeks first, on a thread that may
    /// block.
    pub(super) async fn divided<D: Divided>(&self, mut question: Question, asking: D) -> Result<D::Sum> {
        if question.end_ms <= question.start_ms {
            return Err(Error::invalid("The end must lie after the start."));
        }
        // Events whose time is over may still be in an index that has younger ones.
        question.start_ms = question.start_ms.max(self.search.floor(question.kind));
        let (search, kept) = (self.search.clone(), self.kept.clone());
        let asked = move || {
            let mut sum = D::Sum::default();
            let spans = spans(&question);
            if spans.is_some() {
                kept.retain(&search.segments());
            }
            for week in search.between(question.kind, question.start_ms, question.end_ms) {
                let searcher = week.searcher();
                let conditions = question.filter.conditions(&question.workspace, &week, &searcher);
                let of_week = OfWeek { question: &question, week: &week, searcher: &searcher, conditions };
                of_week.add_up(&asking, spans.as_deref(), &kept, &mut sum)?;
            }
            Ok(sum)
        };
        tokio::task::spawn_blocking(asked).await.map_err(Error::internal)?
    }
}

/// A question to one index.
struct OfWeek<'a> {
    question: &'a Question,
    week: &'a Week,
    searcher: &'a Searcher,
    conditions: Conditions,
}

impl OfWeek<'_> {
    fn add_up<D: Divided>(
        &self,
        asking: &D,
        spans: Option<&[Range<i64>]>,
        kept: &Kept,
        sum: &mut D::Sum,
    ) -> Result<()> {
        let mut of_all = None;
        for (number, reader) in self.searcher.segment_readers().iter().enumerate() {
            let source =
                Source { reader, kept: spans.is_some().then_some(kept).filter(|kept| kept.is_for(reader)) };
            match (spans, source.kept) {
                (Some(spans), Some(kept)) => {
                    for span in spans {
                        self.pieces(asking, number, span, (reader, kept), sum)?;
                    }
                }
                _ => {
                    let weight = match &of_all {
                        Some(weight) => weight,
                        None => of_all.insert(self.weight(self.question)?),
                    };
                    let segment = Segment { number: number as u32, reader, weight: &**weight };
                    let part = asking.ask(self.question, &segment)?;
                    let buckets = self.question.buckets.as_ref();
                    let told = Told { of_question: buckets, has_buckets: buckets.is_some(), first_ms: 0 };
                    asking.add(sum, Arc::new(part), &told)?;
                }
            }
            asking.end_of_segment(sum, &source)?;
        }
        Ok(())
    }

    /// Adds what a segment says of each piece of a span.
    fn pieces<D: Divided>(
        &self,
        asking: &D,
        number: usize,
        span: &Range<i64>,
        (reader, kept): (&SegmentReader, &Kept),
        sum: &mut D::Sum,
    ) -> Result<()> {
        let held = times_of(reader).map_err(Error::internal)?;
        for piece in pieces(span, &held) {
            let seen = piece.span.start.max(held.start)..piece.span.end.min(held.end);
            let own = self.about(&piece, &seen);
            let place = piece.is_lasting.then(|| Place::of(reader.segment_id(), asking.what(), &own));
            let part = match place.as_ref().and_then(|place| kept.get::<D::Part>(place)) {
                Some(part) => part,
                None => {
                    let weight = self.weight(&own)?;
                    let segment = Segment { number: number as u32, reader, weight: &*weight };
                    let part = Arc::new(asking.ask(&own, &segment)?);
                    if let Some(place) = place {
                        kept.put(place, part.clone(), D::bytes(&part));
                    }
                    part
                }
            };
            let buckets = self.question.buckets.as_ref();
            let told =
                Told { of_question: buckets, has_buckets: own.buckets.is_some(), first_ms: seen.start };
            asking.add(sum, part, &told)?;
        }
        Ok(())
    }

    /// The question about a piece, of which the segment has events in `seen`.
    fn about(&self, piece: &Piece, seen: &Range<i64>) -> Question {
        let buckets = self.question.buckets.as_ref().and_then(|buckets| buckets.within(seen));
        Question { start_ms: piece.span.start, end_ms: piece.span.end, buckets, ..self.question.clone() }
    }

    fn weight(&self, question: &Question) -> Result<Box<dyn Weight>> {
        let span = question.start_ms..question.end_ms;
        let query = self.conditions.of_span(self.week, self.searcher, &span)?;
        query.weight(EnableScoring::disabled_from_searcher(self.searcher)).map_err(Error::internal)
    }
}

/// When the first event of a segment was, and the moment after the last.
fn times_of(segment: &SegmentReader) -> tantivy::Result<Range<i64>> {
    let column = segment.fast_fields().date("time")?;
    Ok(column.min_value().into_timestamp_millis()
        ..column.max_value().into_timestamp_millis().saturating_add(1))
}
