//! A row per event: finds the events of a scan and writes their columns.

use std::cmp::Reverse;
use std::collections::HashMap;

use tantivy::{DocId, SegmentReader};

use super::super::plan::{Scan, Top};
use super::super::tables::{Column, Origin};
use super::events::{self, Owned};
use super::segments::Search;
use super::texts::{self, NONE, Texts};
use super::{Cell, Sources, Table};
use base::error::{Error, Result};

/// Events written at once: columns of so many are in memory together.
const BATCH: usize = 65_536;

/// An event of a week: its moment, segment and number.
type Found = (i64, u32, DocId);

pub(super) fn scan(scan: &Scan, sources: &Sources, table: &mut Table<'_>) -> Result<()> {
    let Some(search) = Search::of(scan, sources) else { return Ok(()) };
    let mut left = scan.top.map(|top| top.rows);
    let backwards = scan.top.is_some_and(|top| top.newest_first == Some(true));
    let mut weeks = search.weeks.clone();
    if backwards {
        weeks.reverse();
    }
    // Weeks are apart in time: the first that have enough rows are enough.
    for week in weeks {
        if left == Some(0) {
            break;
        }
        let (searcher, weight) = search.in_week(&week, sources)?;
        let top = scan.top.zip(left).map(|(top, rows)| Top { rows, ..top });
        let mut kept = Kept { found: Vec::new(), top };
        for (number, segment) in searcher.segment_readers().iter().enumerate() {
            let number = u32::try_from(number).map_err(Error::internal)?;
            search.visit(segment, &*weight, sources, &mut |docs, times| {
                kept.add(number, docs, times);
                // What is not cut by a LIMIT will be rows: refuse before they are made.
                if kept.top.is_none() && kept.found.len() as u64 > sources.meter.limits().rows_read {
                    sources.meter.add_rows(kept.found.len() as u64, 0)?;
                }
                Ok(())
            })?;
        }
        let found = kept.finish();
        left = left.map(|left| left.saturating_sub(found.len()));
        for batch in found.chunk_by(|a, b| a.1 == b.1).flat_map(|same| same.chunks(BATCH)) {
            let segment = &searcher.segment_readers()[batch[0].1 as usize];
            write(scan, batch, segment, sources, table)?;
        }
    }
    Ok(())
}

/// The events that are needed, of those seen so far.
struct Kept {
    found: Vec<Found>,
    top: Option<Top>,
}

impl Kept {
    fn add(&mut self, segment: u32, docs: &[DocId], times: &[i64]) {
        if let Some(Top { rows, newest_first: None }) = self.top
            && self.found.len() >= rows
        {
            return;
        }
        self.found.extend(docs.iter().zip(times).map(|(doc, time)| (*time, segment, *doc)));
        if let Some(top) = self.top
            && self.found.len() > top.rows.saturating_mul(2).max(BATCH)
        {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let Some(Top { rows, newest_first }) = self.top else { return };
        if self.found.len() > rows {
            match newest_first {
                Some(true) if rows > 0 => {
                    self.found.select_nth_unstable_by_key(rows - 1, |found| Reverse(found.0));
                }
                Some(false) if rows > 0 => {
                    self.found.select_nth_unstable_by_key(rows - 1, |found| found.0);
                }
                _ => {}
            }
            self.found.truncate(rows);
        }
    }

    /// By segment, in its order.
    fn finish(mut self) -> Vec<Found> {
        self.cut();
        self.found.sort_unstable_by_key(|found| (found.1, found.2));
        self.found
    }
}

/// A column of a batch.
enum Values {
    Times,
    Int(Vec<i64>),
    Float(Vec<f64>),
    Text(Vec<u64>, Texts),
    Event(Column),
}

fn write(
    scan: &Scan,
    batch: &[Found],
    segment: &SegmentReader,
    sources: &Sources,
    table: &mut Table<'_>,
) -> Result<()> {
    let docs: Vec<DocId> = batch.iter().map(|found| found.2).collect();
    let mut columns = Vec::new();
    for column in &scan.columns {
        columns.push(values(scan, *column, &docs, segment, sources)?);
    }
    let stored: Vec<Column> = scan
        .columns
        .iter()
        .copied()
        .filter(|column| scan.table.origin_of(*column) == Origin::Event)
        .collect();
    let stored: HashMap<Column, Vec<Owned>> = events::read(&stored, &docs, segment, sources)?;
    let mut row: Vec<Cell<'_>> = Vec::with_capacity(columns.len());
    for place in 0..docs.len() {
        row.clear();
        row.extend(columns.iter().map(|values| match values {
            Values::Times => Cell::Int(batch[place].0),
            Values::Int(numbers) => Cell::Int(numbers[place]),
            Values::Float(numbers) => Cell::Float(numbers[place]),
            Values::Text(numbers, texts) => Cell::Text(texts.get(numbers[place])),
            Values::Event(column) => stored.get(column).map_or(Cell::Int(0), |values| values[place].cell()),
        }));
        table.insert(&row)?;
    }
    Ok(())
}

fn values(
    scan: &Scan,
    column: Column,
    docs: &[DocId],
    segment: &SegmentReader,
    sources: &Sources,
) -> Result<Values> {
    let columns = segment.fast_fields();
    Ok(match (scan.table.origin_of(column), column.field()) {
        (Origin::Time, _) => Values::Times,
        (Origin::Text, Some(field)) => {
            let texts = columns.str(field).map_err(Error::internal)?;
            let mut numbers = vec![None; docs.len()];
            if let Some(texts) = &texts {
                texts.ords().first_vals(docs, &mut numbers);
            }
            let numbers: Vec<u64> = numbers.into_iter().map(|number| number.unwrap_or(NONE)).collect();
            let names = texts::read(column, texts.as_ref(), numbers.clone(), segment, sources)?;
            Values::Text(numbers, names)
        }
        (Origin::Passed, _) => {
            let outcomes = columns.str("outcome").map_err(Error::internal)?;
            let passed = outcomes.as_ref().map(|outcomes| outcomes.dictionary().term_ord("passed"));
            let passed = passed.transpose().map_err(Error::internal)?.flatten();
            let mut numbers = vec![None; docs.len()];
            if let Some(outcomes) = &outcomes {
                outcomes.ords().first_vals(docs, &mut numbers);
            }
            Values::Int(
                numbers.into_iter().map(|number| (number.is_some() && number == passed).into()).collect(),
            )
        }
        (Origin::Number, _) if column == Column::Latency => {
            let mut numbers = vec![None; docs.len()];
            columns.u64("latency_us").map_err(Error::internal)?.first_vals(docs, &mut numbers);
            Values::Float(numbers.into_iter().map(|us| us.unwrap_or(0) as f64 / 1000.0).collect())
        }
        (Origin::Number, _) => {
            let mut numbers = vec![None; docs.len()];
            columns.i64("cost").map_err(Error::internal)?.first_vals(docs, &mut numbers);
            Values::Int(numbers.into_iter().map(|number| number.unwrap_or(0)).collect())
        }
        _ => Values::Event(column),
    })
}
