//! Spans of time in words, what is wrong with one that cannot be, and forms of times.

use std::fmt::Display;

// The span of time of a page

pub const TODAY: &str = "Today";
pub const THIS_MONTH: &str = "This month";
pub const LAST_MONTH: &str = "Last month";
pub const FIVE_MINUTES: &str = "5 minutes";
pub const FIFTEEN_MINUTES: &str = "15 minutes";
pub const THIRTY_MINUTES: &str = "30 minutes";
pub const ONE_HOUR: &str = "1 hour";
pub const THREE_HOURS: &str = "3 hours";
pub const SIX_HOURS: &str = "6 hours";
pub const TWELVE_HOURS: &str = "12 hours";
pub const TWENTY_FOUR_HOURS: &str = "24 hours";
pub const TWO_DAYS: &str = "2 days";
pub const THREE_DAYS: &str = "3 days";
pub const ONE_WEEK: &str = "1 week";
pub const TWO_WEEKS: &str = "2 weeks";
pub const FOUR_WEEKS: &str = "4 weeks";
pub const THREE_MONTHS: &str = "3 months";

pub fn last_span(span: impl Display) -> String {
    format!("Last {span}")
}

pub fn from_to(from: impl Display, to: impl Display) -> String {
    format!("{from} to {to}")
}

/// In a sentence, of one of the spans above: the 24 hours before, the hour before.
pub fn the_span_before(span: &str) -> String {
    format!("the {} before", span.strip_prefix("1 ").unwrap_or(span))
}

pub const THE_SAME_TIME_BEFORE: &str = "the same time before";

/// After what is wrong with the span that was asked for.
pub fn shown_instead(span: impl Display) -> String {
    format!(" Shown: {span}.")
}

pub const EARLIER: &str = "Earlier";
pub const FROM: &str = "From";
pub const TO: &str = "To";
pub const LATER: &str = "Later";

// Spans that cannot be

pub fn is_no_time(label: impl Display) -> String {
    format!("{label} is no time.")
}

pub const FROM_MUST_BE_BEFORE_TO: &str = "From must be before To.";
pub const TO_IS_TOO_FAR_AHEAD: &str = "To is too far ahead.";

pub fn from_is_too_long_ago(keep_days: impl Display) -> String {
    format!("From is more than {keep_days} days ago: nothing is kept for longer.")
}

pub fn no_span_of_time(text: impl Display) -> String {
    format!("'{text}' is no span of time.")
}

// Times below charts, in the forms of strftime

pub const DAY: &str = "%b %d";
pub const DAY_AND_TIME: &str = "%b %d %H:%M";
