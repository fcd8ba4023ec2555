//! Questions about recorded events.
//!
//! Answered by reading the stored chunks of the time asked for: exact, and slow
//! in the number of events. Nothing is decided here, and who may ask is not.

mod series;

pub use series::{Bucket, Counts, KeySeries, Series, SeriesOf, Usage};

use crate::store::Database;

/// Answers questions about events. Cheap to clone.
#[derive(Clone)]
pub struct Analytics {
    events: Database,
}

impl Analytics {
    pub fn new(events: Database) -> Self {
        Self { events }
    }
}
