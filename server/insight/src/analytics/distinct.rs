//! How many different keys, identities or identifiers there were, per bucket.
//!
//! Exact but for a collision of 64-bit hashes: with the most that one answer
//! holds, a chance of one in a million. A segment marks the numbers of its texts
//! in a bitset per bucket; the hashes of those texts are merged.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader, TantivyError};

use super::columns::{Numbers, Slots, Times};
use super::{Analytics, Buckets, GroupBy, Question};
use base::error::{Error, Result};

/// Texts of one answer, over all its buckets: some 100 MiB while it is made.
const MAX_TEXTS: usize = 4_000_000;

/// Bytes of the bitsets of one segment.
const MAX_BITS: usize = 64 << 20;

const TOO_MANY: &str = "There are too many to tell apart: narrow the span, or ask for longer slots.";

/// How many there were in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Distinct {
    /// Start of the bucket, Unix milliseconds; 0 without buckets.
    pub time_ms: i64,
    pub count: u64,
}

impl Analytics {
    /// How many different values of `by` the events of the question have: in each
    /// bucket, and in all of them together. Events without one do not count. Every
    /// bucket has a row. The groups of the question are not looked at.
    ///
    /// Fails with `invalid_input` beyond four million values over all buckets.
    pub async fn distinct(&self, question: Question, by: GroupBy) -> Result<(Vec<Distinct>, u64)> {
        let (start_ms, end_ms) = (question.start_ms, question.end_ms);
        let buckets = question.buckets.clone();
        let found = self
            .over_weeks(question, move |question, searcher, query, all: &mut Sets| {
                let collector = DistinctCollector::new(question, by);
                let found = searcher.search(query, &collector).map_err(explain)?;
                merge(all, found).map_err(explain)
            })
            .await?;
        let number = |bucket: i64| found.get(&bucket).map_or(0, |texts| texts.len() as u64);
        let count = |time_ms: i64| Distinct { time_ms, count: number(time_ms) };
        Ok(match buckets {
            Some(buckets) => {
                (buckets.starts(start_ms, end_ms).into_iter().map(count).collect(), number(TOTAL))
            }
            None => (vec![count(0)], number(0)),
        })
    }
}

/// In the place of a bucket, all of them together.
const TOTAL: i64 = i64::MAX;

/// Hashes of the texts of each bucket.
type Sets = BTreeMap<i64, FxHashSet<u64>>;

fn explain(error: TantivyError) -> Error {
    match error {
        TantivyError::InvalidArgument(text) if text == TOO_MANY => Error::invalid(text),
        other => Error::internal(other),
    }
}

fn merge(all: &mut Sets, more: Sets) -> tantivy::Result<()> {
    for (bucket, texts) in more {
        let own = all.entry(bucket).or_default();
        if own.is_empty() {
            *own = texts;
        } else {
            own.extend(texts);
        }
    }
    let of_buckets = all.iter().filter(|(bucket, _)| **bucket != TOTAL);
    let total: usize = of_buckets.map(|(_, texts)| texts.len()).sum();
    if total > MAX_TEXTS { Err(TantivyError::InvalidArgument(TOO_MANY.to_owned())) } else { Ok(()) }
}

struct DistinctCollector {
    span: (i64, i64),
    buckets: Option<Arc<Buckets>>,
    by: GroupBy,
}

impl DistinctCollector {
    fn new(question: &Question, by: GroupBy) -> Self {
        let buckets = question.buckets.clone().map(Arc::new);
        Self { span: (question.start_ms, question.end_ms), buckets, by }
    }
}

