//! Texts of what several pages share: heads of APIs and namespaces, columns of logs, the
//! live tail, figures beside those of the span before.

use std::fmt::Display;

// What several pages share

pub const NAMESPACE_ID_TO_COPY: &str = "namespace id";
pub const LIVE_PRESS_TO_STOP: &str = "Live, press to stop";
pub const LIVE: &str = "Live";
pub const REFRESH: &str = "Refresh";
pub const OF_THE_ACT_ABOVE: &str = "Of the act above";
pub const SAME_ACT: &str = "same act";

pub fn and_more(more: impl Display) -> String {
    format!(", {more} more")
}

pub const FIELD_CHANGED: &str = " changed";
pub const FIRST_KEYS: &str = "First keys";
pub const NEXT_KEYS: &str = "Next keys";

pub fn none_in(before: impl Display) -> String {
    format!("0 in {before}")
}

pub fn as_in(before: impl Display) -> String {
    format!("as in {before}")
}

pub fn more_than(percent: impl Display, before: impl Display) -> String {
    format!("↑ {percent} on {before}")
}

pub fn less_than(percent: impl Display, before: impl Display) -> String {
    format!("↓ {percent} on {before}")
}
