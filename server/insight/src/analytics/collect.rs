//! Counting the matching events of a segment, in numbers until its end.
//!
//! Blocks of events are read column by column. Texts have numbers in a segment;
//! they become texts again once per row, not once per event.

use std::collections::HashMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Cardinality, Column, StrColumn};
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader, TantivyError};

use super::columns::{Numbers, Slots, Times};
use super::tally::{NONE, OUTCOMES, OutcomeCounts, Place, Way};
use super::{Buckets, Counts, GroupBy, Question};

/// Start of the bucket and texts of the groups, to counts.
pub(super) type Collected = HashMap<(i64, Vec<String>), Counts>;

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
    type Fruit = Vec<Collected>;
    type Child = CountSegment;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<CountSegment> {
        let columns = segment.fast_fields();
        let groups = self.group_by.iter().map(|by| columns.str(by.field()));
        let groups: Vec<Option<StrColumn>> = groups.collect::<tantivy::Result<_>>()?;
        let outcome = columns.str("outcome")?;
        let (way, numbers) = Way::of(&groups, outcome.as_ref(), self.buckets.is_some());
        Ok(CountSegment {
            way,
            numbers,
            times: Times::of(segment, self.span)?,
            slots: Slots::of(self.buckets.clone()),
            outcome,
            cost: Costs::of(columns.i64("cost")?),
            block: Block::default(),
            groups,
            counts: FxHashMap::default(),
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, fruits: Vec<tantivy::Result<Collected>>) -> tantivy::Result<Vec<Collected>> {
        fruits.into_iter().collect()
    }
}

/// Columns of the events being counted.
#[derive(Default)]
struct Block {
    outcomes: Vec<Option<u64>>,
    costs: Vec<Option<i64>>,
}

/// What the events of a segment cost: mostly all the same, which is read once.
enum Costs {
    Same(i64),
    Each(Column<i64>),
}

impl Costs {
    fn of(column: Column<i64>) -> Self {
        let is_one =
            column.get_cardinality() == Cardinality::Full && column.min_value() == column.max_value();
        if is_one { Costs::Same(column.min_value()) } else { Costs::Each(column) }
    }

    fn read(&self, docs: &[DocId], costs: &mut [Option<i64>]) {
        match self {
            Costs::Same(cost) => costs.fill(Some(*cost)),
            Costs::Each(column) => column.first_vals(docs, costs),
        }
    }
}

pub(super) struct CountSegment {
    way: Way,
    numbers: Option<Numbers>,
    times: Times,
    slots: Slots,
    outcome: Option<StrColumn>,
    cost: Costs,
    groups: Vec<Option<StrColumn>>,
    block: Block,
    counts: FxHashMap<Place, OutcomeCounts>,
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
        self.cost.read(docs, &mut block.costs);
        if let Some(numbers) = &mut self.numbers {
            numbers.read(docs);
        }
        for (position, doc) in docs.iter().enumerate() {
            let (Some(time_ms), Some(outcome)) = (self.times.get(position), block.outcomes[position]) else {
                continue;
            };
            let Some(bucket) = self.slots.start(time_ms) else { continue };
            let (outcome, cost) = (outcome as usize, block.costs[position].unwrap_or(0));
            match &mut self.way {
                Way::Dense(dense) => {
                    each_group(self.numbers.as_ref(), position, *doc, |group| {
                        dense.add(group, outcome, cost)
                    });
                }
                Way::Open(open) => {
                    open.enter(bucket, &mut self.counts);
                    each_group(self.numbers.as_ref(), position, *doc, |group| open.add(group, outcome, cost));
                }
                Way::Grouped => self.count_grouped(*doc, bucket, outcome, cost),
            }
        }
        self.block = block;
    }

    fn harvest(mut self) -> tantivy::Result<Collected> {
        match self.way {
            Way::Dense(dense) => self.counts = dense.into_tallies(),
            Way::Open(mut open) => open.close(&mut self.counts),
            Way::Grouped => {}
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

/// The groups of an event; `None` is the missing one, and the only one where there
/// are no groups.
fn each_group(numbers: Option<&Numbers>, position: usize, doc: DocId, mut add: impl FnMut(Option<u64>)) {
    let mut is_missing = true;
    if let Some(numbers) = numbers {
        numbers.each(position, doc, |number| {
            is_missing = false;
            add(Some(number));
        });
    }
    if is_missing {
        add(None);
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