impl Collector for DistinctCollector {
    type Fruit = Sets;
    type Child = DistinctSegment;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<DistinctSegment> {
        Ok(DistinctSegment {
            times: Times::of(segment, self.span)?,
            slots: Slots::of(self.buckets.clone()),
            has_buckets: self.buckets.is_some(),
            numbers: segment.fast_fields().str(self.by.field())?.map(Numbers::of),
            open: (0, Vec::new()),
            marked: FxHashMap::default(),
            too_many: false,
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, fruits: Vec<tantivy::Result<Sets>>) -> tantivy::Result<Sets> {
        let mut all = Sets::new();
        for fruit in fruits {
            merge(&mut all, fruit?)?;
        }
        Ok(all)
    }
}

struct DistinctSegment {
    times: Times,
    slots: Slots,
    has_buckets: bool,
    numbers: Option<Numbers>,
    /// The bucket being marked, kept out of the map until the next; without bits
    /// before the first.
    open: (i64, Vec<u64>),
    /// A bit for the number of each text, by bucket.
    marked: FxHashMap<i64, Vec<u64>>,
    too_many: bool,
}

impl DistinctSegment {
    /// Makes a bucket the open one; says whether there is room for it.
    fn open(&mut self, bucket: i64, words: usize) -> bool {
        self.close();
        let bits = match self.marked.remove(&bucket) {
            Some(bits) => bits,
            None if (self.marked.len() + 1) * words * 8 > MAX_BITS => return false,
            None => vec![0; words],
        };
        self.open = (bucket, bits);
        true
    }

    fn close(&mut self) {
        let (bucket, bits) = std::mem::take(&mut self.open);
        if !bits.is_empty() {
            self.marked.insert(bucket, bits);
        }
    }
}

impl SegmentCollector for DistinctSegment {
    type Fruit = tantivy::Result<Sets>;

    fn collect(&mut self, doc: DocId, _: Score) {
        self.collect_block(&[doc]);
    }

    fn collect_block(&mut self, docs: &[DocId]) {
        if self.too_many || !self.times.read(docs) {
            return;
        }
        let Some(mut numbers) = self.numbers.take() else { return };
        numbers.read(docs);
        let words = numbers.column().num_terms().div_ceil(64);
        for (position, doc) in docs.iter().enumerate() {
            let Some(time_ms) = self.times.get(position) else { continue };
            let Some(bucket) = self.slots.start(time_ms) else { continue };
            let is_open = self.open.0 == bucket && !self.open.1.is_empty();
            if !is_open && !self.open(bucket, words) {
                self.too_many = true;
                break;
            }
            let bits = &mut self.open.1;
            numbers.each(position, *doc, |number| {
                if let Some(word) = bits.get_mut((number / 64) as usize) {
                    *word |= 1 << (number % 64);
                }
            });
        }
        self.numbers = Some(numbers);
    }

    fn harvest(mut self) -> tantivy::Result<Sets> {
        self.close();
        let Some(numbers) = self.numbers else { return Ok(Sets::new()) };
        let column = numbers.into_column();
        let ones: usize = self.marked.values().flatten().map(|word| word.count_ones() as usize).sum();
        if self.too_many || ones > MAX_TEXTS {
            return Err(TantivyError::InvalidArgument(TOO_MANY.to_owned()));
        }
        let mut used = vec![0; column.num_terms().div_ceil(64)];
        for bits in self.marked.values() {
            used.iter_mut().zip(bits).for_each(|(all, some)| *all |= some);
        }
        let numbers: Vec<u64> = ones_of(&used).collect();
        let mut hashes = Vec::with_capacity(numbers.len());
        column.dictionary().sorted_ords_to_term_cb(&numbers, |text| hashes.push(hash(text)))?;
        // By number; those that do not occur are never asked for.
        let mut hash_of = vec![0; column.num_terms()];
        for (number, hash) in numbers.iter().zip(&hashes) {
            hash_of[*number as usize] = *hash;
        }
        let set = |(bucket, bits): (i64, Vec<u64>)| {
            let ones: usize = bits.iter().map(|word| word.count_ones() as usize).sum();
            let mut texts = FxHashSet::with_capacity_and_hasher(ones, FxBuildHasher);
            texts.extend(ones_of(&bits).map(|number| hash_of[number as usize]));
            (bucket, texts)
        };
        let mut sets: Sets = self.marked.into_iter().map(set).collect();
        if self.has_buckets {
            sets.insert(TOTAL, hashes.into_iter().collect());
        }
        Ok(sets)
    }
}

/// The places of the ones.
fn ones_of(bits: &[u64]) -> impl Iterator<Item = u64> + '_ {
    bits.iter().enumerate().flat_map(|(at, word)| {
        let mut left = *word;
        std::iter::from_fn(move || {
            let bit = (left != 0).then(|| u64::from(left.trailing_zeros()))?;
            left &= left - 1;
            Some(at as u64 * 64 + bit)
        })
    })
}

/// A hash that texts people choose cannot be made to collide by accident.
fn hash(text: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(text);
    hasher.finish()
}
