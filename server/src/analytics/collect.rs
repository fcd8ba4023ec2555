//! Counting the matching events of a segment, in numbers until its end.
//!
//! Blocks of events are read column by column. Texts have numbers in a segment;
//! they become texts again once per row, not once per event.

use std::collections::HashMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Cardinality, Column, StrColumn};
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader, TantivyError};

use super::columns::{Slots, Times};
use super::{Buckets, Counts, GroupBy, Question};

/// Start of the bucket and texts of the groups, to counts.
pub(super) type Collected = HashMap<(i64, Vec<String>), Counts>;

/// Outcomes of a segment are few; they are counted by their number in it.
const OUTCOMES: usize = 16;

/// The number of a missing group.
const NONE: u64 = u64::MAX;

/// Counts by number of the outcome, and the cost.
#[derive(Clone, Copy, Default)]
struct Tally {
    events: i64,
    outcomes: [i64; OUTCOMES],
    cost: i64,
}

/// A bucket, and the numbers of the groups.
type Place = (i64, SmallVec<[u64; 2]>);

pub(super) struct CountCollector {
    span: (i64, i64),
    buckets: Option<Arc<Buckets>>,
    group_by: Vec<GroupBy>,
}

impl CountCollector {
    pub fn new(question: &Question) -> Self {
        Self {
            span: (question.start_ms, question.end_ms),
            buckets: question.buckets.clone().map(Arc::new),
            group_by: question.group_by.clone(),
        }
    }
}

