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
mod divided;
mod kept;
mod latency;
mod pages;
mod pieces;
mod query;
mod ranking;
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

use std::sync::Arc;

use crate::search::Search;
use base::store::Database;
use kept::Kept;

/// Answers questions about events. Cheap to clone.
#[derive(Clone)]
pub struct Analytics {
    search: Search,
    events: Database,
    kept: Arc<Kept>,
}

impl Analytics {
    pub fn new(search: Search, events: Database) -> Self {
        Self { search, events, kept: Arc::default() }
    }

    /// What answers take that are kept for the next question, in bytes.
    pub fn kept_bytes(&self) -> u64 {
        self.kept.size().1
    }
}

#[cfg(test)]
mod kept_tests;
#[cfg(test)]
mod tests;
