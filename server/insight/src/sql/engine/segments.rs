//! Walking over the events of a scan in the index, block by block.
//!
//! Here is where rows are kept to the caller's own: the workspace, and the APIs or
//! namespaces that were granted, are part of every search of the index.

use std::ops::Range;
use std::sync::Arc;

use tantivy::query::{EnableScoring, Weight};
use tantivy::{DateTime, DocId, SegmentReader};

use super::super::bind::narrow;
use super::super::plan::Scan;
use super::super::tables::Family;
use super::Sources;
use crate::analytics::Filter;
use crate::search::Week;
use base::error::{Error, Result};

/// No event is later: the year 2262.
const END_OF_TIME_MS: i64 = 1 << 53;
/// Blocks between two looks at the meter.
const CHECK_EVERY: u32 = 256;

/// Takes a block of events and their moments.
type Visit<'a> = &'a mut dyn FnMut(&[DocId], &[i64]) -> Result<()>;

/// What of the index a scan has to look at.
pub(super) struct Search {
    pub weeks: Vec<Arc<Week>>,
    filter: Filter,
    pub span_ms: Range<i64>,
}

impl Search {
    /// `None` when nothing can match.
    pub fn of(scan: &Scan, sources: &Sources) -> Option<Self> {
        let (mut filter, mut never) = (scan.filter.clone(), scan.never);
        let (list, granted) = match scan.table.family {
            Family::Verifications => (&mut filter.apis, &sources.scope.apis),
            Family::Ratelimits => (&mut filter.namespaces, &sources.scope.namespaces),
        };
        if let Some(granted) = granted {
            narrow(list, granted.clone(), &mut never);
        }
        let kind = scan.table.family.kind();
        // Events whose time is over may still be in an index that has younger ones.
        let start_ms = scan.start_ms.max(0).max(sources.search.floor(kind));
        let span_ms = start_ms..scan.end_ms.min(END_OF_TIME_MS);
        if never || span_ms.is_empty() {
            return None;
        }
        let weeks = sources.search.between(kind, span_ms.start, span_ms.end);
        Some(Self { weeks, filter, span_ms })
    }

    /// The matching of one week: its searcher and what decides in each segment.
    pub fn in_week(&self, week: &Week, sources: &Sources) -> Result<(tantivy::Searcher, Box<dyn Weight>)> {
        let searcher = week.searcher();
        let query = self.filter.query(&sources.scope.workspace, week, &searcher, &self.span_ms)?;
        let weight =
            query.weight(EnableScoring::disabled_from_searcher(&searcher)).map_err(Error::internal)?;
        Ok((searcher, weight))
    }

    /// Calls `visit` with blocks of matching events and their moments.
    pub fn visit(
        &self,
        segment: &SegmentReader,
        weight: &dyn Weight,
        sources: &Sources,
        visit: Visit<'_>,
    ) -> Result<()> {
        let time = segment.fast_fields().date("time").map_err(Error::internal)?;
        let (first, last) =
            (time.min_value().into_timestamp_millis(), time.max_value().into_timestamp_millis());
        if segment.num_docs() == 0 || last < self.span_ms.start || first >= self.span_ms.end {
            return Ok(());
        }
        let alive = segment.alive_bitset();
        let (mut blocks, mut outcome) = (0_u32, Ok(()));
        let (mut times, mut docs_in, mut times_in) = (Vec::new(), Vec::new(), Vec::new());
        let block = &mut |docs: &[DocId]| {
            if outcome.is_err() {
                return;
            }
            blocks += 1;
            if blocks % CHECK_EVERY == 0
                && let Err(error) = sources.meter.check()
            {
                outcome = Err(error);
                return;
            }
            times.resize(docs.len(), None::<DateTime>);
            time.first_vals(docs, &mut times[..docs.len()]);
            docs_in.clear();
            times_in.clear();
            for (doc, moment) in docs.iter().zip(&times) {
                let Some(time_ms) = moment.map(DateTime::into_timestamp_millis) else { continue };
                if self.span_ms.contains(&time_ms) && alive.is_none_or(|alive| alive.is_alive(*doc)) {
                    docs_in.push(*doc);
                    times_in.push(time_ms);
                }
            }
            if !docs_in.is_empty() {
                outcome = visit(&docs_in, &times_in);
            }
        };
        weight.for_each_no_score(segment, block).map_err(Error::internal)?;
        outcome
    }
}
