//! When scheduled work runs next and how its last run went, by the name of the job.
//!
//! Deliberately absent: which jobs there are, and what a pattern means.

mod store;

pub use store::{find, save};

/// What is remembered of a job.
pub struct JobSchedule {
    /// By which `next_run_at` was planned.
    pub pattern: String,
    /// Unix milliseconds.
    pub next_run_at: i64,
    /// Unix milliseconds.
    pub last_run_at: Option<i64>,
    /// What went wrong in the last run, if it failed.
    pub last_error: Option<String>,
}
