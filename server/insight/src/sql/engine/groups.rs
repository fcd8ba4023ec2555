//! A row per group of events that a query cannot tell apart: its columns, how
//! many events it stands for, and their sums.
//!
//! Columns are read block by block, and groups are told apart by numbers: a text
//! by its number in the segment, a time by the number of its span. Numbers become
//! texts once per group. Groups of different segments are not merged here: the
//! engine sums them up anyway.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use tantivy::columnar::{Column as Numbers, StrColumn};
use tantivy::{DocId, SegmentReader};

use super::super::calendar::{self, Unit};
use super::super::plan::{Scan, Sums};
use super::super::tables::{Column, Origin};
use super::segments::Search;
use super::texts::{self, NONE, Texts};
use super::{Cell, Sources, Table};
use base::error::{Error, Result};

/// Combinations up to which groups are counted in place instead of in a map, if
/// there are not far more of them than events.
const DENSE: u128 = 1 << 20;
/// Events of a segment above which latencies are told apart to three digits: more
/// than a quantile can show, and groups would be as many as events.
const EXACT_LATENCIES: u32 = 200_000;

pub(super) fn scan(scan: &Scan, sources: &Sources, table: &mut Table<'_>) -> Result<()> {
    let Some(search) = Search::of(scan, sources) else { return Ok(()) };
    for week in &search.weeks {
        let (searcher, weight) = search.in_week(week, sources)?;
        for segment in searcher.segment_readers() {
            let mut groups = Groups::over(scan, segment, &search)?;
            search.visit(segment, &*weight, sources, &mut |docs, times| groups.add(docs, times, sources))?;
            groups.write(segment, sources, table)?;
        }
    }
    Ok(())
}

/// One column by which groups are told apart.
struct Axis {
    column: Column,
    source: Source,
    /// How many numbers it has in this segment; one at least.
    size: u128,
}

enum Source {
    /// Number of the text plus one; 0 is a missing text.
    Text(Option<StrColumn>),
    Passed(Option<StrColumn>, Option<u64>),
    /// Spans from the first that holds an event.
    Spans {
        unit: Unit,
        first: i64,
    },
    Cost {
        column: Numbers<i64>,
        least: i64,
    },
    Latency {
        column: Numbers<u64>,
        exact: bool,
    },
}

/// What a group adds up to.
#[derive(Clone, Copy)]
struct Group {
    n: i64,
    cost: i64,
    latency_us: i64,
    first_ms: i64,
    last_ms: i64,
}

const EMPTY: Group = Group { n: 0, cost: 0, latency_us: 0, first_ms: i64::MAX, last_ms: i64::MIN };

/// Where the group of a combination is.
enum Places {
    /// At its number: combinations are few.
    Dense,
    /// By its number.
    Packed(FxHashMap<u128, usize>),
    /// By the numbers of its columns, where those of all together would not fit.
    Wide(FxHashMap<SmallVec<[u64; 8]>, usize>),
}

struct Groups {
    axes: Vec<Axis>,
    sums: Sums,
    cost: Numbers<i64>,
    latency: Numbers<u64>,
    groups: Vec<Group>,
    places: Places,
    reported: usize,
    block: Block,
}

/// Columns of the events being counted.
#[derive(Default)]
struct Block {
    /// By axis and row.
    numbers: Vec<Vec<u64>>,
    texts: Vec<Option<u64>>,
    costs: Vec<Option<i64>>,
    latencies: Vec<Option<u64>>,
}

