//! Texts of charts and of the tables of their figures. Absent: titles, which are the pages'.

use std::fmt::Display;

// Bars

pub const SHOW_ALL: &str = "Show all";
pub const COMPARE_WITH: &str = "Compare with ";
pub const DO_NOT_COMPARE: &str = "Do not compare";
pub const NO_ACTIVITY: &str = "No activity";

pub fn from_to(first: impl Display, last: impl Display, counts: impl Display) -> String {
    format!("From {first} to {last}: {counts}.")
}

pub const NO_ACTIVITY_SENTENCE: &str = "No activity.";
pub const NO_ACTIVITY_AFTER_COMMA: &str = ", no activity";

pub fn before_counted(count: impl Display) -> String {
    format!(", before: {count}")
}

// Figures of a chart

pub fn figures_of(title: impl Display) -> String {
    format!("{title}, figures")
}

pub const FIGURES: &str = "Figures";
