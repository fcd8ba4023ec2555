//! Where in a segment the events of a span are.
//!
//! Events are indexed in the order of their recording, so neighbours are close in
//! time, also where segments were merged. Each block of neighbours is known by
//! its first and last moment; a question about a day reads the blocks of that
//! day, not those of the week. Read once per segment, which never changes.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use parking_lot::Mutex;
use tantivy::index::SegmentId;
use tantivy::query::{ConstScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{DateTime, DocId, DocSet, Score, Searcher, SegmentReader, TERMINATED, TantivyError};

/// Events of a block.
const BLOCK: u32 = 1024;

/// The blocks of the segments of one index.
#[derive(Default)]
pub(super) struct TimeBlocks(Mutex<HashMap<SegmentId, Arc<Blocks>>>);

/// First and last moment of each block, Unix milliseconds.
struct Blocks(Vec<(i64, i64)>);

impl TimeBlocks {
    /// Matches every event of the span, Unix milliseconds, and few others; `None`
    /// where the span holds all that this searcher sees.
    pub fn within(&self, searcher: &Searcher, span: &Range<i64>) -> tantivy::Result<Option<Box<dyn Query>>> {
        let segments = searcher.segment_readers();
        let mut found = HashMap::with_capacity(segments.len());
        let mut is_everything = true;
        for segment in segments {
            let ranges = self.of(segment)?.within(span, segment.max_doc());
            is_everything &= matches!(ranges.as_slice(), [all] if *all == (0..segment.max_doc()));
            found.insert(segment.segment_id(), ranges);
        }
        let mut known = self.0.lock();
        if known.len() > 2 * found.len() {
            known.retain(|id, _| found.contains_key(id));
        }
        Ok((!is_everything).then(|| Box::new(Within(Arc::new(found))) as Box<dyn Query>))
    }

    fn of(&self, segment: &SegmentReader) -> tantivy::Result<Arc<Blocks>> {
        if let Some(blocks) = self.0.lock().get(&segment.segment_id()) {
            return Ok(blocks.clone());
        }
        let blocks = Arc::new(Blocks::of(segment)?);
        self.0.lock().insert(segment.segment_id(), blocks.clone());
        Ok(blocks)
    }
}

impl Blocks {
    fn of(segment: &SegmentReader) -> tantivy::Result<Self> {
        let column = segment.fast_fields().date("time")?;
        let mut blocks = Vec::with_capacity((segment.max_doc() / BLOCK) as usize + 1);
        let mut times: Vec<Option<DateTime>> = Vec::new();
        for start in (0..segment.max_doc()).step_by(BLOCK as usize) {
            let docs: Vec<DocId> = (start..segment.max_doc().min(start + BLOCK)).collect();
            times.clear();
            times.resize(docs.len(), None);
            column.first_vals(&docs, &mut times);
            let known = || times.iter().flatten().map(|time| time.into_timestamp_millis());
            blocks.push((known().min().unwrap_or(i64::MAX), known().max().unwrap_or(i64::MIN)));
        }
        Ok(Self(blocks))
    }

    /// Ascending, apart from each other.
    fn within(&self, span: &Range<i64>, max_doc: DocId) -> Vec<Range<DocId>> {
        let mut ranges: Vec<Range<DocId>> = Vec::new();
        for (block, (first, last)) in self.0.iter().enumerate() {
            if *last < span.start || *first >= span.end {
                continue;
            }
            let start = block as DocId * BLOCK;
            let end = max_doc.min(start + BLOCK);
            match ranges.last_mut() {
                Some(before) if before.end == start => before.end = end,
                _ => ranges.push(start..end),
            }
        }
        ranges
    }
}

/// Documents in ranges of each segment.
#[derive(Clone, Debug)]
struct Within(Arc<HashMap<SegmentId, Vec<Range<DocId>>>>);

impl Query for Within {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for Within {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        // A query is asked of the searcher it was made for.
        let ranges = self.0.get(&reader.segment_id()).cloned().unwrap_or_default();
        Ok(Box::new(ConstScorer::new(Ranges::new(ranges), boost)))
    }

    fn explain(&self, _: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        Err(TantivyError::InvalidArgument(format!("nothing explains why document {doc} is in a span")))
    }
}

struct Ranges {
    ranges: Vec<Range<DocId>>,
    /// Of the range that `doc` is in.
    at: usize,
    doc: DocId,
}

impl Ranges {
    fn new(ranges: Vec<Range<DocId>>) -> Self {
        let doc = ranges.first().map_or(TERMINATED, |range| range.start);
        Self { ranges, at: 0, doc }
    }
}

impl DocSet for Ranges {
    fn advance(&mut self) -> DocId {
        match self.doc {
            TERMINATED => TERMINATED,
            doc => self.seek(doc + 1),
        }
    }

    fn seek(&mut self, target: DocId) -> DocId {
        while self.ranges.get(self.at).is_some_and(|range| range.end <= target) {
            self.at += 1;
        }
        self.doc = self.ranges.get(self.at).map_or(TERMINATED, |range| range.start.max(target));
        self.doc
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        self.ranges.iter().map(|range| range.end - range.start).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut set: Ranges) -> Vec<DocId> {
        let mut docs = Vec::new();
        while set.doc() != TERMINATED {
            docs.push(set.doc());
            set.advance();
        }
        docs
    }

    #[test]
    fn blocks_that_overlap_a_span_are_joined() {
        let blocks = Blocks(vec![(0, 9), (10, 19), (15, 30), (5, 8), (40, 50)]);
        let max_doc = 4 * BLOCK + 10;
        let within = |span: Range<i64>| -> Vec<(DocId, DocId)> {
            blocks.within(&span, max_doc).iter().map(|range| (range.start, range.end)).collect()
        };
        assert_eq!(within(10..16), [(BLOCK, 3 * BLOCK)]);
        assert_eq!(within(8..9), [(0, BLOCK), (3 * BLOCK, 4 * BLOCK)]);
        assert_eq!(within(0..51), [(0, max_doc)]);
        assert_eq!(within(31..40), []);
        assert_eq!(within(50..51), [(4 * BLOCK, max_doc)]);
    }

    #[test]
    fn ranges_are_walked_and_skipped_into() {
        let set = || Ranges::new(vec![2..4, 7..8, 10..12]);
        assert_eq!(all(set()), [2, 3, 7, 10, 11]);
        assert_eq!(set().size_hint(), 5);
        let mut skipping = set();
        assert_eq!(
            [skipping.seek(4), skipping.seek(7), skipping.seek(11), skipping.seek(12)],
            [7, 7, 11, TERMINATED]
        );
        assert_eq!(skipping.advance(), TERMINATED);
        assert!(all(Ranges::new(Vec::new())).is_empty());
    }
}
