//! What segments of the index said, kept for the next question.
//!
//! A segment never changes: events are only added, in segments of their own, and
//! merging, sealing and building an index again make new ones, with ids that were
//! never used before. So what one said about a piece of a span holds for as long as
//! it is there, and nothing here has to be told of changes. Which events count is
//! for the span to say: time that retention took from it is not asked for.
//!
//! Absent on purpose: what the newest events said. Segments are small at first, and
//! quicker to ask than to remember.

use std::any::Any;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use base::ids::WorkspaceId;
use parking_lot::Mutex;
use quick_cache::Weighter;
use quick_cache::unsync::Cache;
use tantivy::SegmentReader;
use tantivy::index::SegmentId;

use super::{Buckets, Filter, GroupBy, Metric, Question};

/// Bytes of all answers together.
const CAPACITY: u64 = 32 << 20;

/// The most of one answer.
const LARGEST: usize = 4 << 20;

/// Events of a segment below which it is asked each time.
const LEAST_EVENTS: u32 = 16_384;

/// What an entry and its place come to beside their texts.
const OVERHEAD: usize = 512;

/// What was asked, of what a question does not say itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum What {
    Counts,
    Distinct(GroupBy),
    Latency,
    Ranking(GroupBy, Metric),
    /// Hashes of all texts of a field.
    Hashes(GroupBy),
}

/// Everything that decides what a segment says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    segment: SegmentId,
    what: What,
    /// `None` is the segment as it is.
    asked: Option<Asked>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Asked {
    workspace: WorkspaceId,
    filter: Filter,
    group_by: Vec<GroupBy>,
    buckets: Option<Buckets>,
    span: Range<i64>,
}

impl Place {
    /// Of a question about one piece of a span, with the buckets that are in it.
    pub fn of(segment: SegmentId, what: What, piece: &Question) -> Self {
        let asked = Asked {
            workspace: piece.workspace.clone(),
            filter: piece.filter.clone(),
            group_by: piece.group_by.clone(),
            buckets: piece.buckets.clone(),
            span: piece.start_ms..piece.end_ms,
        };
        Self { segment, what, asked: Some(asked) }
    }

    /// Of a whole segment, whoever asks.
    pub fn of_segment(segment: SegmentId, what: What) -> Self {
        Self { segment, what, asked: None }
    }

    fn bytes(&self) -> usize {
        let Some(asked) = &self.asked else { return OVERHEAD };
        let starts = match &asked.buckets {
            Some(Buckets::From(starts)) => size_of_val(starts.as_slice()),
            _ => 0,
        };
        OVERHEAD + starts + asked.filter.text_bytes()
    }
}

#[derive(Clone)]
struct Entry {
    part: Arc<dyn Any + Send + Sync>,
    bytes: u64,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Place, Entry> for ByBytes {
    fn weight(&self, _: &Place, entry: &Entry) -> u64 {
        entry.bytes
    }
}

/// What segments said. Bounded by its bytes; what was not asked for lately goes first.
pub(super) struct Kept {
    least_events: u32,
    held: Mutex<Held>,
}

struct Held {
    entries: Cache<Place, Entry, ByBytes>,
    /// Those that entries may be of.
    segments: HashSet<SegmentId>,
}

impl Default for Kept {
    fn default() -> Self {
        Self::of_segments_from(LEAST_EVENTS)
    }
}

impl Kept {
    /// Keeps what segments with so many events say.
    pub fn of_segments_from(least_events: u32) -> Self {
        let entries = Cache::with_weighter((CAPACITY / 4096) as usize, CAPACITY, ByBytes);
        Self { least_events, held: Mutex::new(Held { entries, segments: HashSet::new() }) }
    }

    /// Whether it is worth it. No event is ever deleted from a segment; if one were,
    /// what it said would not hold.
    pub fn is_for(&self, segment: &SegmentReader) -> bool {
        segment.max_doc() >= self.least_events && !segment.has_deletes()
    }

    /// Whether an answer of so many bytes would be kept.
    pub fn takes(bytes: usize) -> bool {
        bytes + OVERHEAD <= LARGEST
    }

    pub fn get<T: Send + Sync + 'static>(&self, place: &Place) -> Option<Arc<T>> {
        let part = self.held.lock().entries.get(place)?.part.clone();
        part.downcast().ok()
    }

    /// Keeps an answer of so many bytes, if it is not too large.
    pub fn put<T: Send + Sync + 'static>(&self, place: Place, part: Arc<T>, bytes: usize) {
        let bytes = bytes + place.bytes();
        if bytes > LARGEST {
            return;
        }
        let mut held = self.held.lock();
        held.segments.insert(place.segment);
        held.entries.insert(place, Entry { part, bytes: bytes as u64 });
    }

    /// Lets go of what segments said that are gone: nobody can ask for it again.
    pub fn retain(&self, live: &HashSet<SegmentId>) {
        let mut held = self.held.lock();
        if !held.segments.is_subset(live) {
            held.segments.retain(|segment| live.contains(segment));
            held.entries.retain(|place, _| live.contains(&place.segment));
        }
    }

    /// How many there are, and their bytes; for metrics and tests.
    pub fn size(&self) -> (usize, u64) {
        let held = self.held.lock();
        (held.entries.len(), held.entries.weight())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(segment: SegmentId, number: i64) -> Place {
        let question = Question {
            kind: crate::search::Kind::Verifications,
            workspace: WorkspaceId::from("ws_1"),
            start_ms: number,
            end_ms: number + 1,
            filter: Filter::default(),
            buckets: None,
            group_by: Vec::new(),
        };
        Place::of(segment, What::Counts, &question)
    }

    fn segment(number: u32) -> SegmentId {
        SegmentId::from_uuid_string(&format!("{number:032x}")).unwrap()
    }

    #[test]
    fn what_is_kept_is_bounded_by_its_bytes() {
        let kept = Kept::default();
        for number in 0..200 {
            kept.put(place(segment(1), number), Arc::new(number), 1 << 20);
        }
        let (entries, bytes) = kept.size();
        assert!(bytes <= CAPACITY && (25..32).contains(&entries), "{entries} entries of {bytes} bytes");
        kept.put(place(segment(1), 1000), Arc::new(0_i64), LARGEST);
        assert!(kept.get::<i64>(&place(segment(1), 1000)).is_none(), "what is too large is not kept");
    }

    #[test]
    fn what_segments_said_that_are_gone_goes() {
        let kept = Kept::default();
        kept.put(place(segment(1), 5), Arc::new(1_i64), 8);
        kept.put(place(segment(2), 5), Arc::new(2_i64), 8);
        assert_eq!(kept.get::<i64>(&place(segment(2), 5)).as_deref(), Some(&2));
        assert!(kept.get::<i64>(&place(segment(2), 6)).is_none());
        kept.retain(&HashSet::from([segment(2), segment(3)]));
        assert!(kept.get::<i64>(&place(segment(1), 5)).is_none());
        assert_eq!((kept.get::<i64>(&place(segment(2), 5)).as_deref(), kept.size().0), (Some(&2), 1));
    }
}