impl Groups {
    fn over(scan: &Scan, segment: &SegmentReader, search: &Search) -> Result<Self> {
        let over = |column: &Column| Axis::over(scan, *column, segment, search);
        let axes: Vec<Axis> = scan.columns.iter().map(over).collect::<Result<_>>()?;
        let combinations = axes.iter().try_fold(1_u128, |all, axis| all.checked_mul(axis.size));
        let most = DENSE.min(u128::from(segment.num_docs()) * 4 + 1024);
        let (places, groups) = match combinations {
            Some(combinations) if combinations <= most => (Places::Dense, vec![EMPTY; combinations as usize]),
            Some(_) => (Places::Packed(FxHashMap::default()), Vec::new()),
            None => (Places::Wide(FxHashMap::default()), Vec::new()),
        };
        let columns = segment.fast_fields();
        Ok(Self {
            block: Block { numbers: vec![Vec::new(); axes.len()], ..Block::default() },
            axes,
            sums: scan.sums,
            cost: columns.i64("cost").map_err(Error::internal)?,
            latency: columns.u64("latency_us").map_err(Error::internal)?,
            groups,
            places,
            reported: 0,
        })
    }

    fn add(&mut self, docs: &[DocId], times: &[i64], sources: &Sources) -> Result<()> {
        let mut block = std::mem::take(&mut self.block);
        for (place, axis) in self.axes.iter().enumerate() {
            axis.number(docs, times, &mut block, place);
        }
        if self.sums.cost {
            block.costs.resize(docs.len(), None);
            self.cost.first_vals(docs, &mut block.costs);
        }
        if self.sums.latency {
            block.latencies.resize(docs.len(), None);
            self.latency.first_vals(docs, &mut block.latencies);
        }
        for (row, time_ms) in times.iter().enumerate() {
            let place = self.place(&block.numbers, row);
            let group = &mut self.groups[place];
            group.n += 1;
            if self.sums.cost {
                group.cost = group.cost.saturating_add(block.costs[row].unwrap_or(0));
            }
            if self.sums.latency {
                let latency_us = block.latencies[row].unwrap_or(0);
                group.latency_us = group.latency_us.saturating_add_unsigned(latency_us);
            }
            if self.sums.span {
                group.first_ms = group.first_ms.min(*time_ms);
                group.last_ms = group.last_ms.max(*time_ms);
            }
        }
        self.block = block;
        self.report(sources)
    }

    /// Where the group of a row is, which is made if there is none yet.
    fn place(&mut self, numbers: &[Vec<u64>], row: usize) -> usize {
        let next = self.groups.len();
        let place = match &mut self.places {
            Places::Dense => {
                let sized = self.axes.iter().zip(numbers);
                return sized
                    .fold(0, |key, (axis, numbers)| key * axis.size as usize + numbers[row] as usize);
            }
            Places::Packed(places) => {
                let sized = self.axes.iter().zip(numbers);
                let key = sized.fold(0, |key, (axis, numbers)| key * axis.size + u128::from(numbers[row]));
                *places.entry(key).or_insert(next)
            }
            Places::Wide(places) => {
                *places.entry(numbers.iter().map(|numbers| numbers[row]).collect()).or_insert(next)
            }
        };
        if place == next {
            self.groups.push(EMPTY);
        }
        place
    }

    /// Groups in a map take memory before they are rows.
    fn report(&mut self, sources: &Sources) -> Result<()> {
        if !matches!(self.places, Places::Dense) && self.groups.len() > self.reported + 65_536 {
            let bytes = (self.groups.len() - self.reported) * 2 * (size_of::<Group>() + size_of::<u128>());
            self.reported = self.groups.len();
            sources.meter.add_bytes(bytes as u64);
            sources.meter.check()?;
        }
        Ok(())
    }

    /// The groups that have events, by the numbers of their columns.
    fn used(&mut self) -> Vec<(SmallVec<[u64; 8]>, Group)> {
        let groups = std::mem::take(&mut self.groups);
        let unpacked = |key: u128| unpack(&self.axes, key);
        match std::mem::replace(&mut self.places, Places::Dense) {
            Places::Dense => {
                let found = groups.into_iter().enumerate().filter(|(_, group)| group.n > 0);
                found.map(|(key, group)| (unpacked(key as u128), group)).collect()
            }
            Places::Packed(places) => {
                places.into_iter().map(|(key, place)| (unpacked(key), groups[place])).collect()
            }
            Places::Wide(places) => places.into_iter().map(|(key, place)| (key, groups[place])).collect(),
        }
    }

