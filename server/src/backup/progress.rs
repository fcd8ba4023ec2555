//! How far something is that takes long, and whether it is still wanted.

use base::error::Result;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub what: String,
    pub bytes: u64,
    /// 0 where nobody knows.
    pub of: u64,
}

/// Hears of progress. An error ends what reports it.
pub trait Report {
    fn say(&mut self, progress: &Progress) -> Result<()>;
}

impl<F: FnMut(&Progress) -> Result<()>> Report for F {
    fn say(&mut self, progress: &Progress) -> Result<()> {
        self(progress)
    }
}
