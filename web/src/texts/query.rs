//! Texts of the page for questions in SQL. Absent: the SQL of its examples, which is code.

use std::fmt::Display;

// The page

pub const NO_ANSWER_YET: &str = "No answer yet";
pub const NO_ANSWER_YET_HINT: &str = "Start from an example, or write your own.";
pub const FUNCTIONS: &str = "Functions";
pub const SQL: &str = "SQL";
pub const DOWNLOAD_CSV: &str = "Download CSV";
pub const SQL_HINT: &str = "Read-only. Ctrl+Enter runs it.";
pub const RUN: &str = "Run";
pub const SAVE_THIS_QUERY_AS: &str = "Save this query as";
pub const SAVE_QUERY: &str = "Save query";
pub const SAVED_QUERIES: &str = "Saved queries";
pub const EXAMPLES: &str = "Examples";
pub const TYPE: &str = "Type";
pub const OLDER: &str = "Older";
pub const CLEAR_HISTORY: &str = "Clear history";
pub const HISTORY_HINT: &str = "Only you see this. A link puts the query into the editor.";
pub const YOUR_HISTORY: &str = "Your history";

pub fn milliseconds(ms: impl Display) -> String {
    format!("{ms} ms")
}

pub fn rows_in(rows: impl Display, took: impl Display) -> String {
    format!("{rows} in {took}")
}

pub fn failed_after(code: impl Display, took: impl Display) -> String {
    format!("{code} after {took}")
}

pub fn rows_in_ms(rows: impl Display, ms: impl Display) -> String {
    format!("{rows} in {ms} ms")
}

pub fn first_rows_are_shown(count: impl Display) -> String {
    format!("The first {count} rows are shown. Download CSV for all of them.")
}

pub const ANSWER: &str = "Answer";
pub const AS_TEXT: &str = "As text";
pub const LINK_TO_THIS_QUERY: &str = "Link to this query";

// Examples

pub const VERIFICATIONS_BY_OUTCOME: &str = "Verifications by outcome, last 24 hours";
pub const VERIFICATIONS_BY_HOUR: &str = "Verifications by hour, last 7 days";
pub const KEYS_WITH_MOST_REFUSALS: &str = "Keys with the most refusals, last 7 days";
pub const CREDITS_BY_USER_AND_DAY: &str = "Credits spent by user and day, last 30 days";
pub const RATE_LIMITS_BY_HOUR: &str = "Rate limits passed and denied by hour, last 24 hours";
pub const LATEST_VERIFICATIONS: &str = "The latest verifications";

// History

pub const CLEARED_YOUR_HISTORY: &str = "Cleared your history.";
pub const QUERY_NO_LONGER_IN_HISTORY: &str = "This query is no longer in your history.";

// The chart of an answer

pub const OVER_TIME: &str = "Over time";

pub fn number_by(number: impl Display, heads: impl Display) -> String {
    format!("{number} by {heads}")
}

// Saved queries

pub fn saved_the_query(name: impl Display) -> String {
    format!("Saved the query {name}.")
}

pub const THERE_IS_NO_QUERY_TO_SAVE_YET: &str = "There is no query to save yet.";

pub fn query_too_long_to_save(length: impl Display, max_view_query: impl Display) -> String {
    format!(
        "This query is too long to be saved: as an address it has {length} characters, and \
        {max_view_query} are kept."
    )
}
