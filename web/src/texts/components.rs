//! Texts of the parts that pages are made of: fields, filters, tables, menus, secrets that
//! are shown once. Absent: what a page says in such a part, which is in the file of its area.

use std::fmt::Display;

// Irreversible acts

pub fn type_to_confirm(name: impl Display) -> String {
    format!("Type {name} to confirm")
}

// Values

pub fn copy_what(what: impl Display) -> String {
    format!("Copy {what}")
}

pub const HIDDEN: &str = " hidden ";

// What was changed

pub const BEFORE: &str = "Before";
pub const AFTER: &str = "After";
pub const FIELD: &str = "Field";

// Code to copy

pub fn copy_the(name: impl Display) -> String {
    format!("Copy {name}")
}

// Fields of forms

pub const REQUIRED: &str = "required";
pub const FORM_HAS_WHAT_IS_STORED: &str =
    "What is stored now is what this form has: there is nothing to save.";
pub const STORED_NOW: &str = "Stored now";
pub const IN_THIS_FORM: &str = "In this form";
pub const WHAT_IS_STORED_AND_WHAT_YOU_ENTERED: &str = "What is stored and what you entered";
pub const NOTHING_WAS_SAVED: &str =
    "Nothing was saved. Save again to replace what is stored by what is in this form.";
pub const CHANGED_SINCE_YOU_OPENED: &str = "This was changed since you opened the form. ";
pub const DROP_WHAT_I_ENTERED: &str = "Drop what I entered and show what is stored";

// Filters and saved views

pub const THIS_LIST: &str = "This list";

pub fn remove_filter(label: impl Display, value: impl Display) -> String {
    format!("Remove filter {label} {value}")
}

pub const CLEAR_ALL: &str = "Clear all";
pub const SAVE_THIS_VIEW_AS: &str = "Save this view as";
pub const SAVE_VIEW: &str = "Save view";
pub const HOW_TO_SAVE_A_VIEW: &str = "Filter the list or hide columns, then save the view here under a name.";
pub const VIEWS: &str = "Views";

pub fn delete_view(name: impl Display) -> String {
    format!("Delete view {name}")
}

pub const SHARED: &str = "shared";

// Rows of rate limits

pub const ADD_A_LIMIT: &str = "Add a limit";
pub const LIMITS_HINT_DURATION: &str =
    "A duration is text such as 10s, 5m, 1h or 1d, one second or more. Empty a name to remove its limit. ";
pub const LIMITS_HINT_NOT_ALWAYS: &str =
    "One that does not always apply counts only for requests that name it.";

pub fn limit_number(number: impl Display) -> String {
    format!("Limit {number}")
}

pub const ALWAYS_APPLY: &str = "Always apply";
pub const TO_EVERY_VERIFICATION: &str = "To every verification.";

// Menus

pub fn more_about(name: impl Display) -> String {
    format!("More about {name}")
}

// Notices

pub const UNDO: &str = "Undo";

// Steps through a list

pub fn shown_of(shown: impl Display, rows: impl Display) -> String {
    format!("{shown} of {rows}")
}

pub const FIRST_PAGE: &str = "First page";
pub const NEXT_PAGE: &str = "Next page";
pub const PAGES: &str = "Pages";

pub fn rows_a_page(rows: impl Display) -> String {
    format!("{rows} rows")
}

pub const ROWS: &str = "Rows";

// Progress

pub fn done_of(done: impl Display, total: impl Display, percent: impl Display) -> String {
    format!("{done} of {total} ({percent})")
}

pub fn left_of(left: impl Display, all: impl Display) -> String {
    format!("{left} of {all}")
}

// Secrets that are shown once

pub const SECRET_IS_NOT_STORED: &str =
    "It is not stored and will not be shown again. Reloading this page does not make another.";
pub const SECRET_IS_KEPT_ENCRYPTED: &str = "It is kept encrypted. That you looked at it is in the audit log.";

pub fn copy_it_now(what: impl Display) -> String {
    format!("{what}: copy it now")
}

pub const HIDE: &str = "Hide";
pub const COPY: &str = "Copy";

pub fn one_time_link_works_for(lifetime: impl Display) -> String {
    format!("Whoever opens it first sees the secret, after pressing Reveal. It works for {lifetime}.")
}

pub const MAKE_A_ONE_TIME_LINK_INSTEAD: &str = "Make a one-time link instead";
pub const ONE_TIME_LINK_HINT: &str = "For handing it to somebody: works once, for 72 hours.";

// The spending of a month

pub const USED_UP: &str = "Used up";
pub const NEARLY_USED_UP: &str = "Nearly used up";
pub const A_NEW_MONTH_BEGINS: &str = "A new month begins ";
pub const CREDITS_OF_MONTH_USED_UP: &str =
    "The credits of this month are used up. Requests are refused until the next month begins.";
pub const CREDITS_OF_MONTH_NEARLY_USED: &str =
    "Most credits of this month are used. When none are left, requests are refused.";
pub const IN_UTC_END_OF_SENTENCE: &str = " (UTC).";
pub const CREDITS_SPENT_THIS_MONTH: &str = "Credits spent this month";

// Tables

pub const ACTIONS: &str = "Actions";

pub fn choose(name: impl Display) -> String {
    format!("Choose {name}")
}

pub const CHOOSE_EVERY_ROW: &str = "Choose every row";

pub fn show_column(column: impl Display) -> String {
    format!("Show {column}")
}

pub fn hide_column(column: impl Display) -> String {
    format!("Hide {column}")
}

pub const COLUMNS: &str = "Columns";

// Refused forms

pub const NOT_DONE_SEE_MARKED_FIELDS: &str = "This was not done. See the marked fields.";
