//! Questions about recorded events: counts over time and by group, and the
//! events themselves, newest first.
//!
//! Asked of the index; exact up to what was indexed a second ago. Who may ask
//! is for the callers to say, and every question is of one workspace.

mod collect;
mod counts;
mod pages;
mod query;
mod series;

pub use counts::{Buckets, Counts, GroupBy, Question, Row};
pub use pages::{EventPage, PageOf};
pub use query::Filter;
pub use series::{Bucket, KeySeries, Series, SeriesOf, Usage};

use crate::search::Search;
use crate::store::Database;

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
}

#[cfg(test)]
mod tests;
