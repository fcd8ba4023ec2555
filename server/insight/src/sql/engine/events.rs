//! Columns that only the stored events have: their chunks are read, each once.

use std::collections::HashMap;

use tantivy::{DocId, SegmentReader};

use super::super::tables::Column;
use super::{Cell, Sources};
use base::error::{Error, Result};
use base::events::{Stored, StoredRatelimit, read_chunk};

/// What is read from events for one row.
#[derive(Clone, Debug)]
pub(super) enum Owned {
    Int(i64),
    Text(String),
}

impl Owned {
    pub fn cell(&self) -> Cell<'_> {
        match self {
            Owned::Int(number) => Cell::Int(*number),
            Owned::Text(text) => Cell::Text(text),
        }
    }
}

/// The values of `columns` for each event, in the order of `docs`. An event whose
/// chunk is gone has the values of nothing.
pub(super) fn read(
    columns: &[Column],
    docs: &[DocId],
    segment: &SegmentReader,
    sources: &Sources,
) -> Result<HashMap<Column, Vec<Owned>>> {
    let mut found: HashMap<Column, Vec<Owned>> =
        columns.iter().map(|column| (*column, vec![nothing(*column); docs.len()])).collect();
    if columns.is_empty() || docs.is_empty() {
        return Ok(found);
    }
    let place = |name| segment.fast_fields().u64(name).map_err(Error::internal);
    let (chunk, position) = (place("chunk")?, place("position")?);
    let mut places: Vec<(u64, u64, usize)> = docs
        .iter()
        .enumerate()
        .filter_map(|(row, doc)| Some((chunk.first(*doc)?, position.first(*doc)?, row)))
        .collect();
    places.sort_unstable();
    for of_chunk in places.chunk_by(|a, b| a.0 == b.0) {
        sources.meter.check()?;
        let id = i64::try_from(of_chunk[0].0).map_err(Error::internal)?;
        let read = sources.runtime.block_on(read_chunk(sources.events.reader(), id))?;
        let Some(chunk) = read else { continue };
        let opened = chunk.open()?;
        let events = opened.iter().collect::<Result<Vec<Stored<&str>>>>()?;
        for (_, position, row) in of_chunk {
            let event = usize::try_from(*position).ok().and_then(|position| events.get(position));
            for (column, values) in &mut found {
                if let Some(value) = event.and_then(|event| value_of(*column, event)) {
                    values[*row] = value;
                }
            }
        }
    }
    Ok(found)
}

fn nothing(column: Column) -> Owned {
    match column {
        Column::RequestId | Column::OverrideId => Owned::Text(String::new()),
        _ => Owned::Int(0),
    }
}

fn value_of(column: Column, event: &Stored<&str>) -> Option<Owned> {
    match event {
        Stored::Verification(event) if column == Column::RequestId => {
            Some(Owned::Text(event.request_id.to_owned()))
        }
        Stored::Ratelimit(event) => of_ratelimit(column, event),
        _ => None,
    }
}

fn of_ratelimit(column: Column, event: &StoredRatelimit<&str>) -> Option<Owned> {
    let number = |number: u64| Owned::Int(i64::try_from(number).unwrap_or(i64::MAX));
    Some(match column {
        Column::RequestId => Owned::Text(event.request_id.to_owned()),
        Column::OverrideId => Owned::Text(event.ratelimit_override.unwrap_or_default().to_owned()),
        Column::Limit => number(event.limit),
        Column::Remaining => number(event.remaining),
        Column::ResetAt => Owned::Int(event.reset_ms),
        _ => return None,
    })
}
