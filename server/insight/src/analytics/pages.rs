//! The events themselves, the newest first.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use base::ids::WorkspaceId;
use tantivy::collector::TopDocs;
use tantivy::columnar::Column;
use tantivy::{DateTime, DocAddress, Order, Searcher, SegmentOrdinal};

use super::{Analytics, Filter};
use crate::search::{Kind, Week};
use base::error::{Error, Result};
use base::events::{Chunk, Stored, kept_since_ms, read_chunks};

/// Chunks that are in memory at once.
const CHUNKS: usize = 64;

/// A page of events.
#[derive(Clone, Debug)]
pub struct PageOf {
    pub kind: Kind,
    pub workspace: WorkspaceId,
    /// Unix milliseconds, inclusive.
    pub start_ms: i64,
    /// Unix milliseconds, exclusive.
    pub end_ms: i64,
    pub filter: Filter,
    /// At most 1000.
    pub limit: usize,
    /// The cursor of the page before.
    pub after: Option<(i64, u64, u64)>,
}

/// Events, newest first, and where the next page begins.
#[derive(Clone, Debug)]
pub struct EventPage {
    pub events: Vec<Stored>,
    /// Where each of them is: time, chunk and position. Later chunks hold what
    /// was recorded later.
    pub places: Vec<(i64, u64, u64)>,
    /// Time, chunk and position of the last event, unless it was the last of all.
    pub next: Option<(i64, u64, u64)>,
}

/// Where an event is.
type Place = (i64, u64, u64);

impl Analytics {
    pub async fn page(&self, of: PageOf) -> Result<EventPage> {
        let limit = of.limit.clamp(1, 1000);
        let (search, mut asked) = (self.search.clone(), of.clone());
        asked.start_ms = asked.start_ms.max(search.floor(asked.kind));
        let mut places = tokio::task::spawn_blocking(move || {
            let mut places: Vec<Place> = Vec::new();
            // Weeks are apart in time: the newest that fill a page are enough.
            for week in search.between(asked.kind, asked.start_ms, asked.end_ms).iter().rev() {
                places.extend(newest(week, &asked, limit + 1 - places.len())?);
                if places.len() > limit {
                    break;
                }
            }
            Ok::<_, Error>(places)
        })
        .await
        .map_err(Error::internal)??;
        let more = places.len() > limit;
        places.truncate(limit);
        let next = if more { places.last().copied() } else { None };
        let (places, events) = self.read(&places).await?.into_iter().unzip();
        Ok(EventPage { events, places, next })
    }

    /// The event that a request left, whenever that was; of several one.
    pub async fn of_request(
        &self,
        kind: Kind,
        workspace: &WorkspaceId,
        request_id: &str,
        now_ms: i64,
    ) -> Result<Option<Stored>> {
        let of = PageOf {
            kind,
            workspace: workspace.clone(),
            start_ms: kept_since_ms(now_ms),
            end_ms: now_ms + 1,
            filter: Filter { request_ids: vec![request_id.to_owned()], ..Filter::default() },
            limit: 1,
            after: None,
        };
        Ok(self.page(of).await?.events.pop())
    }

    /// Reads each chunk once.
    async fn read(&self, places: &[Place]) -> Result<Vec<(Place, Stored)>> {
        let mut wanted: BTreeMap<u64, BTreeSet<usize>> = BTreeMap::new();
        for (_, chunk, position) in places {
            wanted.entry(*chunk).or_default().insert(usize::try_from(*position).map_err(Error::internal)?);
        }
        let ids: Vec<i64> = wanted.keys().map(|id| id.cast_signed()).collect();
        let (wanted, mut events) = (Arc::new(wanted), HashMap::with_capacity(places.len()));
        for some in ids.chunks(CHUNKS) {
            let (chunks, wanted) = (read_chunks(self.events.reader(), some).await?, wanted.clone());
            let picked = tokio::task::spawn_blocking(move || pick(&chunks, &wanted));
            events.extend(picked.await.map_err(Error::internal)??);
        }
        Ok(places.iter().filter_map(|at| Some((*at, events.remove(&(at.1, at.2))?))).collect())
    }
}

/// Events by chunk and position.
type Picked = HashMap<(u64, u64), Stored>;

fn pick(chunks: &[Chunk], wanted: &BTreeMap<u64, BTreeSet<usize>>) -> Result<Picked> {
    let mut picked = Picked::new();
    for chunk in chunks {
        let id = chunk.id.cast_unsigned();
        let positions: Vec<usize> = wanted.get(&id).into_iter().flatten().copied().collect();
        let events = chunk.open()?.pick(&positions)?;
        let found = positions.into_iter().zip(events);
        picked.extend(found.filter_map(|(at, event)| Some(((id, at as u64), event?))));
    }
    Ok(picked)
}

fn newest(week: &Week, of: &PageOf, wanted: usize) -> Result<Vec<Place>> {
    let searcher = week.searcher();
    let query = of.filter.query(&of.workspace, week, &searcher, &(of.start_ms..of.end_ms))?;
    let mut pointers = Pointers::default();
    // The span and the cursor cut a part off the newest: ask for more until there are enough.
    let mut ask = wanted + 100;
    loop {
        let top = TopDocs::with_limit(ask).order_by_fast_field::<DateTime>("time", Order::Desc);
        let found = searcher.search(&*query, &top).map_err(Error::internal)?;
        let exhausted = found.len() < ask;
        let mut places = Vec::with_capacity(found.len());
        for (time, address) in &found {
            let time_ms = time.map(DateTime::into_timestamp_millis).unwrap_or_default();
            let (chunk, position) = pointers.of(&searcher, *address)?;
            places.push((time_ms, chunk, position));
        }
        places.sort_unstable_by(|a, b| b.cmp(a));
        let oldest = places.last().map(|place| place.0);
        places.retain(|place| {
            (of.start_ms..of.end_ms).contains(&place.0) && of.after.is_none_or(|after| *place < after)
        });
        let past_the_start = oldest.is_some_and(|oldest| oldest < of.start_ms);
        if places.len() >= wanted || exhausted || past_the_start {
            places.truncate(wanted);
            return Ok(places);
        }
        ask = ask.saturating_mul(4);
    }
}

/// Chunk and position of each event of a segment, by the number of the segment: to
/// find such a column takes longer than to read it.
#[derive(Default)]
struct Pointers(HashMap<SegmentOrdinal, (Column<u64>, Column<u64>)>);

impl Pointers {
    fn of(&mut self, searcher: &Searcher, address: DocAddress) -> Result<(u64, u64)> {
        let (chunk, position) = match self.0.entry(address.segment_ord) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let columns = searcher.segment_reader(address.segment_ord).fast_fields();
                let column = |name: &str| columns.u64(name).map_err(Error::internal);
                new.insert((column("chunk")?, column("position")?))
            }
        };
        let pointer = chunk.first(address.doc_id).zip(position.first(address.doc_id));
        pointer.ok_or_else(|| Error::internal("an indexed event points nowhere"))
    }
}