impl Collector for CountCollector {
    type Fruit = Collected;
    type Child = CountSegment;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<CountSegment> {
        let columns = segment.fast_fields();
        let groups = self.group_by.iter().map(|by| columns.str(by.field()));
        let groups: Vec<Option<StrColumn>> = groups.collect::<tantivy::Result<_>>()?;
        let outcome = columns.str("outcome")?;
        let dense = match (groups.as_slice(), &outcome) {
            ([Some(column)], Some(outcome)) if self.buckets.is_none() => Dense::over(column, outcome),
            _ => None,
        };
        Ok(CountSegment {
            dense,
            times: Times::of(segment, self.span)?,
            slots: Slots::of(self.buckets.clone()),
            outcome,
            cost: columns.i64("cost")?,
            block: Block::default(),
            open: Open::over(groups.as_slice()),
            groups,
            counts: FxHashMap::default(),
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, fruits: Vec<tantivy::Result<Collected>>) -> tantivy::Result<Collected> {
        let mut all = Collected::new();
        for fruit in fruits {
            for (place, counts) in fruit? {
                all.entry(place).or_default().add(&counts);
            }
        }
        Ok(all)
    }
}

/// Columns of the events being counted.
#[derive(Default)]
struct Block {
    outcomes: Vec<Option<u64>>,
    costs: Vec<Option<i64>>,
    numbers: Vec<Option<u64>>,
}

/// Counts of one group without buckets, by its number: most questions for a top
/// ten are of this form, and a map would cost more than the counting.
struct Dense {
    /// By number, a row of outcomes each; the last row is of the missing group.
    outcomes: Vec<u32>,
    /// Outcomes of a row: as many as the segment has.
    width: usize,
    costs: Vec<i64>,
    /// Whether an event may be in several groups.
    several: bool,
}

/// Groups of a segment that are counted densely: a bound on memory.
const DENSE_GROUPS: usize = 1_000_000;

impl Dense {
    fn over(column: &StrColumn, outcome: &StrColumn) -> Option<Self> {
        let groups = column.num_terms() + 1;
        let width = outcome.num_terms().clamp(1, OUTCOMES);
        let several = column.ords().get_cardinality() == Cardinality::Multivalued;
        (groups <= DENSE_GROUPS).then(|| Self {
            outcomes: vec![0; groups * width],
            width,
            costs: vec![0; groups],
            several,
        })
    }

    fn add(&mut self, number: Option<u64>, outcome: usize, cost: i64) {
        let missing = self.costs.len() - 1;
        let group = number.map_or(missing, |number| (number as usize).min(missing));
        self.outcomes[group * self.width + outcome.min(self.width - 1)] += 1;
        self.costs[group] += cost;
    }

    fn add_each(&mut self, column: &StrColumn, doc: DocId, outcome: usize, cost: i64) {
        let mut numbers = column.ords().values_for_doc(doc).peekable();
        if numbers.peek().is_none() {
            self.add(None, outcome, cost);
        }
        for number in numbers {
            self.add(Some(number), outcome, cost);
        }
    }

    fn into_tallies(self) -> FxHashMap<Place, Tally> {
        let missing = self.costs.len() - 1;
        let rows = self.outcomes.chunks(self.width).zip(&self.costs).enumerate();
        rows.filter(|(_, (row, _))| row.iter().any(|count| *count > 0))
            .map(|(group, (row, cost))| {
                let mut tally = Tally { cost: *cost, ..Tally::default() };
                for (count, found) in tally.outcomes.iter_mut().zip(row) {
                    *count = i64::from(*found);
                }
                let number = if group == missing { NONE } else { group as u64 };
                ((0, smallvec![number]), tally)
            })
            .collect()
    }
}

/// The bucket being counted, without groups or by the number of one group: kept
/// out of the map until the next, for events come in order mostly.
struct Open {
    bucket: i64,
    /// By number, the last of the missing group; without groups the only one.
    tallies: Vec<Tally>,
    /// Those that are not empty.
    touched: Vec<usize>,
}

/// Groups of a segment that are counted in the open bucket: more of them would
/// be moved into the map one by one as soon.
const OPEN_GROUPS: usize = 4096;

impl Open {
    /// `None` for groups that are counted otherwise.
    fn over(groups: &[Option<StrColumn>]) -> Option<Self> {
        let tallies = match groups {
            [] => 1,
            [Some(column)] if column.ords().get_cardinality() != Cardinality::Multivalued => {
                column.num_terms() + 1
            }
            _ => return None,
        };
        (tallies <= OPEN_GROUPS).then(|| Self {
            bucket: 0,
            tallies: vec![Tally::default(); tallies],
            touched: Vec::new(),
        })
    }

    fn add(&mut self, number: Option<u64>, outcome: usize, cost: i64) {
        let missing = self.tallies.len() - 1;
        let place = number.map_or(missing, |number| (number as usize).min(missing));
        let tally = &mut self.tallies[place];
        if tally.events == 0 {
            self.touched.push(place);
        }
        tally.add(outcome, cost);
    }

    /// Moves the bucket into the map.
    fn close(&mut self, counts: &mut FxHashMap<Place, Tally>, has_group: bool) {
        let missing = self.tallies.len() - 1;
        for place in self.touched.drain(..) {
            let tally = std::mem::take(&mut self.tallies[place]);
            let number = if place == missing { NONE } else { place as u64 };
            let numbers = if has_group { smallvec![number] } else { SmallVec::new() };
            counts.entry((self.bucket, numbers)).or_default().merge(&tally);
        }
    }
}

pub(super) struct CountSegment {
    dense: Option<Dense>,
    times: Times,
    slots: Slots,
    outcome: Option<StrColumn>,
    cost: Column<i64>,
    groups: Vec<Option<StrColumn>>,
    block: Block,
    open: Option<Open>,
    counts: FxHashMap<Place, Tally>,
}

impl CountSegment {
    /// A row per combination of the numbers that the event has in each group.
    fn count_grouped(&mut self, doc: DocId, bucket: i64, outcome: usize, cost: i64) {
        let mut places: SmallVec<[SmallVec<[u64; 2]>; 4]> = SmallVec::new();
        places.push(SmallVec::new());
        for column in &self.groups {
            let mut numbers: SmallVec<[u64; 4]> = SmallVec::new();
            if let Some(column) = column {
                numbers.extend(column.ords().values_for_doc(doc));
            }
            if numbers.is_empty() {
                numbers.push(NONE);
            }
            let before = std::mem::take(&mut places);
            for number in numbers {
                places.extend(before.iter().map(|place| {
                    let mut place = place.clone();
                    place.push(number);
                    place
                }));
            }
        }
        for place in places {
            self.counts.entry((bucket, place)).or_default().add(outcome, cost);
        }
    }
}

impl Tally {
    fn add(&mut self, outcome: usize, cost: i64) {
        self.events += 1;
        self.outcomes[outcome.min(OUTCOMES - 1)] += 1;
        self.cost += cost;
    }

    fn merge(&mut self, other: &Tally) {
        self.events += other.events;
        for (count, more) in self.outcomes.iter_mut().zip(other.outcomes) {
            *count += more;
        }
        self.cost += other.cost;
    }
}

impl SegmentCollector for CountSegment {
    type Fruit = tantivy::Result<Collected>;

    fn collect(&mut self, doc: DocId, _: Score) {
        self.collect_block(&[doc]);
    }

    fn collect_block(&mut self, docs: &[DocId]) {
        let Some(outcome) = self.outcome.clone() else { return };
        if !self.times.read(docs) {
            return;
        }
        let mut block = std::mem::take(&mut self.block);
        block.outcomes.resize(docs.len(), None);
        block.costs.resize(docs.len(), None);
        outcome.ords().first_vals(docs, &mut block.outcomes[..docs.len()]);
        self.cost.first_vals(docs, &mut block.costs[..docs.len()]);
        let one_each = matches!(&self.dense, Some(Dense { several: false, .. })) || self.open.is_some();
        if let (true, [Some(column)]) = (one_each, self.groups.as_slice()) {
            block.numbers.resize(docs.len(), None);
            column.ords().first_vals(docs, &mut block.numbers[..docs.len()]);
        }
        for (position, doc) in docs.iter().enumerate() {
            let (Some(time_ms), Some(outcome)) = (self.times.get(position), block.outcomes[position]) else {
                continue;
            };
            let Some(bucket) = self.slots.start(time_ms) else { continue };
            let (outcome, cost) = (outcome as usize, block.costs[position].unwrap_or(0));
            match (&mut self.dense, self.groups.as_slice()) {
                (Some(dense), [Some(column)]) if dense.several => dense.add_each(column, *doc, outcome, cost),
                (Some(dense), _) => dense.add(block.numbers[position], outcome, cost),
                (None, groups) => match &mut self.open {
                    Some(open) => {
                        if open.bucket != bucket {
                            open.close(&mut self.counts, !groups.is_empty());
                            open.bucket = bucket;
                        }
                        open.add(block.numbers.get(position).copied().flatten(), outcome, cost);
                    }
                    None => self.count_grouped(*doc, bucket, outcome, cost),
                },
            }
        }
        self.block = block;
    }

    fn harvest(mut self) -> tantivy::Result<Collected> {
        if let Some(open) = &mut self.open {
            open.close(&mut self.counts, !self.groups.is_empty());
        }
        if let Some(dense) = self.dense.take() {
            self.counts = dense.into_tallies();
        }
        let mut outcomes = Vec::new();
        if let Some(column) = &self.outcome {
            for number in 0..column.num_terms().min(OUTCOMES) {
                outcomes.push(text(column, number as u64)?);
            }
        }
        let mut names = Vec::with_capacity(self.groups.len());
        for (position, column) in self.groups.iter().enumerate() {
            let numbers = self.counts.keys().filter_map(|(_, numbers)| numbers.get(position).copied());
            names.push(texts(column.as_ref(), numbers.collect())?);
        }
        let mut collected = Collected::with_capacity(self.counts.len());
        for ((bucket, numbers), tally) in self.counts {
            let named = numbers.iter().zip(&names);
            let groups = named.map(|(number, names)| names.get(number).cloned().unwrap_or_default());
            let mut counts = Counts { cost: tally.cost, ..Counts::default() };
            for (outcome, count) in outcomes.iter().zip(tally.outcomes) {
                if let Some(field) = counts.of_outcome(outcome) {
                    *field += count;
                }
            }
            collected.entry((bucket, groups.collect())).or_default().add(&counts);
        }
        Ok(collected)
    }
}

/// The texts of these numbers, read in one pass: one lookup each would cost more
/// than the counting.
fn texts(column: Option<&StrColumn>, mut numbers: Vec<u64>) -> tantivy::Result<FxHashMap<u64, String>> {
    let mut texts = FxHashMap::default();
    let Some(column) = column else { return Ok(texts) };
    numbers.sort_unstable();
    numbers.dedup();
    numbers.retain(|number| *number != NONE);
    let mut next = numbers.iter();
    column.dictionary().sorted_ords_to_term_cb(&numbers, |bytes| {
        if let Some(number) = next.next() {
            texts.insert(*number, String::from_utf8_lossy(bytes).into_owned());
        }
    })?;
    Ok(texts)
}

fn text(column: &StrColumn, number: u64) -> tantivy::Result<String> {
    let mut text = String::new();
    column.ord_to_str(number, &mut text).map_err(|error| TantivyError::IoError(Arc::new(error)))?;
    Ok(text)
}
