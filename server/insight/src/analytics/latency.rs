//! How long things took: percentiles per bucket.
//!
//! Counted in histograms of fixed relative precision: a percentile is at most one
//! percent too high, the largest value and the mean are exact.

use std::collections::BTreeMap;
use std::sync::Arc;

use hdrhistogram::Histogram;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::Column;
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};

use super::columns::{Slots, Times};
use super::divided::{Divided, Segment, Told};
use super::kept::What;
use super::{Analytics, Buckets, Question};
use base::error::{Error, Result};

/// Two digits are one percent.
const DIGITS: u8 = 2;

/// Buckets of one answer: a histogram has up to some thirty KiB.
const MAX_BUCKETS: usize = 2000;

/// The latencies of one bucket, microseconds; zeroes when nothing happened.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Latency {
    /// Start of the bucket, Unix milliseconds; 0 without buckets.
    pub time_ms: i64,
    pub count: u64,
    pub avg_us: f64,
    pub p50_us: u64,
    pub p75_us: u64,
    pub p90_us: u64,
    pub p99_us: u64,
    pub max_us: u64,
}

impl Analytics {
    /// The latencies of the events of the question, a row per bucket. Its groups
    /// are not looked at.
    ///
    /// Fails with `invalid_input` for more than two thousand buckets.
    pub async fn latency(&self, question: Question) -> Result<Vec<Latency>> {
        let starts = match &question.buckets {
            Some(buckets) => buckets.starts(question.start_ms, question.end_ms),
            None => vec![0],
        };
        if starts.len() > MAX_BUCKETS {
            return Err(Error::invalid(format!("Latencies are told for {MAX_BUCKETS} slots at most.")));
        }
        let found = self.divided(question, Timing).await?;
        let row = |time_ms: i64| match found.get(&time_ms) {
            Some(tally) => tally.row(time_ms),
            None => Latency { time_ms, ..Latency::default() },
        };
        Ok(starts.into_iter().map(row).collect())
    }
}

struct Timing;

impl Divided for Timing {
    type Part = Spread;
    type Sum = Spread;

    fn what(&self) -> What {
        What::Latency
    }

    fn ask(&self, question: &Question, segment: &Segment<'_>) -> Result<Spread> {
        segment.collect(&LatencyCollector::new(question)).map_err(Error::internal)
    }

    fn bytes(part: &Spread) -> usize {
        let histogram = |tally: &LatencyCounts| tally.histogram.distinct_values() * size_of::<u64>();
        part.values().map(|tally| size_of::<LatencyCounts>() + histogram(tally)).sum()
    }

    fn add(&self, sum: &mut Spread, part: Arc<Spread>, told: &Told<'_>) -> Result<()> {
        for (bucket, tally) in part.iter() {
            sum.entry(told.bucket(*bucket)).or_insert_with(LatencyCounts::new).merge(tally);
        }
        Ok(())
    }
}

type Spread = BTreeMap<i64, LatencyCounts>;

/// The latencies of one bucket of one segment, or of all.
struct LatencyCounts {
    histogram: Histogram<u64>,
    sum_us: u64,
    max_us: u64,
}

impl LatencyCounts {
    fn new() -> Self {
        let histogram = Histogram::new(DIGITS).expect("two digits are within what histograms offer");
        Self { histogram, sum_us: 0, max_us: 0 }
    }

    fn add(&mut self, latency_us: u64) {
        self.histogram.record(latency_us).expect("it grows as needed, and sixty-four bits bound it");
        self.sum_us += latency_us;
        self.max_us = self.max_us.max(latency_us);
    }

    fn merge(&mut self, other: &LatencyCounts) {
        self.histogram.add(&other.histogram).expect("it grows as needed");
        self.sum_us += other.sum_us;
        self.max_us = self.max_us.max(other.max_us);
    }

    fn row(&self, time_ms: i64) -> Latency {
        let count = self.histogram.len();
        let at = |share: f64| self.histogram.value_at_quantile(share).min(self.max_us);
        Latency {
            time_ms,
            count,
            avg_us: if count == 0 { 0.0 } else { self.sum_us as f64 / count as f64 },
            p50_us: at(0.5),
            p75_us: at(0.75),
            p90_us: at(0.9),
            p99_us: at(0.99),
            max_us: self.max_us,
        }
    }
}

struct LatencyCollector {
    span: (i64, i64),
    buckets: Option<Arc<Buckets>>,
}

impl LatencyCollector {
    fn new(question: &Question) -> Self {
        let buckets = question.buckets.clone().map(Arc::new);
        Self { span: (question.start_ms, question.end_ms), buckets }
    }
}

impl Collector for LatencyCollector {
    type Fruit = Vec<Spread>;
    type Child = LatencySegment;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<LatencySegment> {
        Ok(LatencySegment {
            times: Times::of(segment, self.span)?,
            slots: Slots::of(self.buckets.clone()),
            latency: segment.fast_fields().u64("latency_us")?,
            values: Vec::new(),
            found: Spread::new(),
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, fruits: Vec<Spread>) -> tantivy::Result<Vec<Spread>> {
        Ok(fruits)
    }
}

struct LatencySegment {
    times: Times,
    slots: Slots,
    latency: Column<u64>,
    values: Vec<Option<u64>>,
    found: Spread,
}

impl SegmentCollector for LatencySegment {
    type Fruit = Spread;

    fn collect(&mut self, doc: DocId, _: Score) {
        self.collect_block(&[doc]);
    }

    fn collect_block(&mut self, docs: &[DocId]) {
        if !self.times.read(docs) {
            return;
        }
        self.values.resize(docs.len(), None);
        self.latency.first_vals(docs, &mut self.values);
        for (position, value) in self.values.iter().enumerate() {
            let (Some(time_ms), Some(latency_us)) = (self.times.get(position), value) else { continue };
            let Some(bucket) = self.slots.start(time_ms) else { continue };
            self.found.entry(bucket).or_insert_with(LatencyCounts::new).add(*latency_us);
        }
    }

    fn harvest(self) -> Spread {
        self.found
    }
}
