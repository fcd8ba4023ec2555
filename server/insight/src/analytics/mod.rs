//! Questions about recorded events: counts over time and by group, and the
//! events themselves, newest first.
//!
//! Asked of the index; exact up to what was indexed a second ago. Who may ask
//! is for the callers to say, and every question is of one workspace.

mod buckets;
mod collect;
mod columns;
mod counts;
mod distinct;
mod latency;
mod pages;
mod query;
mod series;
mod tally;
mod top;

pub use buckets::{Buckets, Unit, Zone};
pub use counts::{Counts, GroupBy, Question, Row};
pub use distinct::Distinct;
pub use latency::Latency;
pub use pages::{EventPage, PageOf};
pub use query::Filter;
pub use series::{Bucket, KeySeries, Series, SeriesOf, Usage};
pub use top::{Metric, Top};

use tantivy::Searcher;
use tantivy::query::Query;

use crate::search::Search;
use base::error::{Error, Result};
use base::store::Database;

/// Answers questions about events. Cheap to clone.
#[derive(Clone)]
pub struct Analytics {
    search: Search,
    events: Database,
}

impl Analytics {
    pub fn new(search: Search, events: Database) -> Self {
        Self { search, events }
    }

    /// Asks the indexes of the span one after the other, oldest first, on a
    /// thread that may block, and gathers what they say in a `T`.
    async fn over_weeks<T, F>(&self, mut question: Question, ask: F) -> Result<T>
    where
        T: Default + Send + 'static,
        F: Fn(&Question, &Searcher, &dyn Query, &mut T) -> Result<()> + Send + 'static,
    {
        if question.end_ms <= question.start_ms {
            return Err(Error::invalid("The end must lie after the start."));
        }
        // Events whose time is over may still be in an index that has younger ones.
        question.start_ms = question.start_ms.max(self.search.floor(question.kind));
        let search = self.search.clone();
        let asking = move || {
            let mut gathered = T::default();
            let span = question.start_ms..question.end_ms;
            for week in search.between(question.kind, question.start_ms, question.end_ms) {
                let searcher = week.searcher();
                let query = question.filter.query(&question.workspace, &week, &searcher, &span)?;
                ask(&question, &searcher, &*query, &mut gathered)?;
            }
            Ok(gathered)
        };
        tokio::task::spawn_blocking(asking).await.map_err(Error::internal)?
    }
}

#[cfg(test)]
mod tests;
