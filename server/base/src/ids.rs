//! The typed ids of everything that has one, for those who know no table.
//!
//! They are defined beside the columns that hold them. Deliberately absent: ids
//! of rows that never leave their room.

pub use entity::ids::*;