    fn write(mut self, segment: &SegmentReader, sources: &Sources, table: &mut Table<'_>) -> Result<()> {
        let used = self.used();
        let mut texts = Vec::with_capacity(self.axes.len());
        for (place, axis) in self.axes.iter().enumerate() {
            texts.push(match &axis.source {
                Source::Text(column) => {
                    let numbers = used.iter().map(|(numbers, _)| text_number(numbers[place]));
                    Some(texts::read(axis.column, column.as_ref(), numbers.collect(), segment, sources)?)
                }
                _ => None,
            });
        }
        let mut row = Vec::with_capacity(self.axes.len() + 5);
        for (numbers, group) in &used {
            row.clear();
            let columns = self.axes.iter().zip(numbers).zip(&texts);
            row.extend(columns.map(|((axis, number), texts)| axis.cell(*number, texts.as_ref())));
            row.push(Cell::Int(group.n));
            if self.sums.cost {
                row.push(Cell::Int(group.cost));
            }
            if self.sums.latency {
                row.push(Cell::Int(group.latency_us));
            }
            if self.sums.span {
                row.extend([Cell::Int(group.first_ms), Cell::Int(group.last_ms)]);
            }
            table.insert(&row)?;
        }
        Ok(())
    }
}

/// The numbers that a packed key is made of.
fn unpack(axes: &[Axis], mut key: u128) -> SmallVec<[u64; 8]> {
    let mut numbers: SmallVec<[u64; 8]> = axes
        .iter()
        .rev()
        .map(|axis| {
            let number = key % axis.size;
            key /= axis.size;
            number as u64
        })
        .collect();
    numbers.reverse();
    numbers
}

fn text_number(number: u64) -> u64 {
    number.checked_sub(1).unwrap_or(NONE)
}

impl Axis {
    fn over(scan: &Scan, column: Column, segment: &SegmentReader, search: &Search) -> Result<Self> {
        let columns = segment.fast_fields();
        let (source, size) = match (scan.table.origin_of(column), column) {
            (Origin::Text, column) => {
                let texts = columns.str(column.field().unwrap_or_default()).map_err(Error::internal)?;
                let size = texts.as_ref().map_or(1, |texts| texts.num_terms() as u128 + 1);
                (Source::Text(texts), size)
            }
            (_, Column::Time) => {
                let unit = scan.bucket.unwrap_or(Unit::Minute);
                let time = columns.date("time").map_err(Error::internal)?;
                let from = time.min_value().into_timestamp_millis().max(search.span_ms.start);
                let to = time.max_value().into_timestamp_millis().min(search.span_ms.end);
                let (first, last) = (span_of(unit, from), span_of(unit, to));
                (Source::Spans { unit, first }, u128::try_from(last - first + 1).unwrap_or(1))
            }
            (_, Column::Passed) => {
                let outcomes = columns.str("outcome").map_err(Error::internal)?;
                let passed = outcomes.as_ref().map(|outcomes| outcomes.dictionary().term_ord("passed"));
                (Source::Passed(outcomes, passed.transpose().map_err(Error::internal)?.flatten()), 2)
            }
            (_, Column::Latency) => {
                let column = columns.u64("latency_us").map_err(Error::internal)?;
                let exact = scan.exact_latency || segment.num_docs() <= EXACT_LATENCIES;
                let most = if exact { column.max_value() } else { three_digits(column.max_value()) };
                (Source::Latency { column, exact }, u128::from(most) + 1)
            }
            _ => {
                let column = columns.i64("cost").map_err(Error::internal)?;
                let least = column.min_value();
                let size = i128::from(column.max_value()) - i128::from(least) + 1;
                (Source::Cost { column, least }, u128::try_from(size).unwrap_or(1))
            }
        };
        Ok(Self { column, source, size: size.max(1) })
    }

