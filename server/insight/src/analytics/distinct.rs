//! How many different keys, identities or identifiers there were, per bucket.
//!
//! Exact but for a collision of 64-bit hashes: with the most that one answer
//! holds, a chance of one in a million. A segment marks the numbers of its texts
//! in a bitset per bucket; where several have the same bucket, the hashes of those
//! texts are told apart.

use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};

use super::columns::{Numbers, Slots, Times};
use super::divided::{Divided, Segment, Source, Told};
use super::kept::{Kept, Place, What};
use super::{Analytics, Buckets, GroupBy, Question};
use base::error::{Error, Result};

/// Texts of one answer, over all its buckets.
const MAX_TEXTS: usize = 4_000_000;

/// The same while they are told apart, those counted twice that two segments have: some
/// 100 MiB.
const MAX_MARKS: usize = 4 * MAX_TEXTS;

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
        let marks = self.divided(question, Marking { by }).await?;
        let (found, total) =
            tokio::task::spawn_blocking(move || marks.count()).await.map_err(Error::internal)??;
        let count =
            |time_ms: i64| Distinct { time_ms, count: found.get(&time_ms).copied().unwrap_or_default() };
        Ok(match buckets {
            Some(buckets) => (buckets.starts(start_ms, end_ms).into_iter().map(count).collect(), total),
            None => (vec![count(0)], total),
        })
    }
}

struct Marking {
    by: GroupBy,
}

impl Divided for Marking {
    type Part = Marks;
    type Sum = AllMarks;

    fn what(&self) -> What {
        What::Distinct(self.by)
    }

    fn ask(&self, question: &Question, segment: &Segment<'_>) -> Result<Marks> {
        let marks = segment.collect(&DistinctCollector::new(question, self.by)).map_err(Error::internal)?;
        marks.ok_or_else(|| Error::invalid(TOO_MANY))
    }

    fn bytes(part: &Marks) -> usize {
        part.values().map(|bits| size_of_val(bits.as_slice()) + size_of::<Vec<u64>>()).sum()
    }

    fn add(&self, sum: &mut AllMarks, part: Arc<Marks>, told: &Told<'_>) -> Result<()> {
        for (bucket, bits) in part.iter() {
            let own = sum.open.entry(told.bucket(*bucket)).or_insert_with(|| vec![0; bits.len()]);
            own.iter_mut().zip(bits).for_each(|(all, some)| *all |= some);
        }
        let words: usize = sum.open.values().map(Vec::len).sum();
        if words * 8 > MAX_BITS { Err(Error::invalid(TOO_MANY)) } else { Ok(()) }
    }

    fn end_of_segment(&self, sum: &mut AllMarks, source: &Source<'_>) -> Result<()> {
        let marks = std::mem::take(&mut sum.open);
        if marks.is_empty() {
            return Ok(());
        }
        let hashes = hashes_of(self.by, &marks, source)?;
        let ones = marks.into_iter().map(|(bucket, bits)| (bucket, Ones::of(bits))).collect();
        sum.closed.push(OfSegment { hashes, ones });
        let marks = sum.closed.iter().flat_map(|segment| segment.ones.values()).map(Ones::count);
        if marks.sum::<usize>() > MAX_MARKS { Err(Error::invalid(TOO_MANY)) } else { Ok(()) }
    }
}

/// A bit for the number of each text, by bucket.
type Marks = FxHashMap<i64, Vec<u64>>;

/// The marks of the segments, and of the one being added up.
#[derive(Default)]
struct AllMarks {
    open: Marks,
    closed: Vec<OfSegment>,
}

struct OfSegment {
    /// Of the texts, by their numbers.
    hashes: Arc<Vec<u64>>,
    /// By bucket.
    ones: FxHashMap<i64, Ones>,
}

impl AllMarks {
    /// How many texts there are in each bucket, and in all of them together.
    fn count(&self) -> Result<(FxHashMap<i64, u64>, u64)> {
        let mut holding: FxHashMap<i64, Vec<(&[u64], &Ones)>> = FxHashMap::default();
        for segment in &self.closed {
            for (bucket, ones) in &segment.ones {
                holding.entry(*bucket).or_default().push((segment.hashes.as_slice(), ones));
            }
        }
        let counts: FxHashMap<i64, u64> =
            holding.iter().map(|(bucket, ones)| (*bucket, different(ones) as u64)).collect();
        if counts.values().sum::<u64>() > MAX_TEXTS as u64 {
            return Err(Error::invalid(TOO_MANY));
        }
        let unions: Vec<Ones> =
            self.closed.iter().map(|segment| Ones::of(union(segment.ones.values()))).collect();
        let hashes = self.closed.iter().map(|segment| segment.hashes.as_slice());
        let all: Vec<(&[u64], &Ones)> = hashes.zip(&unions).collect();
        Ok((counts, different(&all) as u64))
    }
}

