//! Where the events of a segment are counted: by number where the groups are few
//! enough, in a map where they are not.

use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};
use tantivy::columnar::StrColumn;

use super::columns::Numbers;

/// Outcomes of a segment are few; they are counted by their number in it.
pub(super) const OUTCOMES: usize = 16;

/// The number of a missing group.
pub(super) const NONE: u64 = u64::MAX;

/// Counts by number of the outcome, and the cost.
#[derive(Clone, Copy, Default)]
pub(super) struct OutcomeCounts {
    events: i64,
    pub outcomes: [i64; OUTCOMES],
    pub cost: i64,
}

/// A bucket, and the numbers of the groups.
pub(super) type Place = (i64, SmallVec<[u64; 2]>);

impl OutcomeCounts {
    pub fn add(&mut self, outcome: usize, cost: i64) {
        self.events += 1;
        self.outcomes[outcome.min(OUTCOMES - 1)] += 1;
        self.cost += cost;
    }

    fn merge(&mut self, other: &OutcomeCounts) {
        self.events += other.events;
        for (count, more) in self.outcomes.iter_mut().zip(other.outcomes) {
            *count += more;
        }
        self.cost += other.cost;
    }
}

/// How the events of a segment are counted.
pub(super) enum Way {
    Dense(Dense),
    Open(Open),
    /// In the map, one by one.
    Grouped,
}

impl Way {
    /// And the numbers of the only group, unless its events go into the map.
    pub fn of(
        groups: &[Option<StrColumn>],
        outcome: Option<&StrColumn>,
        has_buckets: bool,
    ) -> (Self, Option<Numbers>) {
        let numbers = |column: &StrColumn| Some(Numbers::of(column.clone()));
        match (groups, outcome) {
            ([], _) => (Way::Open(Open::over(None)), None),
            ([Some(column)], Some(outcome)) if !has_buckets && column.num_terms() < DENSE_GROUPS => {
                (Way::Dense(Dense::over(column, outcome)), numbers(column))
            }
            ([Some(column)], _) if column.num_terms() < OPEN_GROUPS => {
                (Way::Open(Open::over(Some(column))), numbers(column))
            }
            _ => (Way::Grouped, None),
        }
    }
}

/// Counts of one group without buckets, by its number: most questions for a top
/// ten are of this form, and a map would cost more than the counting.
pub(super) struct Dense {
    /// By number, a row of outcomes each; the last row is of the missing group.
    outcomes: Vec<u32>,
    /// Outcomes of a row: as many as the segment has.
    width: usize,
    costs: Vec<i64>,
}

/// Groups of a segment that are counted densely: a bound on memory.
const DENSE_GROUPS: usize = 1_000_000;

impl Dense {
    fn over(column: &StrColumn, outcome: &StrColumn) -> Self {
        let groups = column.num_terms() + 1;
        let width = outcome.num_terms().clamp(1, OUTCOMES);
        Self { outcomes: vec![0; groups * width], width, costs: vec![0; groups] }
    }

    pub fn add(&mut self, number: Option<u64>, outcome: usize, cost: i64) {
        let missing = self.costs.len() - 1;
        let group = number.map_or(missing, |number| (number as usize).min(missing));
        self.outcomes[group * self.width + outcome.min(self.width - 1)] += 1;
        self.costs[group] += cost;
    }

    pub fn into_tallies(self) -> FxHashMap<Place, OutcomeCounts> {
        let missing = self.costs.len() - 1;
        let rows = self.outcomes.chunks(self.width).zip(&self.costs).enumerate();
        rows.filter(|(_, (row, _))| row.iter().any(|count| *count > 0))
            .map(|(group, (row, cost))| {
                let mut tally = OutcomeCounts { cost: *cost, ..OutcomeCounts::default() };
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
pub(super) struct Open {
    bucket: i64,
    has_group: bool,
    /// By number, the last of the missing group; without groups the only one.
    tallies: Vec<OutcomeCounts>,
    /// Those that are not empty.
    touched: Vec<usize>,
}

/// Groups of a segment that are counted in the open bucket: more of them would
/// be moved into the map one by one as soon.
const OPEN_GROUPS: usize = 4096;

impl Open {
    fn over(group: Option<&StrColumn>) -> Self {
        let groups = group.map_or(0, |column| column.num_terms()) + 1;
        let tallies = vec![OutcomeCounts::default(); groups];
        Self { bucket: 0, has_group: group.is_some(), tallies, touched: Vec::new() }
    }

    /// Goes on in this bucket.
    pub fn enter(&mut self, bucket: i64, counts: &mut FxHashMap<Place, OutcomeCounts>) {
        if self.bucket != bucket {
            self.close(counts);
            self.bucket = bucket;
        }
    }

    pub fn add(&mut self, number: Option<u64>, outcome: usize, cost: i64) {
        let missing = self.tallies.len() - 1;
        let place = number.map_or(missing, |number| (number as usize).min(missing));
        let tally = &mut self.tallies[place];
        if tally.events == 0 {
            self.touched.push(place);
        }
        tally.add(outcome, cost);
    }

    /// Moves the bucket into the map.
    pub fn close(&mut self, counts: &mut FxHashMap<Place, OutcomeCounts>) {
        let missing = self.tallies.len() - 1;
        for place in self.touched.drain(..) {
            let tally = std::mem::take(&mut self.tallies[place]);
            let number = if place == missing { NONE } else { place as u64 };
            let numbers = if self.has_group { smallvec![number] } else { SmallVec::new() };
            counts.entry((self.bucket, numbers)).or_default().merge(&tally);
        }
    }
}