    /// Writes the numbers of a block of events as those of axis `place`.
    fn number(&self, docs: &[DocId], times: &[i64], block: &mut Block, place: usize) {
        let Block { numbers, texts, costs, latencies } = block;
        let numbers = &mut numbers[place];
        numbers.clear();
        match &self.source {
            Source::Spans { unit, first } => {
                // The next event is mostly in the span of the last.
                let (mut span, mut start, mut end) = (0, 0, 0);
                numbers.extend(times.iter().map(|time_ms| {
                    if *time_ms < start || *time_ms >= end {
                        let number = span_of(*unit, *time_ms);
                        (start, end) = (start_of_span(*unit, number), start_of_span(*unit, number + 1));
                        span = (number - first).unsigned_abs();
                    }
                    span
                }));
            }
            Source::Text(None) => numbers.resize(docs.len(), 0),
            Source::Text(Some(column)) => {
                texts.resize(docs.len(), None);
                column.ords().first_vals(docs, texts);
                numbers.extend(texts.iter().map(|number| number.map_or(0, |number| number + 1)));
            }
            Source::Passed(column, passed) => {
                texts.clear();
                texts.resize(docs.len(), None);
                if let Some(column) = column {
                    column.ords().first_vals(docs, texts);
                }
                let is_passed = |number: &Option<u64>| u64::from(number.is_some() && number == passed);
                numbers.extend(texts.iter().map(is_passed));
            }
            Source::Latency { column, exact } => {
                latencies.resize(docs.len(), None);
                column.first_vals(docs, latencies);
                let latency = latencies.iter().map(|latency| latency.unwrap_or(0));
                numbers.extend(latency.map(|us| if *exact { us } else { three_digits(us) }));
            }
            Source::Cost { column, least } => {
                costs.resize(docs.len(), None);
                column.first_vals(docs, costs);
                numbers
                    .extend(costs.iter().map(|cost| cost.map_or(0, |cost| cost.wrapping_sub(*least) as u64)));
            }
        }
    }

    fn cell<'a>(&self, number: u64, texts: Option<&'a Texts>) -> Cell<'a> {
        match &self.source {
            Source::Text(_) => Cell::Text(texts.map_or("", |texts| texts.get(text_number(number)))),
            Source::Spans { unit, first } => {
                Cell::Int(start_of_span(*unit, first.saturating_add_unsigned(number)))
            }
            Source::Passed(..) => Cell::Int(i64::from(number == 1)),
            Source::Cost { least, .. } => Cell::Int(least.wrapping_add_unsigned(number)),
            Source::Latency { .. } => Cell::Float(number as f64 / 1000.0),
        }
    }
}

/// The number of the span that holds a moment.
fn span_of(unit: Unit, time_ms: i64) -> i64 {
    match unit.length_ms() {
        Some(length_ms) => time_ms.div_euclid(length_ms),
        None => calendar::month_number(time_ms),
    }
}

fn start_of_span(unit: Unit, number: i64) -> i64 {
    match unit.length_ms() {
        Some(length_ms) => number * length_ms,
        None => calendar::month_start(number),
    }
}

/// Rounded to three digits: off by half a percent at most.
fn three_digits(number: u64) -> u64 {
    let mut unit = 1;
    while number / unit >= 1000 {
        unit *= 10;
    }
    (number + unit / 2) / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_keep_three_digits() {
        assert_eq!([7, 999, 1004, 1005, 123_456].map(three_digits), [7, 999, 1000, 1010, 123_000]);
    }

    #[test]
    fn spans_are_numbered_and_found_again() {
        let time_ms = 1_791_369_600_250;
        for unit in [Unit::Minute, Unit::Hour, Unit::Day, Unit::Month] {
            assert_eq!(start_of_span(unit, span_of(unit, time_ms)), unit.start_of(time_ms));
        }
    }
}