/// How many different texts several segments have together.
fn different(ones: &[(&[u64], &Ones)]) -> usize {
    if let [(_, only)] = ones {
        return only.count();
    }
    let mut texts = FxHashSet::default();
    for (hashes, ones) in ones {
        texts.reserve(ones.count().saturating_sub(texts.len()));
        ones.each(|number| {
            texts.insert(hashes[number]);
        });
    }
    texts.len()
}

fn union<'a>(marks: impl Iterator<Item = &'a Ones>) -> Vec<u64> {
    let mut all: Vec<u64> = Vec::new();
    for ones in marks {
        ones.each(|number| {
            if all.len() <= number / 64 {
                all.resize(number / 64 + 1, 0);
            }
            all[number / 64] |= 1 << (number % 64);
        });
    }
    all
}

/// The hashes of the texts of a segment by their numbers: of all of them where they
/// are kept, else of those that are marked.
fn hashes_of(by: GroupBy, marks: &Marks, source: &Source<'_>) -> Result<Arc<Vec<u64>>> {
    let place = Place::of_segment(source.reader.segment_id(), What::Hashes(by));
    let mut kept = source.kept;
    if let Some(hashes) = kept.and_then(|kept| kept.get(&place)) {
        return Ok(hashes);
    }
    let column = source.reader.fast_fields().str(by.field()).map_err(Error::internal)?;
    let Some(column) = column else { return Ok(Arc::default()) };
    let mut hashes = vec![0; column.num_terms()];
    kept = kept.filter(|_| Kept::takes(size_of_val(hashes.as_slice())));
    let numbers: Vec<u64> = match kept {
        Some(_) => (0..column.num_terms() as u64).collect(),
        None => {
            let mut used = vec![0; column.num_terms().div_ceil(64)];
            for bits in marks.values() {
                used.iter_mut().zip(bits).for_each(|(all, some)| *all |= some);
            }
            ones_of(&used).collect()
        }
    };
    let mut next = numbers.iter();
    let add = |text: &[u8]| {
        if let Some(number) = next.next() {
            hashes[*number as usize] = hash(text);
        }
    };
    column.dictionary().sorted_ords_to_term_cb(&numbers, add).map_err(Error::internal)?;
    let hashes = Arc::new(hashes);
    if let Some(kept) = kept {
        kept.put(place, hashes.clone(), size_of_val(hashes.as_slice()));
    }
    Ok(hashes)
}

/// Numbers of texts, in whichever form is the smaller.
enum Ones {
    Bits(Vec<u64>),
    Numbers(Vec<u32>),
}

impl Ones {
    fn of(bits: Vec<u64>) -> Self {
        let count: usize = bits.iter().map(|word| word.count_ones() as usize).sum();
        if count * 32 < bits.len() * 64 {
            Ones::Numbers(ones_of(&bits).map(|number| number as u32).collect())
        } else {
            Ones::Bits(bits)
        }
    }

    fn count(&self) -> usize {
        match self {
            Ones::Bits(bits) => bits.iter().map(|word| word.count_ones() as usize).sum(),
            Ones::Numbers(numbers) => numbers.len(),
        }
    }

    fn each(&self, mut visit: impl FnMut(usize)) {
        match self {
            Ones::Bits(bits) => ones_of(bits).for_each(|number| visit(number as usize)),
            Ones::Numbers(numbers) => numbers.iter().for_each(|number| visit(*number as usize)),
        }
    }
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
    type Fruit = Vec<Option<Marks>>;
    type Child = DistinctSegment;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<DistinctSegment> {
        Ok(DistinctSegment {
            times: Times::of(segment, self.span)?,
            slots: Slots::of(self.buckets.clone()),
            numbers: segment.fast_fields().str(self.by.field())?.map(Numbers::of),
            open: (0, Vec::new()),
            marked: Marks::default(),
            too_many: false,
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, fruits: Vec<Option<Marks>>) -> tantivy::Result<Vec<Option<Marks>>> {
        Ok(fruits)
    }
}

struct DistinctSegment {
    times: Times,
    slots: Slots,
    numbers: Option<Numbers>,
    /// The bucket being marked, kept out of the map until the next; without bits
    /// before the first.
    open: (i64, Vec<u64>),
    marked: Marks,
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
    type Fruit = Option<Marks>;

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

    /// `None` where there are too many.
    fn harvest(mut self) -> Option<Marks> {
        self.close();
        (!self.too_many).then_some(self.marked)
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
