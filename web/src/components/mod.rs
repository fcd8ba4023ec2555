//! The parts pages are made of, one file per family.
//!
//! Each part is a function from plain data to a [`View`](crate::View). None
//! knows a page, and none decides anything: what is possible is in the data.

mod badge;
mod button;
mod card;
mod confirm;
mod data;
mod diff;
mod empty;
mod field;
mod filter;
mod icon;
mod limits;
mod menu;
mod notice;
mod outcome;
mod pager;
mod progress;
mod range;
mod secret;
mod spending;
mod table;
mod tabs;

#[cfg(test)]
mod tests;

pub use badge::{Chip, Tone};
pub use data::BoundedCount;
pub use empty::curl;
pub use filter::{FilterField, FilterKind, Filters, SavedView};
pub use outcome::Outcome;
pub use pager::Pager;
pub use range::{TimeRange, TimeStep};
pub use secret::ShownOnce;
pub use spending::SpentMonth;
pub use table::Sorting;

pub(crate) use badge::{badge, chips, outcome_badge, status_badge};
pub(crate) use button::{act, action, button_link, link, post_form, pressed_by_enter, submit};
pub(crate) use card::{card, card_with, grid, section, split, stat, stats};
pub(crate) use confirm::{Danger, danger_in_row, danger_zone};
pub(crate) use data::{copy_chip, facts, log_stamp, masked, mono, nothing, num, optional_stamp, stamp, tags};
pub(crate) use diff::diff;
pub(crate) use empty::{code_block, empty_state};
pub(crate) use field::{
    Field, area, check, choices, field_id, fieldset, form_error, hidden, input, section_id, select,
};
pub(crate) use filter::{filter_bar, saved_view};
pub(crate) use icon::Icon;
pub(crate) use limits::limit_rows;
pub(crate) use menu::menu;
pub(crate) use notice::{flash_region, note, warning};
pub(crate) use outcome::{patterns, swatch};
pub(crate) use pager::pager;
pub(crate) use progress::{meter, progress};
pub(crate) use range::range_picker;
pub(crate) use secret::{shown_again, shown_once};
pub(crate) use spending::{own_spent_month, spent_month};
pub(crate) use table::{Column, Row, Table, columns_menu, head, selection_form};
pub(crate) use tabs::tabs;

pub use diff::{Changed, ChangedValue, KnownId, ValuePart};
pub use limits::LimitRule;
pub use notice::{Flash, FlashKind};
