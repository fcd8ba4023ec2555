//! The texts of a column of a segment, by their number in it.

use rustc_hash::FxHashMap;
use tantivy::columnar::StrColumn;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, SegmentReader, TERMINATED, Term};

use super::super::tables::Column;
use super::Sources;
use base::error::{Error, Result};
use base::events::{Stored, read_chunk};

/// The number of a missing text.
pub(super) const NONE: u64 = u64::MAX;

/// Texts as the column shows them.
pub(super) struct Texts {
    names: FxHashMap<u64, String>,
    missing: &'static str,
}

impl Texts {
    pub fn get(&self, number: u64) -> &str {
        self.names.get(&number).map_or(self.missing, String::as_str)
    }
}

/// Reads these numbers' texts in one pass.
pub(super) fn read(
    column: Column,
    texts: Option<&StrColumn>,
    mut numbers: Vec<u64>,
    segment: &SegmentReader,
    sources: &Sources,
) -> Result<Texts> {
    let mut names = FxHashMap::default();
    if let Some(texts) = texts {
        numbers.sort_unstable();
        numbers.dedup();
        numbers.retain(|number| *number != NONE);
        let mut next = numbers.iter();
        texts
            .dictionary()
            .sorted_ords_to_term_cb(&numbers, |bytes| {
                if let Some(number) = next.next() {
                    names.insert(*number, String::from_utf8_lossy(bytes).into_owned());
                }
            })
            .map_err(Error::internal)?;
    }
    if column == Column::KeySpaceId {
        for name in names.values_mut() {
            *name = match sources.scope.keyspaces.get(name) {
                Some(keyspace) => keyspace.clone(),
                None => keyspace_of(name, segment, sources)?.unwrap_or_default(),
            };
        }
    }
    let missing = if column == Column::Tags { "[]" } else { "" };
    Ok(Texts { names, missing })
}

/// The keyspace of an API whose row is gone, as one of its events remembers it.
fn keyspace_of(api: &str, segment: &SegmentReader, sources: &Sources) -> Result<Option<String>> {
    let field = segment.schema().get_field("api").map_err(Error::internal)?;
    let index = segment.inverted_index(field).map_err(Error::internal)?;
    let term = Term::from_field_text(field, api);
    let postings = index.read_postings(&term, IndexRecordOption::Basic).map_err(Error::internal)?;
    let Some(doc) = postings.map(|postings| postings.doc()).filter(|doc| *doc != TERMINATED) else {
        return Ok(None);
    };
    let columns = segment.fast_fields();
    let place = |name| columns.u64(name).map(|column| column.first(doc)).map_err(Error::internal);
    let (Some(chunk), Some(position)) = (place("chunk")?, place("position")?) else { return Ok(None) };
    let id = i64::try_from(chunk).map_err(Error::internal)?;
    let chunk = sources.runtime.block_on(read_chunk(sources.events.reader(), id))?;
    let Some(chunk) = chunk else { return Ok(None) };
    let position = usize::try_from(position).map_err(Error::internal)?;
    Ok(match chunk.open()?.pick(&[position])?.pop().flatten() {
        Some(Stored::Verification(event)) => Some(event.keyspace),
        _ => None,
    })
}
