//! What every way of counting reads first: when the events of a segment were,
//! and in which bucket that is.

use std::sync::Arc;

use tantivy::columnar::{Cardinality, Column, StrColumn};
use tantivy::{DateTime, DocId, SegmentReader};

use super::Buckets;

/// The times of a segment's events, those of a span only.
pub(super) struct Times {
    column: Column<DateTime>,
    /// Unix milliseconds, half-open.
    span: (i64, i64),
    outside: bool,
    values: Vec<Option<DateTime>>,
}

impl Times {
    pub fn of(segment: &SegmentReader, span: (i64, i64)) -> tantivy::Result<Self> {
        let column = segment.fast_fields().date("time")?;
        let outside = segment.num_docs() == 0
            || column.max_value().into_timestamp_millis() < span.0
            || column.min_value().into_timestamp_millis() >= span.1;
        Ok(Self { column, span, outside, values: Vec::new() })
    }

    /// Reads the times of a block; says whether any is in the span. Events are
    /// in order mostly: of a short span most blocks need no other column.
    pub fn read(&mut self, docs: &[DocId]) -> bool {
        if self.outside {
            return false;
        }
        self.values.resize(docs.len(), None);
        self.column.first_vals(docs, &mut self.values);
        (0..docs.len()).any(|position| self.get(position).is_some())
    }

    /// The time of an event of the block, if it is in the span.
    pub fn get(&self, position: usize) -> Option<i64> {
        let time_ms = self.values.get(position).copied().flatten()?.into_timestamp_millis();
        (self.span.0..self.span.1).contains(&time_ms).then_some(time_ms)
    }
}

/// The numbers of the texts of a field, block by block: where an event has one
/// text at most, all of a block are read at once.
pub(super) struct Numbers {
    column: StrColumn,
    several: bool,
    values: Vec<Option<u64>>,
}

impl Numbers {
    pub fn of(column: StrColumn) -> Self {
        let several = column.ords().get_cardinality() == Cardinality::Multivalued;
        Self { column, several, values: Vec::new() }
    }

    pub fn column(&self) -> &StrColumn {
        &self.column
    }

    pub fn read(&mut self, docs: &[DocId]) {
        if !self.several {
            self.values.resize(docs.len(), None);
            self.column.ords().first_vals(docs, &mut self.values);
        }
    }

    /// Visits those of the event at this position of the block.
    pub fn each(&self, position: usize, doc: DocId, visit: impl FnMut(u64)) {
        if self.several {
            self.column.ords().values_for_doc(doc).for_each(visit);
        } else {
            self.values.get(position).copied().flatten().into_iter().for_each(visit);
        }
    }
}

/// Finds buckets; events come in order mostly, so the last one is tried first.
pub(super) struct Slots {
    buckets: Option<Arc<Buckets>>,
    current: (i64, i64),
}

impl Slots {
    pub fn of(buckets: Option<Arc<Buckets>>) -> Self {
        Self { buckets, current: (i64::MAX, i64::MAX) }
    }

    /// Where the bucket of a moment begins, 0 without buckets; `None` before the first.
    pub fn start(&mut self, time_ms: i64) -> Option<i64> {
        let Some(buckets) = &self.buckets else { return Some(0) };
        if !(self.current.0..self.current.1).contains(&time_ms) {
            self.current = buckets.around(time_ms)?;
        }
        Some(self.current.0)
    }
}
